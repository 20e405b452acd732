"""Frames cut out of stored files, checked against pydicom's own reading."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import RLELossless

from gateway.dicom.syntax import EXPLICIT_LE
from gateway.errors import NotFound, OriginBroken, Withheld
from gateway.origin.stored import stored_frames
from tests.builders import (
    DEFLATED_LE,
    EXPLICIT_BE,
    IMPLICIT_LE,
    JPEG_BASELINE,
    RLE,
    encapsulated,
    part10,
    planted,
    planted_dataset,
)
from tests.samples import FOLDER, sample

NATIVE = [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED_LE]


@pytest.mark.parametrize("syntax", NATIVE)
def test_native_frames_come_little_endian_in_the_order_asked_for(syntax: str) -> None:
    frames = list(stored_frames(planted(syntax=syntax, frames=3), [3, 1, 3]))
    whole = np.arange(1, 3 * 256 + 1, dtype="<u2").tobytes()
    third, first = whole[1024:], whole[:512]
    assert [(frame.number, frame.data) for frame in frames] == [(3, third), (1, first), (3, third)]
    assert {frame.transfer_syntax for frame in frames} == {EXPLICIT_LE}


def test_a_file_and_its_bytes_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "one"
    for syntax in (EXPLICIT_LE, DEFLATED_LE, RLE):
        path.write_bytes(planted(syntax=syntax, frames=2))
        assert list(stored_frames(path, [2])) == list(stored_frames(path.read_bytes(), [2]))


@pytest.mark.parametrize(
    ("little", "big"),
    [
        ("SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm"),
        ("MR_small.dcm", "MR_small_expb.dcm"),
        ("rtdose.dcm", "rtdose_expb.dcm"),
        ("liver_1frame.dcm", "liver_expb_1frame.dcm"),
    ],
)
def test_big_endian_words_of_every_width_are_turned(little: str, big: str) -> None:
    expected = list(stored_frames(FOLDER / little, [1]))
    assert list(stored_frames(FOLDER / big, [1])) == expected
    assert expected[0].data == dcmread(FOLDER / little).PixelData[: len(expected[0].data)]


def test_subsampled_colour_takes_two_bytes_a_pixel() -> None:
    (frame,) = stored_frames(FOLDER / "SC_ybr_full_422_uncompressed.dcm", [1])
    assert len(frame.data) == 100 * 100 * 2


def test_one_bit_frames_start_in_the_middle_of_a_byte() -> None:
    pixels = np.random.default_rng(1).integers(0, 2, (3, 3, 5), dtype=np.uint8)
    data = planted_dataset("OT", NumberOfFrames=3, Rows=3, Columns=5, SamplesPerPixel=1)
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 1, 1, 0
    data.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    data["PixelData"].VR = "OB"
    for frame in stored_frames(part10(data), [1, 2, 3]):
        bits = np.unpackbits(np.frombuffer(frame.data, np.uint8), bitorder="little")
        assert (bits[:15].reshape(3, 5) == pixels[frame.number - 1]).all()
        assert len(frame.data) == 2


def test_encoded_frames_come_without_item_headers() -> None:
    frames = list(stored_frames(FOLDER / "SC_rgb_rle_2frame.dcm", [2, 1]))
    assert [frame.transfer_syntax for frame in frames] == [RLELossless] * 2
    assert [frame.data[:4] for frame in frames] == [b"\3\0\0\0"] * 2
    assert frames[0].data != frames[1].data


def test_one_frame_in_several_fragments_is_joined() -> None:
    data = planted_dataset("OT", Rows=8, Columns=8, BitsAllocated=8)
    data.PixelData = encapsulate([b"0123456789"], fragments_per_frame=5)
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    (frame,) = stored_frames(part10(data, JPEG_BASELINE), [1])
    assert frame.data == b"0123456789"


def test_an_extended_offset_table_is_followed() -> None:
    data = planted_dataset("OT", Rows=8, Columns=8, BitsAllocated=8, NumberOfFrames=2)
    data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended([b"first1", b"2"])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    assert [frame.data.rstrip(b"\0") for frame in stored_frames(part10(data, JPEG_BASELINE), [2, 1])] == [
        b"2",
        b"first1",
    ]


@pytest.mark.parametrize("numbers", [[0], [3], [1, 3], [-1]])
def test_a_frame_that_is_not_there_is_told_before_the_first(numbers: list[int]) -> None:
    with pytest.raises(NotFound):
        next(stored_frames(planted(frames=2), numbers))


def test_an_instance_without_pixels_has_no_frames() -> None:
    with pytest.raises(NotFound):
        next(stored_frames(sample("test-SR.dcm"), [1]))


def test_pixel_data_shorter_than_its_frames_is_broken() -> None:
    whole = planted(frames=3, NumberOfFrames=4)
    with pytest.raises(OriginBroken, match="shorter"):
        list(stored_frames(whole, [4]))


def test_a_file_cut_within_its_pixels_is_broken() -> None:
    with pytest.raises(OriginBroken, match="ends within"):
        list(stored_frames(planted(frames=2)[:-10], [1, 2]))


def test_fragments_that_form_no_frames_are_broken() -> None:
    data = planted_dataset("OT", Rows=8, Columns=8, BitsAllocated=8, NumberOfFrames=3)
    with pytest.raises(OriginBroken, match="fragments"):
        list(stored_frames(encapsulated(data, [b"one1", b"two2"], JPEG_BASELINE), [3]))


def test_a_header_that_cannot_be_read_is_withheld() -> None:
    with pytest.raises(Withheld):
        next(stored_frames(b"\0" * 200, [1]))


def test_every_sample_with_pixels_agrees_with_pydicom() -> None:
    for name in ("CT_small.dcm", "MR_small_implicit.dcm", "image_dfl.dcm", "examples_palette.dcm"):
        (frame,) = stored_frames(FOLDER / name, [1])
        assert frame.data == dcmread(io.BytesIO(sample(name))).PixelData[: len(frame.data)], name
