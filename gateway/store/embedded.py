"""The embedded archive: a folder of instances named by their SOP Instance UIDs, each with its JPEG beside it.

    {root}/{two hex digits}/{SOP Instance UID}.dcm    the digits spread the files over 256 folders
    {root}/{two hex digits}/{SOP Instance UID}.jpg
    {root}/.incoming/                                 files on their way

The files are the truth and the index follows: a file is durable under its name before its row is written, and a
row that a crash prevented is made up for at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from gateway.deid.deidentified import DeidentifiedHeader
from gateway.dicom.part10 import read_header
from gateway.dicom.uid import UID, InstanceRef
from gateway.errors import Conflict, StorageError, Withheld
from gateway.origin.indexed import IndexedOrigin
from gateway.store.database import Database
from gateway.store.deposit import PutResult
from gateway.store.files import append_private, is_gone, storage_error, sync_folder, write_all
from gateway.store.index import InstanceIndex
from gateway.store.scan import FolderMissing, read_entry, scan
from gateway.store.scratch import Scratch
from gateway.store.threads import in_thread, to_the_end
from gateway.store.workspace import StagedInstance

log = logging.getLogger(__name__)

SOURCE: Final = "archive"
_CHUNK: Final = 1 << 20


class EmbeddedArchive:
    """An `Archive` in a folder of ours; `open` makes it.

    Any number of tasks and processes may put instances at once, as long as they share folder and database.
    """

    def __init__(self, root: Path, index: InstanceIndex, scratch: Scratch) -> None:
        self._root = root
        self._index = index
        self._scratch = scratch
        self.origin = IndexedOrigin(root, index)

    @classmethod
    async def open(cls, root: Path, database: Database) -> Self:
        """Make the folder, mode 0700, and bring the index up to what it holds.

        Raises:
            StorageError: the folder cannot be used, or what should be mounted on it is not.
        """
        index = InstanceIndex(database, SOURCE)
        try:
            await in_thread(root.mkdir, mode=0o700, parents=True, exist_ok=True)
            report = await scan(root, index, suffix=b".dcm")
            scratch = await in_thread(Scratch.open, root / ".incoming")
        except OSError as error:
            raise storage_error("archive", error) from None
        except FolderMissing:
            raise StorageError(
                "The archive's folder is empty and lies on another device than before. Check that it is mounted."
            ) from None
        if report.changes or report.unreadable:
            log.warning("the archive's index was behind its folder: %s", report)
        return cls(root, index, scratch)

    async def put(self, staged: StagedInstance) -> PutResult:
        """Store an instance, durably and at once: it is there whole, with its JPEG and its row, or not at all.

        A put that was begun is finished even when the caller is cancelled.

        Raises:
            Conflict: another instance is stored under the same UID.
            StorageError: the disk or the database failed, or the file is not what its header says.
        """
        return await to_the_end(self._put(staged))

    async def contains(self, ref: InstanceRef) -> bool:
        """Tell whether an instance is stored and can be retrieved."""
        found = await self._index.locate(ref)
        return bool(found) and not await in_thread(is_gone, self._root, found[0].path)

    async def close(self) -> None:
        """Remove what was on its way."""
        await in_thread(self._scratch.close)

    async def _put(self, staged: StagedInstance) -> PutResult:
        try:
            result = await in_thread(self._store, staged)
            path = os.fsencode(self._path(staged.header.instance, "dcm").relative_to(self._root))
            entry = await in_thread(read_entry, self._root, path)
        except OSError as error:
            raise storage_error("archive", error) from None
        await self._index.apply([entry])
        return result

    def _path(self, instance: UID, suffix: str) -> Path:
        return self._root / hashlib.sha256(instance.encode()).hexdigest()[:2] / f"{instance}.{suffix}"

    def _store(self, staged: StagedInstance) -> PutResult:
        _check_identity(staged)
        target = self._path(staged.header.instance, "dcm")
        folder = target.parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._root)
        picture = self._path(staged.header.instance, "jpg")
        arriving: list[Path] = []
        try:
            if not target.exists():
                arriving.append(self._arrive(staged))
            if staged.jpeg is not None:
                arriving.append(self._arrive_bytes(staged.jpeg))
            with _locked(folder / ".lock"):
                known = target.exists()
                if known and _sha256(target) != staged.file.sha256:
                    raise Conflict("Another instance is stored under the same SOP Instance UID.")
                # The picture first: whoever sees the instance finds its picture too.
                if staged.jpeg is not None:
                    arriving[-1].replace(picture)
                if not known:
                    arriving[0].replace(target)
                sync_folder(folder)
        finally:
            for path in arriving:
                path.unlink(missing_ok=True)
        return PutResult.IDENTICAL if known else PutResult.STORED

    def _arrive(self, staged: StagedInstance) -> Path:
        """Copy the staged file next to its place, durably, making sure that it still is what was staged."""
        digest = hashlib.sha256()
        path = self._scratch.new()
        with staged.file.path.open("rb") as source, append_private(path) as copy:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                write_all(copy, chunk)
            os.fsync(copy.fileno())
        if digest.hexdigest() != staged.file.sha256:
            raise StorageError("A staged file changed before it was stored; nothing was kept of it. Send it again.")
        return path

    def _arrive_bytes(self, data: bytes) -> Path:
        path = self._scratch.new()
        with append_private(path) as copy:
            write_all(copy, data)
            os.fsync(copy.fileno())
        return path


def _check_identity(staged: StagedInstance) -> None:
    """Make sure that the engine made the header, and that the file is the instance it names."""
    header = staged.header
    if not isinstance(header, DeidentifiedHeader):
        raise StorageError("Only what the engine has de-identified can be stored.")
    with suppress(Withheld):
        found = read_header(staged.file.path)
        uids = tuple(found.text(tag) for tag in (0x0020000D, 0x0020000E, 0x00080018))
        if uids == (header.study, header.series, header.instance):
            return
    raise StorageError("A staged file is not the instance that its header names; it was not stored.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a folder against all other tasks and processes."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
