"""Makes the folder of the sample PACS: once, whole or not at all, and again when a newer version draws it."""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.errors import StorageError
from gateway.origin.sample import captures, documents, enhanced, moving, nuclear, radiographs, sections, shipped
from gateway.origin.sample.writing import Instances, write

log = logging.getLogger(__name__)

VERSION: Final = 2
"""Raise it when any file of the sample PACS changes: the folder is then made anew."""

MARKER: Final = ".sample-pacs.json"

SERIES: Final[tuple[Callable[[], Instances], ...]] = (
    radiographs.computed_radiography,
    radiographs.digital_radiography,
    radiographs.mammography,
    sections.computed_tomography,
    sections.magnetic_resonance,
    enhanced.enhanced_magnetic_resonance,
    moving.ultrasound,
    moving.angiogram,
    moving.swallow,
    nuclear.bone_scan,
    nuclear.positron_emission,
    captures.dose_screen,
    captures.perfusion_map,
    documents.report,
    documents.key_objects,
    documents.presentation_state,
    documents.letter,
    shipped.shipped,
)


def generate(
    directory: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    series: Sequence[Callable[[], Instances]] = SERIES,
) -> None:
    """Fill `directory` with the sample PACS, unless this version of it is there already, whole.

    `series` are what is drawn; `progress` is called with (series done, series in all). The folder appears by one
    rename, so a crash leaves either no sample PACS or a whole one. Processes that start together wait for the first.

    Raises:
        StorageError: when `directory` holds something else, or cannot be written.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            if _whole(directory):
                return
            _refuse_foreign(directory)
            for leftover in directory.parent.glob(f".{directory.name}.making-*"):
                shutil.rmtree(leftover)
            _make(directory, series, progress)
    except OSError as error:
        raise StorageError(
            f"The sample PACS could not be written ({error.strerror or type(error).__name__}). "
            "Make GATEWAY_DATA_DIR writable, with 150 MB free."
        ) from error


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with (directory.parent / f".{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _whole(directory: Path) -> bool:
    """Tell whether `directory` holds this version, every file of the size it was written with."""
    try:
        marker = json.loads((directory / MARKER).read_text())
        sizes = marker["files"] if marker["version"] == VERSION else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
    if not isinstance(sizes, dict):
        return False
    return all((file := directory / name).is_file() and file.stat().st_size == size for name, size in sizes.items())


def _refuse_foreign(directory: Path) -> None:
    """Raise when `directory` was not made here: it is about to be replaced."""
    if directory.exists() and not (directory / MARKER).is_file() and any(directory.iterdir()):
        raise StorageError("The folder for the sample PACS holds other files. Move them away, or set GATEWAY_PACS_URL.")


def _make(
    directory: Path, series: Sequence[Callable[[], Instances]], progress: Callable[[int, int], None] | None
) -> None:
    making = Path(tempfile.mkdtemp(prefix=f".{directory.name}.making-", dir=directory.parent))
    try:
        fresh = making / "new"
        sizes: dict[str, int] = {}
        for done, draw in enumerate(series):
            if progress:
                progress(done, len(series))
            for instance in draw():
                path = write(instance, fresh)
                sizes[str(path.relative_to(fresh))] = path.stat().st_size
        (fresh / MARKER).write_text(json.dumps({"version": VERSION, "files": sizes}))
        if directory.exists():
            directory.rename(making / "old")
        fresh.rename(directory)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    if progress:
        progress(len(series), len(series))
    log.info("sample PACS made: %d instances, %d bytes", len(sizes), sum(sizes.values()))
