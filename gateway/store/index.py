"""The index of a folder of instances: one row a file, and study and series rows kept true to them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.dicom.dataset import JsonDataset
from gateway.dicom.uid import UID, InstanceRef, ResourceRef, SeriesRef, StudyRef
from gateway.dicomweb.query import Query
from gateway.store.database import Database, upsert
from gateway.store.files import Stamp
from gateway.store.levels import number, rank, searchable, series_row, study_row
from gateway.store.rows import search_rows
from gateway.store.schema import files, series, sources, studies

_BATCH: Final = 500
"""Paths in one statement; SQLite takes 32,766 variables, and a reader should not wait long."""
_STUDIES: Final = 100
"""Studies summarized at a time, so that their series fit into one statement."""


class Kind(StrEnum):
    """What a file turned out to be. Only instances are served; the others are not opened again until they change."""

    INSTANCE = "instance"
    FOREIGN = "foreign"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, repr=False)
class Indexed:
    """The header of one instance, as it goes into the index."""

    ref: InstanceRef
    sop_class: str
    dataset: JsonDataset


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One file below the root: `path` is relative to it, as the file system spells it."""

    path: bytes
    stamp: Stamp
    kind: Kind
    header: Indexed | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Located:
    """Where one instance is stored, and the state of the file when it was indexed."""

    ref: InstanceRef
    path: bytes
    stamp: Stamp


class InstanceIndex:
    """The instances of one `source` ("archive", or "pacs:" and a folder).

    The same instance in several files is one instance: the file whose path sorts first stands for it.
    """

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source

    async def known(self, *, after: bytes, upto: bytes | None) -> dict[bytes, Stamp]:
        """Return the files whose paths sort after `after`, up to and with `upto` (None: all the rest)."""
        columns = (files.c.path, files.c.size, files.c.mtime_ns, files.c.ctime_ns)
        statement = select(*columns).where(files.c.source == self._source, files.c.path > after)
        if upto is not None:
            statement = statement.where(files.c.path <= upto)
        async with self._database.read() as connection:
            found = await connection.execute(statement)
            return {row.path: Stamp(row.size, row.mtime_ns, row.ctime_ns) for row in found}

    async def apply(self, entries: Sequence[Entry], *, gone: Sequence[bytes] = ()) -> None:
        """Put `entries` in place of what is known of their paths, and forget the files `gone`.

        Each batch is one transaction in which the study and series rows follow.
        """
        for start in range(0, len(gone), _BATCH):
            await self._apply([], gone[start : start + _BATCH])
        for start in range(0, len(entries), _BATCH):
            await self._apply(entries[start : start + _BATCH], [])

    async def locate(self, ref: ResourceRef) -> list[Located]:
        """Return the instances of `ref`: series by number, instances by number, then by UID; empty when none."""
        statement = (
            select(files)
            .join(
                series,
                (series.c.source == files.c.source)
                & (series.c.study == files.c.study)
                & (series.c.series == files.c.series),
            )
            .where(*_within(self._source, ref), files.c.shown)
            .order_by(series.c.number, files.c.series, files.c.number, files.c.instance)
            .with_only_columns(*(column for column in files.c if column is not files.c.attributes))
        )
        async with self._database.read() as connection:
            return [_located(row) for row in await connection.execute(statement)]

    def search(self, query: Query) -> AsyncIterator[JsonDataset]:
        """Yield every match of `query`, page by page: studies by date (newest first) then UID, then as `locate`.

        Series and instance rows carry the attributes of the levels above them.
        """
        return search_rows(self._database, self._source, query)

    async def device(self) -> str | None:
        """Return the device of the folder at its last complete scan, None when there was none yet."""
        statement = select(sources.c.device).where(sources.c.source == self._source)
        async with self._database.read() as connection:
            return (await connection.execute(statement)).scalar()

    async def mark_scanned(self, device: str) -> None:
        """Remember that the index holds the whole folder, and on which device that lies."""
        async with self._database.write() as connection:
            await upsert(connection, sources, [{"source": self._source, "device": device}])

    async def _apply(self, entries: Sequence[Entry], gone: Sequence[bytes]) -> None:
        rows = [_file_row(self._source, entry) for entry in entries]
        paths = [*gone, *(entry.path for entry in entries)]
        here = files.c.source == self._source
        async with self._database.write() as connection:
            await self._lock(connection)
            known = await connection.execute(
                select(files.c.study, files.c.instance).where(here, files.c.path.in_(paths))
            )
            touched = [(row.study, row.instance) for row in known if row.study is not None]
            touched += [(row["study"], row["instance"]) for row in rows if row["study"] is not None]
            await connection.execute(delete(files).where(here, files.c.path.in_(paths)))
            if rows:
                await connection.execute(files.insert(), rows)
            if touched:
                await self._show(connection, {instance for _, instance in touched})
                changed = sorted({study for study, _ in touched})
                for start in range(0, len(changed), _STUDIES):
                    await self._summarize(connection, changed[start : start + _STUDIES])

    async def _lock(self, connection: AsyncConnection) -> None:
        """Let one writer at a time work on this source: summaries are read, computed and written back."""
        await upsert(connection, sources, [{"source": self._source}])
        await connection.execute(select(sources).where(sources.c.source == self._source).with_for_update())

    async def _show(self, connection: AsyncConnection, instances: Collection[str]) -> None:
        """Show the first of the files of each instance, and hide the others."""
        other = files.alias()
        hidden = exists().where(
            other.c.source == files.c.source,
            other.c.instance == files.c.instance,
            other.c.study == files.c.study,
            other.c.series == files.c.series,
            other.c.path < files.c.path,
        )
        await connection.execute(
            update(files)
            .where(files.c.source == self._source, files.c.instance.in_(instances), files.c.shown == hidden)
            .values(shown=~hidden)
        )

    async def _summarize(self, connection: AsyncConnection, touched: Collection[str]) -> None:
        """Write the rows of the `touched` studies and their series anew."""
        shown = (files.c.source == self._source, files.c.study.in_(touched), files.c.shown)
        by_series = (files.c.study, files.c.series)
        counts = await connection.execute(
            select(*by_series, files.c.sop_class, func.count().label("count"))
            .where(*shown)
            .group_by(*by_series, files.c.sop_class)
        )
        order = func.row_number().over(partition_by=by_series, order_by=(files.c.number, files.c.instance))
        ranked = select(*by_series, files.c.instance, order.label("position")).where(*shown).subquery()
        leading = await connection.execute(
            select(ranked.c.study, ranked.c.series, ranked.c.instance).where(ranked.c.position == 1)
        )
        # Joined here: without statistics a database may join these by comparing every row with every other.
        leaders = {tuple(row) for row in leading}
        candidates = await connection.execute(
            select(*by_series, files.c.instance, files.c.attributes).where(
                *shown, files.c.instance.in_({instance for _, _, instance in leaders})
            )
        )
        firsts = [row for row in candidates if (row.study, row.series, row.instance) in leaders]
        study_rows, series_rows = await asyncio.to_thread(_summaries, self._source, counts.all(), firsts)
        for table in (studies, series):
            await connection.execute(delete(table).where(table.c.source == self._source, table.c.study.in_(touched)))
        if study_rows:
            await connection.execute(studies.insert(), study_rows)
            await connection.execute(series.insert(), series_rows)


