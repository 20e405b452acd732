"""The files that pydicom ships, as input that nobody here made up."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"


def sample(name: str) -> bytes:
    """Return one of pydicom's files by its name."""
    return (FOLDER / name).read_bytes()


@cache
def samples() -> tuple[Path, ...]:
    """Return every file that holds a data set, well-formed or not, DICOMDIRs left out."""
    return tuple(path for path in sorted(FOLDER.rglob("*")) if path.is_file() and _holds_dataset(path))


@cache
def instances() -> tuple[Path, ...]:
    """Return every file that names itself by study, series and SOP instance UID."""
    return tuple(path for path in samples() if _names_itself(path))


def _holds_dataset(path: Path) -> bool:
    if path.suffix in {".txt", ".json", ".dump", ".gz", ".icc"} or path.name in {"README"}:
        return False
    return not path.name.startswith("DICOMDIR")


def _names_itself(path: Path) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            return False
    return all(found.get(name) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
