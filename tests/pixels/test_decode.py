from __future__ import annotations

import subprocess
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from openjpeg.utils import encode_array as encode_jpeg_2000
from PIL import Image
from pydicom.encaps import generate_frames
from rle.utils import encode_pixel_data as encode_rle

from gateway.errors import Reason, Withheld
from gateway.pixels.color import rgb_from_ybr
from gateway.pixels.decode import decodable, decode, wrap
from gateway.pixels.description import decoded, describe
from tests.pixels.images import (
    DEFLATED_FRAME,
    EXPLICIT_LE,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LS,
    RLE,
    described,
    jpeg_lossless,
    pixel_files,
    quiet,
    shaped_like,
)

UNDECODABLE = {
    "JPEG-lossy.dcm": "its decoder failed",  # zeros where the entropy coded data should be
    "JPEG2000-embedded-sequence-delimiter.dcm": "its size differs",
    "MR_truncated.dcm": "8130 bytes instead of 8192",
    "nested_priv_SQ.dcm": "(0028,0002)",
    "badVR.dcm": None,  # pydicom trips over Number of Frames, which the JSON model leaves out
}
LOSSY_DIFFERENCE = 3
"""Two JPEG decoders may differ by rounding, and by how they interpolate chroma."""


@pytest.mark.parametrize("name", pixel_files())
def test_every_bundled_file_decodes_as_pydicom_does_or_says_why(name: str) -> None:
    file = pixel_files()[name]
    want = file.pixel_array()
    try:
        description = describe(file.json, file.syntax)
        frames = [decode(frame, description) for frame in file.frames(description)]
    except Withheld as error:
        assert error.reason is Reason.PIXELS_UNDECODABLE
        assert UNDECODABLE.get(name) and UNDECODABLE[name] in str(error)
        assert want is None
        return
    if want is None:
        assert name in UNDECODABLE
        return
    after = decoded(description)
    for got, expected in zip(frames, want, strict=True):
        assert got.shape == after.shape
        assert got.dtype == after.dtype
        shown = rgb_from_ybr(got, 8) if after.photometric == "YBR_FULL" else got
        difference = np.abs(shown.astype(np.int64) - expected.astype(np.int64)).max()
        assert difference <= (LOSSY_DIFFERENCE if file.syntax in (JPEG_BASELINE, JPEG_EXTENDED) else 0)


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("signed", [False, True])
def test_native_samples_are_read_as_they_are(bits: int, signed: bool) -> None:
    kind = np.dtype(f"<{'i' if signed else 'u'}{bits // 8}")
    limits = np.iinfo(kind)
    pixels = np.array([[limits.min, 0, 1], [2, limits.max - 1, limits.max]], dtype=kind)
    assert np.array_equal(decode(pixels.tobytes(), described(**shaped_like(pixels))), pixels)


@pytest.mark.parametrize(("signed", "want"), [(0, 0xABC), (1, 0xABC - 0x1000)])
@pytest.mark.parametrize("high", [11, 13, 15])
def test_bits_around_the_stored_ones_are_gone(signed: int, want: int, high: int) -> None:
    raw = (0xABC << high - 11) | (0xF000 << high - 11 & 0xFFFF) | (0b1111 >> 15 - high if high > 11 else 0)
    raw &= 0xFFFF
    description = described(rows=1, columns=1, stored=12, high=high, signed=signed)
    assert decode(raw.to_bytes(2, "little"), description).item() == want


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_float_pixels(kind: str) -> None:
    pixels = np.array([[0.5, -1e30, 3.25]], dtype=kind)
    json_dataset = {
        "00280002": {"vr": "US", "Value": [1]},
        "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
        "00280010": {"vr": "US", "Value": [1]},
        "00280011": {"vr": "US", "Value": [3]},
        "00280100": {"vr": "US", "Value": [pixels.itemsize * 8]},
    }
    assert np.array_equal(decode(pixels.tobytes(), describe(json_dataset, EXPLICIT_LE)), pixels)


