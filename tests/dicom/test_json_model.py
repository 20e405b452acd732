from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from gateway.dicom.elements import Elements
from gateway.dicom.json_model import INLINE_LIMIT, bulk_value, encode_dataset, encode_element, to_json
from gateway.dicom.part10 import file_meta, read_header
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, transfer_syntax
from gateway.dicom.values import decimal, encode_header, swap
from gateway.errors import NotFound, Reason, Withheld
from tests.dicom.raw import Leaf, Node, Seq, data_sets, header, item_header, write
from tests.samples import samples


def scan(data: bytes, syntax: str = EXPLICIT_LE) -> Elements:
    scanner = Scanner(transfer_syntax(syntax))
    scanner.scan(data, final=True)
    return tuple(scanner.elements)


def json(nodes: tuple[Node, ...], syntax: str = EXPLICIT_LE, **options: Any) -> dict[str, Any]:
    data = write(nodes, syntax)
    return to_json(data, scan(data, syntax), **options)


@pytest.mark.parametrize(
    ("vr", "value", "element"),
    [
        ("AT", b"\x10\0\x10\0\x20\0\x0d\0", {"Value": ["00100010", "0020000D"]}),
        ("CS", b"A\\\\B ", {"Value": ["A", None, "B"]}),
        ("DS", b" 1.5 \\2\\x ", {"Value": [1.5, 2, "x"]}),
        ("DS", b"1e999 ", {"Value": ["1e999"]}),
        ("FD", b"\0\0\0\0\0\0\xf8\x7f", {"Value": ["NaN"]}),
        ("FL", b"\0\0\x80\xff\0\0\xc0\x3f", {"Value": ["-inf", 1.5]}),
        ("IS", b"007 ", {"Value": [7]}),
        ("LO", b"", {}),
        ("LO", b"  ", {}),
        ("LO", b"J\xe9", {"Value": ["Jé"]}),
        ("LT", b" a\\b  ", {"Value": [" a\\b"]}),
        ("OB", b"abc", {"InlineBinary": "YWJjAA=="}),
        ("OW", b"", {}),
        ("PN", b"A^B=C=D", {"Value": [{"Alphabetic": "A^B", "Ideographic": "C", "Phonetic": "D"}]}),
        ("PN", b"==D\\", {"Value": [{"Phonetic": "D"}, {"Alphabetic": ""}]}),
        ("SL", b"\xff\xff\xff\xff", {"Value": [-1]}),
        ("UI", b"1.2\0", {"Value": ["1.2"]}),
        ("US", b"\1\0\2\0", {"Value": [1, 2]}),
        ("US", b"\1\0\2", {}),
        ("UV", b"\xff" * 8, {"Value": [0xFFFFFFFFFFFFFFFF]}),
    ],
)
def test_value(vr: str, value: bytes, element: dict[str, Any]) -> None:
    found = json((Leaf(0x00080005, "CS", b"ISO_IR 100"), Leaf(0x00091001, vr, value)))
    assert found["00091001"] == {"vr": vr, **element}


def test_text_that_cannot_be_decoded_has_no_value() -> None:
    assert json((Leaf(0x00100010, "PN", b"J\xe9"),)) == {"00100010": {"vr": "PN"}}


def test_character_set_says_what_json_is() -> None:
    nested = Seq(0x00081140, ((Leaf(0x00080005, "CS", b"ISO_IR 144"), Leaf(0x00100010, "PN", b"\xbb")),))
    found = json((Leaf(0x00080005, "CS", b"ISO_IR 100"), nested))
    utf8 = {"vr": "CS", "Value": ["ISO_IR 192"]}
    assert found["00080005"] == found["00081140"]["Value"][0]["00080005"] == utf8
    assert found["00081140"]["Value"][0]["00100010"]["Value"] == [{"Alphabetic": "Л"}]


def test_what_is_no_part_of_a_data_set_is_left_out() -> None:
    icon = Seq(0x00880200, ((Leaf(0x00080000, "UL", b"\0\0\0\0"), Leaf(0x7FE00010, "OW", b"ab")),))
    found = json(
        (Leaf(0x00020010, "UI", b"1.2\0"), Leaf(0x00080000, "UL", bytes(4)), icon, Leaf(0xFFFCFFFC, "OB", b"00"))
    )
    assert found["00880200"]["Value"] == [{"7FE00010": {"vr": "OW", "InlineBinary": "YWI="}}]
    assert list(found) == ["00880200"]


