"""Encodes grey frames as JPEG Lossless, process 14, selection value 1 (ISO 10918-1 Annex H): no library does."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_LENGTHS: Final = (2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
"""Bits of the Huffman code of each difference category, 0 to 16: the usual table, made longer."""


def _codes() -> list[int]:
    codes = [0]
    for before, after in pairwise(_LENGTHS):
        codes.append((codes[-1] + 1) << (after - before))
    return codes


_CODES: Final = np.array(_codes(), np.int64)
_BITS: Final = np.array(_LENGTHS, np.int64)


def _differences(frame: NDArray[Any], precision: int) -> NDArray[np.int64]:
    samples = frame.astype(np.int64)
    predicted = np.empty_like(samples)
    predicted[:, 1:] = samples[:, :-1]
    predicted[1:, 0] = samples[:-1, 0]
    predicted[0, 0] = 1 << (precision - 1)
    return (samples - predicted).ravel()


def _entropy_coded(differences: NDArray[np.int64]) -> bytes:
    size = np.abs(differences)
    category = np.ceil(np.log2(size + 1)).astype(np.int64)
    extra = np.where(differences < 0, differences + (1 << category) - 1, differences)
    word = (_CODES[category] << category) | extra
    length = _BITS[category] + category
    end = np.cumsum(length)
    bits = np.ones(-(-int(end[-1]) // 8) * 8, np.uint8)
    for place in range(int(length.max())):
        long_enough = length > place
        bits[end[long_enough] - 1 - place] = (word[long_enough] >> place) & 1
    return np.packbits(bits).tobytes().replace(b"\xff", b"\xff\x00")


def encode(frame: NDArray[Any], precision: int) -> bytes:
    """Return the codestream of a two-dimensional unsigned `frame` whose values fit `precision` bits (2 to 15)."""
    rows, columns = frame.shape
    counts = bytes(sum(1 for length in _LENGTHS if length == bits) for bits in range(1, 17))
    table = b"\x00" + counts + bytes(range(len(_LENGTHS)))
    header = struct.pack(">BHHB", precision, rows, columns, 1) + b"\x01\x11\x00"
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xC3, header),
            _segment(0xC4, table),
            _segment(0xDA, b"\x01\x01\x00\x01\x00\x00"),
            _entropy_coded(_differences(frame, precision)),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