def test_single_bits_are_unpacked_lowest_first() -> None:
    description = described(rows=2, columns=5, allocated=1)
    got = decode(bytes([0b01100001, 0b00000010]), description)
    assert got.tolist() == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 1]]


@pytest.mark.parametrize("planar", [0, 1])
def test_planes_are_interleaved(planar: int) -> None:
    pixels = np.arange(18, dtype="u1").reshape(2, 3, 3)
    data = pixels.transpose(2, 0, 1).tobytes() if planar else pixels.tobytes()
    assert np.array_equal(decode(data, described(**shaped_like(pixels, planar=planar))), pixels)


def test_chroma_of_ybr_full_422_is_repeated() -> None:
    description = described(rows=1, columns=4, samples=3, photometric="YBR_FULL_422", allocated=8)
    got = decode(bytes([1, 2, 30, 40, 5, 6, 70, 80]), description)
    assert got.tolist() == [[[1, 30, 40], [2, 30, 40], [5, 70, 80], [6, 70, 80]]]
    assert decoded(description).photometric == "YBR_FULL"


@pytest.mark.parametrize("change", [-1, 1, 2])
def test_a_native_frame_of_another_length_is_refused(change: int) -> None:
    description = described(rows=2, columns=2, allocated=8, stored=8)
    with pytest.raises(Withheld, match="instead of 4"):
        decode(bytes(4 + change), description)


def test_a_native_frame_may_be_padded_to_an_even_length() -> None:
    assert decode(b"abc\0", described(rows=1, columns=3, allocated=8)).tolist() == [[97, 98, 99]]


def test_wrap_keeps_the_lowest_bits() -> None:
    values = np.array([0, 1, 5, 6, 0xFFFF], dtype="<u2")
    assert wrap(values, 3, signed=False).tolist() == [0, 1, 5, 6, 7]
    assert wrap(values.view("<i2"), 3, signed=True).tolist() == [0, 1, -3, -2, -1]
    assert wrap(values, 16, signed=False) is values


def noise(shape: tuple[int, ...], bits: int, *, signed: bool = False) -> NDArray[Any]:
    width = 1 if bits <= 8 else 2 if bits <= 16 else 4
    low = -(1 << bits - 1) if signed else 0
    values = np.random.default_rng(bits).integers(low, low + (1 << bits), shape)
    return values.astype(f"<{'i' if signed else 'u'}{width}")


def ramp(shape: tuple[int, ...], bits: int, *, signed: bool = False) -> NDArray[Any]:
    """All depths from lowest to highest; the JPEG-LS encoder cannot hold small noisy images."""
    low = -(1 << bits - 1) if signed else 0
    values = np.linspace(low, low + (1 << bits) - 1, int(np.prod(shape))).round()
    return values.astype(f"<{'i' if signed else 'u'}{1 if bits <= 8 else 2}").reshape(shape)


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("bits", [2, 8, 12, 16])
@pytest.mark.parametrize("colour", [False, True])
def test_jpeg_lossless_with_every_predictor(predictor: int, bits: int, colour: bool) -> None:
    pixels = noise((9, 7, 3) if colour else (9, 7), bits)
    description = described(JPEG_LOSSLESS, **shaped_like(pixels, stored=bits))
    assert np.array_equal(decode(jpeg_lossless(pixels, bits, predictor=predictor), description), pixels)


@pytest.mark.parametrize("predictor", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 15])
def test_jpeg_lossless_with_differences_modulo_the_precision(predictor: int, bits: int) -> None:
    # What ultrasound encoders write: T.81 §H.1.2.1 wraps at 65536, so these are legal. The decoder below clamps them.
    pixels = noise((9, 7), bits)
    frame = jpeg_lossless(pixels, bits, predictor=predictor, wrap_bits=bits)
    assert np.array_equal(decode(frame, described(JPEG_LOSSLESS, **shaped_like(pixels, stored=bits))), pixels)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("shift", [1, 3])
def test_jpeg_lossless_with_a_point_transform(bits: int, shift: int) -> None:
    pixels = noise((9, 7), bits)
    frame = jpeg_lossless(pixels, bits, predictor=4, point_transform=shift)
    got = decode(frame, described(JPEG_LOSSLESS, **shaped_like(pixels, stored=bits)))
    assert np.array_equal(got, pixels >> shift << shift)


