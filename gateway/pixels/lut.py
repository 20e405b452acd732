"""Lookup tables of a data set: modality, VOI and palette (PS3.3 §C.7.6.3.1.5-6, §C.7.9, §C.11.1-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.errors import Reason, Withheld

MAX_ENTRIES: Final = 65536

_DISCRETE: Final = 0
_LINEAR: Final = 1
_INDIRECT: Final = 2


@dataclass(frozen=True, slots=True)
class Lut:
    """One table: input `first` gives the first entry, anything below it too, anything above the last the last.

    `data` holds the entries as 16-bit little-endian words; `bits` says how many of them count.
    """

    first: int
    bits: int
    data: bytes

    @property
    def entries(self) -> NDArray[np.uint16]:
        """The entries, shape (n,)."""
        return np.frombuffer(self.data, dtype="<u2")

    def apply(self, values: NDArray[np.generic]) -> NDArray[np.uint16]:
        """Map values of any shape and numeric type; fractions are cut."""
        entries = self.entries
        index = np.clip(np.nan_to_num(values.astype(np.float64)) - self.first, 0, len(entries) - 1)
        result: NDArray[np.uint16] = entries[index.astype(np.int64)]
        return result


def lut(descriptor: Sequence[int], data: bytes, *, signed: bool) -> Lut:
    """Build a table from its descriptor (entries, first input, bits) and its data as stored.

    `signed` says that inputs are signed, so that a first input written as US wraps.

    Raises:
        Withheld: PIXELS_UNDECODABLE when they contradict each other.
    """
    count, first, bits = _descriptor(descriptor, signed=signed)
    if len(data) >= 2 * count:
        words = np.frombuffer(data, dtype="<u2", count=count)
    elif bits <= 8 and len(data) >= count:
        words = np.frombuffer(data, dtype="u1", count=count).astype("<u2")
    else:
        raise bad_lut("its data is shorter than its descriptor says")
    # Tables that declare 8 bits and use more, or 16 and use 12, are common; only the first kind changes meaning.
    return Lut(first, max(bits, int(words.max()).bit_length()), words.tobytes())


def segmented_lut(descriptor: Sequence[int], data: bytes, *, signed: bool) -> Lut:
    """Build a table from a segmented palette (PS3.3 §C.7.9.2).

    Raises:
        Withheld: PIXELS_UNDECODABLE when the segments do not give exactly the entries the descriptor promises.
    """
    count, first, bits = _descriptor(descriptor, signed=signed)
    narrow = bits <= 8
    words = list(data) if narrow else np.frombuffer(data[: len(data) // 2 * 2], dtype="<u2").tolist()
    out: list[int] = []
    _expand(words, out, count, narrow=narrow)
    if len(out) != count:
        raise bad_lut("its segments give another number of entries than its descriptor")
    return Lut(first, bits, np.array(out, dtype="<u2").tobytes())


def bad_lut(what: str) -> Withheld:
    """Return the error for a lookup table that cannot be used."""
    return Withheld(Reason.PIXELS_UNDECODABLE, f"a lookup table is not valid: {what}")


def _descriptor(values: Sequence[int], *, signed: bool) -> tuple[int, int, int]:
    if len(values) != 3:
        raise bad_lut("its descriptor has not three values")
    count, first, bits = values
    count = (count & 0xFFFF) or MAX_ENTRIES
    if first >= 0x8000 and signed:
        first -= 0x10000
    if not 1 <= bits <= 16 or not -0x8000 <= first <= 0xFFFF:
        raise bad_lut("its descriptor holds impossible values")
    return count, first, bits


def _expand(words: list[int], out: list[int], limit: int, *, narrow: bool, nested: bool = False) -> None:
    """Append the entries of `words` to `out`, never more than `limit`."""
    position = 0
    while position + 1 < len(words):
        start = position
        kind, length = words[position : position + 2]
        position += 2
        if kind == _DISCRETE:
            segment = words[position : position + length]
            position += length
        elif kind == _LINEAR:
            if not out or position >= len(words):
                raise bad_lut("a linear segment has no start or no end")
            segment = np.rint(np.linspace(out[-1], words[position], length + 1)[1:]).astype(int).tolist()
            position += 1
        elif kind == _INDIRECT and not nested:
            low_words = 4 if narrow else 2
            parts = words[position : position + low_words]
            if len(parts) != low_words:
                raise bad_lut("an indirect segment has no offset")
            shift = 8 if narrow else 16
            offset = sum(part << shift * index for index, part in enumerate(parts)) // (1 if narrow else 2)
            position += low_words
            if offset >= start:
                raise bad_lut("an indirect segment points ahead")
            _expand(_segments(words, offset, length), out, limit, narrow=narrow, nested=True)
            continue
        else:
            raise bad_lut("a segment is of no known kind")
        if len(out) + len(segment) > limit or (kind == _DISCRETE and len(segment) != length):
            raise bad_lut("its segments overflow")
        out += segment


def _segments(words: list[int], offset: int, count: int) -> list[int]:
    """Return the words of `count` segments from `offset` on."""
    position = offset
    for _ in range(count):
        if position + 1 >= len(words) or words[position] not in (_DISCRETE, _LINEAR):
            raise bad_lut("an indirect segment points nowhere")
        position += 2 + (words[position + 1] if words[position] == _DISCRETE else 1)
    return words[offset:position]
