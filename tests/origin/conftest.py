"""The origins that the shared suite runs against: the real ones and the fake."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from gateway.origin.dicomweb import DicomwebOrigin
from gateway.origin.fake import FakeOrigin
from gateway.origin.folder import FolderOrigin
from gateway.origin.protocol import Origin
from gateway.store.database import Database
from tests.peers.orthanc import Orthanc

OpenOrigin = Callable[[Sequence[bytes]], AbstractAsyncContextManager[Origin]]
"""Opens an origin that holds exactly these Part 10 files."""


@pytest.fixture(scope="session")
def suite_orthanc(start_orthanc: Callable[[], Orthanc]) -> Orthanc:
    """Give an Orthanc that each test of the suite empties."""
    return start_orthanc()


@pytest.fixture(params=["fake", "folder", pytest.param("dicomweb", marks=pytest.mark.peer("orthanc"))])
def open_origin(request: pytest.FixtureRequest, tmp_path: Path) -> OpenOrigin:
    """Give each kind of origin in turn."""
    if request.param == "fake":
        return _fake
    if request.param == "folder":
        return lambda files: _folder(tmp_path, files)
    orthanc: Orthanc = request.getfixturevalue("suite_orthanc")
    return lambda files: _dicomweb(orthanc, files)


@asynccontextmanager
async def _fake(files: Sequence[bytes]) -> AsyncGenerator[Origin, None]:
    yield FakeOrigin(files)


@asynccontextmanager
async def _folder(folder: Path, files: Sequence[bytes]) -> AsyncGenerator[Origin, None]:
    root = folder / "pacs"
    root.mkdir()
    for number, data in zip(itertools.count(), files, strict=False):
        (root / f"{number}.dcm").write_bytes(data)
    database = await Database.open(f"sqlite:///{folder}/index.db")
    try:
        origin = await FolderOrigin.open(root, database)
        try:
            yield origin
        finally:
            await origin.close()
    finally:
        await database.close()


@asynccontextmanager
async def _dicomweb(orthanc: Orthanc, files: Sequence[bytes]) -> AsyncGenerator[Origin, None]:
    orthanc.clear()
    orthanc.upload(files)
    origin = DicomwebOrigin(orthanc.url)
    try:
        yield origin
    finally:
        await origin.close()