def test_jpeg_lossless_with_restarts() -> None:
    pixels = noise((9, 7), 12)
    frame = jpeg_lossless(pixels, 12, predictor=1, restart=14)
    assert np.array_equal(decode(frame, described(JPEG_LOSSLESS, **shaped_like(pixels, stored=12))), pixels)


def test_jpeg_lossless_signed() -> None:
    pixels = noise((9, 7), 12, signed=True)
    frame = jpeg_lossless(pixels.astype(int) & 0xFFF, 12)
    assert np.array_equal(decode(frame, described(JPEG_LOSSLESS, **shaped_like(pixels, stored=12))), pixels)


@pytest.mark.parametrize("bits", [2, 7, 8, 10, 12, 16])
@pytest.mark.parametrize("signed", [False, True])
def test_jpeg_ls(bits: int, signed: bool) -> None:
    pixels = ramp((32, 32), bits, signed=signed)
    patterns = (pixels.astype(int) & (1 << bits) - 1).astype(f"<u{pixels.itemsize}")
    frame = bytes(
        jpeg_ls.encode_pixel_data(patterns.tobytes(), rows=32, columns=32, samples_per_pixel=1, bits_stored=bits)
    )
    assert np.array_equal(decode(frame, described(JPEG_LS, **shaped_like(pixels, stored=bits))), pixels)


@pytest.mark.parametrize("interleave", [0, 1, 2])
def test_jpeg_ls_in_colour(interleave: int) -> None:
    pixels = ramp((32, 32, 3), 8)
    given = np.ascontiguousarray(pixels.transpose(2, 0, 1)) if interleave == 0 else pixels
    frame = bytes(jpeg_ls.encode_array(given, interleave_mode=interleave))
    assert np.array_equal(decode(frame, described(JPEG_LS, **shaped_like(pixels))), pixels)


@pytest.mark.parametrize(
    ("bits", "signed"), [(1, False), *((bits, sign) for bits in (8, 12, 16, 24) for sign in (False, True))]
)
def test_jpeg_2000(bits: int, signed: bool) -> None:
    pixels = noise((33, 47), bits, signed=signed)
    frame = encode_jpeg_2000(pixels, bits_stored=bits, photometric_interpretation=2)
    assert np.array_equal(decode(frame, described(JPEG_2000_LOSSLESS, **shaped_like(pixels, stored=bits))), pixels)


def test_jpeg_2000_whose_sign_contradicts_the_header() -> None:
    pixels = noise((33, 47), 13, signed=True)
    frame = encode_jpeg_2000((pixels.astype(int) & 0x1FFF).astype("<u2"), bits_stored=13, photometric_interpretation=2)
    assert np.array_equal(decode(frame, described(JPEG_2000_LOSSLESS, **shaped_like(pixels, stored=13))), pixels)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_RCT"])
def test_jpeg_2000_in_colour(photometric: str) -> None:
    pixels = noise((33, 47, 3), 8)
    frame = encode_jpeg_2000(pixels, photometric_interpretation=1, use_mct=photometric == "YBR_RCT")
    got = decode(frame, described(JPEG_2000_LOSSLESS, **shaped_like(pixels, photometric=photometric)))
    assert np.array_equal(got, pixels)


def test_jpeg_2000_in_luminance_and_chroma_stays_so() -> None:
    pixels = noise((33, 47, 3), 8)
    frame = encode_jpeg_2000(pixels, photometric_interpretation=1, use_mct=False)
    description = described(JPEG_2000_LOSSLESS, **shaped_like(pixels, photometric="YBR_FULL"))
    assert decoded(description).photometric == "YBR_FULL"
    assert np.array_equal(decode(frame, description), pixels)


def test_jpeg_2000_in_a_jp2_file() -> None:
    pixels = noise((33, 47), 8)
    target = BytesIO()
    Image.fromarray(pixels).save(target, "JPEG2000", irreversible=False)
    assert target.getvalue()[4:8] == b"jP  "
    assert np.array_equal(decode(target.getvalue(), described(JPEG_2000, **shaped_like(pixels))), pixels)


