"""Part 10 files: preamble, file meta, and the elements before Pixel Data (PS3.10 §7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO, Final, NamedTuple

from gateway.dicom.charset import ASCII, charset_of
from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicom.dictionary import VR
from gateway.dicom.elements import LIMITS, Buffer, Element, Limits, find, malformed
from gateway.dicom.inflate import inflated
from gateway.dicom.json_model import BulkUri, encode_element, raw_value, to_json
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, TransferSyntax, transfer_syntax
from gateway.dicom.uid import UID
from gateway.dicom.values import read_numbers, read_text
from gateway.dicom.vr import TEXT, VRS, valid
from gateway.errors import Reason, Withheld

IMPLEMENTATION_CLASS_UID: Final = UID("2.25.60363284206613748859143441306009327400")
IMPLEMENTATION_VERSION_NAME: Final = "TFGATEWAY_1"

META_LIMIT: Final = 1 << 20
"""Bytes of file meta; (0002,0102) may hold private information of any size, and some megabyte is no meta."""
_META_ELEMENTS: Final = 64
"""PS3.10 §7.1 knows 17; the meta is read again with every chunk until it is there as a whole."""
_CHUNK: Final = 1 << 16
_PREAMBLE: Final = 128
_TRANSFER_SYNTAX_UID: Final = 0x00020010
_VRS: Final = frozenset(vr.encode() for vr in VRS)
_INTEGERS: Final = frozenset(("US", "SS", "UL", "SL", "UV", "SV"))
_FIRST_GROUPS: Final = frozenset((0x0004, 0x0008, 0x0010, 0x0018, 0x0020))


class Start(NamedTuple):
    """Where the data set of a file starts, and its transfer syntax."""

    syntax: TransferSyntax
    offset: int


@dataclass(frozen=True, slots=True, repr=False)
class Header:
    """The elements of one file before its Pixel Data. Identified: it may go only to the engine.

    The offsets of `elements` count in `data`, which for a deflated data set is what it inflates to. `pixels` is
    the element of Pixel Data with `pixel_offset` in `data` and `pixel_length` as declared.
    """

    syntax: TransferSyntax
    data: bytes
    elements: tuple[Element, ...]
    pixels: Element | None = None
    pixel_length: int = 0

    @property
    def pixel_offset(self) -> int:
        """Where the value of Pixel Data starts in `data` (and in the file, unless deflated)."""
        return self.pixels.offset if self.pixels else len(self.data)

    def text(self, tag: int) -> str:
        """Return the first value of a text attribute at the root, "" when absent, empty or undecodable."""
        element = find(self.elements, tag)
        if element is None or element.vr not in TEXT:
            return ""
        charset = charset_of(self.data, self.elements) if VRS[element.vr].charset else ASCII
        values = read_text(element.vr, raw_value(self.data, element), charset)
        return values[0] if values else ""

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first value of an attribute of integers (IS too) at the root, or `default`."""
        element = find(self.elements, tag)
        if element is None:
            return default
        raw = raw_value(self.data, element)
        if element.vr in _INTEGERS:
            numbers = read_numbers(element.vr, raw)
            return int(numbers[0]) if numbers else default
        text = self.text(tag) if element.vr == "IS" else ""
        return int(text) if text and valid("IS", text) else default

    def json(self, bulk: BulkUri | None = None) -> IdentifiedDataset:
        """Return the elements in the DICOM JSON Model (PS3.18 Annex F), Pixel Data left out."""
        return IdentifiedDataset(to_json(self.data, self.elements, bulk=bulk))


