"""A real gateway process on a loopback port, and a plain HTTP client for it."""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session

from gateway.dicom.uid import InstanceRef, ResourceRef, SeriesRef
from tests.builders import ref_of
from tests.peers.programs import running

TOKEN = "a-token-of-the-tests-0123456789"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def media(self) -> str:
        """The media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]

    def parts(self) -> list[Part]:
        """Return the parts of a multipart body that is closed as it must be (RFC 2046 §5.1)."""
        message = Message()
        message["Content-Type"] = self.headers["content-type"]
        assert message.get_content_type() == "multipart/related"
        delimiter = f"--{message.get_param('boundary')}".encode()
        first, *pieces, end = (b"\r\n" + self.body).split(b"\r\n" + delimiter)
        assert not first
        assert end in (b"--", b"--\r\n"), "the body is not closed"
        return [_part(piece) for piece in pieces]


def _part(piece: bytes) -> Part:
    head, found, body = piece.partition(b"\r\n\r\n")
    assert found
    assert head.startswith(b"\r\n")
    lines = [line.partition(": ") for line in head.decode("ascii").split("\r\n")[1:]]
    return Part({name.lower(): value for name, _, value in lines}, body)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway."""

    port: int
    data: Path
    log_file: Path
    token: str = TOKEN

    @property
    def url(self) -> str:
        """Its root, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything it has printed."""
        return self.log_file.read_text(errors="replace")

    def get(self, path: str, accept: str | None = None, *, method: str = "GET", **headers: str) -> Answer:
        """Ask for `path` as it is, signed in; underscores in the names of `headers` are dashes.

        A body that breaks off raises `http.client.HTTPException` or `OSError`.
        """
        fields = {"Authorization": f"Bearer {self.token}"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        if accept is not None:
            fields["Accept"] = accept
        return self.request(method, path, fields)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Send one request with exactly these headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()

    def client(self, prefix: str = "/dicom-web") -> DICOMwebClient:
        """Return dicomweb-client for one of its doors."""
        session = create_session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        client = DICOMwebClient(self.url + prefix, session=session)
        client.set_http_retry_params(retry=False)
        return client


def at(ref: ResourceRef, suffix: str = "", *, prefix: str = "/dicom-web") -> str:
    """Return the path of a resource, such as `/dicom-web/studies/…/metadata`."""
    path = f"{prefix}/studies/{ref.study}"
    if isinstance(ref, SeriesRef | InstanceRef):
        path += f"/series/{ref.series}"
    if isinstance(ref, InstanceRef):
        path += f"/instances/{ref.instance}"
    return path + suffix


def series_of(data: bytes) -> SeriesRef:
    """Return the reference of the series that an instance is of."""
    ref = ref_of(data)
    return SeriesRef(ref.study, ref.series)


@contextmanager
def running_gateway(folder: Path, **settings: object) -> Iterator[Gateway]:
    """Run `gateway serve` with its data in `folder`; `settings` are named as in `gateway.settings`, in lower case.

    A `pacs` that is a folder is served as it is. Ready means that `/readyz` says so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data, log = folder / "data", folder / "gateway.log"
    chosen: dict[str, object] = {"auth": "token", "token": TOKEN, "data_dir": data, "host": "127.0.0.1"}
    pacs = settings.pop("pacs", None)
    if isinstance(pacs, Path):
        chosen["pacs_url"] = pacs.as_uri()
    chosen |= settings
    if chosen["auth"] == "none":
        del chosen["token"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {f"GATEWAY_{name.upper()}": str(value) for name, value in chosen.items()}
    environment["PYTHONUNBUFFERED"] = "1"
    program = Path(sys.executable).with_name("gateway")

    def command(port: int) -> list[str]:
        variables = [f"{name}={value}" for name, value in (environment | {"GATEWAY_PORT": str(port)}).items()]
        return ["/usr/bin/env", "-i", *variables, str(program), "serve"]

    def ready(port: int) -> bool:
        try:
            return Gateway(port, data, log).request("GET", "/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    with running(command, ready=ready, log=log) as port:
        yield Gateway(port, data, log, str(chosen.get("token", "")))
