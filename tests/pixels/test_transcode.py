from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended

from gateway.errors import NotAcceptable, Reason, Withheld
from gateway.pixels.decode import decode
from gateway.pixels.description import decoded, describe
from gateway.pixels.transcode import EncodedFrame, Transcoder, native_piece
from tests.builders import encapsulated, part10, planted, planted_dataset
from tests.pixels.images import (
    EXPLICIT_LE,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS,
    RLE,
    jpeg_lossless,
    pixel_files,
    quiet,
)
from tests.samples import sample


def transcoded(data: bytes, *, step: int | None = None) -> bytes:
    transcoder = Transcoder()
    step = step or len(data)
    pieces = [piece for at in range(0, len(data), step) for piece in transcoder.feed(data[at : at + step])]
    return b"".join(native_piece(piece) for piece in [*pieces, *transcoder.finish()])


def read(data: bytes) -> Dataset:
    with quiet():
        return pydicom.dcmread(io.BytesIO(data))


ENCODED = [
    name
    for name, file in pixel_files().items()
    if pydicom.uid.UID(file.syntax).is_encapsulated
    and name not in ("JPEG-lossy.dcm", "JPEG2000-embedded-sequence-delimiter.dcm", "SC_rgb_jpeg.dcm")
]


@pytest.mark.parametrize("name", ENCODED)
def test_every_encoded_bundled_file_becomes_native_and_keeps_everything_else(name: str) -> None:
    file = pixel_files()[name]
    description = describe(file.json, file.syntax)
    after = decoded(description)
    with quiet():
        got = read(transcoded(file.path.read_bytes()))
        want = b"".join(decode(frame, description).tobytes() for frame in file.frames(description))
        assert got.file_meta.TransferSyntaxUID == EXPLICIT_LE
        assert got.PixelData[: len(want)] == want
        assert len(got.PixelData) - len(want) == len(want) % 2
        assert got.PhotometricInterpretation == after.photometric
        assert got.BitsAllocated == after.bits_allocated
        if got.SamplesPerPixel > 1:
            assert got.PlanarConfiguration == 0
        own = {"PixelData", "PhotometricInterpretation", "PlanarConfiguration", "LossyImageCompression", "HighBit"}
        for element in file.dataset:
            if element.keyword not in own:
                assert got[element.tag] == element
        assert {e.tag for e in got} - {e.tag for e in file.dataset} <= {0x00282110}
        assert got.pixel_array.size == len(want) // (after.bits_allocated // 8)


@pytest.mark.parametrize("name", ["SC_rgb_rle_2frame.dcm", "SC_rgb_small_odd_jpeg.dcm", "JPEGLSNearLossless_16.dcm"])
def test_wherever_the_stream_is_cut_into_chunks_the_result_is_the_same(name: str) -> None:
    data = sample(name)
    whole = transcoded(data)
    for step in (1, 2, 3, 7, 8, 13, 64, 255):
        assert transcoded(data, step=step) == whole
    for cut in range(0, len(data), 5):
        transcoder = Transcoder()
        pieces = transcoder.feed(data[:cut]) + transcoder.feed(data[cut:]) + transcoder.finish()
        assert b"".join(map(native_piece, pieces)) == whole


def test_frames_leave_as_they_come_and_no_more_is_held() -> None:
    data = sample("examples_ybr_color.dcm")
    transcoder = Transcoder()
    frames = [piece for at in range(0, len(data), 4096) for piece in transcoder.feed(data[at : at + 4096])]
    assert sum(isinstance(piece, EncodedFrame) for piece in frames) >= 29
    assert len(transcoder._buffer) < 20_000


def test_pieces_can_be_sent_to_a_worker() -> None:
    pieces = Transcoder().feed(sample("SC_rgb_rle_2frame.dcm"))
    for piece in pieces:
        assert native_piece(pickle.loads(pickle.dumps(piece))) == native_piece(piece)


def test_explicit_little_endian_passes_byte_by_byte() -> None:
    data = planted()
    for step in (1, 100, len(data)):
        assert transcoded(data, step=step) == data


def test_an_encapsulated_syntax_without_pixels_is_only_renamed() -> None:
    data = part10(planted_dataset("SR"), JPEG_LOSSLESS)
    got = read(transcoded(data))
    assert got.file_meta.TransferSyntaxUID == EXPLICIT_LE
    assert got == read(data)


def pixels(frames: int, dtype: str = "u1") -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).integers(0, 200, (frames, 5, 7)).astype(dtype)


def lossless(values: np.ndarray[Any, Any], **change: Any) -> Dataset:
    data = planted_dataset("CT")
    data.Rows, data.Columns, data.NumberOfFrames = values.shape[1], values.shape[2], values.shape[0]
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = values.itemsize * 8
    data.HighBit = data.BitsStored - 1
    for keyword, value in change.items():
        setattr(data, keyword, value)
    return data


def test_elements_behind_the_pixels_survive() -> None:
    values = pixels(2)
    data = lossless(values)
    data.DataSetTrailingPadding = b"\1\2\3\4"
    got = read(transcoded(encapsulated(data, [jpeg_lossless(v, 8) for v in values], JPEG_LOSSLESS), step=9))
    assert got.DataSetTrailingPadding == b"\1\2\3\4"
    assert np.array_equal(got.pixel_array, values)


def test_an_odd_total_is_padded() -> None:
    values = pixels(1)
    got = read(transcoded(encapsulated(lossless(values), [jpeg_lossless(values[0], 8)], JPEG_LOSSLESS)))
    assert len(got.PixelData) == 36
    assert got["PixelData"].VR == "OB"
    assert np.array_equal(got.pixel_array, values[0])


