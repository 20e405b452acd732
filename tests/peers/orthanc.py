"""A real Orthanc with its DICOMweb plugin and a user with a password."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers.need import need, orthanc_plugin, program
from tests.peers.programs import running

USER = "tester"


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running Orthanc; `log` is what it wrote so far."""

    port: int
    password: str
    log: Path

    @property
    def url(self) -> str:
        """The root of its DICOMweb services, with the credentials in it."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.port}/dicom-web"

    @property
    def bare_url(self) -> str:
        """The root of its DICOMweb services without credentials."""
        return f"http://127.0.0.1:{self.port}/dicom-web"

    @property
    def authorization(self) -> str:
        """The value of the Authorization header."""
        return "Basic " + base64.b64encode(f"{USER}:{self.password}".encode()).decode()

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Call its REST API; an error status raises with its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Authorization": self.authorization})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise AssertionError(f"Orthanc answered {response.status} to {method} {path}: {answer[:500]!r}")
        return answer

    def upload(self, files: Iterable[bytes]) -> None:
        """Store Part 10 files; one it does not take raises."""
        for data in files:
            self.call("POST", "/instances", data)

    def accepts(self, data: bytes) -> bool:
        """Store one Part 10 file and tell whether it was taken."""
        try:
            self.upload([data])
        except AssertionError:
            return False
        return True

    def json(self, path: str) -> Any:
        """Return the JSON answer to GET `path`."""
        return json.loads(self.call("GET", path))

    def clear(self) -> None:
        """Delete everything it holds."""
        for patient in self.json("/patients"):
            self.call("DELETE", f"/patients/{patient}")


@contextmanager
def running_orthanc(folder: Path, **settings: object) -> Iterator[Orthanc]:
    """Run an empty Orthanc in `folder`; `settings` go into its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    password, name = secrets.token_urlsafe(12), secrets.token_hex(8)
    log, config = folder / "orthanc.log", folder / "orthanc.json"

    def command(port: int) -> list[str]:
        configuration = {
            "Name": name,
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": port,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": True,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: password},
            "DicomServerEnabled": False,
            "OverwriteInstances": True,
            "SaveJobs": False,
            "StorageCompression": False,
            "Plugins": [str(orthanc_plugin())],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        config.write_text(json.dumps(configuration | settings))
        return [str(program("Orthanc")), str(config)]

    def ready(port: int) -> bool:
        try:
            found: object = Orthanc(port, password, log).json("/system")["Name"]
        except (OSError, http.client.HTTPException, AssertionError, ValueError):
            return False
        return found == name

    # It takes two seconds to end in order, and nothing it holds is wanted any more.
    with running(command, ready=ready, log=log, stop=signal.SIGKILL) as port:
        yield Orthanc(port, password, log)


@pytest.fixture(scope="session")
def start_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Orthanc]]:
    """Give a function that starts one more empty Orthanc (keyword arguments: its configuration)."""
    need("orthanc")
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running_orthanc(tmp_path_factory.mktemp("orthanc"), **settings))


@pytest.fixture(scope="session")
def orthanc(start_orthanc: Callable[..., Orthanc]) -> Orthanc:
    """Give the session's Orthanc. Tests share it: use fresh UIDs, and look only at your own studies."""
    return start_orthanc()


@pytest.fixture(scope="session")
def second_orthanc(start_orthanc: Callable[..., Orthanc]) -> Orthanc:
    """Give another Orthanc, to be a remote archive."""
    return start_orthanc()
