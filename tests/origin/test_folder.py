from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.dicom.dataset import first_text
from gateway.dicom.uid import UID, FrameRef, InstanceRef, SeriesRef, StudyRef
from gateway.dicomweb.query import Level, Match, Query
from gateway.errors import GatewayError, NotFound, OriginBroken, OriginBusy, OriginUnreachable
from gateway.origin.folder import FolderOrigin
from gateway.store.database import Database
from gateway.store.index import InstanceIndex
from gateway.store.threads import CHUNK
from tests.builders import CANARIES, DEFLATED_LE, IMPLICIT_LE, RLE, planted, planted_ct_series, ref_of
from tests.samples import instances as sample_instances
from tests.samples import samples

Scenario = Callable[[FolderOrigin], Awaitable[Any]]


def run(folder: Path, scenario: Scenario) -> Any:
    """Run `scenario` on the origin of `folder`, whose index lies beside it."""

    async def inner() -> Any:
        database = await Database.open(f"sqlite:///{folder.parent}/index.db")
        origin = await FolderOrigin.open(folder, database, fresh=0)
        try:
            return await scenario(origin)
        finally:
            await origin.close()
            await database.close()

    return asyncio.run(inner())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pacs"
    path.mkdir()
    return path


async def uids(origin: FolderOrigin, level: Level = Level.INSTANCE) -> list[str]:
    tag = {Level.STUDY: "0020000D", Level.SERIES: "0020000E", Level.INSTANCE: "00080018"}[level]
    return [first_text(row.json, tag) async for row in origin.search(Query(level=level))]


async def bodies(origin: FolderOrigin, ref: StudyRef | SeriesRef | InstanceRef) -> list[bytes]:
    return [b"".join([chunk async for chunk in part.chunks]) async for part in origin.instances(ref)]


async def frame_bytes(origin: FolderOrigin, ref: InstanceRef, *numbers: int) -> list[bytes]:
    return [frame.data async for frame in origin.frames(FrameRef(ref, numbers))]


def test_instances_come_as_stored_in_the_order_of_their_numbers(folder: Path) -> None:
    files = planted_ct_series(12)
    for position, data in enumerate(reversed(files)):
        (folder / f"{position:03}").write_bytes(data)
    study = StudyRef(ref_of(files[0]).study)

    async def scenario(origin: FolderOrigin) -> None:
        assert await bodies(origin, study) == files
        assert await origin.instance_refs(study) == [ref_of(data) for data in files]
        numbers = [first_text(found.json, "00200013") async for found in origin.metadata(study)]
        assert numbers == [str(number) for number in range(1, 13)]

    run(folder, scenario)


def test_a_large_instance_comes_in_bounded_chunks(folder: Path) -> None:
    data = planted(rows=1024, columns=1024)
    (folder / "large.dcm").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> list[int]:
        async for part in origin.instances(ref_of(data)):
            return [len(chunk) async for chunk in part.chunks]
        return []

    sizes = run(folder, scenario)
    assert len(sizes) > 3
    assert max(sizes) <= CHUNK
    assert sum(sizes) == len(data)


@pytest.mark.parametrize("syntax", [IMPLICIT_LE, DEFLATED_LE, RLE])
def test_frames_of_every_encoding(folder: Path, syntax: str) -> None:
    data = planted(frames=3, syntax=syntax, rows=4, columns=4)
    (folder / "file").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> None:
        three, one = await frame_bytes(origin, ref_of(data), 3, 1)
        assert three != one
        assert await frame_bytes(origin, ref_of(data), 1, 2, 3) == [one, *await frame_bytes(origin, ref_of(data), 2, 3)]
        with pytest.raises(NotFound):
            await frame_bytes(origin, ref_of(data), 4)

    run(folder, scenario)


def test_metadata_is_read_afresh_and_holds_no_pixels(folder: Path) -> None:
    data = planted(StudyDescription="Before")
    (folder / "file").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> None:
        (found,) = [row async for row in origin.metadata(ref_of(data))]
        assert first_text(found.json, "00081030") == "Before"
        assert found.json["7FE00010"] == {"vr": "OW", "BulkDataURI": "7FE00010"}
        assert found.json["00400275"]["Value"][0]["00401001"]["Value"]

    run(folder, scenario)


