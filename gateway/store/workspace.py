"""The workspace: files on their way, readable to nobody else, gone when the work is done or the process is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from gateway.deid.deidentified import DeidentifiedHeader
from gateway.errors import StorageError
from gateway.store.files import append_private, folder_of, storage_error, write_all
from gateway.store.scratch import Scratch
from gateway.store.threads import in_thread, read_file
from gateway.streams import closing

_GATHERED: Final = 1 << 16
"""Bytes gathered before a write: a body that arrives in small pieces is not written in small pieces."""


@dataclass(slots=True, repr=False)
class StagedFile:
    """A file in the making. No descriptor stays open between writes, so that thousands can wait side by side."""

    path: Path
    size: int = 0
    is_complete: bool = False
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _gathered: bytearray = field(default_factory=bytearray)

    async def write(self, chunk: bytes) -> None:
        """Append `chunk`.

        Raises:
            StorageError: the disk is full or failed, or the file was complete already.
        """
        if self.is_complete:
            raise StorageError("A completed file of the workspace was written to; nothing was kept of it.")
        self._gathered += chunk
        self.size += len(chunk)
        if len(self._gathered) >= _GATHERED:
            await self._flush(durable=False)

    async def complete(self) -> None:
        """Bring everything to the disk. Once is enough; nothing can be written afterwards.

        Raises:
            StorageError: the disk is full or failed.
        """
        if not self.is_complete:
            await self._flush(durable=True)
            self.is_complete = True

    @property
    def sha256(self) -> str:
        """The hash of the completed file, in hexadecimal."""
        return self._digest.hexdigest()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the completed file.

        Raises:
            StorageError: it is not complete, or the disk failed.
        """
        if not self.is_complete:
            raise StorageError("A file of the workspace was read before it was complete.")
        async with closing(read_file(self.path)) as chunks:
            try:
                async for chunk in chunks:
                    yield chunk
            except OSError as error:
                raise storage_error("workspace", error) from None

    async def _flush(self, *, durable: bool) -> None:
        gathered, self._gathered = self._gathered, bytearray()
        try:
            await in_thread(self._append, gathered, durable=durable)
        except OSError as error:
            raise storage_error("workspace", error) from None

    def _append(self, data: bytearray, *, durable: bool) -> None:
        self._digest.update(data)
        with append_private(self.path) as file:
            write_all(file, data)
            if durable:
                os.fsync(file.fileno())


@dataclass(frozen=True, slots=True, repr=False)
class StagedInstance:
    """A de-identified instance, whole and durable in a file of the workspace, ready for the archive.

    Only the engine makes its `header`. `jpeg` is its picture, for an archive that keeps one beside the instance.

    Raises:
        StorageError: the file is not complete.
    """

    file: StagedFile
    header: DeidentifiedHeader
    jpeg: bytes | None = None

    def __post_init__(self) -> None:
        if not self.file.is_complete:
            raise StorageError("An instance was taken from the workspace before it was complete.")


class Workspace:
    """The files of one process below the folder of a `file:///` URL; `open` makes it."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    @classmethod
    async def open(cls, url: str) -> Self:
        """Make the folder, mode 0700, and remove what processes that crashed have left there.

        Raises:
            ConfigurationError: it is no such URL. StorageError: the folder cannot be used.
        """
        root = folder_of(url, "WORKSPACE_URL")
        try:
            return cls(await in_thread(Scratch.open, root / "staging"))
        except OSError as error:
            raise storage_error("workspace", error) from None

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[StagedFile]:
        """Give an empty file, mode 0600, that is removed on leaving."""
        file = StagedFile(self._scratch.new())
        try:
            yield file
        finally:
            await in_thread(file.path.unlink, missing_ok=True)

    async def close(self) -> None:
        """Remove every file that is still staged."""
        await in_thread(self._scratch.close)
