from __future__ import annotations

import numpy as np
import pytest

from gateway.errors import Withheld
from gateway.pixels.lut import lut, segmented_lut


def words(*values: int) -> bytes:
    return np.array(values, "<u2").tobytes()


def test_inputs_below_and_above_take_the_ends() -> None:
    table = lut([3, 10, 16], words(100, 200, 300), signed=False)
    got = table.apply(np.array([-5, 9, 10, 11, 12, 13, 999, 11.9]))
    assert got.tolist() == [100, 100, 100, 200, 300, 300, 300, 200]


def test_zero_entries_means_65536() -> None:
    assert len(lut([0, 0, 16], bytes(131072), signed=False).entries) == 65536


@pytest.mark.parametrize(("first", "signed", "want"), [(65526, True, -10), (65526, False, 65526), (-10, False, -10)])
def test_the_first_input_wraps_when_inputs_are_signed(first: int, signed: bool, want: int) -> None:
    assert lut([1, first, 16], words(1), signed=signed).first == want


def test_eight_bit_entries_as_bytes_or_words() -> None:
    assert lut([4, 0, 8], bytes([1, 2, 3, 4]), signed=False).entries.tolist() == [1, 2, 3, 4]
    assert lut([3, 0, 8], bytes([1, 2, 3, 0]), signed=False).entries.tolist() == [1, 2, 3]
    assert lut([2, 0, 8], words(1, 2), signed=False).entries.tolist() == [1, 2]


def test_entries_wider_than_declared_count() -> None:
    assert lut([2, 0, 8], words(0, 4095), signed=False).bits == 12


@pytest.mark.parametrize(
    ("descriptor", "data"),
    [
        ([3, 0], b""),
        ([3, 0, 16], words(1, 2)),
        ([3, 0, 0], words(1, 2, 3)),
        ([3, 0, 17], words(1, 2, 3)),
        ([2, 0, 8], b"1"),
    ],
)
def test_contradictions_are_withheld(descriptor: list[int], data: bytes) -> None:
    with pytest.raises(Withheld, match="lookup table"):
        lut(descriptor, data, signed=False)


def test_segments() -> None:
    # Discrete 2, linear to 50 in 4 steps, indirect: the first two segments again.
    data = words(0, 2, 0, 10, 1, 4, 50, 2, 2, 0, 0)
    got = segmented_lut([12, 0, 16], data, signed=False).entries.tolist()
    assert got == [0, 10, 20, 30, 40, 50, 0, 10, 20, 30, 40, 50]


def test_an_indirect_segment_names_its_target_in_bytes() -> None:
    data = words(0, 1, 7, 0, 2, 8, 9, 2, 1, 6, 0)
    assert segmented_lut([5, 0, 16], data, signed=False).entries.tolist() == [7, 8, 9, 8, 9]


def test_segments_of_bytes() -> None:
    data = bytes([0, 2, 0, 10, 1, 4, 50, 2, 1, 0, 0, 0, 0])
    assert segmented_lut([8, 0, 8], data, signed=False).entries.tolist() == [0, 10, 20, 30, 40, 50, 0, 10]


@pytest.mark.parametrize(
    "data",
    [
        words(0, 5, 1, 2),
        words(1, 3, 9),
        words(9, 1, 1),
        words(0, 1, 1, 2, 1, 40, 0),
        words(0, 1, 1, 2, 60000, 0, 0),
        words(0, 1, 1, 1, 65535, 9),
        words(0, 1, 1, 2, 1, 6, 0),
        words(0, 2, 1, 2),
        b"",
    ],
    ids=["short", "linear first", "unknown kind", "ahead", "many", "overflow", "itself", "too few", "empty"],
)
def test_broken_segments_are_withheld(data: bytes) -> None:
    with pytest.raises(Withheld, match="lookup table"):
        segmented_lut([4, 0, 16], data, signed=False)
