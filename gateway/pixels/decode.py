"""Decode one frame of any transfer syntax to samples (PS3.5 §8, Annex A, Annex G).

The codestream is read before its decoder runs: what contradicts the data set in size, samples or depth is refused,
so a decoder never allocates more than the description allows.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Final, TypeVar

import jpeg_ls
import numpy as np
from libjpeg.utils import decode_pixel_data as libjpeg_decode
from numpy.typing import NDArray
from openjpeg.utils import decode_pixel_data as openjpeg_decode
from PIL.JpegImagePlugin import JpegImageFile
from rle.utils import decode_pixel_data as rle_decode

from gateway.dicom.syntax import Codec, transfer_syntax
from gateway.errors import Reason, Withheld
from gateway.pixels.codestream import Codestream, broken, codestream_of_jp2, jpeg, jpeg_2000
from gateway.pixels.color import rgb_from_partial, rgb_from_ybr, ybr_from_rgb
from gateway.pixels.description import PixelDescription, PixelKind, decoded
from gateway.pixels.packbits import planes

Samples = NDArray[np.generic]
T = TypeVar("T")


def decode(frame: bytes, description: PixelDescription) -> Samples:
    """Decode one frame to an array of `description.shape`, in the type and colour of `decoded(description)`.

    `frame` is native pixel bytes, little endian, beginning with the frame's first bit, or one encoded frame without
    item headers. Bits outside Bits Stored are gone, signs extended, planes interleaved, chroma repeated.

    Raises:
        Withheld: PIXELS_UNDECODABLE.
    """
    codec = transfer_syntax(description.transfer_syntax).codec
    decoder = _DECODERS.get(codec)
    if decoder is None:
        raise Withheld(Reason.PIXELS_UNDECODABLE, f"there is no decoder for {codec}")
    if codec not in (Codec.NATIVE, Codec.DEFLATED_FRAME) and description.kind is not PixelKind.INTEGER:
        raise broken(codec, "floating point samples cannot be encoded in it")
    samples, rgb = decoder(frame, description)
    result: Samples = np.ascontiguousarray(_in_target_colour(samples, description, rgb=rgb))
    return result


def decodable(transfer_syntax_uid: str) -> bool:
    """Tell whether there is a decoder for a transfer syntax.

    Raises:
        Withheld: UNKNOWN_TRANSFER_SYNTAX.
    """
    return transfer_syntax(transfer_syntax_uid).codec in _DECODERS


def wrap(values: Samples, bits: int, *, signed: bool) -> Samples:
    """Return integers reduced to their lowest `bits` bits, as two's complement when `signed`; the type stays."""
    width = values.dtype.itemsize * 8
    if bits >= width:
        return values
    if not signed:
        lowest: Samples = values.view(f"u{values.dtype.itemsize}") & np.array(
            (1 << bits) - 1, f"u{values.dtype.itemsize}"
        )
        return lowest.view(values.dtype)
    shifted = np.left_shift(values.view(f"i{values.dtype.itemsize}"), width - bits)
    extended: Samples = np.right_shift(shifted, width - bits, out=shifted)
    return extended.view(values.dtype)


