"""Specific Character Set (0008,0005): bytes to text, strictly (PS3.3 §C.12.1.1.2, PS3.5 §6.1).

What leaves the gateway is always UTF-8 (`UTF8_TERM`), so there are decoders here and no encoder. A value that
its character set cannot decode gives None: there are no replacement characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.dicom.elements import Buffer, Element, find

SPECIFIC_CHARACTER_SET: Final = 0x00080005
UTF8_TERM: Final = "ISO_IR 192"

_CODECS: Final = {
    "6": "ascii",
    "13": "shift_jis",
    "58": "gb2312",
    "87": "ascii",
    "100": "iso8859_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "126": "iso8859_7",
    "127": "iso8859_6",
    "138": "iso8859_8",
    "144": "iso8859_5",
    "148": "iso8859_9",
    "149": "euc_kr",
    "159": "ascii",
    "166": "iso8859_11",
    "192": "utf_8",
    "203": "iso8859_15",
    "": "ascii",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
_TERM = re.compile(r"(?:ISO(2022)?(?:IR)?)?([0-9]*|GB18030|GBK)")

# PS3.3 Table C.12-3 and C.12-4: what an escape sequence designates. High bytes (G1) belong to one codec; low
# bytes (G0) are ASCII or JIS X 0201, which differ in two signs, or pairs of JIS X 0208 or 0212.
_G1: Final = {
    b"\x1b-A": "iso8859_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-F": "iso8859_7",
    b"\x1b-G": "iso8859_6",
    b"\x1b-H": "iso8859_8",
    b"\x1b-L": "iso8859_5",
    b"\x1b-M": "iso8859_9",
    b"\x1b-T": "iso8859_11",
    b"\x1b-b": "iso8859_15",
    b"\x1b)I": "shift_jis",
    b"\x1b$)C": "euc_kr",
    b"\x1b$)A": "gb2312",
}
_G0: Final = {b"\x1b(B": "", b"\x1b(J": "", b"\x1b$B": "iso2022_jp", b"\x1b$(D": "iso2022_jp_2"}
_ESCAPE = re.compile(rb"(\x1b(?:-[A-Za-z]|[()][A-Z]|\$[()]?[A-Z]))")
_DELIMITER = re.compile(rb"([\\^=\t\n\x0c\r])")


@dataclass(frozen=True, slots=True)
class Charset:
    """A character repertoire: `codec` decodes text without escape sequences; `extended` allows them."""

    codec: str
    extended: bool = False

    def decode(self, raw: bytes) -> str | None:
        """Return the text of a whole value field, or None when it is not in this repertoire."""
        try:
            if b"\x1b" not in raw:
                return raw.decode(self.codec)
            return self._decode_extended(raw) if self.extended else None
        except UnicodeDecodeError:
            return None

    def _decode_extended(self, raw: bytes) -> str | None:
        high, low, escape = self.codec, "", b""
        text = []
        for part in _ESCAPE.split(raw):
            if part in _G1:
                high = _G1[part]
            elif part in _G0:
                low, escape = _G0[part], part
            elif b"\x1b" in part:
                return None
            elif low:
                text.append((escape + part + b"\x1b(B").decode(low))
            else:
                for piece in _DELIMITER.split(part):
                    text.append(piece.decode(high))
                    # PS3.5 §6.1.2.5.3: a delimiter restores the first set. Where that set has no high bytes,
                    # writers that do not escape again are still unambiguous.
                    if self.codec != "ascii" and _DELIMITER.fullmatch(piece):
                        high = self.codec
        return "".join(text)


ASCII: Final = Charset("ascii")
UTF8: Final = Charset("utf_8")


@lru_cache(maxsize=256)
def charset(terms: bytes) -> Charset:
    """Return the repertoire that the bytes of a Specific Character Set element name.

    Spellings such as `ISO-IR 100` or `iso_ir_100` are understood. An unknown term leaves only ASCII.
    """
    names = [re.sub(r"[^A-Z0-9]", "", name.upper()) for name in terms.decode("ascii", "replace").split("\\")]
    match = _TERM.fullmatch(names[0].removeprefix("ISO2022") if "GB" in names[0] else names[0])
    if match is None or (match[2] == "" and names[0]):
        return ASCII
    codec = _CODECS.get(match[2], "ascii")
    return Charset(codec, extended=bool(match[1]) or (len(names) > 1 and codec not in ("utf_8", "gb18030", "gbk")))


def charset_of(data: Buffer, elements: Sequence[Element], inherited: Charset = ASCII) -> Charset:
    """Return the repertoire of one data set: its own, or that of the data set around it (PS3.5 §7.5.3)."""
    own = find(elements, SPECIFIC_CHARACTER_SET)
    return inherited if own is None else charset(bytes(data[own.offset : own.end]))
