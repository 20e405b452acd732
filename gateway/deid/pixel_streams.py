"""Pixel Data as it passes: exactly what its header promises, cleaned, in chunks of any size (PS3.5 §8, §A.4)."""

from __future__ import annotations

from itertools import pairwise
from struct import pack, unpack
from typing import Final, Protocol

from gateway.deid.overlay_planes import PlaneEraser, embedded_planes
from gateway.deid.segments import StreamCleaner
from gateway.dicom.elements import SWAPPED, UNDEFINED, Element, find, malformed
from gateway.dicom.part10 import Header
from gateway.dicom.values import encode_header, swap
from gateway.errors import Reason, Withheld

_FLOAT_BITS: Final = {0x7FE00008: 32, 0x7FE00009: 64}
_TABLE_LIMIT: Final = 1 << 24
"""Bytes of a Basic Offset Table: four million frames."""
_PHOTOMETRIC_INTERPRETATION: Final = 0x00280004
_NUMBER_OF_FRAMES: Final = 0x00280008
_END: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"


class PixelStream(Protocol):
    """Pixel Data on its way through."""

    ended: bool

    def begin(self) -> bytes:
        """Return the header of the element as it goes out."""
        ...

    def feed(self, chunk: bytes, out: list[bytes]) -> bytes:
        """Append to `out` what `chunk` becomes; return what of it lies behind Pixel Data.

        Raises:
            Withheld: MALFORMED or TRUNCATED.
        """
        ...


def pixel_stream(header: Header, pixels: Element) -> PixelStream:
    """Return the stream for the Pixel Data that `header` announces.

    Raises:
        Withheld: MALFORMED when its length does not fit the transfer syntax, UNSUPPORTED_TRANSFER_SYNTAX when
            text in it cannot be removed.
    """
    undefined = header.pixel_length == UNDEFINED
    if undefined != header.syntax.encapsulated:
        raise malformed(pixels.tag, "its length does not fit the transfer syntax")
    if undefined and embedded_planes(header):
        raise Withheld(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "(60xx,0102): an overlay lies in encoded pixels")
    return EncapsulatedPixels(header, pixels) if undefined else NativePixels(header, pixels)


