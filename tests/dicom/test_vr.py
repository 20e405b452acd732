from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.charset import ASCII
from gateway.dicom.values import read_text
from gateway.dicom.vr import BULK, RAW, TEXT, VRS, Kind, valid

VALID = {
    "AE": ["PACS_1", "A B"],
    "AS": ["018M", "090Y"],
    "CS": ["ORIGINAL", "A_1 B"],
    "DA": ["20240229", "19991231"],
    "DS": ["1", "-1.5", "+.5", "1.", "1e-5", "-158.13580300000001", "0.123456789012345678"],
    "DT": ["2024", "202402", "20240229101112.123456+0100", "20240229-0500"],
    "IS": ["0", "-12", "+3"],
    "LO": ["Grüße", "x" * 64],
    "LT": ["two\r\nlines", "back\\slash"],
    "PN": ["Doe^John", "Doe^John=東=ひ", "=東"],
    "SH": ["x" * 16],
    "ST": ["text"],
    "TM": ["10", "1011", "101112", "101112.123456", "235960"],
    "UC": ["x" * 1000],
    "UI": ["1.2.840.10008.1.2", "1.02"],
    "UR": ["https://example.org/a?b=c"],
    "UT": ["x" * 20000],
}
INVALID = {
    "AE": ["x" * 17, "a\\b", "é"],
    "AS": ["18M", "018X", "Doe"],
    "CS": ["Doe^John", "lower", "x" * 17, "A-B", "ÄB"],
    "DA": ["2024-02-29", "20241301", "20240132", "2024", "Doe"],
    "DS": ["1,5", "Doe", "1e", "0x1", "1" * 33, "--1", "1 2"],
    "DT": ["20241", "20241301", "2024+9900", "yesterday"],
    "IS": ["1.0", "Doe", "1" * 13, "٣"],
    "LO": ["x" * 65, "a\nb", "a\\b", "a\x00b", "a\x1b$B"],
    "LT": ["a\x07b", "\x1b(B"],
    "PN": ["a=b=c=d", "x" * 65, "a\nb", "a\\b"],
    "SH": ["x" * 17],
    "ST": ["x" * 1025],
    "TM": ["24", "1060", "10:11:12", "noon"],
    "UC": ["a\nb"],
    "UI": ["1..2", ".1", "1.", "1.2a", "1" * 65, "Doe"],
    "UR": ["two words", "a\\b"],
    "UT": ["a\x00b"],
}


@pytest.mark.parametrize("vr", sorted(TEXT))
def test_form_of_values(vr: str) -> None:
    assert [value for value in VALID[vr] if not valid(vr, value)] == []
    assert [value for value in INVALID[vr] if valid(vr, value)] == []
    assert valid(vr, "")


def test_a_trailing_line_feed_is_part_of_the_value() -> None:
    assert not any(valid(vr, value + "\n") for vr in ("CS", "DA", "DS", "IS", "LO", "TM", "UI") for value in VALID[vr])


def test_vrs_without_text() -> None:
    assert valid("AT", "00100010")
    assert not valid("AT", "name")
    assert not valid("US", "1")
    assert not valid("SQ", "x")


def test_every_vr_of_the_standard_has_facts() -> None:
    assert len(VRS) == 34
    assert {vr for vr, facts in VRS.items() if facts.long_form} == {
        *("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
    }
    assert {"OB", "OD", "OF", "OL", "OV", "OW", "UN"} == BULK
    assert all(facts.code for facts in VRS.values() if facts.kind is Kind.NUMBER)


@given(
    st.sampled_from(sorted(TEXT)),
    st.one_of(st.binary(max_size=40), st.text("0123456789.^=\\ AZ_+-ae\0").map(str.encode)),
)
def test_raw_pattern_proves_no_more_than_valid(vr: str, raw: bytes) -> None:
    if RAW[vr].fullmatch(raw):
        values = read_text(vr, raw, ASCII)
        assert values is not None
        assert all(valid(vr, value) for value in values)


@pytest.mark.parametrize("vr", sorted(TEXT))
def test_raw_pattern_knows_the_common_forms(vr: str) -> None:
    plain = [value for value in VALID[vr] if value.isascii() and "=" not in value and value != "1.02"]
    for value in plain:
        assert RAW[vr].fullmatch(value.encode())
        assert RAW[vr].fullmatch(value.encode() + (b"\0" if vr == "UI" else b" "))
    if VRS[vr].multi:
        assert RAW[vr].fullmatch("\\".join([*plain, "", plain[0]]).encode())


@pytest.mark.parametrize("vr", sorted(TEXT))
def test_raw_pattern_is_linear(vr: str) -> None:
    # A pattern that backtracks would take minutes on these.
    for hostile in (b" " * 60000 + b"\x07", b"1" * 60000 + b"\x07", b"\\" * 60000 + b"\x07", b"A B" * 20000 + b"\x07"):
        assert not RAW[vr].fullmatch(hostile)