@pytest.mark.parametrize("fragments", [1, 2, 3])
@pytest.mark.parametrize("table", [True, False])
def test_frames_in_several_fragments(fragments: int, table: bool) -> None:
    values = pixels(3, "<u2")
    data = lossless(values)
    data.PixelData = encapsulate([jpeg_lossless(v, 16) for v in values], fragments_per_frame=fragments, has_bot=table)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    got = read(transcoded(part10(data, JPEG_LOSSLESS), step=11))
    assert np.array_equal(got.pixel_array, values)
    assert got["PixelData"].VR == "OW"


def test_an_extended_offset_table_goes_away() -> None:
    values = pixels(3)
    data = lossless(values)
    data.PixelData, data.ExtendedOffsetTable, data.ExtendedOffsetTableLengths = encapsulate_extended(
        [jpeg_lossless(v, 8) for v in values]
    )
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    got = read(transcoded(part10(data, JPEG_LOSSLESS)))
    assert "ExtendedOffsetTable" not in got
    assert "ExtendedOffsetTableLengths" not in got
    assert np.array_equal(got.pixel_array, values)


def test_lossy_jpeg_is_declared_when_the_transfer_syntax_no_longer_says_so() -> None:
    assert read(transcoded(sample("SC_rgb_small_odd_jpeg.dcm"))).LossyImageCompression == "01"
    assert "LossyImageCompression" not in read(transcoded(sample("MR_small_RLE.dcm")))


@pytest.mark.parametrize("name", ["SC_rgb_rle_2frame.dcm", "SC_rgb_small_odd_jpeg.dcm"])
def test_a_stream_that_ends_before_its_pixels_do_is_an_error(name: str) -> None:
    data = sample(name)
    start, end = data.index(b"\x28\x00\x10\x00US"), data.rindex(b"\xfe\xff\xdd\xe0") + 8
    for cut in [*range(start + 10, end, 5), end - 1]:
        transcoder = Transcoder()
        with pytest.raises(Withheld):
            transcoder.feed(data[:cut])
            transcoder.finish()


def test_an_implicit_data_set_under_an_encapsulated_name_is_malformed() -> None:
    with pytest.raises(Withheld) as caught:
        transcoded(sample("SC_rgb_jpeg.dcm"))
    assert caught.value.reason is Reason.MALFORMED


def test_more_or_fewer_frames_than_announced_are_withheld() -> None:
    values = pixels(3)
    frames = [jpeg_lossless(v, 8) for v in values]
    for announced in (2, 4):
        data = encapsulated(lossless(values, NumberOfFrames=announced), frames, JPEG_LOSSLESS)
        with pytest.raises(Withheld, match="frames than"):
            transcoded(data)


def test_pixels_above_four_gigabytes_are_not_acceptable() -> None:
    data = lossless(pixels(1), Rows=20000, Columns=20000, NumberOfFrames=20)
    with pytest.raises(NotAcceptable, match="4 GiB"):
        transcoded(encapsulated(data, [b"\xff\xd8\xff\xd9"], JPEG_LOSSLESS))


def test_a_giant_fragment_is_refused_from_its_length_alone() -> None:
    data = encapsulated(lossless(pixels(1)), [jpeg_lossless(pixels(1)[0], 8)], JPEG_LOSSLESS)
    at = data.rindex(b"\xfe\xff\x00\xe0")
    hostile = data[: at + 4] + (0xFFFFFFF0).to_bytes(4, "little")
    with pytest.raises(Withheld, match="exceeds the limit"):
        Transcoder().feed(hostile)


def test_something_other_than_a_fragment_is_malformed() -> None:
    data = encapsulated(lossless(pixels(1)), [jpeg_lossless(pixels(1)[0], 8)], JPEG_LOSSLESS)
    at = data.rindex(b"\xfe\xff\x00\xe0")
    with pytest.raises(Withheld) as caught:
        Transcoder().feed(data[:at] + b"\x10\x00\x10\x00" + data[at + 4 :])
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("name", ["MR_small_implicit.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm"])
def test_other_native_syntaxes_are_not_its_business(name: str) -> None:
    with pytest.raises(Withheld) as caught:
        Transcoder().feed(sample(name))
    assert caught.value.reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX


def test_video_is_not_acceptable_before_a_byte_is_given_out() -> None:
    data = encapsulated(lossless(pixels(1)), [b"video"], "1.2.840.10008.1.2.4.102")
    with pytest.raises(NotAcceptable, match="stored transfer syntax"):
        Transcoder().feed(data)


def test_native_pixels_under_an_encapsulated_name_are_malformed() -> None:
    data = planted().replace(EXPLICIT_LE.encode() + b"\0", RLE.encode() + b"\0\0\0", 1)
    assert RLE.encode() in data
    with pytest.raises(Withheld) as caught:
        Transcoder().feed(data)
    assert caught.value.reason is Reason.MALFORMED


def test_a_frame_that_cannot_be_decoded_is_withheld_when_its_turn_comes() -> None:
    data = sample("JPEG-lossy.dcm")
    with pytest.raises(Withheld) as caught:
        transcoded(data)
    assert caught.value.reason is Reason.PIXELS_UNDECODABLE
    assert caught.value.detail


def test_jpeg_2000_in_a_single_fragment_per_frame() -> None:
    got = read(transcoded(sample("examples_jpeg2k.dcm")))
    assert got.PhotometricInterpretation == "RGB"
    assert pixel_files()["examples_jpeg2k.dcm"].syntax == JPEG_2000_LOSSLESS
    want = pixel_files()["examples_jpeg2k.dcm"].pixel_array()
    assert want is not None
    assert np.array_equal(got.pixel_array, want[0])
