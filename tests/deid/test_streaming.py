"""The pass as a stream: large headers hold up nobody, and a refusal closes the source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.deid.rewriter import InstanceRewriter
from gateway.deid.streaming import deidentify
from gateway.errors import Reason, Withheld
from tests.builders import found_canaries, large_header, planted
from tests.deid.shipped import engine
from tests.pauses import pauses


class Source:
    """Chunks of an instance; `closed` tells that nobody reads on."""

    def __init__(self, data: bytes, size: int) -> None:
        self.closed = False
        self.chunks = self._chunks(data, size)

    async def _chunks(self, data: bytes, size: int) -> AsyncIterator[bytes]:
        try:
            for start in range(0, len(data), size):
                yield data[start : start + size]
        finally:
            self.closed = True


def rewriter() -> InstanceRewriter:
    return engine("first").rewriter()


@pytest.mark.parametrize("size", [100, 1000, 1 << 20])
def test_the_whole_comes_out_however_it_goes_in(size: int) -> None:
    data = planted()

    async def run() -> bytes:
        instance = await deidentify(rewriter(), Source(data, size).chunks)
        return instance.head + b"".join([chunk async for chunk in instance.chunks])

    whole = asyncio.run(run())
    assert whole == engine("first").instance(data)
    assert not found_canaries(whole)


@pytest.mark.parametrize("data", [b"no DICOM" * 100, planted()[:600]])
def test_a_refusal_closes_the_source(data: bytes) -> None:
    async def run() -> Reason:
        source = Source(data, 100)
        with pytest.raises(Withheld) as caught:
            await deidentify(rewriter(), source.chunks)
        assert source.closed
        return caught.value.reason

    assert asyncio.run(run()) in (Reason.MALFORMED, Reason.TRUNCATED)


def test_a_large_header_holds_up_nobody() -> None:
    data = large_header(25_000)

    async def run() -> list[float]:
        async with pauses() as gaps:
            await deidentify(rewriter(), Source(data, 1 << 16).chunks)
        return gaps

    gaps = asyncio.run(run())
    assert sum(gaps) > 0.3, "the header is too small to tell"
    assert max(gaps) < 0.6 * sum(gaps), "one pause was most of the work: the loop waited for it"