def test_bulk_data_is_found_by_its_path() -> None:
    value = bytes(range(256)) * 8
    waveform = Leaf(0x54001010, "OW", value)
    nodes = (Leaf(0x00091001, "OB", b"short"), Seq(0x54000100, ((), (waveform,))))
    for syntax in (EXPLICIT_LE, EXPLICIT_BE, IMPLICIT_LE):
        found = json(nodes, syntax, bulk=lambda path: f"bulk/{path}")
        assert found["54000100"]["Value"][1]["54001010"] == {"vr": "OW", "BulkDataURI": "bulk/54000100/1/54001010"}
        data = write(nodes, syntax)
        stored = swap(value, 2) if syntax == EXPLICIT_BE else value
        assert bulk_value(data, scan(data, syntax), "54000100/1/54001010") == stored
    assert len(value) > INLINE_LIMIT


@pytest.mark.parametrize(
    "path", ["54000100/0/54001010", "54000100/9/54001010", "54000100", "00100010", "x", "54000100/x/1", "a/b"]
)
def test_a_path_to_nothing(path: str) -> None:
    data = write((Seq(0x54000100, ((),)),))
    with pytest.raises(NotFound):
        bulk_value(data, scan(data), path)


@given(data_sets, st.sampled_from((EXPLICIT_LE, EXPLICIT_BE, IMPLICIT_LE)))
def test_there_and_back(nodes: tuple[Node, ...], syntax: str) -> None:
    once = json(nodes, syntax)
    encoded = encode_dataset(once)
    assert to_json(encoded, scan(encoded)) == orjson.loads(orjson.dumps(once))


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_every_file_of_pydicom_there_and_back(path: Any) -> None:
    try:
        found = read_header(path).json().json
    except Withheld:
        return
    encoded = encode_dataset(found)
    assert to_json(encoded, scan(encoded)) == found
    again = dcmread(io.BytesIO(file_meta("1.2", "1.2.3", EXPLICIT_LE) + encoded))
    assert {f"{int(tag):08X}" for tag in again.keys()} == set(found)  # noqa: SIM118


def test_pydicom_reads_the_same_values() -> None:
    source = Dataset()
    source.SpecificCharacterSet = "ISO_IR 192"
    source.PatientName = "Doe^John=東"
    source.ImagePositionPatient = [1.5, -2, 1e-7]
    source.ReferencedImageSequence = [Dataset()]
    source.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    source.FrameIncrementPointer = 0x00181063
    source.SelectorFDValue = [1.5, 2.5]
    encoded = encode_dataset(source.to_json_dict())
    assert dcmread(io.BytesIO(file_meta("1.2", "1.2.3", EXPLICIT_LE) + encoded)) == source


@pytest.mark.parametrize(
    ("vr", "values"),
    [
        ("US", [70000]),
        ("US", ["x"]),
        ("DS", [None, {}]),
        ("AT", ["x"]),
        ("OB", ["text"]),
        ("IS", ["\ud800"]),
        ("FL", [1e300]),
    ],
)
def test_a_value_that_does_not_fit(vr: str, values: list[Any]) -> None:
    with pytest.raises(Withheld) as caught:
        encode_element(0x00091001, vr, values)
    assert caught.value.reason is Reason.RULE_FAILED


def test_bulk_data_elsewhere_cannot_be_encoded() -> None:
    for element in ({"vr": "OB", "BulkDataURI": "x"}, {"vr": "OB", "InlineBinary": "*"}):
        with pytest.raises(Withheld):
            encode_dataset({"00091001": element})


def test_a_value_too_long_for_its_vr_is_written_as_un_and_read_as_what_it_is() -> None:
    contour = b"1.5\\" * 20000 + b"2.25"
    element = encode_header(0x30060050, "DS", len(contour)) + contour
    (found,) = scan(element)
    assert (found.vr, found.end) == ("DS", len(element))
    assert to_json(element, (found,))["30060050"]["Value"][-1] == 2.25


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimal_fits_and_stays_close(number: float) -> None:
    text = decimal(number)
    assert len(text) <= 16
    assert float(text) == pytest.approx(number, rel=1e-8)


@given(st.binary(max_size=33), st.sampled_from((1, 2, 4, 8)))
def test_swap_twice_is_nothing(raw: bytes, width: int) -> None:
    assert swap(swap(raw, width), width) == raw
    assert len(swap(raw, width)) == len(raw)


def test_item_header_helper_matches_the_encoder() -> None:
    assert encode_element(0x00081140, "SQ", [{}]) == header(0x00081140, "SQ", 8) + item_header(0xFFFEE000, 0)
