"""A server on a real socket that answers exactly as a test tells it to, faults included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BOUNDARY = "scripted"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stood on the wire; header names are in lower case."""

    target: str
    headers: Mapping[str, str]
    connection: int
    """Which connection it came on, from 0."""


Script = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
"""Writes the answer. The connection is kept unless the script closes it."""


@dataclass(slots=True)
class Server:
    """A running server and what it was asked."""

    port: int
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The root of its services."""
        return f"http://127.0.0.1:{self.port}/dicom-web"


@asynccontextmanager
async def serving(script: Script, *, port: int = 0) -> AsyncGenerator[Server, None]:
    """Run a server that answers every request by `script`, on a free port unless one is given."""
    server = Server(0)
    connections = 0
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        number, connections = connections, connections + 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *fields = head.split("\r\n")
                pairs = (each.partition(":") for each in fields if each)
                request = Request(line.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs}, number)
                server.requests.append(request)
                await script(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    listener = await asyncio.start_server(converse, "127.0.0.1", port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(
    body: bytes = b"",
    *,
    status: int = 200,
    content_type: str = "application/dicom+json",
    length: int | None = -1,
    **headers: str,
) -> bytes:
    """Return an HTTP answer; `length` is what Content-Length says (-1: the truth, None: nothing)."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}"]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def multipart(*parts: bytes, part_type: str = "application/dicom", closed: bool = True, **headers: str) -> bytes:
    """Return a multipart body of `parts`, each with these headers, and maybe without its closing boundary."""
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"--{BOUNDARY}\r\nContent-Type: {part_type}\r\n{fields}\r\n".encode()
    body = b"".join(head + part + b"\r\n" for part in parts)
    return body + (f"--{BOUNDARY}--\r\n".encode() if closed else b"")


def multipart_answer(body: bytes, *, part_type: str = "application/dicom", length: int | None = -1) -> bytes:
    """Return an HTTP answer with a multipart body."""
    return answer(body, content_type=f'multipart/related; type="{part_type}"; boundary={BOUNDARY}', length=length)


def always(data: bytes, *, close: bool = False) -> Script:
    """Return a script that always answers with `data`."""

    async def script(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            writer.close()

    return script


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off."""
    writer.transport.abort()