def rle(pixels: NDArray[Any], bits: int) -> bytes:
    data = np.packbits(pixels, bitorder="little").tobytes() if bits == 1 else pixels.tobytes()
    rows, columns, *samples = pixels.shape
    return encode_rle(
        data,
        rows=rows,
        columns=columns,
        samples_per_pixel=samples[0] if samples else 1,
        bits_allocated=bits,
        byteorder="<",
    )


@pytest.mark.parametrize("bits", [1, 8, 16, 32])
def test_rle(bits: int) -> None:
    pixels = noise((9, 7), bits)
    assert np.array_equal(decode(rle(pixels, bits), described(RLE, **shaped_like(pixels, allocated=bits))), pixels)


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_rle_in_colour(bits: int) -> None:
    pixels = noise((9, 7, 3), bits)
    assert np.array_equal(decode(rle(pixels, bits), described(RLE, **shaped_like(pixels))), pixels)


def rle_with_longer_segments(pixels: NDArray[Any]) -> bytes:
    """Encode 16-bit grey literally, each segment with more bytes than there are pixels."""
    planes = pixels.astype(">u2").view("u1").reshape(-1, 2).T.copy()
    assert planes.shape[1] < 128
    segments = [bytes([plane.size - 1]) + plane.tobytes() + b"\xfe\x07\x80\x00" for plane in planes]
    offsets = [64, 64 + len(segments[0])]
    return np.array([2, *offsets] + [0] * 13, "<u4").tobytes() + b"".join(segments)


def test_rle_segments_that_run_over_are_cut() -> None:
    # The decoder beneath panics on them; PS3.5 §G.3.1 forbids them and old archives hold them.
    pixels = noise((9, 7), 16)
    frame = rle_with_longer_segments(pixels)
    assert np.array_equal(decode(frame, described(RLE, **shaped_like(pixels))), pixels)


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def test_deflated_frames() -> None:
    pixels = noise((9, 7), 16)
    description = described(DEFLATED_FRAME, **shaped_like(pixels))
    assert np.array_equal(decode(deflate(pixels.tobytes()), description), pixels)
    for wrong in (deflate(pixels.tobytes() + bytes(1000)), deflate(pixels.tobytes())[:-5], b"\xff\xff"):
        with pytest.raises(Withheld):
            decode(wrong, description)


def jpeg(pixels: NDArray[Any], **options: Any) -> bytes:
    target = BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=100, **options)
    return target.getvalue()


RED = np.tile(np.array([200, 30, 40], dtype="u1"), (16, 16, 1))


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
def test_a_jfif_marker_says_that_the_components_are_luminance_and_chroma(photometric: str) -> None:
    got = decode(jpeg(RED), described(JPEG_BASELINE, **shaped_like(RED, photometric=photometric)))
    assert np.abs(got.astype(int) - RED).max() <= 2


def without_jfif(frame: bytes) -> bytes:
    assert frame[2:4] == b"\xff\xe0"
    return frame[:2] + frame[4 + int.from_bytes(frame[4:6], "big") :]


def with_ids(frame: bytes, ids: bytes) -> bytes:
    """Return `frame` with other component identifiers in its frame and scan header."""
    out = bytearray(frame)
    sof = out.index(b"\xff\xc0")
    sos = out.index(b"\xff\xda")
    for index, name in enumerate(ids):
        out[sof + 10 + 3 * index] = out[sos + 5 + 2 * index] = name
    return bytes(out)


def adobe(frame: bytes, transform: int) -> bytes:
    return frame[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform]) + frame[2:]


COMPONENTS = np.asarray(Image.fromarray(RED).convert("YCbCr"))
"""What the three components of an encoded red image hold, when they are luminance and chroma."""


