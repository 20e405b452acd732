from __future__ import annotations

import asyncio
import hashlib
import logging
import multiprocessing
import os
import resource
import signal
import stat
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.dicom.dataset import first_text
from gateway.dicom.uid import FrameRef, InstanceRef, StudyRef
from gateway.dicomweb.query import Level, Query
from gateway.errors import ConfigurationError, Conflict, NotFound, StorageError
from gateway.store.archive import Archive, PutResult, open_archive
from gateway.store.database import Database
from gateway.store.index import InstanceIndex
from gateway.store.workspace import Workspace
from tests.builders import planted, planted_ct_series, ref_of
from tests.store.staging import header_of, staged

Scenario = Callable[[Archive, Workspace], Awaitable[Any]]
JPEG = b"\xff\xd8 a picture \xff\xd9"


def with_archive(root: Path, url: str, scenario: Scenario) -> Any:
    """Run `scenario` on the archive below `root`, whose index is at `url`."""

    async def run() -> Any:
        database = await Database.open(url)
        workspace = await Workspace.open((root / "work").as_uri())
        archive = await open_archive((root / "archive").as_uri(), database)
        try:
            return await scenario(archive, workspace)
        finally:
            await archive.close()
            await workspace.close()
            await database.close()

    return asyncio.run(run())


def place(root: Path, data: bytes, suffix: str = "dcm") -> Path:
    """Return where the archive below `root` keeps an instance."""
    uid = ref_of(data).instance
    return root / "archive" / hashlib.sha256(uid.encode()).hexdigest()[:2] / f"{uid}.{suffix}"


async def put(archive: Archive, workspace: Workspace, data: bytes, *, jpeg: bytes | None = JPEG) -> PutResult:
    async with staged(workspace, data, jpeg=jpeg) as instance:
        return await archive.put(instance)


async def stored(archive: Archive, ref: InstanceRef | StudyRef) -> list[bytes]:
    return [b"".join([chunk async for chunk in part.chunks]) async for part in archive.origin.instances(ref)]


async def listed(archive: Archive) -> list[str]:
    query = Query(level=Level.INSTANCE)
    return [first_text(row.json, "00080018") async for row in archive.origin.search(query)]


def test_an_instance_is_stored_under_its_uid_with_its_picture(tmp_path: Path, database_url: str) -> None:
    files = planted_ct_series(3)

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        for data in files:
            assert not await archive.contains(ref_of(data))
            assert await put(archive, workspace, data) is PutResult.STORED
            assert await archive.contains(ref_of(data))
            assert place(tmp_path, data).read_bytes() == data
            assert place(tmp_path, data, "jpg").read_bytes() == JPEG
        study = StudyRef(ref_of(files[0]).study)
        assert await stored(archive, study) == files
        assert await archive.origin.instance_refs(study) == [ref_of(data) for data in files]
        (row,) = [row.json async for row in archive.origin.search(Query(level=Level.STUDY))]
        assert row["00201208"]["Value"] == [3]
        frames = [frame async for frame in archive.origin.frames(FrameRef(ref_of(files[1]), (1,)))]
        assert frames[0].data in files[1]
        metadata = [found async for found in archive.origin.metadata(study)]
        assert len(metadata) == 3
        await archive.origin.check()

    with_archive(tmp_path, database_url, scenario)


def test_nobody_else_can_read_the_archive(tmp_path: Path) -> None:
    old = os.umask(0)
    try:

        async def scenario(archive: Archive, workspace: Workspace) -> None:
            await put(archive, workspace, planted())
            for path in [tmp_path / "archive", *(tmp_path / "archive").rglob("*")]:
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path

        with_archive(tmp_path, f"sqlite:///{tmp_path}/db", scenario)
    finally:
        os.umask(old)


def test_the_same_again_changes_nothing(tmp_path: Path, database_url: str) -> None:
    data = planted()

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        await put(archive, workspace, data, jpeg=None)
        before = place(tmp_path, data).stat()
        assert await put(archive, workspace, data) is PutResult.IDENTICAL
        after = place(tmp_path, data).stat()
        assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)
        assert place(tmp_path, data, "jpg").read_bytes() == JPEG
        assert len(await listed(archive)) == 1

    with_archive(tmp_path, database_url, scenario)


