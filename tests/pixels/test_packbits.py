from __future__ import annotations

import numpy as np
import pytest

from gateway.pixels.packbits import planes, unpacked


def test_the_example_of_apple() -> None:
    # Technical Note TN1023, from which PackBits comes.
    packed = bytes.fromhex("FEAA0280002AFDAA0380002A22F7AA")
    plain = bytes.fromhex("AAAAAA80002AAAAAAAAA80002A22AAAAAAAAAAAAAAAAAAAA")
    assert unpacked(packed, len(plain)) == plain
    assert unpacked(packed, 5) == plain[:5]


def test_128_does_nothing() -> None:
    assert unpacked(b"\x80\x00a\x80\xffb", 3) == b"abb"


@pytest.mark.parametrize("segment", [b"", b"\x05abc", b"\xff", b"\x80\x80\x80"])
def test_a_short_segment_is_an_error(segment: bytes) -> None:
    with pytest.raises(ValueError, match="too short"):
        unpacked(segment, 4)


def frame(*offsets: int, body: bytes = b"\x01ab\x01cd") -> bytes:
    return np.array([len(offsets), *offsets] + [0] * (15 - len(offsets)), "<u4").tobytes() + body


def test_planes() -> None:
    assert planes(frame(64, 67), 2, 2).tobytes() == b"abcd"


@pytest.mark.parametrize("bad", [frame(64), frame(67, 64), frame(10, 20), b"\0" * 20])
def test_a_bad_header_is_an_error(bad: bytes) -> None:
    with pytest.raises(ValueError):
        planes(bad, 2, 2)
