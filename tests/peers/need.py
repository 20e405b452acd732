"""Which real programs are here. A test that needs a missing one is skipped by name, or fails where none may miss."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ORTHANC_PLUGINS = (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc"))
REQUIRED = "GATEWAY_TEST_PEERS"
# Taken out of the environment: a gateway that a test starts refuses variables it does not know.
_none_may_miss = os.environ.pop(REQUIRED, "") == "required"


def program(name: str) -> Path | None:
    """Return Debian's program `name`; a virtual environment may shadow it (pynetdicom's scripts shadow dcmtk's)."""
    for folder in ("/usr/bin", "/usr/sbin", "/usr/local/bin"):
        if (path := Path(folder) / name).is_file():
            return path
    found = shutil.which(name)
    return Path(found) if found else None


def orthanc_plugin() -> Path | None:
    """Return Orthanc's DICOMweb plugin."""
    return next((p for folder in ORTHANC_PLUGINS for p in sorted(folder.glob("libOrthancDicomWeb.so*"))), None)


def postgres_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return found[-1].parent if found else None


def _here(*names: str) -> Callable[[], bool]:
    return lambda: all(program(name) for name in names)


PEERS: dict[str, tuple[Callable[[], bool], str]] = {
    "orthanc": (
        lambda: program("Orthanc") is not None and orthanc_plugin() is not None,
        "Orthanc with its DICOMweb plugin (apt install orthanc orthanc-dicomweb)",
    ),
    "postgres": (lambda: postgres_programs() is not None, "a PostgreSQL server (apt install postgresql)"),
    "chromium": (_here("chromium"), "Chromium (apt install chromium)"),
    "nginx": (_here("nginx", "openssl"), "nginx and openssl (apt install nginx openssl)"),
    "dcmtk": (_here("dcmdump", "storescu"), "dcmtk (apt install dcmtk)"),
    "dicom3tools": (_here("dciodvfy"), "dicom3tools (apt install dicom3tools)"),
    "curl": (_here("curl"), "curl (apt install curl)"),
    "node": (_here("node"), "node (apt install nodejs)"),
}
"""Name of a peer to whether it is here, and to what is missing otherwise."""


def need(name: str) -> None:
    """Return when the peer is here, else skip the test, or fail it when `GATEWAY_TEST_PEERS=required`."""
    here, what = PEERS[name]
    if here():
        return
    if _none_may_miss:
        pytest.fail(f"peer {name} is required: {what} is not installed", pytrace=False)
    pytest.skip(f"peer {name}: {what} is not installed")
