"""Inputs that once broke a promise; each was found by a search or by reading."""

from __future__ import annotations

import time
from struct import pack
from typing import Any

import pytest

from gateway.deid.identifiers import name_parts
from gateway.deid.segments import clean_frame
from gateway.dicom.dataset import IdentifiedDataset, first_text
from gateway.dicom.part10 import read_start
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import IMPLICIT_LE, transfer_syntax
from gateway.dicomweb.names import name_test
from gateway.errors import Reason, Withheld
from tests.deid.shipped import engine, identity
from tests.deid.test_rewriter import minimal, pixel_data
from tests.dicom.raw import Leaf, header, item_header
from tests.fuzz.targets import CANARY, RLE, chunks, judge, passed

SHAPE = tuple(
    Leaf(tag, "US", pack("<H", number)) for tag, number in ((0x00280010, 1), (0x00280011, 2), (0x00280100, 8))
)


def image(*nodes: Leaf, vr: str = "OB", behind: bytes = CANARY) -> bytes:
    """Return an image of one frame, two pixels, with more in Pixel Data than the pixels."""
    value = b"\1\2" + behind
    return minimal(*nodes, *SHAPE) + header(0x7FE00010, vr, len(value)) + value


def refusal(source: bytes) -> Reason:
    with pytest.raises(Withheld) as caught:
        engine("first").instance(source)
    return caught.value.reason


def test_many_zeros_before_a_byte_that_is_none_are_not_counted_again_and_again() -> None:
    scanner = Scanner(transfer_syntax(IMPLICIT_LE))
    started = time.process_time()
    with pytest.raises(Withheld):
        scanner.scan(bytes(8 * 50_000) + b"\1" * 8, final=True)
    assert time.process_time() - started < 1


def test_file_meta_of_very_many_elements_is_refused_and_not_walked_again_with_every_chunk() -> None:
    meta = bytes(128) + b"DICM" + b"\x02\0\x01\x01LO\0\0" * 1000
    with pytest.raises(Withheld) as caught:
        read_start(meta)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("count", [b"1A", b"1" * 5000, b"-1", b"1.5 "])
def test_a_number_of_frames_that_cannot_be_read_withholds(count: bytes) -> None:
    assert refusal(image(Leaf(0x00280008, "IS", count))) is Reason.MALFORMED


@pytest.mark.parametrize("count", [b"+1", b" 1", b"01", b"", b"  ", b"0 "])
def test_a_number_of_frames_is_read_in_any_of_its_forms(count: bytes) -> None:
    out = engine("first").instance(image(Leaf(0x00280008, "IS", count)))
    assert pixel_data(out) == b"\1\2" + bytes(len(CANARY))


def test_the_size_of_an_image_is_read_in_any_vr_of_integers() -> None:
    rows = Leaf(0x00280010, "UL", b"\1\0\0\0")
    source = minimal(rows, *SHAPE[1:]) + header(0x7FE00010, "OB", 12) + b"\1\2" + CANARY
    assert CANARY not in engine("first").instance(source)


@pytest.mark.parametrize("vr", ["SQ", "UT", "UC", "UR", "LT", "OV"])
def test_pixel_data_in_a_vr_that_it_cannot_have_is_withheld(vr: str) -> None:
    assert refusal(image(vr=vr)) in (Reason.MALFORMED, Reason.TRUNCATED)


@pytest.mark.parametrize(
    "element", [None, [], 5, {"vr": "UI", "Value": 5}, {"vr": "UI", "Value": {"0": "1.2"}}, {"vr": "UI", "Value": "x"}]
)
@pytest.mark.parametrize("tag", ["00080016", "0020000D", "00090010"])
@pytest.mark.parametrize("row", [False, True])
def test_any_type_anywhere_in_json_is_judged_or_withheld(tag: str, element: Any, row: bool) -> None:
    given = identity() | {"00091001": {"vr": "LO", "Value": ["x"]}, tag: element}
    judge("first", given, row=row)
    assert first_text(given, tag) == ""


@pytest.mark.parametrize("vr", ["US", "FD", "IS", "DS", "AT", "LO"])
@pytest.mark.parametrize("number", [10**400, -(10**5000), 1e308, True], ids=["long", "longer", "large", "true"])
def test_numbers_beyond_all_limits_go(vr: str, number: float) -> None:
    given = identity() | {"00280010": {"vr": vr, "Value": [number]}}
    out = engine("first").dataset(IdentifiedDataset(given)).json
    assert out.get("00280010", {}).get("Value") in (None, [1e308])


@pytest.mark.parametrize("given", [[], None, 5, "x", [identity()]])
def test_what_is_no_json_object_is_withheld(given: Any) -> None:
    for row in (False, True):
        with pytest.raises(Withheld):
            engine("first").dataset(IdentifiedDataset(given), row=row)


def test_an_rle_header_that_promises_billions_of_segments_is_refused_at_once() -> None:
    started = time.process_time()
    with pytest.raises(Withheld) as caught:
        clean_frame(b"\xff" * 64, transfer_syntax(RLE))
    assert caught.value.reason is Reason.MALFORMED
    assert time.process_time() - started < 1


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_an_item_that_promises_too_much_gives_the_same_reason_in_any_chunks(size: int) -> None:
    item = item_header(0xFFFEE000, 0xFFFFFFFF) + header(0x00204000, "UT", 0xFFFFFFFE)
    source = minimal(Leaf(0x00100010, "PN", CANARY)) + header(0x00400275, "SQ", 0xFFFFFFFF) + item + bytes(8)
    assert passed(engine("first"), chunks(source, size), "first") is Reason.HEADER_TOO_LARGE


def test_very_many_combining_marks_cost_no_square() -> None:
    marks = "Z" + "\u0301" * 100_000 + "\u0316" * 100_000
    started = time.process_time()
    judge("first", identity() | {"00100020": {"vr": "LO", "Value": [marks]}}, row=False)
    assert not name_test("Doe", fuzzy=True)({"Alphabetic": marks})
    assert list(name_parts(marks)) == []
    assert time.process_time() - started < 3
