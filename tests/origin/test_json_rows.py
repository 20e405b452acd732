"""Arrays of data sets, fed in every way they can be cut."""

from __future__ import annotations

import orjson
import pytest

from gateway.errors import OriginBroken
from gateway.origin import json_rows
from gateway.origin.json_rows import RowDecoder

ROWS = [
    {"00100010": {"vr": "PN", "Value": [{"Alphabetic": 'a"b\\{^}'}]}},
    {},
    {"00081115": {"vr": "SQ", "Value": [{"0020000E": {"vr": "UI", "Value": ["1.2"]}}, {}]}, "00100020": {"vr": "LO"}},
    {"00081030": {"vr": "LO", "Value": ["[},{]", "ü山"]}},
]
TEXT = orjson.dumps(ROWS, option=orjson.OPT_INDENT_2) + b"\r\n"


def decode(*chunks: bytes) -> list[object]:
    decoder = RowDecoder()
    rows: list[object] = [row for chunk in chunks for row in decoder.feed(chunk)]
    return rows + list(decoder.finish())


def test_it_may_be_cut_anywhere() -> None:
    for at in range(len(TEXT) + 1):
        assert decode(TEXT[:at], TEXT[at:]) == ROWS, at


def test_it_may_come_byte_by_byte() -> None:
    assert decode(*(TEXT[at : at + 1] for at in range(len(TEXT)))) == ROWS


def test_rows_come_before_the_array_ends() -> None:
    assert RowDecoder().feed(b'[{"00100020":{"vr":"LO"}},{"0010') == [{"00100020": {"vr": "LO"}}]


@pytest.mark.parametrize("text", [b"[]", b" \n[ ]\t", b"[\r\n]"])
def test_an_empty_array_has_no_rows(text: bytes) -> None:
    assert decode(text) == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b"[{}",
        b"[{},",
        b"[{},]",
        b"[,{}]",
        b"[{}{}]",
        b"[{},,{}]",
        b"[{}]x",
        b"[{}][{}]",
        b"[1]",
        b'["a"]',
        b"[null]",
        b"{}",
        b'{"error": "x"}',
        b"<html>",
        b"[{]",
        b"[{}}]",
        b'[{"a":}]',
        b'[{"a":1}]',
        b'[{"00100010":{"vr":"PN","Value":["\xff"]}}]',
        b'[{"00100010": {"vr": "PN"}',
        b'[{"unclosed: {}}]',
    ],
)
def test_anything_else_is_broken(text: bytes) -> None:
    with pytest.raises(OriginBroken):
        decode(text)
    with pytest.raises(OriginBroken):
        decode(*(text[at : at + 1] for at in range(len(text))))


def test_a_cut_answer_is_never_a_shorter_one() -> None:
    for at in range(len(TEXT.rstrip())):
        with pytest.raises(OriginBroken):
            decode(TEXT[:at])


def test_a_long_string_takes_linear_time() -> None:
    text = orjson.dumps([{"00420011": {"vr": "OB", "InlineBinary": "A" * 8_000_000}}])
    (row,) = decode(*(text[at : at + 4096] for at in range(0, len(text), 4096)))
    assert isinstance(row, dict)


def test_one_data_set_has_a_limit() -> None:
    decoder = RowDecoder()
    chunk = b"A" * (1 << 20)
    decoder.feed(b'[{"00420011":{"vr":"OB","InlineBinary":"')
    with pytest.raises(OriginBroken, match="more than"):
        for _ in range(json_rows.MAX_ROW_BYTES // len(chunk) + 1):
            decoder.feed(chunk)
