"""UIDs and references."""

from __future__ import annotations

import pytest

from gateway.dicom.uid import InstanceRef, SeriesRef, StudyRef, is_uid, parse_uid, reference
from gateway.errors import BadIdentifier


@pytest.mark.parametrize("text", ["1", "1.2.840.10008.1.2", "2.25.0", "1.02.3", "0.0", "1." + "2" * 62])
def test_these_are_uids(text: str) -> None:
    assert is_uid(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "1.", ".1", "1..2", "1.a", "1 ", " 1", "1\n", "1/2", "٣", "1.٣", "²", "-1", "1.2%2e", "1." + "2" * 63],
)
def test_these_are_none(text: str) -> None:
    assert not is_uid(text)
    with pytest.raises(BadIdentifier):
        parse_uid(text)


def test_strict_refuses_leading_zeros_only() -> None:
    assert is_uid("1.02") and not is_uid("1.02", strict=True)
    assert is_uid("1.0.20", strict=True)


def test_a_reference_has_the_level_its_uids_reach() -> None:
    assert reference("1") == StudyRef(parse_uid("1"))
    assert reference("1", "2") == SeriesRef(parse_uid("1"), parse_uid("2"))
    assert reference("1", "2", "3") == InstanceRef(parse_uid("1"), parse_uid("2"), parse_uid("3"))


def test_the_text_of_a_bad_identifier_is_not_repeated() -> None:
    with pytest.raises(BadIdentifier) as refused:
        reference("1.2", "../../patients")
    assert "patients" not in str(refused.value)
