"""RLE frames whose segments run over (PS3.5 Annex G): slow, and as tolerant as the archives are old."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEGMENTS = 15
_NOTHING = 0x80


def planes(frame: bytes, count: int, size: int) -> NDArray[np.uint8]:
    """Return the byte planes of an RLE frame, shape (count, size); bytes beyond `size` are dropped.

    Raises:
        ValueError: the header is not valid or a segment is too short.
    """
    header = np.frombuffer(frame, dtype="<u4", count=SEGMENTS + 1).tolist()
    offsets = header[1 : count + 1]
    if header[0] != count or offsets != sorted(offsets) or offsets[0] < 4 * len(header):
        raise ValueError("the RLE header is not valid")
    ends = [*offsets[1:], len(frame)]
    segments = [unpacked(frame[start:end], size) for start, end in zip(offsets, ends, strict=True)]
    return np.frombuffer(b"".join(segments), dtype=np.uint8).reshape(count, size)


def unpacked(segment: bytes, size: int) -> bytes:
    """Return the first `size` bytes that a PackBits segment encodes.

    Raises:
        ValueError: it encodes fewer.
    """
    out = bytearray()
    position = 0
    while len(out) < size and position + 1 < len(segment):
        control = segment[position]
        if control < _NOTHING:
            out += segment[position + 1 : position + 2 + control]
            position += 2 + control
        else:
            if control > _NOTHING:
                out += segment[position + 1 : position + 2] * (257 - control)
            position += 2 if control > _NOTHING else 1
    if len(out) < size:
        raise ValueError("an RLE segment is too short")
    return bytes(out[:size])
