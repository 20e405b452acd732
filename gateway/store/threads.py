"""Work that is not torn in two when whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, BinaryIO, Final, ParamSpec, TypeVar

CHUNK: Final = 1 << 19

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `function` returns, called in a thread.

    When the caller is cancelled the thread is still waited for: a file closed under a running read could make
    that read take bytes from whatever is opened next under the same number.
    """
    return await to_the_end(asyncio.to_thread(function, *args, **kwargs))


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; when the caller is cancelled, `work` is finished first."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()
        raise


async def read_file(path: Path) -> AsyncIterator[bytes]:
    """Yield a file in chunks of half a megabyte: the hop to a thread costs little then, and so does the chunk.

    Raises:
        OSError: it cannot be opened or read.
    """
    file: BinaryIO = await in_thread(path.open, "rb", buffering=0)
    try:
        while chunk := await in_thread(file.read, CHUNK):
            yield chunk
    finally:
        file.close()