def test_another_instance_under_the_same_uid_is_a_conflict(tmp_path: Path, database_url: str) -> None:
    data = planted()
    other = data.replace(b"Zqkommentar", b"Zqkommentaz")
    assert other != data

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        await put(archive, workspace, data)
        with pytest.raises(Conflict):
            await put(archive, workspace, other, jpeg=b"other")
        assert await stored(archive, ref_of(data)) == [data]
        assert place(tmp_path, data, "jpg").read_bytes() == JPEG

    with_archive(tmp_path, database_url, scenario)


def test_tasks_that_put_the_same_uid_at_once(tmp_path: Path, database_url: str) -> None:
    data = planted()
    other = data.replace(b"Zqkommentar", b"Zqkommentaz")

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        contents = [data, other] * 6
        done = await asyncio.gather(
            *(put(archive, workspace, content, jpeg=content[:200]) for content in contents), return_exceptions=True
        )
        (kept,) = await stored(archive, ref_of(data))
        assert sum(result is PutResult.STORED for result in done) == 1
        for content, result in zip(contents, done, strict=True):
            if content == kept:
                assert isinstance(result, PutResult)
            else:
                assert isinstance(result, Conflict)
        assert place(tmp_path, data, "jpg").read_bytes() == kept[:200]
        assert len(await listed(archive)) == 1

    with_archive(tmp_path, database_url, scenario)


def _put_all(root: Path, url: str, files: list[bytes]) -> None:
    async def scenario(archive: Archive, workspace: Workspace) -> None:
        for data in files:
            await put(archive, workspace, data)

    with_archive(root, url, scenario)


def test_processes_that_put_the_same_instances_at_once(tmp_path: Path, database_url: str) -> None:
    files = planted_ct_series(20)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_put_all, args=(tmp_path, database_url, files)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]

    async def scenario(archive: Archive, _: Workspace) -> None:
        assert await stored(archive, StudyRef(ref_of(files[0]).study)) == files

    with_archive(tmp_path, database_url, scenario)


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_a_killed_process_leaves_whole_instances_or_none(tmp_path: Path, seconds: float) -> None:
    url = f"sqlite:///{tmp_path}/db"
    files = planted_ct_series(60, rows=256, columns=256)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_put_all, args=(tmp_path, url, files))
    process.start()
    while not list((tmp_path / "archive").glob("*/*.dcm")):
        time.sleep(0.002)
    time.sleep(seconds)
    process.kill()
    process.join()
    there = [data for data in files if place(tmp_path, data).exists()]
    assert 0 < len(there) < len(files)

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        assert sorted(await listed(archive)) == sorted(ref_of(data).instance for data in there)
        for data in there:
            assert await stored(archive, ref_of(data)) == [data]
            assert place(tmp_path, data, "jpg").read_bytes() == JPEG
        left = [path for path in (tmp_path / "archive" / ".incoming").rglob("*") if path.suffix != ".lock"]
        assert [path for path in left if path.is_file()] == []
        for data in files:
            expected = PutResult.IDENTICAL if data in there else PutResult.STORED
            assert await put(archive, workspace, data) is expected

    with_archive(tmp_path, url, scenario)


def test_a_file_without_a_row_is_found_again(tmp_path: Path, database_url: str) -> None:
    data, lost = planted_ct_series(2)

    async def first(archive: Archive, workspace: Workspace) -> None:
        await put(archive, workspace, data)

    async def second(archive: Archive, workspace: Workspace) -> None:
        assert await stored(archive, ref_of(lost)) == [lost]
        assert await put(archive, workspace, lost) is PutResult.IDENTICAL
        assert len(await listed(archive)) == 2

    with_archive(tmp_path, database_url, first)
    # As a crash leaves it between the renaming and the row.
    place(tmp_path, lost).parent.mkdir(exist_ok=True)
    place(tmp_path, lost).write_bytes(lost)
    with_archive(tmp_path, database_url, second)


def test_a_put_repairs_a_missing_row_without_a_restart(tmp_path: Path, database_url: str) -> None:
    data = planted()

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        place(tmp_path, data).parent.mkdir()
        place(tmp_path, data).write_bytes(data)
        assert not await archive.contains(ref_of(data))
        assert await put(archive, workspace, data) is PutResult.IDENTICAL
        assert await stored(archive, ref_of(data)) == [data]

    with_archive(tmp_path, database_url, scenario)


