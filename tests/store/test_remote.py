from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.errors import ConfigurationError, Conflict, OriginError, StorageError
from gateway.origin.credentials import Credentials
from gateway.store.deposit import PutResult
from gateway.store.remote import RemoteArchive
from gateway.store.workspace import Workspace
from tests.builders import CANARIES, RLE, planted, planted_ct_series, ref_of
from tests.peers.orthanc import Orthanc
from tests.store.staging import staged

Scenario = Callable[[RemoteArchive, Workspace], Awaitable[Any]]


def with_archive(url: str, root: Path, scenario: Scenario) -> Any:
    async def run() -> Any:
        workspace = await Workspace.open(root.as_uri())
        archive = RemoteArchive(url, credentials=Credentials())
        try:
            return await scenario(archive, workspace)
        finally:
            await archive.close()
            await workspace.close()

    return asyncio.run(run())


async def put(archive: RemoteArchive, workspace: Workspace, data: bytes) -> PutResult:
    async with staged(workspace, data, jpeg=b"jpeg") as instance:
        return await archive.put(instance)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", RLE])
def test_an_instance_is_stored_and_read_back(second_orthanc: Orthanc, tmp_path: Path, syntax: str) -> None:
    data = planted(syntax=syntax, rows=512, columns=512)

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        ref = ref_of(data)
        assert not await archive.contains(ref)
        assert await put(archive, workspace, data) is PutResult.STORED
        assert await archive.contains(ref)
        assert await put(archive, workspace, data) is PutResult.IDENTICAL
        bodies = [b"".join([chunk async for chunk in part.chunks]) async for part in archive.origin.instances(ref)]
        assert bodies == [data]

    with_archive(second_orthanc.url, tmp_path, scenario)


def test_another_instance_under_the_same_uid_is_left_alone(second_orthanc: Orthanc, tmp_path: Path) -> None:
    data = planted()
    other = data.replace(b"Zqkommentar", b"Zqkommentaz")

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        await put(archive, workspace, data)
        with pytest.raises(Conflict):
            await put(archive, workspace, other)
        assert await put(archive, workspace, data) is PutResult.IDENTICAL

    with_archive(second_orthanc.url, tmp_path, scenario)


def test_many_at_once(second_orthanc: Orthanc, tmp_path: Path) -> None:
    files = planted_ct_series(12)

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        done = await asyncio.gather(*(put(archive, workspace, data) for data in files))
        assert done == [PutResult.STORED] * 12

    with_archive(second_orthanc.url, tmp_path, scenario)


def test_wrong_credentials_are_a_storage_error_without_them(
    second_orthanc: Orthanc, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    data = planted()

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        with pytest.raises(StorageError) as caught:
            await put(archive, workspace, data)
        for secret in ("wrongsecret", ref_of(data).instance, *CANARIES):
            assert secret not in f"{caught.value}{caplog.text}"

    with_archive(second_orthanc.bare_url.replace("//", "//tester:wrongsecret@"), tmp_path, scenario)


class Server:
    """A server that answers a STOW as it is told, and gives back what it is told."""

    def __init__(self) -> None:
        self.status, self.answer = 200, b"{}"
        self.holds: bytes | None = None
        self.received = b""
        self.drop = 0

    async def run(self, scenario: Callable[[str], Awaitable[Any]]) -> Any:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/studies/{study}", self._store)
        app.router.add_get("/{path:.*}", self._retrieve)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            return await scenario(f"http://127.0.0.1:{runner.addresses[0][1]}")
        finally:
            await runner.cleanup()

    async def _store(self, request: web.Request) -> web.Response:
        assert request.content_length is not None
        self.received = await request.read()
        if self.drop:
            self.drop -= 1
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=self.status, body=self.answer, content_type="application/dicom+json")

    async def _retrieve(self, _: web.Request) -> web.Response:
        if self.holds is None:
            return web.Response(status=404)
        body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + self.holds + b"\r\n--b--\r\n"
        headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
        return web.Response(body=body, headers=headers)


