"""Frames of one stored Part 10 file, without reading the others (PS3.5 §8, §A.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 -- it is a class
from struct import unpack
from typing import BinaryIO, Final, cast

import numpy as np
from pydicom import FileDataset, dcmread
from pydicom.encaps import get_frame
from pydicom.errors import InvalidDicomError

from gateway.dicom.syntax import EXPLICIT_LE, TransferSyntax, transfer_syntax
from gateway.errors import NotFound, OriginBroken
from gateway.origin.protocol import Frame

MAX_FRAME_BYTES: Final = 1 << 30
"""A frame is held in memory whole; the largest of real detectors stay below 200 MB."""

_NEEDED: Final = [
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "NumberOfFrames",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
]
_PIXEL_ELEMENTS: Final = (0x7FE00010, 0x7FE00008, 0x7FE00009)
_UNDEFINED: Final = 0xFFFFFFFF
_WORDS: Final = {16: 2, 32: 4, 64: 8}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the pixels of a file lie; `length` means nothing when they are encapsulated."""

    start: int
    length: int
    encapsulated: bool
    syntax: TransferSyntax
    frames: int
    frame_bits: int
    word: int
    """Bytes to reverse in big endian files."""
    offsets: tuple[bytes, bytes] | None


def stored_frames(file: BinaryIO, numbers: Sequence[int]) -> Iterator[Frame]:
    """Yield frames of the Part 10 `file` in the order of `numbers` (from 1), as they are stored.

    Native frames come in little endian, their transfer syntax told as Explicit VR Little Endian.

    Raises:
        NotFound: the file has no pixel data, or fewer frames. Raised before the first frame.
        OriginBroken: the file is no DICOM, or its pixel data is too short or has no usable structure.
        Withheld: the transfer syntax is not known.
    """
    layout, source = _layout(file)
    if any(not 1 <= number <= layout.frames for number in numbers):
        raise NotFound(f"The instance has {layout.frames} frames.")
    read = _encapsulated if layout.encapsulated else _native
    uid = layout.syntax.uid if layout.encapsulated else EXPLICIT_LE
    if layout.frame_bits // 8 > MAX_FRAME_BYTES:
        raise OriginBroken(f"A frame is larger than {MAX_FRAME_BYTES} bytes.")
    for number in numbers:
        data = read(source, layout, number - 1)
        yield Frame(number=number, transfer_syntax=uid, data=data)


def _layout(file: BinaryIO) -> tuple[_Layout, BinaryIO]:
    try:
        header = dcmread(file, stop_before_pixels=True, specific_tags=list(_NEEDED))
        syntax = transfer_syntax(header.file_meta.TransferSyntaxUID)
        source = cast("BinaryIO", header.buffer) if syntax.deflated else file
        return _read_layout(header, syntax, source), source
    except (InvalidDicomError, AttributeError, ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise OriginBroken(f"A stored instance cannot be read ({type(error).__name__}).") from None


def _read_layout(header: FileDataset, syntax: TransferSyntax, source: BinaryIO) -> _Layout:
    """Read the rest of the layout; `source` stands at the pixel data element or at its end."""
    implicit, _ = header.original_encoding
    order = ">" if syntax.big_endian else "<"
    start = source.read(8)
    group, element = unpack(f"{order}HH", start[:4]) if len(start) == 8 else (0, 0)
    if (group << 16 | element) not in _PIXEL_ELEMENTS or "Rows" not in header:
        raise NotFound("The instance has no pixel data.")
    vr = "" if implicit else start[4:6].decode("ascii")
    (length,) = unpack(f"{order}L", start[4:] if implicit else source.read(4))
    bits = int(header.BitsAllocated)
    samples: float = int(header.get("SamplesPerPixel", 1) or 1)
    if header.get("PhotometricInterpretation") == "YBR_FULL_422" and length != _UNDEFINED:
        samples = 2  # two luminance values share one of each chrominance (PS3.3 C.7.6.3.1.2)
    table = header.get("ExtendedOffsetTable"), header.get("ExtendedOffsetTableLengths")
    return _Layout(
        start=source.tell(),
        length=length,
        encapsulated=length == _UNDEFINED,
        syntax=syntax,
        frames=max(1, int(header.get("NumberOfFrames") or 1)),
        frame_bits=int(header.Rows) * int(header.Columns) * int(samples) * bits,
        word=_word(bits, vr) if syntax.big_endian else 1,
        offsets=table if all(isinstance(part, bytes) for part in table) else None,
    )


def _word(bits: int, vr: str) -> int:
    # 8-bit samples in OW lie in 16-bit words (PS3.5 §8.1.1).
    return _WORDS[bits] if bits > 8 else 2 if vr == "OW" else 1


def _native(source: BinaryIO, layout: _Layout, index: int) -> bytes:
    first, last = index * layout.frame_bits, (index + 1) * layout.frame_bits
    start, end = first // 8, -(-last // 8)
    aligned, length = start - start % layout.word, -(-end // layout.word) * layout.word
    if not first < last or end > layout.length:
        raise OriginBroken("The pixel data is shorter than its frames.")
    source.seek(layout.start + aligned)
    data = source.read(min(length, layout.length) - aligned)
    if len(data) < end - aligned:
        raise OriginBroken("The file ends within its pixel data.")
    if layout.word > 1:
        words = np.frombuffer(data[: len(data) - len(data) % layout.word], f">u{layout.word}")
        data = words.astype(f"<u{layout.word}").tobytes()
    data = data[start - aligned : end - aligned]
    if first % 8 or last % 8:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        data = np.packbits(bits[first % 8 : first % 8 + layout.frame_bits], bitorder="little").tobytes()
    return data


def _encapsulated(source: BinaryIO, layout: _Layout, index: int) -> bytes:
    source.seek(layout.start)
    try:
        return get_frame(source, index, number_of_frames=layout.frames, extended_offsets=layout.offsets)
    except (ValueError, StructError, LookupError, EOFError) as error:
        raise OriginBroken(
            f"The fragments of the pixel data do not form its frames ({type(error).__name__})."
        ) from None
