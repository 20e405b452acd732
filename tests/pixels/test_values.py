from __future__ import annotations

from typing import Any

import pytest

from gateway.dicom.dataset import JsonDataset
from gateway.errors import Withheld
from gateway.pixels.values import binary, decimals, integer, integers, items, texts

TAG = "00280010"


def element(*values: Any) -> JsonDataset:
    return {TAG: {"vr": "XX", "Value": list(values)}}


def test_text() -> None:
    assert texts(element("a ", None, {"Alphabetic": "Doe^Jane"}, 5, "x\0"), TAG) == ["a", "", "Doe^Jane", "5", "x"]
    assert texts({}, TAG) == []
    assert texts({TAG: {"vr": "CS"}}, TAG) == []


def test_numbers_may_be_written_as_text() -> None:
    assert decimals(element("1.50", 2, None, "", " 3 "), TAG) == [1.5, 2, 3]
    assert integers(element("7", 8.0), TAG) == [7, 8]


@pytest.mark.parametrize("value", ["x", "1,5", "nan", "Infinity", [], {}, "0x10"])
def test_what_is_no_number_is_withheld(value: Any) -> None:
    with pytest.raises(Withheld):
        decimals(element(value), TAG)


def test_integers_must_be_whole() -> None:
    with pytest.raises(Withheld):
        integers(element(1.5), TAG)


def test_the_message_names_the_tag_and_not_the_value() -> None:
    with pytest.raises(Withheld) as caught:
        integer(element("4711Doe"), TAG, low=0, high=9)
    assert "(0028,0010)" in str(caught.value)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(("value", "default", "want"), [(5, None, 5), (None, 3, 3)])
def test_an_integer_within_limits(value: int | None, default: int | None, want: int) -> None:
    assert integer(element(value), TAG, low=0, high=9, default=default) == want


@pytest.mark.parametrize("value", [-1, 10, None])
def test_an_integer_outside_or_absent(value: int | None) -> None:
    with pytest.raises(Withheld):
        integer(element(value), TAG, low=0, high=9)


def test_items() -> None:
    assert items(element({"a": {}}, None), TAG) == [{"a": {}}]
    assert items({}, TAG) == []


def test_binary() -> None:
    assert binary({}, TAG, path=TAG, bulk={}) is None
    assert binary({TAG: {"vr": "OW", "InlineBinary": "AAEC"}}, TAG, path=TAG, bulk={}) == b"\0\1\2"
    assert binary({TAG: {"vr": "OW", "BulkDataURI": "x"}}, TAG, path="p", bulk={"p": b"z"}) == b"z"
    assert binary(element(1, 65535, -1), TAG, path=TAG, bulk={}) == b"\1\0\xff\xff\xff\xff"
    assert binary({TAG: {"vr": "OW"}}, TAG, path=TAG, bulk={}) is None


@pytest.mark.parametrize(
    "element", [{"vr": "OW", "BulkDataURI": "x"}, {"vr": "OW", "InlineBinary": "%%"}, {"InlineBinary": 5}]
)
def test_binary_that_is_not_there_or_broken(element: dict[str, Any]) -> None:
    with pytest.raises(Withheld):
        binary({TAG: element}, TAG, path=TAG, bulk={})
