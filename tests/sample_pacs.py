"""The sample PACS as a fixture: drawn once, and again only when the code that draws it has changed."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest

from gateway.origin import sample
from gateway.origin.sample import generate


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for module in sorted(Path(sample.__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    for library in ("numpy", "pillow", "pydicom", "pyjpegls", "pylibjpeg-openjpeg", "pylibjpeg-rle"):
        digest.update(version(library).encode())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def sample_pacs(request: pytest.FixtureRequest) -> Path:
    """The folder of the sample PACS. Tests must not write into it: it outlives the run."""
    cache = request.config.cache
    assert cache is not None
    drawings = Path(cache.mkdir("sample-pacs"))
    folder = drawings / _fingerprint()
    for old in drawings.iterdir():
        if old.name.lstrip(".").partition(".")[0] != folder.name:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pydicom warns of values that their VR does not allow
        generate(folder)
    return folder