def with_server(server: Server, root: Path, scenario: Scenario) -> Any:
    async def inner(url: str) -> Any:
        workspace = await Workspace.open(root.as_uri())
        archive = RemoteArchive(url, credentials=Credentials())
        try:
            return await scenario(archive, workspace)
        finally:
            await archive.close()
            await workspace.close()

    return asyncio.run(server.run(inner))


def _referenced(data: bytes) -> bytes:
    uid = ref_of(data).instance.encode()
    return b'{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["%s"]}}]}}' % uid


_FAILED = b'{"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[42752]}}]}}'


@pytest.mark.parametrize(
    ("status", "answer", "match"),
    [
        (409, _FAILED, "failure reason A700H"),
        (200, _FAILED, "failure reason A700H"),
        (200, b"{}", "not told"),
        (200, b"<html>", "not told"),
        (200, b"[1]", "not told"),
        (200, b'{"00081199":{"vr":"SQ","Value":[null,{"00081155":{"vr":"UI","Value":["1.2"]}}]}}', "not told"),
        (200, b" " * (2 << 20), "not told"),
        (500, b"Zqnachname", "status 500"),
        (302, b"", "status 302"),
        (413, b"", "status 413"),
    ],
)
def test_an_answer_that_does_not_confirm_is_a_storage_error(
    tmp_path: Path, status: int, answer: bytes, match: str
) -> None:
    server = Server()
    server.status, server.answer = status, answer

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        with pytest.raises(StorageError, match=match) as caught:
            await put(archive, workspace, planted())
        assert "Zqnachname" not in str(caught.value)

    with_server(server, tmp_path, scenario)


def test_what_is_said_to_be_stored_must_be_there(tmp_path: Path) -> None:
    data, server = planted(), Server()
    server.answer = _referenced(data)

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        with pytest.raises(StorageError, match="gives back another"):
            await put(archive, workspace, data)
        assert data in server.received

    with_server(server, tmp_path, scenario)


def test_a_server_may_write_its_own_file_meta_and_nothing_else(tmp_path: Path) -> None:
    data, server = planted(), Server()
    rewritten = data.replace(b"Zqpreamble", b"\0" * 10).replace(b"ZQMETA", b"SERVER")
    assert rewritten != data

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        server.holds = rewritten
        assert await put(archive, workspace, data) is PutResult.IDENTICAL
        server.holds = rewritten[:-2] + b"\1\1"
        with pytest.raises(Conflict):
            await put(archive, workspace, data)
        server.holds = b"no instance"
        with pytest.raises(StorageError):
            await put(archive, workspace, data)

    with_server(server, tmp_path, scenario)


def test_a_dropped_connection_is_tried_once_more(tmp_path: Path) -> None:
    data, server = planted(), Server()
    server.answer = _referenced(data)

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        server.drop = 1
        with pytest.raises(StorageError, match="gives back"):
            await put(archive, workspace, data)
        server.drop = 2
        with pytest.raises(StorageError, match="did not take"):
            await put(archive, workspace, data)

    with_server(server, tmp_path, scenario)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        with pytest.raises(StorageError, match="cannot be reached"):
            await put(archive, workspace, planted())
        with pytest.raises(OriginError):
            await archive.contains(ref_of(planted()))

    with_archive("http://127.0.0.1:9/dicom-web", tmp_path, scenario)


def test_only_what_the_engine_made_is_sent(tmp_path: Path) -> None:
    server = Server()

    async def scenario(archive: RemoteArchive, workspace: Workspace) -> None:
        async with staged(workspace, planted()) as instance:
            with pytest.raises(StorageError, match="engine"):
                await archive.put(replace(instance, header=None))  # type: ignore[arg-type]
        assert server.received == b""

    with_server(server, tmp_path, scenario)


def test_a_wrong_url_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        RemoteArchive("http://", credentials=Credentials())
