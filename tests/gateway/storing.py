"""Sending instances to a running gateway, and looking at what it keeps on its disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.dicom.uid import UID
from tests.gateway.process import Answer, Gateway

BOUNDARY = "a-boundary-of-the-tests"
MULTIPART = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
JSON = "application/dicom+json"
_PATIENCE = 20.0


def body_of(*files: bytes, kind: str | None = "application/dicom", end: bytes = b"--\r\n") -> bytes:
    """Return a multipart body of these instances, its parts of the type `kind`."""
    head = b"" if kind is None else f"Content-Type: {kind}\r\n".encode()
    parts = [b"--%b\r\n%b\r\n%b\r\n" % (BOUNDARY.encode(), head, data) for data in files]
    return b"".join([*parts, b"--", BOUNDARY.encode(), end])


def post(
    gateway: Gateway,
    body: bytes,
    content_type: str | None = MULTIPART,
    *,
    study: str | None = None,
    prefix: str = "/dicom-web",
    accept: str = JSON,
    **headers: str,
) -> Answer:
    """Send one STOW-RS request; underscores in the names of `headers` are dashes."""
    fields = {"Authorization": f"Bearer {gateway.token}", "Accept": accept}
    fields |= {} if content_type is None else {"Content-Type": content_type}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"{prefix}/studies" + (f"/{study}" if study else "")
    return gateway.request("POST", path, fields, body)


def store(gateway: Gateway, *files: bytes, study: str | None = None, prefix: str = "/dicom-web") -> Answer:
    """Store instances as most clients do."""
    return post(gateway, body_of(*files), study=study, prefix=prefix)


def stored(answer: Answer) -> dict[str, str]:
    """Return the path of every instance that the answer says is stored, by the UID it was sent with."""
    return {value(item, "00081155"): urlsplit(value(item, "00081190")).path for item in _items(answer, "00081199")}


def failed(answer: Answer) -> dict[str, int]:
    """Return the failure reason of every instance that the answer says is not stored, by its UID."""
    return {value(item, "00081155"): value(item, "00081197") for item in _items(answer, "00081198")}


def unnamed(answer: Answer) -> list[int]:
    """Return the failure reasons of what could not be named."""
    return [value(item, "00081197") for item in _items(answer, "0008119A")]


def value(item: dict[str, Any], tag: str) -> Any:
    """Return the only value of an attribute."""
    (found,) = item[tag]["Value"]
    return found


def uid_at(path: str) -> UID:
    """Return the SOP Instance UID at the end of an instance's path."""
    return UID(path.rpartition("/")[2])


def archived(gateway: Gateway) -> set[Path]:
    """Return every file of the embedded archive."""
    folders = (gateway.data / "archive").glob("[0-9a-f][0-9a-f]")
    return {path for folder in folders for path in folder.iterdir() if path.name != ".lock"}


def file_of(gateway: Gateway, instance: str, suffix: str = "dcm") -> Path:
    """Return the archive's file of an instance."""
    (path,) = (path for path in archived(gateway) if path.name == f"{instance}.{suffix}")
    return path


def workspace(gateway: Gateway) -> set[Path]:
    """Return every file on its way, in the workspace and in the archive."""
    folders = (gateway.data / "workspace", gateway.data / "archive" / ".incoming")
    return {path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def eventually(fact: Callable[[], bool]) -> bool:
    """Wait until `fact` is true; tell whether it became so."""
    deadline = time.monotonic() + _PATIENCE
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _items(answer: Answer, tag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json.get(tag, {}).get("Value", [])
    return found
