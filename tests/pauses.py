"""How long an event loop attended to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_BEAT = 0.005


@asynccontextmanager
async def pauses() -> AsyncGenerator[list[float], None]:
    """Give the times between the beats of the running loop, in seconds, as they come in."""
    gaps: list[float] = []

    async def beat() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(_BEAT)
            now = loop.time()
            gaps.append(now - last)
            last = now

    beating = asyncio.create_task(beat())
    try:
        yield gaps
        await asyncio.sleep(_BEAT)
    finally:
        beating.cancel()
