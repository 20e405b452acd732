"""Running gateways: over the sample PACS, over a folder, over a real Orthanc."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.dicom.uid import InstanceRef
from tests.builders import ref_of
from tests.gateway.corpus import corpus, refused
from tests.gateway.process import Gateway, at, running_gateway
from tests.gateway.scripted import ScriptedGateway, healthy, scripted_origin
from tests.peers.orthanc import Orthanc

SEARCH_LIMIT = 60
VIEWER_ORIGIN = "https://viewer.example"
_PATIENCE = 30.0

StartGateway = Callable[..., Gateway]


@pytest.fixture(scope="session")
def start_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Give a function that starts a gateway of its own for the rest of the session.

    Keyword arguments are settings in lower case (`auth="none"`, `search_limit=5`); `pacs` is a folder to serve.
    Prefer a shared one below: each takes seconds to start.
    """
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running_gateway(tmp_path_factory.mktemp("gateway"), **settings))


@pytest.fixture(scope="session")
def gateway(start_gateway: StartGateway, sample_pacs: Path) -> Gateway:
    """Give the session's gateway over the sample PACS."""
    return start_gateway(pacs=sample_pacs)


@pytest.fixture(scope="session")
def folder_gateway(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> FolderGateway:
    """Give the session's gateway over a folder with `corpus` and `refused`, to which tests add. Use fresh UIDs."""
    folder = tmp_path_factory.mktemp("pacs")
    for number, data in enumerate([*corpus(), *refused()]):
        (folder / f"corpus{number}.dcm").write_bytes(data)
    return FolderGateway(start_gateway(pacs=folder), folder)


class FolderGateway:
    """A gateway and the folder it serves."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self.gateway, self.folder = gateway, folder
        self._names = itertools.count()
        self._paths: dict[InstanceRef, Path] = {}

    def add(self, files: Sequence[bytes]) -> None:
        """Put Part 10 files into the folder, and return when the gateway has found them."""
        for data in files:
            path = self._paths[ref_of(data)] = self.folder / f"{next(self._names)}.dcm"
            _put(path, data)
        wanted = [ref_of(data) for data in files]
        deadline = time.monotonic() + _PATIENCE
        while wanted and time.monotonic() < deadline:
            # A refused instance has no row, but its metadata is not 404.
            wanted = [ref for ref in wanted if self.gateway.get(at(ref, "/metadata")).status == 404]
        assert not wanted

    def replace(self, old: bytes, new: bytes) -> None:
        """Put one file that was added in the place of another."""
        _put(self._paths[ref_of(old)], new)


def _put(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.rename(path)


@pytest.fixture(scope="session")
def orthanc_gateway(start_gateway: StartGateway, orthanc: Orthanc) -> Gateway:
    """Give the session's gateway over the session's Orthanc, which holds `corpus` too. Use fresh UIDs."""
    orthanc.upload(corpus())
    return start_gateway(pacs_url=orthanc.url)


@pytest.fixture(scope="session")
def corpus_gateway(folder_gateway: FolderGateway) -> Gateway:
    """Give the gateway of `folder_gateway`, for tests that only read `corpus`."""
    return folder_gateway.gateway


@pytest.fixture(scope="session")
def _scripted_gateway(start_gateway: StartGateway) -> Iterator[ScriptedGateway]:
    with scripted_origin() as origin:
        settings = {"search_limit": SEARCH_LIMIT, "cors_origins": f"{VIEWER_ORIGIN}, https://second.example"}
        yield ScriptedGateway(start_gateway(pacs_url=origin.url, **settings), origin)


@pytest.fixture
def scripted(_scripted_gateway: ScriptedGateway) -> Iterator[ScriptedGateway]:
    """Give the session's gateway over an origin that each test scripts; it finds nothing before and after."""
    healthy(_scripted_gateway)
    yield _scripted_gateway
    healthy(_scripted_gateway)


@pytest.fixture(params=["folder", pytest.param("orthanc", marks=pytest.mark.peer("orthanc"))])
def either(request: pytest.FixtureRequest) -> Gateway:
    """Give a gateway over `corpus`: in a folder, then in Orthanc."""
    if request.param == "folder":
        holder: FolderGateway = request.getfixturevalue("folder_gateway")
        return holder.gateway
    gateway: Gateway = request.getfixturevalue("orthanc_gateway")
    return gateway