def test_a_row_without_a_file_is_dropped_at_the_next_start(tmp_path: Path, database_url: str) -> None:
    data = planted()

    async def first(archive: Archive, workspace: Workspace) -> None:
        await put(archive, workspace, data)
        place(tmp_path, data).unlink()
        assert not await archive.contains(ref_of(data))

    async def second(archive: Archive, _: Workspace) -> None:
        assert await listed(archive) == []
        with pytest.raises(NotFound):
            await stored(archive, ref_of(data))

    with_archive(tmp_path, database_url, first)
    with_archive(tmp_path, database_url, second)


def test_the_index_can_be_lost(tmp_path: Path) -> None:
    files = planted_ct_series(5)

    async def first(archive: Archive, workspace: Workspace) -> None:
        for data in files:
            await put(archive, workspace, data)

    async def second(archive: Archive, _: Workspace) -> None:
        assert await stored(archive, StudyRef(ref_of(files[0]).study)) == files

    with_archive(tmp_path, f"sqlite:///{tmp_path}/one.db", first)
    with_archive(tmp_path, f"sqlite:///{tmp_path}/two.db", second)


def test_an_empty_folder_on_another_device_is_refused(tmp_path: Path, database_url: str) -> None:
    async def mounted_elsewhere() -> None:
        database = await Database.open(database_url)
        await InstanceIndex(database, "archive").mark_scanned("another device")
        await database.close()

    asyncio.run(mounted_elsewhere())
    with pytest.raises(StorageError, match="mounted"):
        with_archive(tmp_path, database_url, put_nothing)


async def put_nothing(_: Archive, __: Workspace) -> None:
    return


def test_a_cancelled_put_is_finished(tmp_path: Path, database_url: str) -> None:
    data = planted(rows=1024, columns=1024)

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        task = asyncio.create_task(put(archive, workspace, data))
        while not list((tmp_path / "archive").glob("*")):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.004)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        on_disk = place(tmp_path, data).exists()
        assert on_disk == await archive.contains(ref_of(data))
        assert list((tmp_path / "work").rglob("*/*/*")) == []

    with_archive(tmp_path, database_url, scenario)


def test_a_full_disk_stores_nothing(tmp_path: Path) -> None:
    data = planted(rows=512, columns=512)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        async with staged(workspace, data, jpeg=JPEG) as instance:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
            try:
                with pytest.raises(StorageError, match="full"):
                    await archive.put(instance)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            assert not place(tmp_path, data).exists()
            assert await listed(archive) == []
            assert await archive.put(instance) is PutResult.STORED

    try:
        with_archive(tmp_path, f"sqlite:///{tmp_path}/db", scenario)
    finally:
        signal.signal(signal.SIGXFSZ, handler)


def test_a_staged_file_that_is_not_what_its_header_says_is_refused(tmp_path: Path) -> None:
    data, other = planted(), planted()

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        async with staged(workspace, data) as instance:
            with pytest.raises(StorageError, match="not the instance"):
                await archive.put(replace(instance, header=header_of(other)))
            with pytest.raises(StorageError, match="engine"):
                await archive.put(replace(instance, header=None))  # type: ignore[arg-type]
            with instance.file.path.open("ab") as file:
                file.write(b"tampered")
            with pytest.raises(StorageError, match="changed"):
                await archive.put(instance)
        assert await listed(archive) == []
        assert list((tmp_path / "archive").glob("*/*.dcm")) == []

    with_archive(tmp_path, f"sqlite:///{tmp_path}/db", scenario)


def test_no_log_record_holds_an_identifier(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = planted()
    caplog.set_level(logging.DEBUG)

    async def scenario(archive: Archive, workspace: Workspace) -> None:
        await put(archive, workspace, data)
        place(tmp_path, data).unlink()
        with pytest.raises(Exception, match="was removed") as caught:
            await stored(archive, ref_of(data))
        assert ref_of(data).instance not in str(caught.value)

    for _ in range(2):
        with_archive(tmp_path, f"sqlite:///{tmp_path}/db", scenario)
    ref = ref_of(data)
    for secret in (ref.study, ref.series, ref.instance, str(tmp_path)):
        assert secret not in caplog.text


@pytest.mark.parametrize("url", ["ftp://host/x", "relative", "file://host/x"])
def test_another_url_is_refused_by_the_setting_s_name(url: str, tmp_path: Path) -> None:
    async def run() -> None:
        database = await Database.open(f"sqlite:///{tmp_path}/db")
        try:
            await open_archive(url, database)
        finally:
            await database.close()

    with pytest.raises(ConfigurationError, match="ARCHIVE_URL"):
        asyncio.run(run())
