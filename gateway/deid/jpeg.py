"""Comments in JPEG and JPEG-LS images (ITU-T T.81 §B, T.87 §C)."""

from __future__ import annotations

import re
from typing import Final

from gateway.deid.codestream import State, Walker, broken

JPEG_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
JPEG_LS_MARKER: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
# Frame headers, tables, scan headers, restart interval, number of lines, hierarchical headers, JPEG-LS.
_JPEG_NEEDED: Final = frozenset((*range(0xC0, 0xC8), *range(0xC9, 0xD0), *range(0xDA, 0xE0), 0xF7, 0xF8))
_NAMED: Final = {
    0xE0: (b"JFIF\0", b"\1" * 14),
    0xE8: (b"mrfx", b"\1" * 5),
    0xEE: (b"Adobe", b"\1" * 7 + b"\0" * 4 + b"\1"),
}
"""Application segments that decoding needs: how they begin, and which of their bytes stay."""


class Jpeg(Walker):
    """Walks images whose entropy-coded data ends where `pattern` matches."""

    __slots__ = ("_at", "_pattern")

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        super().__init__()
        self._pattern = pattern
        self._at = 0

    def _begin(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] != 0xFF:
            raise broken("an image does not begin with SOI")
        self._state = self._begin_low
        return pos + 1

    def _begin_low(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] != _SOI:
            raise broken("an image does not begin with SOI")
        self._state = self._marker
        return pos + 1

    def _marked(self, code: int) -> State:
        if code == _EOI:
            return self._padding
        if code == _SOI:
            return self._marker
        if code >= 0xC0 and not 0xD0 <= code <= 0xD7:
            return self._length
        raise broken(f"marker {code:02X} stands where a segment must")

    def _segment_state(self) -> State:
        if self._code in _JPEG_NEEDED:
            return self._copy
        self._at = 0
        return self._named if self._code in _NAMED else self._blank

    def _after_segment(self) -> State:
        return self._entropy if self._code == _SOS else self._marker

    def _named(self, data: bytes, out: bytearray, pos: int) -> int:
        begins, stays = _NAMED[self._code]
        at = self._at
        if at == len(stays) or (at < len(begins) and data[pos] != begins[at]):
            self._state = self._blank
            return pos
        if not stays[at]:
            out[pos] = 0
        self._at += 1
        return self._advance(pos, pos + 1)

    def _entropy(self, data: bytes, out: bytearray, pos: int) -> int:
        found = self._pattern.search(data, pos)
        if found is not None:
            self._state = self._marker_code
            return found.start() + 1
        if data.endswith(b"\xff"):
            self._state = self._entropy_ff
        return len(data)

    def _entropy_ff(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] == 0xFF:
            return pos + 1
        found = self._pattern.match(b"\xff" + data[pos : pos + 1])
        self._state = self._entropy if found is None else self._marker_code
        return pos if found else pos + 1
