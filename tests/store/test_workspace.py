from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import resource
import signal
import stat
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigurationError, StorageError
from gateway.store.workspace import StagedFile, StagedInstance, Workspace
from tests.builders import planted
from tests.store.staging import header_of


def with_workspace(root: Path, scenario: Callable[[Workspace], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        workspace = await Workspace.open(root.as_uri())
        try:
            return await scenario(workspace)
        finally:
            await workspace.close()

    return asyncio.run(run())


def everything_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_staged_file_holds_what_was_written_and_goes_away(tmp_path: Path) -> None:
    pieces = [b"a" * 10, b"", b"b" * 200_000, b"c"]

    async def scenario(workspace: Workspace) -> Path:
        async with workspace.stage() as file:
            for piece in pieces:
                await file.write(piece)
            await file.complete()
            await file.complete()
            whole = b"".join(pieces)
            assert file.path.read_bytes() == whole
            assert b"".join([chunk async for chunk in file.chunks()]) == whole
            assert (file.size, file.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
        return file.path

    assert not with_workspace(tmp_path, scenario).exists()


def test_nobody_else_can_read_what_is_staged(tmp_path: Path) -> None:
    old = os.umask(0)
    try:

        async def scenario(workspace: Workspace) -> None:
            async with workspace.stage() as file:
                await file.write(b"x")
                await file.complete()
                assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
                for folder in (file.path.parent, file.path.parent.parent):
                    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

        with_workspace(tmp_path / "work", scenario)
    finally:
        os.umask(old)


def test_an_error_or_a_cancellation_leaves_no_file(tmp_path: Path) -> None:
    async def scenario(workspace: Workspace) -> None:
        with pytest.raises(KeyError):
            async with workspace.stage() as file:
                await file.write(b"x" * 100_000)
                raise KeyError
        assert not file.path.exists()
        written = asyncio.Event()

        async def stage() -> None:
            async with workspace.stage() as file:
                await file.write(b"x" * 100_000)
                written.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(stage())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert {path.suffix for path in everything_below(tmp_path)} == {".lock"}

    with_workspace(tmp_path, scenario)
    assert everything_below(tmp_path) == []


def test_thousands_of_files_wait_side_by_side(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limit[1]))
    try:

        async def scenario(workspace: Workspace) -> None:
            async with AsyncExitStack() as stack:
                files = [await stack.enter_async_context(workspace.stage()) for _ in range(400)]
                for file in files:
                    await file.write(b"x" * 70_000)
                for file in files:
                    await file.complete()
                assert sum(file.path.stat().st_size for file in files) == 400 * 70_000

        with_workspace(tmp_path, scenario)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_a_full_disk_is_a_storage_error(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    async def scenario(workspace: Workspace) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
        try:
            async with workspace.stage() as file:
                with pytest.raises(StorageError, match="full"):
                    for _ in range(10):
                        await file.write(b"x" * 50_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert not file.path.exists()

    try:
        with_workspace(tmp_path, scenario)
    finally:
        signal.signal(signal.SIGXFSZ, handler)


def test_only_a_complete_file_becomes_an_instance(tmp_path: Path) -> None:
    data = planted()

    async def scenario(workspace: Workspace) -> None:
        async with workspace.stage() as file:
            await file.write(data)
            with pytest.raises(StorageError):
                StagedInstance(file, header_of(data))
            with pytest.raises(StorageError):
                [chunk async for chunk in file.chunks()]
            await file.complete()
            instance = StagedInstance(file, header_of(data), b"jpeg")
            assert (instance.file.size, instance.jpeg) == (len(data), b"jpeg")
            with pytest.raises(StorageError):
                await file.write(b"more")

    with_workspace(tmp_path, scenario)


@pytest.mark.parametrize("url", ["s3://bucket", "file://host/path", "/plain/path", "", "file:relative"])
def test_another_url_is_refused_by_the_setting_s_name(url: str) -> None:
    with pytest.raises(ConfigurationError, match="WORKSPACE_URL"):
        asyncio.run(Workspace.open(url))


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        asyncio.run(Workspace.open((tmp_path / "file" / "work").as_uri()))


def _stage_and_wait(url: str, connection: Connection) -> None:
    async def run() -> None:
        workspace = await Workspace.open(url)
        async with workspace.stage() as file:
            await file.write(b"protected health information " * 5000)
            await file.complete()
            connection.send(str(file.path))
            connection.recv()

    asyncio.run(run())


def _staging_process(root: Path) -> tuple[Any, Connection, Path]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_stage_and_wait, args=(root.as_uri(), theirs))
    process.start()
    return process, ours, Path(ours.recv())


def test_what_a_killed_process_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    process, _, path = _staging_process(tmp_path)
    process.kill()
    process.join()
    assert path.exists()

    async def nothing(workspace: Workspace) -> None:
        assert not path.exists()

    with_workspace(tmp_path, nothing)
    assert everything_below(tmp_path) == []


def test_what_a_living_process_stages_is_left_alone(tmp_path: Path) -> None:
    process, connection, path = _staging_process(tmp_path)

    async def another(workspace: Workspace) -> None:
        assert path.exists()
        async with workspace.stage() as file:
            assert file.path.parent != path.parent

    with_workspace(tmp_path, another)
    assert path.exists()
    connection.send("go on")
    process.join(30)
    assert process.exitcode == 0
    assert not path.exists()


def test_writes_at_once_do_not_mix(tmp_path: Path) -> None:
    async def scenario(workspace: Workspace) -> None:
        async def one(number: int, file: StagedFile) -> None:
            for _ in range(20):
                await file.write(bytes([number]) * 10_000)
            await file.complete()
            assert file.path.read_bytes() == bytes([number]) * 200_000

        async with AsyncExitStack() as stack:
            files = [await stack.enter_async_context(workspace.stage()) for _ in range(10)]
            await asyncio.gather(*(one(number, file) for number, file in enumerate(files)))

    with_workspace(tmp_path, scenario)
