"""A folder for files that must not outlive the process that writes them.

Each process works in a folder of its own and holds a lock on the file beside it. The system drops the lock when
the process dies, however it dies, so whoever starts next can tell what is left over from what is in use.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_LOCK: Final = ".lock"


class Scratch:
    """One process's folder of temporary files, mode 0700; `open` makes it and removes what crashes left."""

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock = lock

    @classmethod
    def open(cls, root: Path) -> Self:
        """Make a folder below `root`, which is made too, and remove those of processes that have ended.

        Raises:
            OSError: the file system refuses it, or knows no locks.
        """
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_left_over(root)
        while True:
            name = secrets.token_hex(8)
            lock = os.open(root / (name + _LOCK), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another process that starts now may have taken the file for a left-over, before it was locked.
            if os.fstat(lock).st_nlink:
                (root / name).mkdir(mode=0o700)
                return cls(root / name, lock)
            os.close(lock)

    def new(self) -> Path:
        """Return the path of a file that does not exist yet."""
        return self._folder / secrets.token_hex(16)

    def close(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.with_name(self._folder.name + _LOCK).unlink(missing_ok=True)
        os.close(self._lock)


def _remove_left_over(root: Path) -> None:
    for path in root.glob("*" + _LOCK):
        with suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.with_name(path.name.removesuffix(_LOCK)), ignore_errors=True)
                path.unlink()
            except BlockingIOError:
                continue
            finally:
                os.close(lock)
