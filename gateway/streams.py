"""Helpers for asynchronous iterators, which may hold a connection or a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def closing(iterator: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T], None]:
    """Abandon `iterator` on leaving, so that what it holds is released at once and not by garbage collection."""
    try:
        yield iterator
    finally:
        await close(iterator)


async def close(iterator: AsyncIterator[T]) -> None:
    """Close `iterator` when it can be closed."""
    aclose = getattr(iterator, "aclose", None)
    if aclose is not None:
        await aclose()


async def once(item: T) -> AsyncIterator[T]:
    """Yield one item."""
    yield item
