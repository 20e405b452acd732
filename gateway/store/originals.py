"""Refused originals, kept for the administrator only where a setting names the folder. Nothing here reads them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Self

from gateway.store.files import append_private, storage_error, sync_folder, write_all
from gateway.store.threads import CHUNK, in_thread


class Originals:
    """A folder, mode 0700, with one file for each entry of the record, named by its id; `open` makes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    async def open(cls, folder: Path) -> Self:
        """Make the folder.

        Raises:
            StorageError: it cannot be used.
        """
        try:
            await in_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            await in_thread(folder.chmod, 0o700)
        except OSError as error:
            raise storage_error("quarantine", error) from None
        return cls(folder)

    async def keep(self, entry: str, source: Path) -> None:
        """Copy the file `source`, durably; what was kept for the entry before is replaced.

        Raises:
            StorageError: the disk is full or failed; nothing is kept then.
        """
        try:
            await in_thread(self._copy, entry, source)
        except OSError as error:
            raise storage_error("quarantine", error) from None

    async def drop(self, entry: str) -> None:
        """Remove what is kept for an entry.

        Raises:
            StorageError: the disk failed.
        """
        try:
            await in_thread(self._path(entry).unlink, missing_ok=True)
        except OSError as error:
            raise storage_error("quarantine", error) from None

    async def holds(self, entry: str) -> bool:
        """Tell whether the original of an entry is kept."""
        return await in_thread(self._path(entry).is_file)

    def _path(self, entry: str) -> Path:
        return self._folder / f"{entry}.original"

    def _copy(self, entry: str, source: Path) -> None:
        arriving = self._folder / f".{secrets.token_hex(16)}"
        try:
            with source.open("rb") as original, append_private(arriving) as copy:
                while chunk := original.read(CHUNK):
                    write_all(copy, chunk)
                os.fsync(copy.fileno())
            arriving.replace(self._path(entry))
        finally:
            arriving.unlink(missing_ok=True)
        sync_folder(self._folder)
