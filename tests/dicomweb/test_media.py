import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicomweb.media import MediaType, parse_media_type, quote, split_quoted, unquote


@pytest.mark.parametrize(
    ("text", "name", "params"),
    [
        ("application/dicom", "application/dicom", ()),
        ("Application/DICOM+JSON", "application/dicom+json", ()),
        ('multipart/related; type="application/dicom"', "multipart/related", (("type", "application/dicom"),)),
        ("multipart/related;type=application/dicom", "multipart/related", (("type", "application/dicom"),)),
        ("multipart/related; TYPE = image/*", "multipart/related", (("type", "image/*"),)),
        ("*/*;q=0.8", "*/*", (("q", "0.8"),)),
        ('a/b; c="x;y,z"; d="a\\"b"', "a/b", (("c", "x;y,z"), ("d", 'a"b'))),
        ("a/b;;c=1;", "a/b", (("c", "1"),)),
        ("multipart/related; boundary===x==", "multipart/related", (("boundary", "==x=="),)),
        ("a/b; transfer-syntax=*", "a/b", (("transfer-syntax", "*"),)),
    ],
)
def test_media_types(text: str, name: str, params: tuple[tuple[str, str], ...]) -> None:
    assert parse_media_type(text) == MediaType(name, params)


@pytest.mark.parametrize("text", ["", "application", "a/b/c", "a b/c", "a/b; c", 'a/b; c="open', "a/b; =1", "/b", "a/"])
def test_not_media_types(text: str) -> None:
    assert parse_media_type(text) is None


def test_params_are_found_by_their_first_value() -> None:
    media = MediaType("a/b", (("x", "1"), ("x", "2")))
    assert media.param("x") == "1"
    assert media.param("y") is None


def test_split_leaves_quoted_separators() -> None:
    assert split_quoted('a; b="c,d", e', ",") == ['a; b="c,d"', "e"]
    assert split_quoted(r'"a\",b",c', ",") == [r'"a\",b"', "c"]
    assert split_quoted('a"', ",") is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_quoting_is_undone(value: str) -> None:
    assert unquote(quote(value)) == value
    media = parse_media_type(f"a/b; x={quote(value)}")
    assert media is not None
    assert media.param("x") == value
