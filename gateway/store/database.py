"""The database: SQLite in one file, or PostgreSQL, behind the same two kinds of transaction."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Table, event, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import ConfigurationError, StorageError
from gateway.store.schema import SCHEMA_VERSION, metadata, schema

log = logging.getLogger(__name__)

BUSY_TIMEOUT_SECONDS: Final = 30
"""How long a writer waits for another process that writes to the same SQLite file."""

_POSTGRES_LIMITS: Final = {
    "connect_timeout": 10,  # seconds
    "tcp_user_timeout": 20_000,  # milliseconds: a partition must not hang a request for ever
    "application_name": "gateway",
}
_SCHEMA_LOCK: Final = 0x6761_7465  # "gate": an advisory lock of ours, so that two starting workers agree


class Database:
    """One database, with its tables made on first use.

    Both kinds of transaction turn a failure into `StorageError`. It names no URL, statement or value.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._immediate = engine.execution_options(immediate=True)
        self._sqlite_writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to `sqlite:///path` or `postgresql://user:password@host/name` and check the layout.

        Raises:
            ConfigurationError: it is no such URL, or its tables are of another version of the gateway.
            StorageError: no connection.
        """
        database = cls(_engine(url))
        try:
            await database._prepare()
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that only reads: one consistent view of everything."""
        async with _translated(), self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that writes; kept when the block ends, undone when the block raises."""
        if self._sqlite_writer is None:
            async with _translated(), self._engine.begin() as connection:
                yield connection
        else:
            # SQLite has one writer. Queueing here is fair, and cheaper than its busy-waiting.
            async with self._sqlite_writer, _translated(), self._immediate.begin() as connection:
                yield connection

    async def check(self) -> None:
        """Return when the database answers.

        Raises:
            StorageError: it does not.
        """
        async with self.read() as connection:
            await connection.execute(select(schema.c.version))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _prepare(self) -> None:
        async with self.write() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
            if not await connection.run_sync(_has_schema):
                await connection.run_sync(metadata.create_all)
                await connection.execute(schema.insert(), {"version": SCHEMA_VERSION})
                log.info("made the tables of layout version %d", SCHEMA_VERSION)
                return
            found = (await connection.execute(select(schema.c.version))).scalar()
        if found != SCHEMA_VERSION:
            raise ConfigurationError(
                f"The database has layout version {found}, this gateway needs {SCHEMA_VERSION}. "
                "Run the gateway that made it, or give this one an empty database (DATABASE_URL)."
            )


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`; one whose primary key exists replaces the other columns it names."""
    if not rows:
        return
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = kind.insert(table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if others:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    await connection.execute(statement, list(rows))


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or "no code"
        # The original error can quote a key, hence a UID: it is not chained.
        raise StorageError(
            f"The database failed ({type(cause or error).__name__}, {code}). "
            "Check that it runs, that DATABASE_URL is right and that its disk is not full."
        ) from None


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError("DATABASE_URL is not a URL. Use sqlite:///path or postgresql://host/name.") from None
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return _sqlite(parsed, Path(parsed.database))
    if parsed.drivername in ("postgresql", "postgres"):
        limits = {name: value for name, value in _POSTGRES_LIMITS.items() if name not in parsed.query}
        return create_async_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args=limits,
            hide_parameters=True,
            pool_pre_ping=True,
        )
    raise ConfigurationError("DATABASE_URL must begin with sqlite:/// and a path, or with postgresql://.")


def _sqlite(url: URL, path: Path) -> AsyncEngine:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here, because SQLite would make it readable to others; its journals take over the mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StorageError(
            f"The database file cannot be opened ({type(error).__name__}). Check DATABASE_URL and DATA_DIR."
        ) from None
    # At DEBUG the driver logs every statement with its values; no level of ours may print an identifier.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would begin transactions late, and deferred
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _has_schema(connection: Connection) -> bool:
    return inspect(connection).has_table(schema.name)
