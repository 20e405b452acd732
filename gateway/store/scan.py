"""Bringing the index of a folder up to date with the folder."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.dicom.part10 import read_header
from gateway.dicom.uid import UID, InstanceRef, is_uid
from gateway.errors import Reason, Withheld
from gateway.store.files import Stamp, Unreadable, is_gone, open_beneath, stamp_of, walk
from gateway.store.index import Entry, Indexed, InstanceIndex, Kind

log = logging.getLogger(__name__)

_DIRECTORY: Final = "1.2.840.10008.1.3.10"  # Media Storage Directory: a DICOMDIR
_PREAMBLE: Final = 128
_LISTED: Final = 5_000
"""Files compared with the index at a time."""
_READ: Final = 250
"""Headers read and indexed in one transaction: a quarter of a second's work."""
_READERS: Final = 2
"""Threads that read headers; the others stay free for requests."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What one scan met: numbers of files only."""

    files: int = 0
    instances: int = 0
    foreign: int = 0
    malformed: int = 0
    unreadable: int = 0
    removed: int = 0

    @property
    def changes(self) -> int:
        """How many files are now indexed otherwise than before."""
        return self.instances + self.foreign + self.malformed + self.removed

    def __str__(self) -> str:
        return (
            f"{self.files} files: {self.instances} instances read, {self.foreign} not DICOM, "
            f"{self.malformed} malformed, {self.unreadable} unreadable, {self.removed} removed"
        )


class FolderMissing(Exception):
    """The folder is empty and lies on another device than at the last scan: most likely it is not mounted."""


async def scan(root: Path, index: InstanceIndex, *, suffix: bytes = b"") -> ScanReport:
    """Read what is new or changed among the files below `root` that end in `suffix`; forget what is gone.

    A file whose header cannot be read, or does not name its study, series and instance, is counted as malformed
    and not opened again until it changes. Files in a folder that cannot be listed stay as they are known.

    Raises:
        OSError: the root cannot be listed.
        FolderMissing: the root is there, but most likely what should be mounted on it is not.
        StorageError: the database failed.
    """
    report = ScanReport()
    unreadable = Unreadable()
    device = str((await asyncio.to_thread(root.stat)).st_dev)
    files = (found for found in walk(root, unreadable) if found[0].endswith(suffix))
    after = b""
    while True:
        listed = dict(await asyncio.to_thread(_take, files, _LISTED))
        if not listed and not after and await index.device() not in (None, device):
            raise FolderMissing
        upto = next(reversed(listed)) if len(listed) == _LISTED else None
        known = await index.known(after=after, upto=upto)
        gone = await asyncio.to_thread(_gone, root, [path for path in known if path not in listed])
        await index.apply([], gone=gone)
        report = replace(report, files=report.files + len(listed), removed=report.removed + len(gone))
        changed = [path for path, stamp in listed.items() if known.get(path) != stamp]
        for start in range(0, len(changed), _READ):
            entries, failed = await _read(root, changed[start : start + _READ])
            await index.apply(entries)
            report = _counted(report, entries, failed)
        if upto is None:
            break
        after = upto
        if report.changes:
            log.info("indexing a folder, so far %s", report)
    await index.mark_scanned(device)
    return replace(report, unreadable=report.unreadable + unreadable.folders)


def read_entry(root: Path, path: bytes) -> Entry:
    """Read the header of one file for the index.

    Raises:
        OSError: the file cannot be read.
    """
    with open_beneath(root, path) as file:
        stamp = stamp_of(os.fstat(file.fileno()))
        try:
            header = read_header(file)
        except Withheld as error:
            if error.reason is Reason.UNREADABLE:
                raise OSError from None
            file.seek(_PREAMBLE)
            return Entry(path, stamp, Kind.MALFORMED if file.read(4) == b"DICM" else Kind.FOREIGN)
    sop_class = header.text(0x00080016)
    study, series, instance = (header.text(tag) for tag in (0x0020000D, 0x0020000E, 0x00080018))
    if sop_class == _DIRECTORY:
        return Entry(path, stamp, Kind.FOREIGN)
    if not (is_uid(study) and is_uid(series) and is_uid(instance)):
        return Entry(path, stamp, Kind.MALFORMED)
    ref = InstanceRef(UID(study), UID(series), UID(instance))
    dataset = header.json(bulk=lambda path: path).json
    return Entry(path, stamp, Kind.INSTANCE, Indexed(ref, sop_class, dataset))


def _take(files: Iterator[tuple[bytes, Stamp]], count: int) -> list[tuple[bytes, Stamp]]:
    return list(islice(files, count))


def _gone(root: Path, paths: Sequence[bytes]) -> list[bytes]:
    return [path for path in paths if is_gone(root, path)]


async def _read(root: Path, paths: Sequence[bytes]) -> tuple[list[Entry], int]:
    """Return the entries of files, and how many could not be read."""
    parts = [paths[start::_READERS] for start in range(_READERS)]
    done = await asyncio.gather(*(asyncio.to_thread(_read_part, root, part) for part in parts))
    entries = [entry for part in done for entry in part]
    return entries, len(paths) - len(entries)


def _read_part(root: Path, paths: Sequence[bytes]) -> list[Entry]:
    entries = []
    for path in paths:
        # Left as it is: the file may be gone already, and the next scan tries again.
        with suppress(OSError):
            entries.append(read_entry(root, path))
    return entries


def _counted(report: ScanReport, entries: Sequence[Entry], failed: int) -> ScanReport:
    kinds = Counter(entry.kind for entry in entries)
    return replace(
        report,
        instances=report.instances + kinds[Kind.INSTANCE],
        foreign=report.foreign + kinds[Kind.FOREIGN],
        malformed=report.malformed + kinds[Kind.MALFORMED],
        unreadable=report.unreadable + failed,
    )