@pytest.mark.parametrize(
    ("frame", "photometric", "want"),
    [
        (without_jfif(jpeg(RED, subsampling=0)), "RGB", COMPONENTS),
        (without_jfif(jpeg(RED, subsampling=0)), "YBR_FULL_422", RED),
        (without_jfif(jpeg(RED, subsampling=2)), "RGB", RED),
        (with_ids(without_jfif(jpeg(RED, subsampling=0)), b"RGB"), "YBR_FULL_422", COMPONENTS),
        (with_ids(without_jfif(jpeg(RED, subsampling=0)), b"rgb"), "YBR_FULL_422", COMPONENTS),
        (adobe(without_jfif(jpeg(RED, subsampling=0)), 0), "YBR_FULL_422", COMPONENTS),
        (adobe(without_jfif(jpeg(RED, subsampling=0)), 1), "RGB", RED),
        (adobe(jpeg(RED, subsampling=0), 0), "YBR_FULL_422", COMPONENTS),
    ],
    ids=[
        "header says RGB",
        "header says YBR",
        "subsampled cannot be RGB",
        "ids say RGB",
        "small ids say RGB",
        "Adobe says RGB",
        "Adobe says YBR",
        "Adobe before JFIF",
    ],
)
def test_who_says_what_the_components_are(frame: bytes, photometric: str, want: NDArray[Any]) -> None:
    got = decode(frame, described(JPEG_BASELINE, **shaped_like(RED, photometric=photometric)))
    assert np.abs(got.astype(int) - want).max() <= 3


def test_grey_jpeg_with_eight_bits() -> None:
    ramp = np.tile(np.arange(0, 256, 8, dtype="u1"), (8, 1))
    got = decode(jpeg(ramp), described(JPEG_BASELINE, **shaped_like(ramp)))
    assert np.abs(got.astype(int) - ramp).max() <= 2


LIE = noise((40, 40), 8)


@pytest.mark.parametrize(
    ("frame", "change"),
    [
        (jpeg(LIE), {"rows": 41}),
        (jpeg(LIE), {"columns": 48}),
        (jpeg(LIE), {"samples": 3, "photometric": "RGB"}),
        (jpeg(LIE)[:-2], {}),
        (jpeg(LIE)[:40], {}),
        (b"", {}),
        (b"\xff\xd8\xff\xd9", {}),
        (jpeg_lossless(noise((40, 40), 16), 16), {}),
        (jpeg_lossless(LIE, 8).replace(b"\xff\xc3", b"\xff\xc9"), {}),
    ],
    ids=["rows", "columns", "samples", "no EOI", "cut", "empty", "no frame", "16 bits in 8", "arithmetic"],
)
def test_jpeg_that_contradicts_the_header_is_refused(frame: bytes, change: dict[str, Any]) -> None:
    with pytest.raises(Withheld) as caught:
        decode(frame, described(JPEG_BASELINE, **{**shaped_like(LIE), **change}))
    assert caught.value.reason is Reason.PIXELS_UNDECODABLE


HUGE = {
    JPEG_BASELINE: jpeg(LIE).replace(b"\x08\x00\x28\x00\x28\x01", b"\x08\xea\x60\xea\x60\x01"),
    JPEG_LOSSLESS: jpeg_lossless(LIE, 8).replace(b"\x08\x00\x28\x00\x28\x01", b"\x08\xea\x60\xea\x60\x01"),
    JPEG_LS: bytes(jpeg_ls.encode_array(ramp((40, 40), 8))).replace(
        b"\x08\x00\x28\x00\x28\x01", b"\x08\xea\x60\xea\x60\x01"
    ),
    JPEG_2000: encode_jpeg_2000(LIE, photometric_interpretation=2).replace(
        b"\x00\x00\x00\x28\x00\x00\x00\x28", b"\x00\x00\xea\x60\x00\x00\xea\x60"
    ),
}


@pytest.mark.parametrize("syntax", HUGE)
def test_a_codestream_of_60000_by_60000_is_refused_before_its_decoder_runs(syntax: str) -> None:
    assert b"\xea\x60" in HUGE[syntax]
    with pytest.raises(Withheld, match="its size differs"):
        decode(HUGE[syntax], described(syntax, **shaped_like(LIE)))


