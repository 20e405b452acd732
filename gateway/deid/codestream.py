"""What the walkers over encoded images share: states, markers, segments with a length (ITU-T T.81 §B.1.1)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.errors import Reason, Withheld

State = Callable[[bytes, bytearray, int], int]


def broken(what: str) -> Withheld:
    """Return the error for an encoded image that cannot be walked."""
    return Withheld(Reason.MALFORMED, f"Pixel Data: {what}")


class Walker:
    """A state machine over bytes. A state reads from `data` at `pos`, zeroes in `out`, returns where it stopped."""

    __slots__ = ("_code", "_left", "_size", "_state")

    def __init__(self) -> None:
        self._state: State = self._begin
        self._code = self._left = self._size = 0

    @property
    def ended(self) -> bool:
        return self._state in (self._begin, self._padding)

    def fragment(self) -> None:
        if self._state == self._padding:
            self._state = self._begin

    def feed(self, data: bytes) -> bytes:
        out = bytearray(data)
        pos, end = 0, len(data)
        while pos < end:
            pos = self._state(data, out, pos)
        return bytes(out)

    def _begin(self, data: bytes, out: bytearray, pos: int) -> int:
        raise NotImplementedError

    def _marked(self, code: int) -> State:
        """Return the state after a marker."""
        raise NotImplementedError

    def _segment_state(self) -> State:
        """Return the state for the payload of the segment that `_code` opens; `_left` is its length."""
        raise NotImplementedError

    def _after_segment(self) -> State:
        raise NotImplementedError

    def _padding(self, data: bytes, out: bytearray, pos: int) -> int:
        out[pos:] = bytes(len(data) - pos)
        return len(data)

    def _marker(self, data: bytes, out: bytearray, pos: int) -> int:
        if data[pos] != 0xFF:
            raise broken("something other than a marker stands between its segments")
        self._state = self._marker_code
        return pos + 1

    def _marker_code(self, data: bytes, out: bytearray, pos: int) -> int:
        self._code = data[pos]
        if self._code != 0xFF:  # T.81 §B.1.1.2: any number of fill bytes
            self._state = self._marked(self._code)
        return pos + 1

    def _length(self, data: bytes, out: bytearray, pos: int) -> int:
        self._size = data[pos] << 8
        self._state = self._length_low
        return pos + 1

    def _length_low(self, data: bytes, out: bytearray, pos: int) -> int:
        self._size |= data[pos]
        if self._size < 2:
            raise broken("a segment is shorter than its own length")
        self._left = self._size - 2
        self._state = self._segment_state() if self._left else self._after_segment()
        return pos + 1

    def _copy(self, data: bytes, out: bytearray, pos: int) -> int:
        return self._advance(pos, len(data))

    def _blank(self, data: bytes, out: bytearray, pos: int) -> int:
        stop = min(pos + self._left, len(data))
        out[pos:stop] = bytes(stop - pos)
        return self._advance(pos, len(data))

    def _advance(self, pos: int, end: int) -> int:
        taken = min(self._left, end - pos)
        self._left -= taken
        if not self._left:
            self._state = self._after_segment()
        return pos + taken
