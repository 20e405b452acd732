from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.charset import ASCII, charset, charset_of
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import EXPLICIT_LE, transfer_syntax
from tests.dicom.raw import Leaf, Seq, write

# The examples of PS3.5 Annexes H, I, J and K.
EXAMPLES = [
    (b"ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
    (b"ISO_IR 144", b"\xbb\xee\xdaceM\xd1yp\xd3", "ЛюкceMбypг"),
    (b"ISO_IR 192", b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=", "Wang^XiaoDong=王^小東="),
    (b"GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东="),
    (
        b"\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (
        b"ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    (
        b"\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    (b"\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东="),
]


@pytest.mark.parametrize(("terms", "raw", "text"), EXAMPLES, ids=[terms.decode() for terms, _, _ in EXAMPLES])
def test_examples_of_the_standard(terms: bytes, raw: bytes, text: str) -> None:
    assert charset(terms).decode(raw) == text


@pytest.mark.parametrize(
    ("terms", "raw"),
    [
        (b"", b"J\xe9"),
        (b"ISO_IR 6", b"J\xe9"),
        (b"ISO_IR 999", b"J\xe9"),
        (b"nonsense", b"J\xe9"),
        (b"ISO_IR 192", b"J\xe9"),
        (b"GB18030", b"\xff"),
        (b"ISO_IR 100", b"\x1b$B;3\x1b(B"),
        (b"\\ISO 2022 IR 87", b"\x1b$Z;3"),
        (b"\\ISO 2022 IR 87", b"\x1b$B;"),
        (b"\\ISO 2022 IR 87", b"\x1b"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xfb"),
        (b"\\ISO 2022 IR 87", b"J\xe9"),
        (b"\xff\xfe", b"J\xe9"),
    ],
)
def test_what_cannot_be_decoded_gives_none(terms: bytes, raw: bytes) -> None:
    assert charset(terms).decode(raw) is None


@pytest.mark.parametrize("terms", [b"iso_ir 100", b"ISO-IR 100", b"ISO IR 100 ", b"ISO_IR_100", b"ISO 2022 IR 100"])
def test_common_spellings(terms: bytes) -> None:
    assert charset(terms).decode(b"J\xe9") == "Jé"


def test_a_delimiter_restores_the_first_set() -> None:
    greek_then_latin = b"\x1b-F\xe1\\\xe1"
    assert charset(b"ISO 2022 IR 100\\ISO 2022 IR 126").decode(greek_then_latin) == "α\\á"


@given(st.binary(max_size=30), st.sampled_from([terms for terms, _, _ in EXAMPLES]))
def test_decodes_or_gives_none_and_never_a_replacement(raw: bytes, terms: bytes) -> None:
    text = charset(terms).decode(raw)
    assert text is None or "\ufffd" not in text or b"\xef\xbf\xbd" in raw or b"\x84\x31\xa4\x37" in raw


@given(
    st.text(st.characters(max_codepoint=126, min_codepoint=32)), st.sampled_from([terms for terms, _, _ in EXAMPLES])
)
def test_ascii_is_the_same_in_every_set(text: str, terms: bytes) -> None:
    assert charset(terms).decode(text.encode()) == text


def test_a_nested_data_set_has_its_own_or_that_around_it() -> None:
    own = Seq(0x00081140, ((Leaf(0x00080005, "CS", b"ISO_IR 144"),), ()))
    data = write((Leaf(0x00080005, "CS", b"ISO_IR 100"), own))
    scanner = Scanner(transfer_syntax(EXPLICIT_LE))
    scanner.scan(data, final=True)
    root = charset_of(data, scanner.elements)
    items = scanner.elements[1].items
    assert items is not None
    first, second = (charset_of(data, item, root) for item in items)
    assert (root.codec, first.codec, second) == ("iso8859_1", "iso8859_5", root)
    assert charset_of(data, ()) == ASCII
