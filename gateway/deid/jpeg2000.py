"""Comments in JPEG 2000 and HTJ2K codestreams (ITU-T T.800 §A, T.801, T.814)."""

from __future__ import annotations

from typing import Final

from gateway.deid.codestream import State, Walker, broken

_SOC, _SOT, _SOD, _EOC, _COM = 0x4F, 0x90, 0x93, 0xD9, 0x64
# T.800 Table A.2, T.801 Table A.1, T.814 §A: the segments that decoding needs.
_J2K_NEEDED: Final = frozenset(
    (*range(0x50, 0x54), 0x55, 0x57, 0x58, 0x59, *range(0x5C, 0x62), 0x63, *range(0x72, 0x7A), _SOT)
)
_JP2_NEEDED: Final = frozenset((b"jP  ", b"ftyp", b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef", b"res "))
_TILE_PART_LENGTH: Final = 6  # where Psot ends in the payload of SOT


class Jpeg2000(Walker):
    """Walks codestreams, and those in a JP2 file, which PS3.5 §A.4.4 forbids and some toolkits write.

    Of a JP2 file (T.800 §I) the boxes that decoding needs stay; what others hold is blanked.
    """

    __slots__ = ("_header", "_tile")

    def __init__(self) -> None:
        super().__init__()
        self._header = b""
        self._tile: int | None = None
        """Bytes left of the tile-part; None outside one, 0 when it reaches to the end of the image."""

    def _begin(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] == 0:
            self._header, self._left, self._state = b"", 8, self._box
            return pos
        return self._begin_codestream(data, out, pos)

    def _box(self, data: bytes, out: bytearray, pos: int) -> int:
        taken = data[pos : pos + self._left]
        self._header += taken
        self._left -= len(taken)
        if not self._left:
            self._state = self._box_content()
        return pos + len(taken)

    def _box_content(self) -> State:
        size, kind = int.from_bytes(self._header[:4]), self._header[4:]
        if kind == b"jp2c":
            if size == 1:
                raise broken("a JP2 box has a long form")
            return self._begin_codestream
        self._header, self._code = b"", 0
        self._left = size - 8
        if self._left < 0:
            raise broken("a JP2 box is shorter than its header")
        if kind == b"jp2h" or not self._left:
            return self._after_box()
        return self._copy if kind in _JP2_NEEDED else self._blank

    def _after_box(self) -> State:
        self._left = 8
        return self._box

    def _begin_codestream(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] != 0xFF:
            raise broken("an image is no JPEG 2000 codestream")
        self._state = self._begin_low
        return pos + 1

    def _begin_low(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] != _SOC:
            raise broken("an image is no JPEG 2000 codestream")
        self._tile = None
        self._state = self._marker
        return pos + 1

    def _marked(self, code: int) -> State:
        if code == _EOC and self._tile is None:
            return self._padding
        if code == _SOD and self._tile is not None:
            return self._after_sod()
        if code in _J2K_NEEDED or code == _COM:
            return self._length
        raise broken(f"marker {code:02X} stands where a segment must")

    def _segment_state(self) -> State:
        if self._code == _COM:
            return self._blank
        if self._code != _SOT:
            return self._copy
        if self._size != 10 or self._tile is not None:
            raise broken("a tile-part header is damaged")
        self._header = b""
        return self._sot

    def _sot(self, data: bytes, out: bytearray, pos: int) -> int:
        self._header += data[pos : pos + self._left]
        return self._advance(pos, len(data))

    def _after_segment(self) -> State:
        if not self._code:
            return self._after_box()
        if self._code == _SOT:
            size = int.from_bytes(self._header[2:_TILE_PART_LENGTH])
            if 0 < size < 14:
                raise broken("a tile-part is shorter than its header")
            self._tile = size and size - 12
        elif self._tile:
            self._tile -= self._size + 2
            if self._tile < 2:
                raise broken("a tile-part is shorter than its header")
        return self._marker

    def _after_sod(self) -> State:
        if not self._tile:
            return self._last_tile
        self._left, self._tile = self._tile - 2, None
        return self._tile_data if self._left else self._marker

    def _tile_data(self, data: bytes, out: bytearray, pos: int) -> int:
        taken = min(self._left, len(data) - pos)
        self._left -= taken
        if not self._left:
            self._state = self._marker
        return pos + taken

    def _last_tile(self, data: bytes, out: bytearray, pos: int) -> int:
        # Packets never hold FF followed by more than 8F (T.800 §B.10.1, §D.2), but SOP and EPH may stand there.
        found = data.find(b"\xff\xd9", pos)
        if found >= 0:
            self._state, self._tile = self._padding, None
            return found + 2
        if data.endswith(b"\xff"):
            self._state = self._last_tile_ff
        return len(data)

    def _last_tile_ff(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] == _EOC:
            self._state, self._tile = self._padding, None
        elif data[pos] != 0xFF:
            self._state = self._last_tile
        return pos + 1