def test_new_changed_and_removed_files_are_followed(folder: Path) -> None:
    first, second = planted_ct_series(2)
    study = StudyRef(ref_of(first).study)
    (folder / "deep" / "er").mkdir(parents=True)

    async def scenario(origin: FolderOrigin) -> None:
        assert await uids(origin) == []
        with pytest.raises(NotFound):
            await bodies(origin, study)
        (folder / "a").write_bytes(first)
        assert await bodies(origin, ref_of(first)) == [first]
        (folder / "deep" / "er" / "b").write_bytes(second)
        assert await bodies(origin, study) == [first, second]
        assert await uids(origin, Level.STUDY) == [study.study]
        (folder / "a").write_bytes(second[:200] + first[200:])
        (folder / "a").unlink()
        assert await uids(origin) == [ref_of(second).instance]
        (folder / "deep" / "er" / "b").rename(folder / "c")
        assert await bodies(origin, study) == [second]
        (folder / "c").unlink()
        assert await uids(origin, Level.STUDY) == []

    run(folder, scenario)


def test_the_index_outlives_a_restart_and_what_happened_meanwhile(folder: Path) -> None:
    files = planted_ct_series(3)
    for number, data in enumerate(files):
        (folder / str(number)).write_bytes(data)

    async def listed(origin: FolderOrigin) -> list[str]:
        return await uids(origin)

    assert len(run(folder, listed)) == 3
    (folder / "1").unlink()
    (folder / "3").write_bytes(planted())
    assert len(run(folder, listed)) == 3
    assert ref_of(files[1]).instance not in run(folder, listed)


@pytest.mark.parametrize("change", ["removed", "truncated", "grown", "touched", "replaced"])
def test_a_file_that_changed_since_it_was_indexed_is_an_error_then_seen_anew(folder: Path, change: str) -> None:
    data = planted(rows=64, columns=64)
    file = folder / "file"
    file.write_bytes(data)
    ref = ref_of(data)

    def apply() -> None:
        if change == "removed":
            file.unlink()
        elif change == "truncated":
            os.truncate(file, len(data) - 100)
        elif change == "grown":
            file.write_bytes(data + b"\0" * 20)
        elif change == "touched":
            os.utime(file, ns=(1, 1))
        else:
            (folder / ".new").write_bytes(planted(rows=64, columns=64))
            (folder / ".new").replace(file)

    async def scenario(origin: FolderOrigin) -> None:
        for take in (
            lambda: bodies(origin, ref),
            lambda: frame_bytes(origin, ref, 1),
            lambda: _metadata(origin, ref),
        ):
            file.write_bytes(data)
            await uids(origin)
            await take()
            apply()
            with pytest.raises(OriginBroken):
                await take()
        if change == "touched":
            assert await bodies(origin, ref) == [data]
        elif change in ("removed", "replaced"):
            with pytest.raises(NotFound):
                await bodies(origin, ref)

    run(folder, scenario)


async def _metadata(origin: FolderOrigin, ref: InstanceRef) -> list[Any]:
    return [row async for row in origin.metadata(ref)]


@pytest.mark.parametrize("change", ["truncate", "append", "overwrite"])
def test_a_file_that_changes_while_it_is_read_breaks_the_stream(folder: Path, change: str) -> None:
    data = planted(rows=2048, columns=1024)
    file = folder / "file"
    file.write_bytes(data)

    async def scenario(origin: FolderOrigin) -> None:
        received = b""
        with pytest.raises(OriginBroken):
            async for part in origin.instances(ref_of(data)):
                async for chunk in part.chunks:
                    if not received:
                        if change == "truncate":
                            os.truncate(file, CHUNK + 10)
                        else:
                            with file.open("ab" if change == "append" else "r+b") as writing:
                                writing.write(b"changed")
                    received += chunk
        assert len(received) < len(data)

    run(folder, scenario)


def test_an_abandoned_retrieval_leaves_no_file_open(folder: Path) -> None:
    data = planted(rows=1024, columns=1024)
    (folder / "file").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> None:
        async def take_one() -> None:
            instances = origin.instances(ref_of(data))
            async for part in instances:
                async for _ in part.chunks:
                    opened.set()
                    await asyncio.sleep(60)

        opened = asyncio.Event()
        task = asyncio.create_task(take_one())
        await opened.wait()
        assert _open_below(folder) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        assert _open_below(folder) == 0

    run(folder, scenario)


def _open_below(folder: Path) -> int:
    links = list(Path("/proc/self/fd").iterdir())
    return sum(str(link.readlink()).startswith(f"{folder}/") for link in links if link.is_symlink())


