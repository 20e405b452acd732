"""Fixtures of all tests: the real programs they talk to, and pydicom's sample files."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.peers.certificates import certificates
from tests.peers.chromium import chromium
from tests.peers.need import PEERS, need
from tests.peers.nginx import start_nginx
from tests.peers.orthanc import orthanc, second_orthanc, start_orthanc
from tests.peers.postgres import postgres, postgres_server
from tests.sample_pacs import sample_pacs

__all__ = [
    "certificates",
    "chromium",
    "orthanc",
    "postgres",
    "postgres_server",
    "sample_pacs",
    "second_orthanc",
    "start_nginx",
    "start_orthanc",
]

# Machines that run the tests are shared with other work: a slow moment is no failure.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

_FIXTURE_PEERS = {
    "chromium": "chromium",
    "orthanc": "orthanc",
    "second_orthanc": "orthanc",
    "start_orthanc": "orthanc",
    "postgres": "postgres",
    "postgres_server": "postgres",
    "start_nginx": "nginx",
    "certificates": "nginx",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a peer's fixture, so that `-m "not peer"` leaves them all out."""
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in _FIXTURE_PEERS:
                item.add_marker(pytest.mark.peer(_FIXTURE_PEERS[name]))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose peers are not here."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            if name not in PEERS:
                pytest.fail(f"no such peer: {name}", pytrace=False)
            need(name)