def _native(frame: bytes, description: PixelDescription) -> tuple[Samples, bool | None]:
    expected = description.frame_bytes
    if len(frame) not in (expected, expected + expected % 2):
        raise broken("native", f"it has {len(frame)} bytes instead of {expected}")
    size = description.rows * description.columns * description.samples_per_pixel
    if description.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(frame, dtype="u1"), bitorder="little", count=size)
        return bits.reshape(description.shape), None
    flat = np.frombuffer(frame, dtype=description.dtype, count=expected // description.dtype.itemsize)
    if description.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        values = _without_subsampling(flat, description)
    elif description.photometric == "YBR_PARTIAL_420":
        raise broken("native", "YBR_PARTIAL_420 exists in video only")
    elif description.samples_per_pixel > 1 and description.planar == 1:
        planes = flat.reshape(description.samples_per_pixel, description.rows, description.columns)
        values = planes.transpose(1, 2, 0)
    else:
        values = flat.reshape(description.shape)
    return _stored(values, description), None


def _without_subsampling(flat: Samples, description: PixelDescription) -> Samples:
    """Repeat each chroma pair for its two pixels: Y1 Y2 CB CR (PS3.3 §C.7.6.3.1.2)."""
    if description.columns % 2:
        raise broken("native", "an odd width cannot be subsampled")
    groups = flat.reshape(description.rows, description.columns // 2, 4)
    out = np.empty(description.shape, dtype=flat.dtype)
    out[:, 0::2, 0], out[:, 1::2, 0] = groups[..., 0], groups[..., 1]
    out[:, 0::2, 1:] = out[:, 1::2, 1:] = groups[..., 2:]
    return out


def _deflated(frame: bytes, description: PixelDescription) -> tuple[Samples, bool | None]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    data = _run(Codec.DEFLATED_FRAME, lambda: inflate.decompress(frame, description.frame_bytes + 1))
    if inflate.unconsumed_tail or not inflate.eof:
        raise broken("deflated", "it inflates to another length than the data set says")
    return _native(data, description)


def _rle(frame: bytes, description: PixelDescription) -> tuple[Samples, bool | None]:
    width = max(description.bits_allocated // 8, 1)
    samples, size = description.samples_per_pixel, description.rows * description.columns
    if int.from_bytes(frame[:4], "little") != width * samples or len(frame) < 64:
        raise broken(Codec.RLE, "its segments do not match the data set")

    def fast() -> bytes:
        data = rle_decode(
            frame,
            version=2,
            rows=description.rows,
            columns=description.columns,
            bits_allocated=description.bits_allocated,
        )
        return bytes(data)

    def tolerant() -> bytes:
        # One plane per byte of a sample, the most significant first (PS3.5 §G.2).
        found = planes(frame, width * samples, size).reshape(samples, width, size)
        return np.ascontiguousarray(found[:, ::-1].transpose(0, 2, 1)).tobytes()

    try:
        data = _run(Codec.RLE, fast)
    except Withheld:
        data = _run(Codec.RLE, tolerant)
    flat = np.frombuffer(data, dtype=description.dtype)
    interleaved = _shaped(flat, (samples, description.rows, description.columns), Codec.RLE).transpose(1, 2, 0)
    return _stored(interleaved.reshape(description.shape), description), None


def _jpeg(frame: bytes, description: PixelDescription) -> tuple[Samples, bool | None]:
    stream = _agreed(jpeg(frame), description, Codec.JPEG)
    if stream.lossless:
        values = _jpeg_lossless(frame, stream)
    elif stream.precision == 8:
        return _jpeg_8(frame, stream, description)
    else:
        values = np.frombuffer(_run(Codec.JPEG, lambda: libjpeg_decode(frame, version=2)), dtype="<u2")
    values = _shaped(values, description.shape, Codec.JPEG).astype(description.dtype)
    return wrap(values, description.bits_stored, signed=description.signed), stream.rgb


def _jpeg_8(frame: bytes, stream: Codestream, description: PixelDescription) -> tuple[Samples, bool | None]:
    """Decode 8-bit DCT JPEG; libjpeg converts to RGB itself unless told that the components already are RGB."""
    rgb = stream.rgb if stream.rgb is not None else description.photometric == "RGB"

    def run() -> Samples:
        with JpegImageFile(BytesIO(frame)) as image:
            if stream.components == 3 and rgb and not stream.guess_rgb:
                image.draft("YCbCr", image.size)
            return np.asarray(image)

    values = _shaped(_run(Codec.JPEG, run).reshape(-1), description.shape, Codec.JPEG).astype(description.dtype)
    return wrap(values, description.bits_stored, signed=description.signed), True if stream.components == 3 else None


def _jpeg_lossless(frame: bytes, stream: Codestream) -> Samples:
    """Decode JPEG Lossless modulo 65536, as T.81 §H.2.1 demands.

    The decoder clamps to the declared precision instead, which whitens what encoders of several ultrasound makers
    write (pydicom/pylibjpeg-libjpeg issue 90), and misreads the point transform. Both vanish when the frame is
    declared to have 16 bits and no point transform: only the first prediction, 2^(P-Pt-1), then differs, and every
    predictor carries that difference unchanged to all samples.
    """
    bits = stream.precision - stream.point_transform
    if not 2 <= stream.precision <= 16 or bits < 1 or not 1 <= stream.predictor <= 7:
        raise broken("JPEG", "its lossless parameters are not valid")
    if stream.point_transform and stream.scan_components != stream.components:
        raise broken("JPEG", "its scans with a point transform are not interleaved")
    wide = bytearray(frame)
    wide[stream.precision_at] = 16
    wide[stream.scan_at] &= 0xF0
    data = _run(Codec.JPEG, lambda: libjpeg_decode(bytes(wide), version=2))
    values = np.frombuffer(data, dtype="<u2") - np.uint16((1 << 15) - (1 << bits - 1))
    return (values & np.uint16((1 << bits) - 1)) << np.uint16(stream.point_transform)


def _jpeg_ls(frame: bytes, description: PixelDescription) -> tuple[Samples, bool | None]:
    stream = _agreed(jpeg(frame), description, Codec.JPEG_LS)
    data, facts = _run(Codec.JPEG_LS, lambda: jpeg_ls.decode_pixel_data(frame))
    flat = np.frombuffer(data, dtype="u1" if stream.precision <= 8 else "<u2")
    if stream.components > 1 and facts["interleave_mode"] == 0:
        shape = (stream.components, description.rows, description.columns)
        flat = _shaped(flat, shape, Codec.JPEG_LS).transpose(1, 2, 0).reshape(-1)
    values = _shaped(flat, description.shape, Codec.JPEG_LS).astype(description.dtype)
    # JPEG-LS knows no sign: a negative sample is its bit pattern in the precision of the codestream.
    bits = min(stream.precision, description.bits_stored)
    return wrap(values, bits, signed=description.signed), stream.rgb


def _jpeg_2000(frame: bytes, description: PixelDescription) -> tuple[Samples, bool | None]:
    data = codestream_of_jp2(frame)
    stream = _agreed(jpeg_2000(data), description, Codec.JPEG_2000)
    width = 1 if stream.precision <= 8 else 2 if stream.precision <= 16 else 4
    raw = _run(Codec.JPEG_2000, lambda: openjpeg_decode(data, version=2))
    flat = np.frombuffer(raw, dtype=f"<{'i' if stream.signed else 'u'}{width}")
    values = _shaped(flat, description.shape, Codec.JPEG_2000).astype(description.dtype)
    # Where the signs disagree, the samples are bit patterns in the precision of the codestream.
    bits = (
        description.bits_stored
        if stream.signed == description.signed
        else min(stream.precision, description.bits_stored)
    )
    return wrap(values, bits, signed=description.signed), stream.rgb


def _agreed(stream: Codestream, description: PixelDescription, codec: Codec) -> Codestream:
    """Return `stream` when decoding it gives what the data set promises."""
    size = (stream.rows, stream.columns, stream.components)
    if size != (description.rows, description.columns, description.samples_per_pixel):
        raise broken(codec, "its size differs from the data set's")
    if not 1 <= stream.precision <= max(description.bits_allocated, 8):
        raise broken(codec, f"its {stream.precision} bits do not fit the {description.bits_allocated} allocated")
    return stream


def _stored(values: Samples, description: PixelDescription) -> Samples:
    """Return native samples without the bits around the stored ones."""
    if description.kind is not PixelKind.INTEGER:
        return values
    below = description.high_bit + 1 - description.bits_stored
    if below:
        values = np.right_shift(values, below)
    return wrap(values, description.bits_stored, signed=description.signed)


def _in_target_colour(samples: Samples, description: PixelDescription, *, rgb: bool | None) -> Samples:
    """Convert three samples to the colour `decoded` names; `rgb` is what the codestream knows of them."""
    if description.samples_per_pixel != 3:
        return samples
    want = decoded(description).photometric
    bits = description.bits_stored
    if description.photometric.startswith("YBR_PARTIAL"):
        return rgb_from_partial(samples, bits)
    if rgb is None:
        transformed = description.photometric in ("YBR_ICT", "YBR_RCT")
        if transformed and transfer_syntax(description.transfer_syntax).codec is not Codec.JPEG_2000:
            raise broken("colour", f"{description.photometric} exists in JPEG 2000 only")
        rgb = transformed or description.photometric == "RGB"
    if rgb and want != "RGB":
        return ybr_from_rgb(samples, bits)
    if not rgb and want == "RGB":
        return rgb_from_ybr(samples, bits)
    return samples


def _shaped(flat: Samples, shape: tuple[int, ...], codec: Codec) -> Samples:
    if flat.size != np.prod(shape):
        raise broken(codec, "it decodes to another number of samples")
    return flat.reshape(shape)


def _run(codec: Codec, decoder: Callable[[], T]) -> T:
    """Call a decoder; whatever it raises means that the frame cannot be decoded. Its message may quote the input."""
    try:
        return decoder()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # the RLE decoder panics, which is no Exception
        raise broken(codec, "its decoder failed") from None


_DECODERS: Final[dict[Codec, Callable[[bytes, PixelDescription], tuple[Samples, bool | None]]]] = {
    Codec.NATIVE: _native,
    Codec.DEFLATED_FRAME: _deflated,
    Codec.RLE: _rle,
    Codec.JPEG: _jpeg,
    Codec.JPEG_LS: _jpeg_ls,
    Codec.JPEG_2000: _jpeg_2000,
}