def test_links_and_hidden_files_are_passed_over(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    secret, seen = planted(), planted()
    (outside / "secret.dcm").write_bytes(secret)
    (folder / "link.dcm").symlink_to(outside / "secret.dcm")
    (folder / "linked").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / ".partial.dcm").write_bytes(planted())
    os.mkfifo(folder / "pipe")
    (folder / "seen.dcm").write_bytes(seen)

    async def scenario(origin: FolderOrigin) -> None:
        assert await uids(origin) == [ref_of(seen).instance]

    run(folder, scenario)


def test_a_folder_turned_into_a_link_is_not_followed(folder: Path) -> None:
    data = planted()
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> None:
        assert await bodies(origin, ref_of(data)) == [data]
        (folder / "sub").rename(folder.parent / "moved")
        (folder / "sub").symlink_to(folder.parent / "moved")
        with pytest.raises(OriginBroken):
            await bodies(origin, ref_of(data))
        with pytest.raises(NotFound):
            await bodies(origin, ref_of(data))

    run(folder, scenario)


def test_the_root_itself_may_be_a_link(folder: Path) -> None:
    data = planted()
    (folder / "file").write_bytes(data)
    (folder.parent / "named").symlink_to(folder)

    async def scenario(origin: FolderOrigin) -> None:
        assert await bodies(origin, ref_of(data)) == [data]

    run(folder.parent / "named", scenario)


