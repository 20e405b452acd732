"""What lies outside the segments of an RLE frame (PS3.5 §G)."""

from __future__ import annotations

from gateway.deid.codestream import State, Walker, broken


class Rle(Walker):
    """PS3.5 §G.5: 64 bytes of header, then segments one after the other; one frame is one fragment."""

    __slots__ = ("_header", "_start")

    def __init__(self) -> None:
        super().__init__()
        self._header = bytearray()
        self._start = 0

    @property
    def ended(self) -> bool:
        return not 0 < len(self._header) < 64

    def fragment(self) -> None:
        if not self.ended:
            raise broken("an RLE frame ends inside its header")
        self._header.clear()
        self._state = self._begin

    def _begin(self, data: bytes, out: bytearray, pos: int) -> int:
        at = len(self._header)
        self._header.append(data[pos])
        count = int.from_bytes(self._header[:4], "little")
        if at >= max(4, 4 * (count + 1)):
            out[pos] = 0
        if at == 63:
            if not 1 <= count <= 15:
                raise broken("an RLE header is damaged")
            offsets = [int.from_bytes(self._header[i : i + 4], "little") for i in range(4, 4 * count + 4, 4)]
            if offsets[0] < 64 or offsets != sorted(set(offsets)):
                raise broken("an RLE header is damaged")
            self._left = offsets[0] - 64
            self._state = self._blank if self._left else self._segments
        return pos + 1

    def _segments(self, data: bytes, out: bytearray, pos: int) -> int:
        return len(data)

    def _after_segment(self) -> State:
        return self._segments
