"""What an encoded frame says of itself, read before any decoder allocates for it.

JPEG: ISO/IEC 10918-1 (T.81); JPEG-LS: ISO/IEC 14495-1 (T.87); JPEG 2000 and HTJ2K: ISO/IEC 15444-1, 15444-15.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from gateway.errors import Reason, Withheld

_SIZE: Final = Struct(">HH").unpack_from

_LOSSY: Final = frozenset({0xC0, 0xC1, 0xC2})
_LOSSLESS: Final = 0xC3
_JPEG_LS: Final = 0xF7
_REFUSED: Final = frozenset({0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE})
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Codestream:
    """The facts of one encoded frame.

    `rgb` is what the codestream itself says of its colour: True RGB, False a luminance and two chroma, None nothing.
    `precision_at` and `scan_at` are the offsets of the precision byte and of the last byte of the first scan's
    header, for JPEG only.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    lossless: bool = False
    rgb: bool | None = None
    guess_rgb: bool = False
    point_transform: int = 0
    predictor: int = 0
    scan_components: int = 0
    precision_at: int = 0
    scan_at: int = 0


def jpeg(data: bytes) -> Codestream:
    """Read the headers of a JPEG or JPEG-LS frame up to its first scan.

    Raises:
        Withheld: PIXELS_UNDECODABLE for a process without a decoder here, a missing end, or broken headers.
    """
    if data[:2] != b"\xff\xd8":
        raise broken("JPEG", "it does not begin with SOI")
    if data.rstrip(b"\0\xff")[-2:] != b"\xff\xd9":
        # One decoder fills what is missing with grey and reports success. Padding is 0, or an 0xFF fill byte.
        raise broken("JPEG", "it ends before EOI")
    try:
        return _jpeg_headers(data)
    except (IndexError, ValueError, OverflowError):
        raise broken("JPEG", "its headers are cut off") from None


def jpeg_2000(data: bytes) -> Codestream:
    """Read the main header of a JPEG 2000 or HTJ2K codestream (15444-1 §A.5).

    Raises:
        Withheld: PIXELS_UNDECODABLE for subsampled or mixed components, or broken headers.
    """
    if data[:4] != b"\xff\x4f\xff\x51":
        raise broken("JPEG 2000", "it does not begin with SOC and SIZ")
    try:
        return _jpeg_2000_headers(data)
    except (IndexError, ValueError):
        raise broken("JPEG 2000", "its headers are cut off") from None


def codestream_of_jp2(data: bytes) -> bytes:
    """Return the codestream inside a JP2 file, which PS3.5 §A.4.4 forbids and some archives hold; else `data`."""
    if data[4:8] != b"jP  ":
        return data
    position = 0
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        header = 8
        if length == 1:
            length, header = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        if kind == b"jp2c":
            return data[position + header : position + length if length else None]
        if length < header:
            break
        position += length
    raise broken("JPEG 2000", "the JP2 file holds no codestream")


def broken(codec: str, what: str) -> Withheld:
    """Return the error for a frame that is not what its codec demands."""
    return Withheld(Reason.PIXELS_UNDECODABLE, f"{codec} frame: {what}")


def _jpeg_headers(data: bytes) -> Codestream:
    jfif, adobe = False, -1
    frame: tuple[int, int, bytes] | None = None
    position = 2
    while True:
        if data[position] != 0xFF:
            raise broken("JPEG", "bytes stand between its segments")
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segment = data[position + 4 : position + 2 + length]
        if length < 2 or len(segment) != length - 2:
            raise broken("JPEG", "a segment is cut off")
        if marker == 0xE0 and segment[:5] == b"JFIF\0":
            jfif = True
        elif marker == 0xEE and segment[:5] == b"Adobe" and len(segment) >= 12:
            adobe = segment[11]
        elif marker in _REFUSED:
            raise broken("JPEG", "its process has no decoder here")
        elif marker in _LOSSY or marker in (_LOSSLESS, _JPEG_LS):
            if frame is not None:
                raise broken("JPEG", "it holds two frame headers")
            frame = marker, position + 4, segment
        elif marker == 0xDA:
            if frame is None:
                raise broken("JPEG", "its scan has no frame header")
            return _jpeg_facts(frame, (position + 1 + length, segment), jfif=jfif, adobe=adobe)
        position += 2 + length


def _jpeg_facts(frame: tuple[int, int, bytes], first_scan: tuple[int, bytes], *, jfif: bool, adobe: int) -> Codestream:
    marker, precision_at, header = frame
    scan_at, scan = first_scan
    rows, columns = _SIZE(header[:5].ljust(5, b"\0"), 1)
    components = header[5]
    specs = [header[6 + 3 * index : 9 + 3 * index] for index in range(components)]
    if any(len(spec) != 3 for spec in specs) or len(scan) < 4 + 2 * scan[0]:
        raise broken("JPEG", "its headers are cut off")
    ids = bytes(spec[0] for spec in specs)
    subsampled = len({spec[1] for spec in specs}) > 1
    lossless = marker not in _LOSSY
    if lossless and subsampled:
        raise broken("JPEG", "its lossless components are subsampled")
    letters = ids in (b"RGB", b"rgb")
    rgb = None
    if adobe >= 0:
        rgb = adobe == 0
    elif letters:
        rgb = True
    elif jfif or subsampled:
        rgb = False
    return Codestream(
        rows=rows,
        columns=columns,
        components=components,
        precision=header[0],
        lossless=lossless,
        rgb=rgb,
        # What libjpeg concludes by itself (jdapimin.c): a JFIF marker comes before all others, only capitals count.
        guess_rgb=not jfif and (adobe == 0 if adobe >= 0 else ids == b"RGB"),
        predictor=scan[1 + 2 * scan[0]],
        point_transform=scan[3 + 2 * scan[0]] & 15 if marker == _LOSSLESS else 0,
        scan_components=scan[0],
        precision_at=precision_at,
        scan_at=scan_at,
    )


def _jpeg_2000_headers(data: bytes) -> Codestream:
    size = int.from_bytes(data[4:6], "big")
    siz = data[6 : 4 + size]
    if size < 41 or len(siz) != size - 2:
        raise broken("JPEG 2000", "its SIZ segment is cut off")
    x_end, y_end, x_start, y_start = (int.from_bytes(siz[at : at + 4], "big") for at in (2, 6, 10, 14))
    components = int.from_bytes(siz[34:36], "big")
    specs = {siz[36 + 3 * index : 39 + 3 * index] for index in range(components)}
    if len(specs) != 1 or len(siz) < 36 + 3 * components:
        raise broken("JPEG 2000", "its components differ")
    depth, x_step, y_step = next(iter(specs))
    if (x_step, y_step) != (1, 1):
        raise broken("JPEG 2000", "its components are subsampled")
    return Codestream(
        rows=y_end - y_start,
        columns=x_end - x_start,
        components=components,
        precision=(depth & 0x7F) + 1,
        signed=depth > 0x7F,
        rgb=True if components == 3 and _component_transform(data, 4 + size) else None,
    )


def _component_transform(data: bytes, position: int) -> bool:
    """Tell whether the main header's COD switches the multiple component transformation on."""
    while (marker := data[position : position + 2]) not in (b"\xff\x90", b""):
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker[:1] != b"\xff" or length < 2:
            break
        if marker == b"\xff\x52":
            return data[position + 8] == 1
        position += 2 + length
    raise broken("JPEG 2000", "its main header has no COD segment")
