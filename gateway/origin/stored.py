"""Frames of one stored Part 10 file, without reading the others (PS3.5 §8, §A.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from pydicom.encaps import get_frame

from gateway.dicom.elements import UNDEFINED, find
from gateway.dicom.inflate import inflated
from gateway.dicom.json_model import raw_value
from gateway.dicom.part10 import Header, read_header, read_start
from gateway.dicom.syntax import EXPLICIT_LE, TransferSyntax
from gateway.errors import NotFound, OriginBroken, Reason, Withheld
from gateway.origin.protocol import Frame

MAX_FRAME_BYTES: Final = 1 << 30
"""A frame is held in memory whole; the largest of real detectors stay below 200 MB."""

_SAMPLES_PER_PIXEL: Final = 0x00280002
_PHOTOMETRIC_INTERPRETATION: Final = 0x00280004
_NUMBER_OF_FRAMES: Final = 0x00280008
_ROWS: Final = 0x00280010
_COLUMNS: Final = 0x00280011
_BITS_ALLOCATED: Final = 0x00280100
_OFFSET_TABLE: Final = 0x7FE00001
_OFFSET_TABLE_LENGTHS: Final = 0x7FE00002

_WORDS: Final = {16: 2, 32: 4, 64: 8}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the pixels of a file lie; `length` means nothing when they are encapsulated."""

    start: int
    length: int
    syntax: TransferSyntax
    frames: int
    frame_bits: int
    word: int
    """Bytes to reverse in big endian files."""
    offsets: tuple[bytes, bytes] | None

    @property
    def encapsulated(self) -> bool:
        return self.length == UNDEFINED


def stored_frames(source: Path | BinaryIO | bytes, numbers: Sequence[int]) -> Iterator[Frame]:
    """Yield frames of a Part 10 file in the order of `numbers` (from 1), as they are stored.

    An open file is at its start, and stays open.

    Native frames come in little endian, their transfer syntax told as Explicit VR Little Endian.

    Raises:
        NotFound: the file has no pixel data, or fewer frames. Raised before the first frame.
        Withheld: the header cannot be read.
        OriginBroken: the pixel data is too short or its fragments do not form frames.
    """
    layout = _layout(read_header(source))
    if any(not 1 <= number <= layout.frames for number in numbers):
        raise NotFound(f"The instance has {layout.frames} frames.")
    if layout.frame_bits // 8 > MAX_FRAME_BYTES:
        raise OriginBroken(f"A frame is larger than {MAX_FRAME_BYTES} bytes.")
    read = _encapsulated if layout.encapsulated else _native
    uid = layout.syntax.uid if layout.encapsulated else EXPLICIT_LE
    with _opened(source, layout.syntax) as file:
        for number in numbers:
            yield Frame(number=number, transfer_syntax=uid, data=read(file, layout, number - 1))


@contextmanager
def _opened(source: Path | BinaryIO | bytes, syntax: TransferSyntax) -> Iterator[BinaryIO]:
    """Give the bytes in which the layout's offsets count."""
    if syntax.deflated:
        whole = _whole(source)
        start = read_start(whole, final=True)
        yield BytesIO(b"".join(inflated([whole[start.offset if start else 0 :]])))
    elif isinstance(source, bytes):
        yield BytesIO(source)
    elif not isinstance(source, Path):
        yield source
    else:
        try:
            file = source.open("rb")
        except OSError:
            raise Withheld(Reason.UNREADABLE) from None
        with file:
            yield file


def _whole(source: Path | BinaryIO | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, Path):
        return source.read_bytes()
    source.seek(0)
    return source.read()


def _layout(header: Header) -> _Layout:
    rows, columns = header.number(_ROWS), header.number(_COLUMNS)
    if header.pixels is None or not rows or not columns:
        raise NotFound("The instance has no pixel data.")
    bits, samples = header.number(_BITS_ALLOCATED), header.number(_SAMPLES_PER_PIXEL, 1)
    if header.text(_PHOTOMETRIC_INTERPRETATION) == "YBR_FULL_422" and header.pixel_length != UNDEFINED:
        samples = 2  # two luminance values share one of each chrominance (PS3.3 C.7.6.3.1.2)
    return _Layout(
        start=header.pixel_offset,
        length=header.pixel_length,
        syntax=header.syntax,
        frames=max(1, header.number(_NUMBER_OF_FRAMES, 1)),
        frame_bits=rows * columns * samples * bits,
        word=_word(bits, header.pixels.vr) if header.syntax.big_endian else 1,
        offsets=_offsets(header),
    )


def _offsets(header: Header) -> tuple[bytes, bytes] | None:
    tables = [find(header.elements, tag) for tag in (_OFFSET_TABLE, _OFFSET_TABLE_LENGTHS)]
    starts, lengths = (raw_value(header.data, table) if table else b"" for table in tables)
    return (starts, lengths) if starts and lengths else None


def _word(bits: int, vr: str) -> int:
    if bits > 8:
        if bits not in _WORDS:
            raise OriginBroken(f"Pixels of {bits} bits cannot be big endian.")
        return _WORDS[bits]
    # 8-bit samples in OW lie in 16-bit words (PS3.5 §8.1.1).
    return 2 if vr == "OW" else 1


def _native(file: BinaryIO, layout: _Layout, index: int) -> bytes:
    first, last = index * layout.frame_bits, (index + 1) * layout.frame_bits
    start, end = first // 8, -(-last // 8)
    aligned, length = start - start % layout.word, -(-end // layout.word) * layout.word
    if not first < last or end > layout.length:
        raise OriginBroken("The pixel data is shorter than its frames.")
    file.seek(layout.start + aligned)
    data = file.read(min(length, layout.length) - aligned)
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


def _encapsulated(file: BinaryIO, layout: _Layout, index: int) -> bytes:
    file.seek(layout.start)
    try:
        return get_frame(file, index, number_of_frames=layout.frames, extended_offsets=layout.offsets)
    except (ValueError, struct.error, LookupError, EOFError) as error:
        what = type(error).__name__
        raise OriginBroken(f"The fragments of the pixel data do not form its frames ({what}).") from None
