from __future__ import annotations

import zlib

import pytest

from gateway.dicom.inflate import Inflater, inflated
from gateway.errors import Reason, Withheld


def deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


DATA = bytes(range(256)) * 5000


def test_every_piece_is_small_and_nothing_is_lost() -> None:
    pieces = list(inflated([deflated(DATA), b"\0padding"]))
    assert b"".join(pieces) == DATA
    assert max(map(len, pieces)) <= 1 << 18


def test_byte_by_byte() -> None:
    assert b"".join(inflated(bytes([byte]) for byte in deflated(DATA))) == DATA


def test_a_bomb_stops_at_the_limit() -> None:
    with pytest.raises(Withheld) as caught:
        list(inflated([deflated(bytes(10_000_000))], limit=1_000_000))
    assert caught.value.reason is Reason.INFLATES_TOO_LARGE


def test_a_cut_stream_is_truncated() -> None:
    with pytest.raises(Withheld) as caught:
        list(inflated([deflated(DATA)[:-10]]))
    assert caught.value.reason is Reason.TRUNCATED


def test_a_damaged_stream_is_malformed() -> None:
    with pytest.raises(Withheld) as caught:
        list(Inflater().feed(b"\xff" * 100))
    assert caught.value.reason is Reason.MALFORMED