class NativePixels:
    """Native pixels: as many bytes as declared, little endian; what no pixel occupies is zeroed, overlays too."""

    def __init__(self, header: Header, pixels: Element) -> None:
        self._element = pixels
        self._length = self._left = header.pixel_length
        bits = _FLOAT_BITS.get(self._element.tag) or header.number(0x00280100)
        self._used = _pixel_bytes(header, bits) or self._length
        self._at = 0
        self._swapped = self._element.form == SWAPPED and self._element.vr != "OB"
        self._width = max(2, bits // 8) if self._swapped else 1
        planes = embedded_planes(header)
        self._eraser = PlaneEraser(planes, bits) if planes else None
        if self._eraser is not None:
            self._width = max(self._width, self._eraser.width)
        self._carry = b""
        self.ended = self._left == 0

    def begin(self) -> bytes:
        """Return the header of the element as it goes out."""
        return encode_header(self._element.tag, self._element.vr, self._length + (self._length & 1))

    def feed(self, chunk: bytes, out: list[bytes]) -> bytes:
        """Append the part of `chunk` that is Pixel Data, return the rest."""
        rest = chunk[self._left :]
        taken = chunk[: self._left] if rest else chunk
        self._left -= len(taken)
        self.ended = not self._left
        if self._width > 1:
            taken = self._carry + taken
            whole = len(taken) if self.ended else len(taken) - len(taken) % self._width
            self._carry = taken[whole:]
            taken = swap(taken[:whole], self._width) if self._swapped else taken[:whole]
            if self._eraser is not None:
                taken = self._eraser.erase(taken)
        if self.ended and self._length & 1:
            taken += b"\0"
        self._at += len(taken)
        if self._at > self._used:
            used = max(0, len(taken) - (self._at - self._used))
            taken = taken[:used] + bytes(len(taken) - used)
        if taken:
            out.append(taken)
        return rest


def _pixel_bytes(header: Header, bits: int) -> int:
    """Return how many bytes the pixels of all frames occupy, 0 when the header does not tell.

    Raises:
        Withheld: MALFORMED when the number of frames cannot be read.
    """
    count = find(header.elements, _NUMBER_OF_FRAMES)
    # Without a value, or with 0, there is one frame to every reader.
    given = b"" if count is None else header.data[count.offset : count.end].strip(b" \0")
    frames = header.number(_NUMBER_OF_FRAMES, -1 if given else 1) or 1
    if frames < 0:
        raise malformed(_NUMBER_OF_FRAMES, "its value is not a number of frames")
    samples = header.number(0x00280010) * header.number(0x00280011) * header.number(0x00280002, 1)
    used = (frames * samples * bits + 7) // 8
    # Chroma subsampling is more often declared than true: it is when there is less than all samples need.
    subsampled = header.text(_PHOTOMETRIC_INTERPRETATION) == "YBR_FULL_422" and header.pixel_length < used
    return used * 2 // 3 if subsampled else used


class EncapsulatedPixels:
    """Fragments: every item walked, every image cleaned, the delimiter demanded."""

    def __init__(self, header: Header, pixels: Element) -> None:
        self._tag = pixels.tag
        self._cleaner = StreamCleaner(header.syntax)
        self._item = b""
        self._left = 0
        self._odd = False
        self._table: bytearray | None = bytearray()
        self.ended = False

    def begin(self) -> bytes:
        """Return the header of the element as it goes out."""
        return pack("<HH2sHI", self._tag >> 16, self._tag & 0xFFFF, b"OB", 0, UNDEFINED)

    def feed(self, chunk: bytes, out: list[bytes]) -> bytes:
        """Append the part of `chunk` that is Pixel Data, cleaned; return the rest."""
        pos = 0
        while pos < len(chunk) and not self.ended:
            if not self._left:
                piece = chunk[pos : pos + 8 - len(self._item)]
                self._item += piece
                pos += len(piece)
                if len(self._item) == 8:
                    self._begin_item(out)
                continue
            piece = chunk[pos : pos + self._left]
            self._left -= len(piece)
            pos += len(piece)
            if self._table is not None:
                self._table += piece
                if not self._left:
                    self._end_table(out)
            else:
                cleaned = self._cleaner.feed(piece)
                out.append(cleaned + b"\0" if self._odd and not self._left else cleaned)
        return chunk[pos:]

    def _begin_item(self, out: list[bytes]) -> None:
        group, number, length = unpack("<HHI", self._item)
        self._item = b""
        if (group, number, length) == (0xFFFE, 0xE0DD, 0) and self._table is None:
            self._cleaner.finish()
            self.ended = True
            out.append(_END)
            return
        if (group, number) != (0xFFFE, 0xE000) or length == UNDEFINED:
            raise malformed(self._tag, "something other than an item stands between its fragments")
        self._left = length
        if self._table is not None:
            if length > _TABLE_LIMIT:
                raise malformed(self._tag, "its offset table is longer than the limit")
            if not length:
                self._end_table(out)
            return
        self._odd = bool(length & 1)
        self._cleaner.fragment()
        out.append(b"\xfe\xff\x00\xe0" + pack("<I", length + self._odd))

    def _end_table(self, out: list[bytes]) -> None:
        """Pass the Basic Offset Table on when it is one; an empty one is always right (PS3.5 §A.4)."""
        table = bytes(self._table or b"")
        self._table = None
        if len(table) % 4:
            table = b""
        offsets = unpack(f"<{len(table) // 4}I", table)
        if any(offsets[:1]) or any(one >= two for one, two in pairwise(offsets)):
            table = b""
        out.append(b"\xfe\xff\x00\xe0" + pack("<I", len(table)) + table)
