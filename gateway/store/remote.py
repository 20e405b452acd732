"""The teaching archive on a DICOMweb server: stored with STOW-RS, believed after reading it back (PS3.18 §10.5)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import aiohttp
import orjson

from gateway.deid.deidentified import DeidentifiedHeader
from gateway.dicom.dataset import JsonDataset, first_text
from gateway.dicom.part10 import read_start
from gateway.dicom.uid import UID, InstanceRef
from gateway.errors import Conflict, NotFound, OriginError, StorageError, Withheld
from gateway.origin.credentials import Credentials, separate
from gateway.origin.dicomweb import DicomwebOrigin
from gateway.store.deposit import PutResult
from gateway.store.threads import read_file, to_the_end
from gateway.store.workspace import StagedInstance
from gateway.streams import closing

_MAX_ANSWER: Final = 1 << 20
"""Bytes of an answer about one instance; servers that add a page of prose stay below."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=300)
"""The answer comes when the server has stored and indexed the instance."""
_ANSWERED: Final = frozenset({200, 202, 409})
_FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)


class _Content(NamedTuple):
    """What of an instance a server must give back: preamble and file meta are its own to write (PS3.10 §7.1)."""

    syntax: UID
    sha256: str


class RemoteArchive:
    """An `Archive` on the DICOMweb server at `url`. It keeps no JPEGs: the server draws its own.

    Raises:
        ConfigurationError: the URL or a certificate is not usable.
    """

    def __init__(self, url: str, *, credentials: Credentials) -> None:
        self.origin = DicomwebOrigin(url, credentials=credentials)
        self._root, self._credentials = separate(url, credentials)
        self._tls = self._credentials.tls() if self._root.startswith("https:") else None
        self._session: aiohttp.ClientSession | None = None

    async def put(self, staged: StagedInstance) -> PutResult:
        """Store an instance, then fetch it and compare its data set byte by byte.

        Raises:
            Conflict: the server holds another instance under the same UIDs; it was left alone.
            StorageError: the server cannot be reached, refuses the instance, or gives back something else.
        """
        return await to_the_end(self._put(staged))

    async def contains(self, ref: InstanceRef) -> bool:
        """Tell whether the server holds an instance.

        Raises:
            OriginError: it cannot be asked.
        """
        try:
            return bool(await self.origin.instance_refs(ref))
        except NotFound:
            return False

    async def close(self) -> None:
        """Close every connection."""
        await self.origin.close()
        if self._session is not None:
            await self._session.close()

    async def _put(self, staged: StagedInstance) -> PutResult:
        header = staged.header
        if not isinstance(header, DeidentifiedHeader):
            raise StorageError("Only what the engine has de-identified can be stored.")
        ref = InstanceRef(header.study, header.series, header.instance)
        try:
            expected = await _content(read_file(staged.file.path))
            held = await self._held(ref)
            if held is not None:
                if held != expected:
                    raise Conflict("Another instance is stored under the same SOP Instance UID.")
                return PutResult.IDENTICAL
            await self._store(staged)
            if await self._held(ref) != expected:
                raise StorageError(
                    "The archive gives back another instance than it was sent. Switch off what changes instances "
                    "there (coercion, transcoding), then send it again."
                )
        except OriginError as error:
            raise StorageError(f"The archive failed. {error}") from None
        return PutResult.STORED

    async def _held(self, ref: InstanceRef) -> _Content | None:
        """Return the content of what the server holds as `ref`, None when it holds nothing."""
        try:
            async with closing(self.origin.instances(ref)) as parts:
                async for part in parts:
                    return await _content(part.chunks)
        except NotFound:
            return None
        return None

    async def _store(self, staged: StagedInstance) -> None:
        url = f"{self._root}/studies/{staged.header.study}"
        try:
            try:
                status, answer = await self._post(url, staged)
            except aiohttp.ServerDisconnectedError:
                # A kept connection that the server had closed. Storing the same instance twice is storing it once.
                status, answer = await self._post(url, staged)
        except _FAILURES as error:
            raise StorageError(
                f"The archive did not take an instance ({type(error).__name__}). Check that it runs and has room."
            ) from None
        if not _confirmed(answer, staged.header.instance):
            code = _failure_code(answer)
            raise StorageError(
                f"The archive did not store an instance (status {status}, failure reason {code}). Look at its log."
            )

    async def _post(self, url: str, staged: StagedInstance) -> tuple[int, JsonDataset]:
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        tail = f"\r\n--{boundary}--\r\n".encode()

        async def body() -> AsyncIterator[bytes]:
            yield head
            async for chunk in read_file(staged.file.path):
                yield chunk
            yield tail

        headers = {
            "Accept": "application/dicom+json",
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Content-Length": str(len(head) + staged.file.size + len(tail)),
        }
        session = self._open_session()
        async with session.post(url, data=body(), headers=headers, allow_redirects=False) as response:
            if response.status not in _ANSWERED:
                return response.status, {}
            text = bytearray()
            async for chunk in response.content.iter_any():
                text += chunk
                if len(text) > _MAX_ANSWER:
                    return response.status, {}
            return response.status, _parsed(text)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            authorization = self._credentials.authorization()
            self._session = aiohttp.ClientSession(
                headers={"Authorization": authorization} if authorization else {},
                connector=aiohttp.TCPConnector(ssl=self._tls or True),
                timeout=_TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


async def _content(chunks: AsyncIterator[bytes]) -> _Content:
    """Read an instance and return its transfer syntax and the hash of its data set.

    Raises:
        StorageError: it is no instance.
    """
    head = bytearray()
    digest = hashlib.sha256()
    syntax: UID | None = None
    async with closing(chunks):
        try:
            async for chunk in chunks:
                if syntax is None:
                    head += chunk
                    start = read_start(head)
                    if start is not None:
                        syntax = start.syntax.uid
                        digest.update(head[start.offset :])
                else:
                    digest.update(chunk)
        except Withheld as error:
            raise StorageError(f"An instance cannot be compared ({error.reason.value}).") from None
    if syntax is None:
        raise StorageError("An instance cannot be compared: it is too short to be one.")
    return _Content(syntax, digest.hexdigest())


def _parsed(text: bytearray) -> JsonDataset:
    try:
        answer: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _items(answer: JsonDataset, tag: str) -> list[JsonDataset]:
    element = answer.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []


def _confirmed(answer: JsonDataset, instance: UID) -> bool:
    """Tell whether the answer lists the instance as stored (PS3.18 Table I.1-1)."""
    return any(first_text(item, "00081155") == instance for item in _items(answer, "00081199"))


def _failure_code(answer: JsonDataset) -> str:
    failed = _items(answer, "00081198") + _items(answer, "0008119A")
    codes = [first_text(item, "00081197") for item in failed]
    return f"{int(codes[0]):04X}H" if codes and codes[0].isdecimal() else "not told"