def _within(source: str, ref: ResourceRef) -> list[ColumnElement[bool]]:
    conditions = [files.c.source == source, files.c.study == ref.study]
    if not isinstance(ref, StudyRef):
        conditions.append(files.c.series == ref.series)
    if not isinstance(ref, StudyRef | SeriesRef):
        conditions.append(files.c.instance == ref.instance)
    return conditions


def _file_row(source: str, entry: Entry) -> dict[str, Any]:
    header = entry.header
    return {
        "source": source,
        "path": entry.path,
        "size": entry.stamp.size,
        "mtime_ns": entry.stamp.mtime_ns,
        "ctime_ns": entry.stamp.ctime_ns,
        "kind": entry.kind.value,
        "shown": header is not None,
        "study": header and header.ref.study,
        "series": header and header.ref.series,
        "instance": header and header.ref.instance,
        "number": header and number(header.dataset, "00200013"),
        "sop_class": header and header.sop_class,
        "attributes": header and orjson.dumps(searchable(header.dataset)),
    }


def _located(row: Any) -> Located:
    return Located(
        InstanceRef(UID(row.study), UID(row.series), UID(row.instance)),
        row.path,
        Stamp(row.size, row.mtime_ns, row.ctime_ns),
    )


def _summaries(
    source: str, counts: Sequence[Any], firsts: Sequence[Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Compute the rows of studies and series from counts per SOP class and each series' first instance."""
    instances: dict[tuple[str, str], int] = defaultdict(int)
    sop_classes: dict[str, set[str]] = defaultdict(set)
    for row in counts:
        instances[row.study, row.series] += row.count
        sop_classes[row.study].add(row.sop_class)
    members: dict[str, list[tuple[int, str, JsonDataset, JsonDataset]]] = defaultdict(list)
    for row in firsts:
        first = orjson.loads(row.attributes)
        summary = series_row(first, series=UID(row.series), instances=instances[row.study, row.series])
        members[row.study].append((number(first, "00200011"), row.series, summary, first))
    study_rows, series_rows = [], []
    for study, found in members.items():
        found.sort(key=lambda member: member[:2])
        summary = study_row(
            found[0][3],
            study=UID(study),
            series=[member[2] for member in found],
            sop_classes=sop_classes[study],
        )
        key = {"source": source, "study": study}
        study_rows.append(key | {"rank": rank(summary), "attributes": orjson.dumps(summary)})
        series_rows += [
            key | {"series": uid, "number": position, "attributes": orjson.dumps(row)}
            for position, uid, row, _ in found
        ]
    return study_rows, series_rows
