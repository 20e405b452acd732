"""An instance with encoded pixels to Explicit VR Little Endian, frame by frame (PS3.18 §8.7.3.5).

What is held at a time is the header, one encoded frame and a chunk. Decoding is left to the caller, who may do it in
a worker: a frame comes out as an `EncodedFrame`, and `native_piece` turns it into the bytes that stand in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from
from typing import Final, Protocol

from gateway.dicom.elements import UNDEFINED, Element, find
from gateway.dicom.json_model import encode_element, raw_value, to_json
from gateway.dicom.part10 import file_meta, read_start
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import EXPLICIT_LE, Codec, TransferSyntax
from gateway.errors import NotAcceptable, Reason, Withheld
from gateway.pixels.decode import decodable
from gateway.pixels.description import PixelDescription, decoded, describe
from gateway.pixels.fragments import FrameAssembler
from gateway.pixels.native import to_native

_ITEM: Final = 0xE000FFFE
_DELIMITER: Final = 0xE0DDFFFE
_GREATEST_LENGTH: Final = 0xFFFFFFFE
_ENCODED_SLACK: Final = 4 << 20
"""Bytes an encoded frame may have beyond twice its decoded size: colour profiles, tables, tiny frames."""

_ROWS: Final = 0x00280010
_PIXEL_DATA: Final = 0x7FE00010
_OFFSET_TABLES: Final = (0x7FE00001, 0x7FE00002)
_LOSSY_JPEG: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})


@dataclass(frozen=True, slots=True, repr=False)
class EncodedFrame:
    """One frame that stands in the stream still encoded."""

    data: bytes
    description: PixelDescription


Piece = bytes | EncodedFrame


def native_piece(piece: Piece) -> bytes:
    """Return what stands in the stream for `piece`: itself, or the frame decoded.

    Raises:
        Withheld: PIXELS_UNDECODABLE.
    """
    return piece if isinstance(piece, bytes) else to_native(piece.data, piece.description)[0]


class Transcoder:
    """Takes a Part 10 stream and gives the same instance in Explicit VR Little Endian.

    Elements other than those that describe the encoding stay byte by byte, those behind Pixel Data included. A
    stream that is Explicit VR Little Endian already passes unchanged.
    """

    def __init__(self) -> None:
        """Start before the first byte."""
        self._buffer = bytearray()
        self._stage: _Stage = _Header()

    def feed(self, chunk: bytes) -> list[Piece]:
        """Take the next bytes and return the pieces they complete.

        Raises:
            Withheld: MALFORMED, PIXELS_UNDECODABLE, UNSUPPORTED_TRANSFER_SYNTAX or a limit of the header.
            NotAcceptable: nothing here decodes the pixels, or decoded they are longer than an element can be.
        """
        return self._take(chunk, final=False)

    def finish(self) -> list[Piece]:
        """Take the end of the stream and return what is left.

        Raises:
            Withheld: TRUNCATED when the stream ended inside the header or the pixels; or as `feed`.
        """
        pieces = self._take(b"", final=True)
        if not isinstance(self._stage, _Rest):
            raise Withheld(Reason.TRUNCATED, "the instance ends inside its pixels")
        return pieces

    def _take(self, chunk: bytes, *, final: bool) -> list[Piece]:
        self._buffer += chunk
        pieces: list[Piece] = []
        while (stage := self._stage.take(self._buffer, pieces, final=final)) is not None:
            self._stage = stage
        return pieces


class _Stage(Protocol):
    def take(self, buffer: bytearray, pieces: list[Piece], *, final: bool) -> _Stage | None:
        """Consume what is complete at the start of `buffer`; return the next stage, None when more is needed."""
        ...


class _Rest:
    """What follows the pixels, or everything when nothing is to be done."""

    def take(self, buffer: bytearray, pieces: list[Piece], *, final: bool) -> _Stage | None:
        if buffer:
            pieces.append(bytes(buffer))
            buffer.clear()
        return None


class _Header:
    """Preamble, file meta and the elements before Pixel Data."""

    def __init__(self) -> None:
        self._found: tuple[TransferSyntax, Scanner] | None = None

    def take(self, buffer: bytearray, pieces: list[Piece], *, final: bool) -> _Stage | None:
        if self._found is None:
            start = read_start(buffer, final=final)
            if start is None:
                return None
            if start.syntax.uid == EXPLICIT_LE:
                return _Rest()
            if not start.syntax.encapsulated:
                raise Withheld(Reason.UNSUPPORTED_TRANSFER_SYNTAX, "only encapsulated pixels are transcoded")
            if not decodable(start.syntax.uid):
                raise NotAcceptable(f"{start.syntax.name} is not decoded here; ask for the stored transfer syntax.")
            self._found = start.syntax, Scanner(start.syntax, start=start.offset)
        syntax, scanner = self._found
        if not scanner.scan(buffer, final=final):
            return None
        stage: _Stage = _Rest()
        elements, changes, tail = scanner.elements, dict[int, bytes](), b""
        if scanner.pixel_length is not None:
            if scanner.pixel_length != UNDEFINED or elements.pop().tag != _PIXEL_DATA:
                raise Withheld(Reason.MALFORMED, "the pixel data is not encapsulated as its transfer syntax says")
            description = _described(buffer, elements, syntax)
            changes, tail = _changes(description), _pixel_data_header(description)
            stage = _Pixels(syntax.codec, description)
        elif find(elements, _ROWS) is not None:
            raise Withheld(Reason.TRUNCATED, "the instance describes pixels and ends before them")
        meta = file_meta(_uid(buffer, elements, 0x00080016), _uid(buffer, elements, 0x00080018), EXPLICIT_LE)
        pieces.append(meta + _merged(buffer, elements, changes) + tail)
        del buffer[: scanner.position]
        return stage


class _Pixels:
    """Offset table, fragments, delimiter."""

    def __init__(self, codec: Codec, description: PixelDescription) -> None:
        self._description = description
        self._limit = 2 * decoded(description).frame_bytes + _ENCODED_SLACK
        self._assembler = FrameAssembler(codec, description.frames, limit=self._limit)
        self._most_offsets = max(4 * description.frames, self._limit)
        self._table_seen = False

    def take(self, buffer: bytearray, pieces: list[Piece], *, final: bool) -> _Stage | None:
        while len(buffer) >= 8:
            tag, length = unpack_from("<II", buffer)
            if tag == _DELIMITER and self._table_seen:
                pieces.append(EncodedFrame(self._assembler.end(), self._description))
                if _native_length(self._description) % 2:
                    pieces.append(b"\0")
                del buffer[:8]
                return _Rest()
            if tag != _ITEM or length == UNDEFINED:
                raise Withheld(Reason.MALFORMED, "something other than a fragment stands in the pixel data")
            if length > (self._limit if self._table_seen else self._most_offsets):
                raise Withheld(Reason.PIXELS_UNDECODABLE, "a fragment exceeds the limit of an encoded frame")
            if len(buffer) < 8 + length:
                return None
            fragment = bytes(memoryview(buffer)[8 : 8 + length])
            del buffer[: 8 + length]
            self._add(fragment, pieces)
        return None

    def _add(self, fragment: bytes, pieces: list[Piece]) -> None:
        if not self._table_seen:
            self._table_seen = True
            self._assembler.offset_table(fragment)
            return
        frame = self._assembler.add(fragment)
        if frame is not None:
            pieces.append(EncodedFrame(frame, self._description))


def _described(buffer: bytearray, elements: list[Element], syntax: TransferSyntax) -> PixelDescription:
    image = [element for element in elements if element.tag >> 16 == 0x0028 and element.items is None]
    return describe(to_json(buffer, image) | {"7FE00010": {"vr": "OB"}}, syntax.uid, tables=False)


def _uid(buffer: bytearray, elements: list[Element], tag: int) -> str:
    element = find(elements, tag)
    return "" if element is None else raw_value(buffer, element).decode("ascii", "replace").strip(" \0")


def _merged(buffer: bytearray, elements: list[Element], changes: dict[int, bytes]) -> bytes:
    """Return the data set with `changes` in place of, or between, its elements."""
    parts = dict(changes)
    for element in elements:
        if element.tag not in changes and element.tag not in _OFFSET_TABLES:
            parts[element.tag] = bytes(memoryview(buffer)[element.start : element.end])
    return b"".join(parts[tag] for tag in sorted(parts))


def _changes(description: PixelDescription) -> dict[int, bytes]:
    """Return the elements that describe the pixels otherwise once they are decoded."""
    after = decoded(description)
    changes = {0x00280102: encode_element(0x00280102, "US", [after.high_bit])}
    if description.samples_per_pixel > 1:
        changes[0x00280004] = encode_element(0x00280004, "CS", [after.photometric])
        changes[0x00280006] = encode_element(0x00280006, "US", [0])
    if description.transfer_syntax in _LOSSY_JPEG:
        # The transfer syntax said so; from here on only the data set can (PS3.3 §C.7.6.1.1.5).
        changes[0x00282110] = encode_element(0x00282110, "CS", ["01"])
    return changes


def _pixel_data_header(description: PixelDescription) -> bytes:
    length = _native_length(description)
    length += length % 2
    if length > _GREATEST_LENGTH:
        raise NotAcceptable("Decoded, the pixels exceed 4 GiB; ask for the stored transfer syntax or single frames.")
    vr = "OW" if description.bits_allocated > 8 else "OB"
    return b"\xe0\x7f\x10\0" + vr.encode() + b"\0\0" + length.to_bytes(4, "little")


def _native_length(description: PixelDescription) -> int:
    after = decoded(description)
    if after.bits_allocated == 1 and after.frames > 1 and after.rows * after.columns % 8:
        raise NotAcceptable("Frames of single bits that end inside a byte; ask for the stored transfer syntax.")
    return after.frame_bytes * after.frames
