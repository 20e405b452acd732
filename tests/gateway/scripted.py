"""A gateway whose origin server does on real sockets what each test tells it to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.gateway.process import Gateway
from tests.origin.scripted import Request, Script, Server, always, answer, serving
from tests.peers.programs import free_port

_HEALTHY = always(answer(b"[]"))


class ScriptedOrigin:
    """An origin server in a thread of its own. It finds nothing until it is given a script."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._script: Script = _HEALTHY
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._end: asyncio.Event | None = None
        self._running: asyncio.Future[None] | None = None
        self._server: Server | None = None
        self._thread.start()

    @property
    def url(self) -> str:
        """The root of its services."""
        return f"http://127.0.0.1:{self.port}/dicom-web"

    @property
    def requests(self) -> list[Request]:
        """What it was asked since it was last started."""
        assert self._server is not None
        return self._server.requests

    def play(self, script: Script) -> None:
        """Answer by `script` from now on, after a start when it was stopped."""
        self._script = script
        if self._running is None:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        assert self._server is not None
        self._server.requests.clear()

    def stop(self) -> None:
        """Refuse connections until the next script."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    def close(self) -> None:
        """End the thread."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        begun, self._end = asyncio.Event(), asyncio.Event()
        self._running = asyncio.ensure_future(self._serve(begun, self._end))
        await begun.wait()

    async def _serve(self, begun: asyncio.Event, end: asyncio.Event) -> None:
        async with serving(self._answer, port=self.port) as self._server:
            begun.set()
            await end.wait()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        await self._script(request, writer)

    async def _stop(self) -> None:
        if self._running is not None and self._end is not None:
            self._end.set()
            await self._running
            self._running = None


class ScriptedGateway:
    """The gateway and its origin."""

    def __init__(self, gateway: Gateway, server: ScriptedOrigin) -> None:
        self.gateway, self._server = gateway, server

    @property
    def requests(self) -> list[Request]:
        """What the origin was asked."""
        return self._server.requests

    def origin(self, script: Script) -> None:
        """Let the origin answer by `script`."""
        self._server.play(script)

    def stop(self) -> None:
        """Let the origin refuse connections."""
        self._server.stop()


@contextmanager
def scripted_origin() -> Iterator[ScriptedOrigin]:
    """Run an origin that answers every search with nothing."""
    origin = ScriptedOrigin(free_port())
    origin.play(_HEALTHY)
    try:
        yield origin
    finally:
        origin.close()


def healthy(scripted: ScriptedGateway) -> None:
    """Let the origin find nothing again."""
    scripted.origin(_HEALTHY)
