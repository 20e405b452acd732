"""The parts of a multipart answer as streams, back-pressure included."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from gateway.dicomweb.multipart import Event, PartBegin, PartData, PartDecoder, PartEnd, boundary_of
from gateway.errors import OriginBroken
from gateway.origin.http import Answer
from gateway.streams import close


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One part. `chunks` must be drained or closed before the next part is taken."""

    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


async def parts(answer: Answer) -> AsyncIterator[Part]:
    """Yield the parts of `answer` as they arrive.

    Raises:
        OriginBroken: the answer is not multipart, or a part or the whole is not complete.
    """
    boundary = boundary_of(answer.content_type, error=OriginBroken)
    events = _Events(answer.chunks(), PartDecoder(boundary, error=OriginBroken))
    while (headers := await events.next_part()) is not None:
        chunks = _chunks(events, headers)
        try:
            yield Part(headers, chunks)
        finally:
            await close(chunks)


class _Events:
    """The decoder's events, asked for one by one."""

    def __init__(self, chunks: AsyncIterator[bytes], decoder: PartDecoder) -> None:
        self._chunks = chunks
        self._decoder = decoder
        self._waiting: deque[Event] = deque()
        self._inside = False

    async def next(self) -> Event | None:
        """Return the next event, None after the last."""
        while not self._waiting:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                self._decoder.finish()
                return None
            self._waiting.extend(self._decoder.feed(chunk))
        event = self._waiting.popleft()
        self._inside = not isinstance(event, PartEnd)
        return event

    async def next_part(self) -> Mapping[str, str] | None:
        """Return the headers of the next part, passing over what was not taken of this one."""
        while self._inside:
            await self.next()
        event = await self.next()
        return event.headers if isinstance(event, PartBegin) else None


async def _chunks(events: _Events, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    size = 0
    while isinstance(event := await events.next(), PartData):
        size += len(event.data)
        yield event.data
    if headers.get("content-length", str(size)) != str(size):
        raise OriginBroken("A part of the origin's answer is not as long as it says.")
