"""Fragments of encapsulated pixel data to frames, as they arrive (PS3.5 §A.4)."""

from __future__ import annotations

from itertools import pairwise
from struct import unpack
from typing import Final

from gateway.dicom.syntax import Codec
from gateway.errors import Reason, Withheld

_STARTS: Final = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")
"""How a JPEG, a JPEG 2000 codestream and a JP2 file begin; none of them can occur at the start of a continuation."""
_MANY_FRAGMENTS: Final = frozenset({Codec.JPEG, Codec.JPEG_LS, Codec.JPEG_2000})


class FrameAssembler:
    """Joins fragments to `frames` frames, by the offset table when it is sound, else by how codestreams begin."""

    def __init__(self, codec: Codec, frames: int, *, limit: int) -> None:
        """Take fragments of `frames` frames, none longer than `limit` bytes."""
        self._codec = codec
        self._frames = frames
        self._limit = limit
        self._starts: frozenset[int] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._offset = 0
        self.count = 0

    def offset_table(self, value: bytes) -> None:
        """Take the Basic Offset Table, which may be empty.

        Raises:
            Withheld: MALFORMED when it is no table.
        """
        if len(value) % 4:
            raise Withheld(Reason.MALFORMED, "the offset table is cut off")
        offsets = unpack(f"<{len(value) // 4}I", value)
        sound = len(offsets) == self._frames and offsets[0] == 0 and all(a < b for a, b in pairwise(offsets))
        self._starts = frozenset(offsets) if sound else None

    def add(self, fragment: bytes) -> bytes | None:
        """Take the next fragment; return the frame that it completes by beginning another one.

        Raises:
            Withheld: PIXELS_UNDECODABLE when there are more frames than announced, or one is too long.
        """
        done = self._join() if self._parts and self._begins(fragment) else None
        self._parts.append(fragment)
        self._size += len(fragment)
        self._offset += 8 + len(fragment)
        if self._size > self._limit:
            raise Withheld(Reason.PIXELS_UNDECODABLE, f"an encoded frame exceeds the limit of {self._limit} bytes")
        if self.count >= self._frames:
            raise Withheld(Reason.PIXELS_UNDECODABLE, "there are more frames than Number of Frames says")
        return done

    def end(self) -> bytes:
        """Return the last frame.

        Raises:
            Withheld: PIXELS_UNDECODABLE when there are fewer frames than announced.
        """
        last = self._join() if self._parts else b""
        if self.count != self._frames:
            raise Withheld(Reason.PIXELS_UNDECODABLE, "there are fewer frames than Number of Frames says")
        return last

    def _begins(self, fragment: bytes) -> bool:
        if self._frames == 1:
            return False
        if self._starts is not None:
            return self._offset in self._starts
        return self._codec not in _MANY_FRAGMENTS or fragment.startswith(_STARTS)

    def _join(self) -> bytes:
        frame = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts, self._size = [], 0
        self.count += 1
        return frame
