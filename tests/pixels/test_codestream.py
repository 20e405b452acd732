from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from struct import pack

import jpeg_ls
import numpy as np
import pytest
from openjpeg.utils import encode_array
from PIL import Image

from gateway.errors import Reason, Withheld
from gateway.pixels.codestream import codestream_of_jp2, jpeg, jpeg_2000
from tests.pixels.images import jpeg_lossless

GREY = np.arange(40 * 48, dtype=np.uint8).reshape(40, 48)
COLOUR = np.stack([GREY] * 3, axis=2)


def baseline(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], **options: object) -> bytes:
    target = BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", **options)
    return target.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
def test_what_jpeg_says_of_itself(progressive: bool) -> None:
    got = jpeg(baseline(COLOUR, progressive=progressive))
    assert (got.rows, got.columns, got.components, got.precision) == (40, 48, 3, 8)
    assert not got.lossless
    assert got.rgb is False
    assert not got.guess_rgb


def test_what_jpeg_lossless_says_of_itself() -> None:
    frame = jpeg_lossless(GREY.astype(np.uint16) << 4, 12, predictor=5, point_transform=2)
    got = jpeg(frame)
    assert (got.rows, got.columns, got.components, got.precision) == (40, 48, 1, 12)
    assert (got.lossless, got.predictor, got.point_transform, got.scan_components) == (True, 5, 2, 1)
    assert frame[got.precision_at] == 12
    assert frame[got.scan_at] == 2


def test_what_jpeg_ls_says_of_itself() -> None:
    got = jpeg(bytes(jpeg_ls.encode_array(GREY.astype(np.uint16))))
    assert (got.rows, got.columns, got.components, got.lossless, got.point_transform) == (40, 48, 1, True, 0)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("transform", [False, True])
def test_what_jpeg_2000_says_of_itself(signed: bool, transform: bool) -> None:
    pixels = COLOUR.astype(np.int16 if signed else np.uint16)
    got = jpeg_2000(encode_array(pixels, bits_stored=12, photometric_interpretation=1, use_mct=transform))
    assert (got.rows, got.columns, got.components, got.precision, got.signed) == (40, 48, 3, 12, signed)
    assert got.rgb is (True if transform else None)


def test_fill_bytes_and_comments_are_skipped() -> None:
    frame = baseline(GREY)
    extra = b"\xff\xfe\x00\x07hello" + b"\xff\xff\xff"
    moved = jpeg(frame)
    moved = replace(moved, precision_at=moved.precision_at + len(extra), scan_at=moved.scan_at + len(extra))
    assert jpeg(frame[:2] + extra + frame[2:]) == moved


@pytest.mark.parametrize("tail", [b"\0", b"\xff", b"\0\0\0\0"])
def test_padding_behind_the_end_is_allowed(tail: bytes) -> None:
    assert jpeg(baseline(GREY) + tail) == jpeg(baseline(GREY))


def test_every_cut_of_the_headers_is_refused() -> None:
    for frame, reader, end in (
        (baseline(COLOUR), jpeg, b"\xff\xd9"),
        (jpeg_lossless(GREY, 8), jpeg, b"\xff\xd9"),
        (encode_array(COLOUR, photometric_interpretation=1), jpeg_2000, b""),
    ):
        header = frame.index(b"\xff\xda") if reader is jpeg else frame.index(b"\xff\x52") + 4
        for cut in range(header):
            with pytest.raises(Withheld) as caught:
                reader(frame[:cut] + end)
            assert caught.value.reason is Reason.PIXELS_UNDECODABLE


@pytest.mark.parametrize("marker", [0xC5, 0xC9, 0xCA, 0xCF, 0xDE])
def test_processes_without_a_decoder_are_refused(marker: int) -> None:
    with pytest.raises(Withheld, match="no decoder here"):
        jpeg(baseline(GREY).replace(b"\xff\xc0", bytes([0xFF, marker]), 1))


def test_two_frame_headers_are_refused() -> None:
    frame = baseline(GREY)
    at = frame.index(b"\xff\xc0")
    header = frame[at : at + 2 + int.from_bytes(frame[at + 2 : at + 4], "big")]
    with pytest.raises(Withheld, match="two frame headers"):
        jpeg(frame[:at] + header + frame[at:])


def test_subsampled_lossless_components_are_refused() -> None:
    frame = bytearray(jpeg_lossless(COLOUR, 8))
    frame[frame.index(b"\xff\xc3") + 11] = 0x21
    with pytest.raises(Withheld, match="subsampled"):
        jpeg(bytes(frame))


def test_jpeg_2000_with_components_of_different_kinds_is_refused() -> None:
    frame = bytearray(encode_array(COLOUR, photometric_interpretation=1))
    for at, value in ((42, 11), (46, 2)):
        changed = bytearray(frame)
        changed[at] = value
        with pytest.raises(Withheld, match="differ"):
            jpeg_2000(bytes(changed))


def test_jpeg_2000_subsampled_as_a_whole_is_refused() -> None:
    frame = bytearray(encode_array(GREY, photometric_interpretation=2))
    frame[43] = 2
    with pytest.raises(Withheld, match="subsampled"):
        jpeg_2000(bytes(frame))


def box(kind: bytes, content: bytes) -> bytes:
    return pack(">I4s", 8 + len(content), kind) + content


SIGNATURE = box(b"jP  ", b"\r\n\x87\n")


@pytest.mark.parametrize(
    "tail", [box(b"jp2c", b"code"), pack(">I4sQ", 1, b"jp2c", 20) + b"code", pack(">I4s", 0, b"jp2c") + b"code"]
)
def test_the_codestream_of_a_jp2_file(tail: bytes) -> None:
    assert codestream_of_jp2(SIGNATURE + box(b"ftyp", b"jp2 ") + tail) == b"code"


@pytest.mark.parametrize("tail", [b"", box(b"ftyp", b"jp2 "), pack(">I4s", 3, b"free") + b"x" * 20])
def test_a_jp2_file_without_a_codestream_is_refused(tail: bytes) -> None:
    with pytest.raises(Withheld):
        codestream_of_jp2(SIGNATURE + tail)


def test_a_bare_codestream_is_itself() -> None:
    assert codestream_of_jp2(b"\xff\x4f\xff\x51rest") == b"\xff\x4f\xff\x51rest"