def read_start(buffer: Buffer, *, final: bool = False) -> Start | None:
    """Return where the data set starts, or None when more of the file is needed.

    A missing preamble, file meta or transfer syntax is tolerated when the first element of the data set leaves
    no doubt how it is encoded.

    Raises:
        Withheld: MALFORMED, TRUNCATED or UNKNOWN_TRANSFER_SYNTAX.
    """
    if len(buffer) < _PREAMBLE + 12 and not final:
        return None
    pos = _PREAMBLE + 4 if buffer[_PREAMBLE : _PREAMBLE + 4] == b"DICM" else 0
    uid = ""
    count = 0
    while buffer[pos : pos + 2] == b"\x02\0":
        if len(buffer) >= pos + 12:
            group, number, code, length = unpack_from("<HH2sH", buffer, pos)
            if code not in _VRS:
                raise malformed(group << 16 | number, "the file meta is not in Explicit VR Little Endian")
            offset = pos + 8
            if VRS[code.decode()].long_form:
                length, offset = unpack_from("<I", buffer, offset)[0], offset + 4
            end = offset + length
        else:
            end = pos + 12
        count += 1
        if end > META_LIMIT or count > _META_ELEMENTS:
            raise malformed(0x00020000, "the file meta is longer than the limit")
        if end + 8 > len(buffer):
            if final:
                raise Withheld(Reason.TRUNCATED, "the file ends inside its file meta")
            return None
        if (group, number) == (0x0002, _TRANSFER_SYNTAX_UID & 0xFFFF):
            uid = buffer[offset:end].decode("ascii", "replace").rstrip(" \0")
        pos = end
    if len(buffer) < pos + 8:
        if final:
            raise Withheld(Reason.TRUNCATED, "the file holds no data set")
        return None
    return Start(transfer_syntax(uid or _guess(buffer, pos)), pos)


def _guess(buffer: Buffer, pos: int) -> UID:
    group, number, code, _ = unpack_from("<HH2sH", buffer, pos)
    if group in _FIRST_GROUPS:
        tag = group << 16 | number
        if code in _VRS:
            known = VR.get(tag, code.decode())
            if known == code.decode():
                return EXPLICIT_LE
        elif (tag in VR or not number) and unpack_from("<I", buffer, pos + 4)[0] < META_LIMIT:
            return IMPLICIT_LE
    elif unpack_from(">H", buffer, pos)[0] in _FIRST_GROUPS and code in _VRS:
        return EXPLICIT_BE
    raise Withheld(Reason.MALFORMED, "there is no file meta and the first element does not tell the encoding")


def read_header(source: Path | BinaryIO | bytes, *, limits: Limits = LIMITS) -> Header:
    """Return the header of a file, of which no more is read than needed, or of bytes; an open file is at its start.

    Raises:
        Withheld: the file is not a readable instance; UNREADABLE when the file system refuses it.
    """
    if isinstance(source, bytes):
        return _read(_Bytes(source), limits)
    try:
        if not isinstance(source, Path):
            return _read(source, limits)
        with source.open("rb") as file:
            return _read(file, limits)
    except OSError:
        raise Withheld(Reason.UNREADABLE) from None


class _Bytes:
    """Bytes read like a file, the first chunk being all of them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _size: int) -> bytes:
        data, self._data = self._data, b""
        return data


def _read(file: BinaryIO | _Bytes, limits: Limits) -> Header:
    chunks = iter(lambda: file.read(_CHUNK), b"")
    buffer = bytearray()
    start: Start | None = None
    while start is None:
        chunk = next(chunks, b"")
        buffer += chunk
        start = read_start(buffer, final=not chunk)
    offset = start.offset
    if start.syntax.deflated:
        chunks = inflated(chain((bytes(buffer[offset:]),), chunks))
        buffer, offset = bytearray(), 0
    scanner = Scanner(start.syntax, start=offset, limits=limits)
    while not scanner.scan(buffer):
        piece = next(chunks, b"")
        buffer += piece
        if not piece:
            scanner.scan(buffer, final=True)
            break
    elements = tuple(scanner.elements)
    if scanner.pixel_length is None:
        return Header(start.syntax, bytes(buffer[: scanner.position]), elements)
    pixels = elements[-1]
    return Header(start.syntax, bytes(buffer[: pixels.offset]), elements[:-1], pixels, scanner.pixel_length)


def file_meta(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    """Return a preamble of zeros, `DICM` and a new file meta group (PS3.10 §7.1)."""
    before, after = _meta_around(sop_class, syntax)
    body = before + encode_element(0x00020003, "UI", [sop_instance]) + after
    return bytes(_PREAMBLE) + b"DICM" + encode_element(0x00020000, "UL", [len(body)]) + body


@lru_cache(maxsize=256)
def _meta_around(sop_class: str, syntax: str) -> tuple[bytes, bytes]:
    """Return what stands before and after the only element that differs from instance to instance."""
    before = encode_element(0x00020001, "OB", [b"\0\1"]) + encode_element(0x00020002, "UI", [sop_class])
    after = (
        encode_element(_TRANSFER_SYNTAX_UID, "UI", [syntax])
        + encode_element(0x00020012, "UI", [IMPLEMENTATION_CLASS_UID])
        + encode_element(0x00020013, "SH", [IMPLEMENTATION_VERSION_NAME])
    )
    return before, after