def test_what_is_not_dicom_is_counted_and_never_served(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = planted()
    (folder / "good.dcm").write_bytes(data)
    (folder / "notes.txt").write_text("Zqnachname called about ZQID4711")
    (folder / "empty").touch()
    (folder / "cut.dcm").write_bytes(data[:400])
    uid = ref_of(data).instance.encode()
    (folder / "nameless.dcm").write_bytes(data.replace(uid, uid[:-1] + b"X"))
    (folder / b"\xff\xfe.dcm".decode(errors="surrogateescape")).write_bytes(b"\0" * 128 + b"DICM")
    caplog.set_level(logging.DEBUG)

    async def scenario(origin: FolderOrigin) -> None:
        assert await uids(origin) == [ref_of(data).instance]

    run(folder, scenario)
    (record,) = [record for record in caplog.records if record.getMessage().startswith("indexed the folder")]
    assert "6 files: 1 instances read, 2 not DICOM, 3 malformed, 0 unreadable" in record.getMessage()
    assert record.levelno == logging.WARNING
    _no_identifiers(caplog, folder, data)


def _no_identifiers(caplog: pytest.LogCaptureFixture, folder: Path, data: bytes) -> None:
    ref = ref_of(data)
    for secret in (*CANARIES, ref.study, ref.series, ref.instance, str(folder)):
        assert secret not in caplog.text.lower()


def test_no_log_record_of_a_session_with_errors_holds_an_identifier(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = planted()
    (folder / "file").write_bytes(data)
    caplog.set_level(logging.DEBUG)

    async def scenario(origin: FolderOrigin) -> None:
        await bodies(origin, ref_of(data))
        query = Query(level=Level.STUDY, matches=(Match(("00100010",), "Zqnachname*"),))
        assert len([row async for row in origin.search(query)]) == 1
        os.truncate(folder / "file", 900)
        for ref in (ref_of(data), StudyRef(UID("1.2.3"))):
            with pytest.raises(GatewayError) as caught:
                await bodies(origin, ref)
            assert ref_of(data).instance not in str(caught.value)

    run(folder, scenario)
    _no_identifiers(caplog, folder, data)


def test_a_folder_that_is_not_there_is_unreachable_and_not_empty(folder: Path) -> None:
    data = planted()
    (folder / "file").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> None:
        assert len(await uids(origin)) == 1
        folder.rename(folder.parent / "away")
        for attempt in (
            lambda: uids(origin),
            lambda: bodies(origin, ref_of(data)),
            lambda: bodies(origin, StudyRef(UID("1.2"))),
            origin.check,
        ):
            with pytest.raises(OriginUnreachable, match="mounted"):
                await attempt()
        (folder.parent / "away").rename(folder)
        assert len(await uids(origin)) == 1
        await origin.check()

    run(folder, scenario)


def test_one_scan_serves_many_requests_that_wait(folder: Path) -> None:
    files = planted_ct_series(40)
    for number, data in enumerate(files):
        (folder / f"{number}").write_bytes(data)

    async def scenario(origin: FolderOrigin) -> list[int]:
        found = await asyncio.gather(*(uids(origin) for _ in range(20)))
        return [len(rows) for rows in found]

    assert run(folder, scenario) == [40] * 20


def test_what_may_be_incomplete_is_not_told_before_the_first_scan_ends(folder: Path) -> None:
    files = planted_ct_series(300)
    for number, data in enumerate(files):
        (folder / f"{number}").write_bytes(data)
    study = StudyRef(ref_of(files[0]).study)

    async def inner() -> None:
        database = await Database.open(f"sqlite:///{folder.parent}/index.db")
        origin = await FolderOrigin.open(folder, database, patience=0.01)
        try:
            for attempt in (origin.check, lambda: uids(origin), lambda: bodies(origin, study)):
                with pytest.raises(OriginBusy, match="being indexed"):
                    await attempt()
            while True:
                try:
                    await origin.check()
                    break
                except OriginBusy:
                    await asyncio.sleep(0.05)
            assert await uids(origin) == [ref_of(data).instance for data in files]
        finally:
            await origin.close()
            await database.close()

    asyncio.run(inner())


def test_an_empty_folder_on_another_device_is_unreachable(folder: Path) -> None:
    async def inner() -> None:
        database = await Database.open(f"sqlite:///{folder.parent}/index.db")
        await InstanceIndex(database, f"pacs:{folder}").mark_scanned("another device")
        origin = await FolderOrigin.open(folder, database, fresh=0)
        try:
            with pytest.raises(OriginUnreachable, match="another device"):
                await uids(origin)
            (folder / "file").write_bytes(planted())
            assert len(await uids(origin)) == 1
        finally:
            await origin.close()
            await database.close()

    asyncio.run(inner())


def test_two_gateways_index_the_same_folder_into_one_database(folder: Path, postgres: str) -> None:
    files = planted_ct_series(60)
    for number, data in enumerate(files):
        (folder / f"{number}").write_bytes(data)

    async def inner() -> None:
        databases = [await Database.open(postgres) for _ in range(2)]
        origins = [await FolderOrigin.open(folder, database, fresh=0) for database in databases]
        try:
            for listed in await asyncio.gather(*(uids(origin) for origin in origins)):
                assert listed == [ref_of(data).instance for data in files]
            (row,) = [row.json async for row in origins[0].search(Query(level=Level.STUDY))]
            assert row["00201208"]["Value"] == [60]
        finally:
            for origin, database in zip(origins, databases, strict=True):
                await origin.close()
                await database.close()

    asyncio.run(inner())


def test_a_thousand_files(folder: Path) -> None:
    template = planted(
        rows=2, columns=2, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4", SOPInstanceUID="1" * 20
    )
    for number in range(1000):
        below = folder / f"{number % 10}"
        below.mkdir(exist_ok=True)
        (below / f"{number}.dcm").write_bytes(template.replace(b"1" * 20, b"1." + b"%018d" % (10**17 + number)))

    async def scenario(origin: FolderOrigin) -> None:
        study = StudyRef(UID("1.2.3"))
        started = asyncio.get_running_loop().time()
        assert len(await uids(origin)) == 1000
        assert asyncio.get_running_loop().time() - started < 60
        started = asyncio.get_running_loop().time()
        assert len(await origin.instance_refs(study)) == 1000
        assert asyncio.get_running_loop().time() - started < 10
        (row,) = [row.json async for row in origin.search(Query(level=Level.STUDY))]
        assert row["00201208"]["Value"] == [1000]

    run(folder, scenario)


def test_every_file_that_pydicom_ships_is_served_as_it_is_or_counted(folder: Path) -> None:
    by_path = {}
    for position, path in enumerate(samples()):
        target = folder / f"{position:04}"
        target.write_bytes(path.read_bytes())
        by_path[path] = target.read_bytes()

    async def scenario(origin: FolderOrigin) -> None:
        refs = [
            InstanceRef(*(UID(first_text(row.json, tag)) for tag in ("0020000D", "0020000E", "00080018")))
            async for row in origin.search(Query(level=Level.INSTANCE))
        ]
        assert len(refs) == len(set(refs)) > 60
        contents = set(by_path.values())
        for ref in refs:
            (body,) = await bodies(origin, ref)
            assert body in contents
            assert len(await _metadata(origin, ref)) == 1
        return len(refs)

    run(folder, scenario)
    assert len(sample_instances()) > 60
