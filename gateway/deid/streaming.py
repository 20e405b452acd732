"""A de-identified instance as a stream: the rewriter driven by the chunks of an identified one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.deid.deidentified import SEAL, DeidentifiedHeader, _Seal
from gateway.deid.rewriter import InstanceRewriter
from gateway.errors import Reason, Withheld
from gateway.streams import close, closing

_LARGE: Final = 1 << 19
"""Bytes, one chunk of a file: a header that is still not complete then takes too long for the event loop."""


@dataclass(frozen=True, slots=True, repr=False)
class DeidentifiedInstance:
    """A de-identified instance whose header is known and whose bytes are still coming.

    `head` is the beginning of the instance, up to Pixel Data at least; `chunks` yields what follows it. It raises
    `Withheld` when that cannot be judged: whoever sends the bytes must then break the body off, so that the
    receiver sees it.
    """

    seal: _Seal
    header: DeidentifiedHeader
    head: bytes
    chunks: AsyncIterator[bytes]


async def deidentify(rewriter: InstanceRewriter, chunks: AsyncIterator[bytes]) -> DeidentifiedInstance:
    """Feed `rewriter` until the header has passed, and return the instance with the rest still to come.

    Raises:
        Withheld: the header cannot be judged or is refused. `chunks` is closed then.
    """
    pending: list[bytes] = []
    taken = 0
    ended = False
    try:
        while rewriter.header is None and not ended:
            chunk = await anext(chunks, b"")
            ended = not chunk
            step = rewriter.finish if ended else partial(rewriter.feed, chunk)
            taken += len(chunk)
            pending += await asyncio.to_thread(step) if taken > _LARGE else step()
        if rewriter.header is None:
            raise Withheld(Reason.TRUNCATED)
    except BaseException:
        await close(chunks)
        raise
    return DeidentifiedInstance(SEAL, rewriter.header, b"".join(pending), _rest(rewriter, chunks, ended=ended))


async def _rest(rewriter: InstanceRewriter, chunks: AsyncIterator[bytes], *, ended: bool) -> AsyncIterator[bytes]:
    async with closing(chunks):
        if ended:
            return
        async for chunk in chunks:
            for piece in rewriter.feed(chunk):
                yield piece
        for piece in rewriter.finish():
            yield piece
