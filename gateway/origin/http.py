"""GET requests to one DICOMweb server: pooled, bounded, and never to another one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from gateway.errors import (
    GatewayError,
    NotFound,
    OriginBroken,
    OriginBusy,
    OriginRefused,
    OriginTimeout,
    OriginUnreachable,
)
from gateway.origin.credentials import Credentials, separate

log = logging.getLogger(__name__)

_CHUNK: Final = 256 * 1024
"""aiohttp stops reading from the socket when twice as much waits to be taken."""
_MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Lane(Enum):
    """Which bound on concurrency a request falls under, so that slow downloads hold up no search and no image."""

    QUESTION = "question"
    FRAMES = "frames"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How much of the origin one gateway process may take, and how long it waits for it, in seconds.

    `wait` is for a free place, `connect` for a connection, `idle` for the next bytes. A client that reads slowly
    does not count as an idle origin.
    """

    questions: int = 8
    frames: int = 8
    bodies: int = 16
    wait: float = 30
    connect: float = 10
    idle: float = 120


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer whose body has not been read yet."""

    response: aiohttp.ClientResponse

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def content_type(self) -> str:
        """The Content-Type with its parameters, "" when there is none."""
        return self.response.headers.get("Content-Type", "")

    @property
    def announces_more(self) -> bool:
        """Whether a search says that it holds more matches than it gave (PS3.18 §8.3.4.4)."""
        return any(value.lstrip().startswith("299") for value in self.response.headers.getall("Warning", ()))

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives; no more is read from the origin than is taken.

        Raises:
            OriginBroken: it ends before its length or its last chunk. OriginTimeout: nothing came for too long.
        """
        content = self.response.content
        while True:
            try:
                chunk = await content.readany()
            except _FAILURES as error:
                raise _translated(error, answered=True) from None
            if not chunk:
                return
            yield chunk


class HttpClient:
    """A client of the DICOMweb services at one root URL."""

    def __init__(self, url: str, credentials: Credentials, limits: HttpLimits) -> None:
        root, self._credentials = separate(url, credentials)
        self._root = URL(root, encoded=True)
        self._limits = limits
        self._tls = self._credentials.tls() if self._root.scheme == "https" else None
        self._lanes = {
            Lane.QUESTION: asyncio.Semaphore(limits.questions),
            Lane.FRAMES: asyncio.Semaphore(limits.frames),
            Lane.BODY: asyncio.Semaphore(limits.bodies),
        }
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def get(
        self, path: str, *, accept: str, query: str = "", lane: Lane, tolerate: Collection[int] = ()
    ) -> AsyncGenerator[Answer, None]:
        """Ask for `path` below the root; `query` is sent as it is.

        A status other than 200, 204 and those in `tolerate` raises. The body of an error is never read.

        Raises:
            NotFound, OriginError.
        """
        async with self._place(lane):
            response = await self._follow(URL(f"{self._root}{path}{query and '?'}{query}", encoded=True), accept)
            try:
                if response.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT, *tolerate):
                    raise _refusal(response.status)
                yield Answer(response)
            finally:
                response.release()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _place(self, lane: Lane) -> AsyncGenerator[None, None]:
        places = self._lanes[lane]
        try:
            async with asyncio.timeout(self._limits.wait):
                await places.acquire()
        except TimeoutError:
            raise OriginBusy("All connections to the origin are in use. Try again in a moment.") from None
        try:
            yield
        finally:
            places.release()

    async def _follow(self, url: URL, accept: str) -> aiohttp.ClientResponse:
        for _ in range(_MAX_REDIRECTS):
            response = await self._send(url, accept)
            if response.status not in _REDIRECTS:
                return response
            location = response.headers.get("Location", "")
            response.release()
            url = self._target(url, location)
        raise OriginRefused("The origin redirects in circles. Check its URL.")

    def _target(self, url: URL, location: str) -> URL:
        # Credentials and identifiers go where the administrator said and nowhere else.
        try:
            target = url.join(URL(location, encoded=True))
            same = target.origin() == self._root.origin() and target.user is None
        except ValueError:
            same = False
        root = self._root.raw_path.rstrip("/") + "/"
        below = target.raw_path.partition(root)[2] if same and target.raw_path.startswith(root) else ""
        if not below or "%" in below or any(step in (".", "..") for step in below.split("/")):
            raise OriginRefused("The origin redirects to another place. Give the URL at which it answers itself.")
        return target

    async def _send(self, url: URL, accept: str) -> aiohttp.ClientResponse:
        try:
            # aiohttp repeats an idempotent request once when a kept connection turns out to be closed.
            return await self._open_session().get(url, headers={"Accept": accept}, allow_redirects=False)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError) as error:
            if self._tls is not None and self._credentials.certificate is None:
                # In TLS 1.3 that is all a client sees when the server wants a certificate.
                raise OriginRefused("The origin ended the TLS connection. It may want a client certificate.") from None
            raise _translated(error, answered=False) from None
        except _FAILURES as error:
            raise _translated(error, answered=False) from None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Orthanc gzips pixel data at a tenth of the speed of plain bytes, and httpx or requests ask for it.
            headers = {"Accept-Encoding": "identity", "User-Agent": "teaching-file-gateway"}
            authorization = self._credentials.authorization()
            if authorization:
                headers["Authorization"] = authorization
            limits = self._limits
            self._session = aiohttp.ClientSession(
                headers=headers,
                connector=aiohttp.TCPConnector(
                    limit=limits.questions + limits.frames + limits.bodies, ssl=self._tls or True
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.idle),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=_CHUNK,
                trust_env=False,
            )
        return self._session


_FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)


def _translated(error: Exception, *, answered: bool) -> GatewayError:
    """Return our error for one of aiohttp's, whose text may name the host, the path or the query."""
    log.info("request to the origin failed: %s", type(error).__name__)
    if isinstance(error, TimeoutError):
        return OriginTimeout("The origin did not answer in time. Try again; if it lasts, look at the origin's load.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return OriginUnreachable("The origin's TLS certificate is not trusted. Give the CA file that signed it.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return OriginUnreachable("The origin's host name cannot be resolved. Check its URL.")
    if isinstance(error, aiohttp.ClientSSLError):
        return OriginUnreachable("The origin does not speak TLS as we do. Check whether its URL is https or http.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return OriginUnreachable("The origin cannot be reached. Check that it runs and that its URL is right.")
    if answered:
        return OriginBroken("The origin's answer broke off before it was complete. Ask again.")
    return OriginBroken("The origin closed the connection without a valid answer. Ask again.")


def _refusal(status: int) -> GatewayError:
    """Return the error for an HTTP status of the origin."""
    match status:
        case 404 | 410:
            return NotFound("The origin holds no such resource.")
        case 401 | 403 | 407:
            return OriginRefused(f"The origin does not accept our credentials (status {status}). Check them.")
        case 408 | 504:
            return OriginTimeout(f"The origin did not answer in time (status {status}). Try again.")
        case 429 | 503:
            return OriginBusy(f"The origin is busy (status {status}). Try again in a moment.")
        case _ if 400 <= status < 500:
            return OriginRefused(f"The origin does not accept our request (status {status}).")
        case _:
            return OriginBroken(f"The origin failed (status {status}). Look at its log.")
