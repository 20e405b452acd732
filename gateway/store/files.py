"""Files below one folder: found in a fixed order, opened without ever leaving it, and recognized when they change."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

from gateway.errors import ConfigurationError, StorageError

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file does: its size in bytes and its times in nanoseconds since 1970."""

    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(slots=True)
class Unreadable:
    """How many folders could not be listed during a walk."""

    folders: int = 0


def folder_of(url: str, setting: str) -> Path:
    """Return the folder that a `file:///` URL names.

    Raises:
        ConfigurationError: naming the setting, when it is another kind of URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ConfigurationError(f"{setting} must begin with file:/// and name a folder.")
    return Path(unquote(parts.path))


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def walk(root: Path, unreadable: Unreadable) -> Iterator[tuple[bytes, Stamp]]:
    """Yield every regular file below `root` in the byte order of its relative path.

    Links are not followed, and names that begin with a dot are left out: copying programs give them to files
    that are not whole yet.

    Raises:
        OSError: the root itself cannot be listed.
    """
    yield from _walk(os.fsencode(root), b"", unreadable)


def _walk(folder: bytes, prefix: bytes, unreadable: Unreadable) -> Iterator[tuple[bytes, Stamp]]:
    found: list[tuple[bytes, os.DirEntry[bytes]]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(b"."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    found.append((entry.name + b"/", entry))
                elif entry.is_file(follow_symlinks=False):
                    found.append((entry.name, entry))
    except OSError as error:
        if not prefix:
            raise
        unreadable.folders += error.errno not in _GONE
        return
    # With its slash a folder sorts where the paths of its files do.
    for name, entry in sorted(found, key=lambda pair: pair[0]):
        if name.endswith(b"/"):
            yield from _walk(entry.path, prefix + name, unreadable)
            continue
        try:
            yield prefix + name, stamp_of(entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            continue


@contextmanager
def _parent(root: Path, path: bytes) -> Iterator[tuple[int, bytes]]:
    """Give a descriptor of the folder that holds `path`, and the file's name in it."""
    *folders, name = path.split(b"/")
    if not name or {b"", b".", b".."} & {*folders, name}:
        raise FileNotFoundError(errno.ENOENT, "not a path below the root")
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        yield at, name
    finally:
        os.close(at)


def open_beneath(root: Path, path: bytes) -> BinaryIO:
    """Open the regular file at `path` below `root` for reading, unbuffered, following no link on the way.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with _parent(root, path) as (folder, name):
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "not a regular file")
    return cast("BinaryIO", os.fdopen(descriptor, "rb", buffering=0))


def is_gone(root: Path, path: bytes) -> bool:
    """Tell whether there is certainly no regular file at `path` below `root`; a doubt is no."""
    try:
        with _parent(root, path) as (folder, name):
            return not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError as error:
        return error.errno in _GONE


def append_private(path: Path) -> BinaryIO:
    """Open the file at `path` for appending, unbuffered; a new one is readable to its owner only.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    return cast("BinaryIO", os.fdopen(descriptor, "ab", buffering=0))


def write_all(file: BinaryIO, data: bytes | bytearray) -> None:
    """Write all of `data` to an unbuffered file, which alone may take only a part.

    Raises:
        OSError: the disk is full or failed.
    """
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: a file that was renamed into it is there after a power failure.

    Raises:
        OSError: it cannot be done.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(what: str, error: OSError) -> StorageError:
    """Return the error for a failure of the file system below our own folder `what`."""
    if error.errno in _FULL:
        return StorageError(f"The disk of the {what} is full. Free some space, then try again.")
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return StorageError(f"The {what} cannot be used ({name}). Check its folder, its owner and its disk.")