@pytest.mark.parametrize("syntax", [JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000, RLE])
def test_garbage_is_refused(syntax: str) -> None:
    garbage = np.random.default_rng(3).integers(0, 256, 500).astype("u1").tobytes()
    starts = {JPEG_2000: b"\xff\x4f\xff\x51", RLE: b"\1\0\0\0\x40\0\0\0"}
    for frame in (garbage, starts.get(syntax, b"\xff\xd8\xff\xc0") + garbage, garbage + b"\xff\xd9"):
        with pytest.raises(Withheld) as caught:
            decode(frame, described(syntax, **shaped_like(noise((64, 64), 8))))
        assert caught.value.reason is Reason.PIXELS_UNDECODABLE


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS, RLE])
def test_a_frame_cut_anywhere_is_refused(syntax: str) -> None:
    pixels = ramp((33, 47), 8)
    frame = {
        JPEG_LOSSLESS: lambda: jpeg_lossless(pixels, 8),
        JPEG_LS: lambda: bytes(jpeg_ls.encode_array(pixels)),
        JPEG_2000_LOSSLESS: lambda: encode_jpeg_2000(pixels, photometric_interpretation=2),
        RLE: lambda: rle(pixels, 8),
    }[syntax]()
    description = described(syntax, **shaped_like(pixels))
    assert np.array_equal(decode(frame, description), pixels)
    for size in range(0, len(frame) - 3, 61):
        with pytest.raises(Withheld):
            decode(frame[:size], description)


def test_video_has_no_decoder() -> None:
    assert not decodable("1.2.840.10008.1.2.4.102")
    assert decodable(JPEG_LS)
    with pytest.raises(Withheld, match="no decoder for video"):
        decode(b"", described("1.2.840.10008.1.2.4.102", **shaped_like(LIE)))


@pytest.mark.peer("dcmtk")
@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("JPGExtended.dcm", "dcmdjpeg"),
        ("SC_rgb_jpeg_gdcm.dcm", "dcmdjpeg"),
        ("SC_rgb_dcmtk_+eb+cr.dcm", "dcmdjpeg"),
        ("examples_ybr_color.dcm", "dcmdjpeg"),
        ("JPEGLSNearLossless_16.dcm", "dcmdjpls"),
        ("SC_rgb_jls_lossy_line.dcm", "dcmdjpls"),
        ("MR_small_jpeg_ls_lossless.dcm", "dcmdjpls"),
        ("MR_small_RLE.dcm", "dcmdrle"),
        ("SC_rgb_rle_2frame.dcm", "dcmdrle"),
    ],
)
def test_dcmtk_decodes_the_same(name: str, program: str, tmp_path: Path) -> None:
    file = pixel_files()[name]
    subprocess.run([f"/usr/bin/{program}", file.path, tmp_path / "out.dcm"], check=True, capture_output=True)
    with quiet():
        want = pydicom.dcmread(tmp_path / "out.dcm")
        pixels = want.pixel_array.reshape(-1)
    description = describe(file.json, file.syntax)
    got = np.concatenate([decode(frame, description).reshape(-1) for frame in file.frames(description)])
    lossy = file.syntax in (JPEG_BASELINE, JPEG_EXTENDED)
    assert np.abs(got.astype(int) - pixels.astype(int)).max() <= (LOSSY_DIFFERENCE if lossy else 0)


@pytest.mark.peer("dcmtk")
@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_rgb_color.dcm"])
def test_what_dcmtk_encodes_to_jpeg_lossless(name: str, predictor: int, tmp_path: Path) -> None:
    file = pixel_files()[name]
    out = tmp_path / "out.dcm"
    command = ["/usr/bin/dcmcjpeg", "+el", "+sv", str(predictor), file.path, out]
    subprocess.run(command, check=True, capture_output=True)
    encoded = pydicom.dcmread(out)
    description = describe(file.json, encoded.file_meta.TransferSyntaxUID)
    got = decode(next(generate_frames(encoded.PixelData, number_of_frames=1)), description)
    assert np.array_equal(got, file.dataset.pixel_array)
