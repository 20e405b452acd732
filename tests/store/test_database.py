from __future__ import annotations

import asyncio
import logging
import multiprocessing
import stat
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.errors import ConfigurationError, GatewayError, StorageError
from gateway.store.database import Database, upsert
from gateway.store.schema import SCHEMA_VERSION, schema, sources


async def _names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(sources.c.source).order_by(sources.c.source))).scalars())


async def _put(database: Database, name: str, device: str = "") -> None:
    async with database.write() as connection:
        await upsert(connection, sources, [{"source": name, "device": device}])


def test_tables_are_made_once_and_found_again(database_url: str) -> None:
    async def scenario() -> list[str]:
        first = await Database.open(database_url)
        await _put(first, "a")
        await first.close()
        second = await Database.open(database_url)
        try:
            await second.check()
            return await _names(second)
        finally:
            await second.close()

    assert asyncio.run(scenario()) == ["a"]


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1])
def test_a_database_of_another_version_is_refused_with_what_to_do(database_url: str, version: int) -> None:
    async def scenario() -> None:
        database = await Database.open(database_url)
        async with database.write() as connection:
            await connection.execute(update(schema).values(version=version))
        await database.close()
        await Database.open(database_url)

    with pytest.raises(ConfigurationError, match=rf"version {version}.*needs {SCHEMA_VERSION}.*empty database"):
        asyncio.run(scenario())


def test_a_transaction_that_raises_leaves_nothing(database_url: str) -> None:
    async def scenario() -> list[str]:
        database = await Database.open(database_url)
        try:
            with pytest.raises(KeyError):
                async with database.write() as connection:
                    await upsert(connection, sources, [{"source": "a", "device": "1"}])
                    raise KeyError
            return await _names(database)
        finally:
            await database.close()

    assert asyncio.run(scenario()) == []


def test_a_cancelled_writer_leaves_the_database_usable(database_url: str) -> None:
    async def scenario() -> list[str]:
        database = await Database.open(database_url)
        held = asyncio.Event()

        async def hold() -> None:
            async with database.write() as connection:
                await upsert(connection, sources, [{"source": "cancelled", "device": "1"}])
                held.set()
                await asyncio.sleep(60)

        try:
            task = asyncio.create_task(hold())
            await held.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await _put(database, "after")
            return await _names(database)
        finally:
            await database.close()

    assert asyncio.run(scenario()) == ["after"]


def test_a_reader_does_not_wait_for_a_writer(database_url: str) -> None:
    async def scenario() -> list[str]:
        database = await Database.open(database_url)
        try:
            async with database.write() as connection:
                await upsert(connection, sources, [{"source": "unseen", "device": "1"}])
                return await asyncio.wait_for(_names(database), 5)
        finally:
            await database.close()

    assert asyncio.run(scenario()) == []


def test_upsert_replaces_only_the_columns_it_names(database_url: str) -> None:
    async def scenario() -> list[tuple[str, str]]:
        database = await Database.open(database_url)
        try:
            await _put(database, "a", "1")
            await _put(database, "a", "2")
            async with database.write() as connection:
                await upsert(connection, sources, [{"source": "a"}, {"source": "b"}])
            async with database.read() as connection:
                rows = await connection.execute(select(sources).order_by(sources.c.source))
                return [(row.source, row.device) for row in rows]
        finally:
            await database.close()

    assert asyncio.run(scenario()) == [("a", "2"), ("b", None)]


def _count_up(url: str, rounds: int) -> None:
    async def scenario() -> None:
        database = await Database.open(url)
        try:
            for _ in range(rounds):
                async with database.write() as connection:
                    where = sources.c.source == "counter"
                    await upsert(connection, sources, [{"source": "counter"}])
                    found = await connection.execute(select(sources).where(where).with_for_update())
                    count = int(found.one().device or 0)
                    await connection.execute(update(sources).where(where).values(device=str(count + 1)))
        finally:
            await database.close()

    asyncio.run(scenario())


def test_two_processes_start_and_write_at_the_same_time(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count_up, args=(database_url, 50)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]

    async def total() -> str:
        database = await Database.open(database_url)
        try:
            async with database.read() as connection:
                return (await connection.execute(select(sources.c.device))).scalar_one()
        finally:
            await database.close()

    assert asyncio.run(total()) == "100"


def test_many_tasks_write_without_a_lock_error(database_url: str) -> None:
    async def scenario() -> int:
        database = await Database.open(database_url)
        try:
            await asyncio.gather(*(_put(database, f"s{n}") for n in range(60)))
            return len(await _names(database))
        finally:
            await database.close()

    assert asyncio.run(scenario()) == 60


def test_the_sqlite_files_are_readable_by_nobody_else(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await Database.open(f"sqlite:///{tmp_path}/private/gateway.db")
        await _put(database, "a")
        files = list((tmp_path / "private").iterdir())
        assert {file.suffix for file in files} >= {".db", ".db-wal"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700
        await database.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gateway:hunter2secret@127.0.0.1:9/none",
        "mysql://gateway:hunter2secret@127.0.0.1/none",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:////proc/none/gateway.db",
        "hunter2secret",
    ],
)
def test_a_wrong_url_is_an_error_that_names_the_setting_and_no_secret(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(GatewayError, match="DATABASE_URL") as caught:
        asyncio.run(Database.open(url))
    assert "hunter2secret" not in f"{caught.value!r}{caught.value.__cause__!r}{caplog.text}"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_bytes(b"not a database, but long enough to be read as one " * 40)
    with pytest.raises(StorageError, match="The database failed"):
        asyncio.run(Database.open(f"sqlite:///{tmp_path}/gateway.db"))


def test_a_failing_statement_repeats_no_value(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        database = await Database.open(database_url)
        try:
            await _put(database, "1.2.3.secret")
            async with database.write() as connection:
                await connection.execute(sources.insert(), {"source": "1.2.3.secret"})
        finally:
            await database.close()

    caplog.set_level(logging.DEBUG)
    with pytest.raises(StorageError) as caught:
        asyncio.run(scenario())
    assert "secret" not in str(caught.value)
    assert "secret" not in caplog.text
    assert caught.value.__suppress_context__
