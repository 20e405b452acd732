"""Search over the index: pages of rows in one total order, each found by where the last one ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Select, select, tuple_

from gateway.dicom.dataset import JsonDataset, JsonElement, first_text
from gateway.dicom.uid import is_uid
from gateway.dicomweb.query import Level, Query
from gateway.store.database import Database
from gateway.store.levels import COMPUTED
from gateway.store.schema import files, series, studies

PAGE: Final = 200
"""Rows read at a time; the row of an instance is about 10 kB."""

_ONLINE: Final[JsonElement] = {"vr": "CS", "Value": ["ONLINE"]}

_BY_STUDY: Final = (studies.c.rank, studies.c.study)
_BY_SERIES: Final = (*_BY_STUDY, series.c.number, series.c.series)
_BY_INSTANCE: Final = (files.c.number, files.c.instance)


async def search_rows(database: Database, source: str, query: Query) -> AsyncIterator[JsonDataset]:
    """Yield the matches of `query` among the instances of `source`, as `InstanceIndex.search` promises."""
    reader = _Reader(database, source, await _scope(database, source, query))
    rows = {Level.STUDY: reader.studies, Level.SERIES: reader.series, Level.INSTANCE: reader.instances}
    async for row in rows[query.level]():
        if query.accepts(row):
            yield row


@dataclass(frozen=True, slots=True, repr=False)
class _Scope:
    """The UIDs outside of which nothing can match; None when the query does not say."""

    studies: frozenset[str] | None
    series: frozenset[str] | None
    instances: frozenset[str] | None


@dataclass(frozen=True, slots=True, repr=False)
class _Reader:
    """Everything within a scope. No connection is held while a caller looks at a row."""

    database: Database
    source: str
    scope: _Scope

    async def studies(self) -> AsyncIterator[JsonDataset]:
        """Yield study rows."""
        statement = select(*_BY_STUDY, studies.c.attributes)
        async for row in self._paged(statement.where(*self._within()), _BY_STUDY):
            yield orjson.loads(row.attributes)

    async def series(self) -> AsyncIterator[JsonDataset]:
        """Yield series rows, with the attributes of their study."""
        joined = (series.c.source == studies.c.source) & (series.c.study == studies.c.study)
        statement = select(*_BY_SERIES, series.c.attributes, studies.c.attributes.label("above"))
        statement = statement.join_from(studies, series, joined).where(*self._within())
        if self.scope.series is not None:
            statement = statement.where(series.c.series.in_(sorted(self.scope.series)))
        async for row in self._paged(statement, _BY_SERIES):
            yield orjson.loads(row.above) | orjson.loads(row.attributes)

    async def instances(self) -> AsyncIterator[JsonDataset]:
        """Yield instance rows, with what was computed of their series and study.

        Small series are read together, so that a folder of radiographs is not one statement an image.
        """
        group: dict[tuple[str, str], JsonDataset] = {}
        size = 0
        async for row in self.series():
            count = int(first_text(row, "00201209"))
            if group and size + count > PAGE:
                async for dataset in self._instances_of(group):
                    yield dataset
                group, size = {}, 0
            key = first_text(row, "0020000D"), first_text(row, "0020000E")
            group[key] = {tag: row[tag] for tag in COMPUTED & row.keys()}
            size += count
        if group:
            async for dataset in self._instances_of(group):
                yield dataset

    async def _instances_of(self, group: dict[tuple[str, str], JsonDataset]) -> AsyncIterator[JsonDataset]:
        statement = select(*_BY_INSTANCE, files.c.study, files.c.series, files.c.attributes)
        statement = statement.where(files.c.source == self.source, files.c.shown)
        if self.scope.instances is not None:
            statement = statement.where(files.c.instance.in_(sorted(self.scope.instances)))
        if len(group) == 1:
            ((study, uid),) = group
            one = statement.where(files.c.study == study, files.c.series == uid)
            async for row in self._paged(one, _BY_INSTANCE):
                yield _instance_row(row, group[study, uid])
            return
        async with self.database.read() as connection:
            several = statement.where(tuple_(files.c.study, files.c.series).in_(list(group)))
            found = (await connection.execute(several)).all()
        place = {key: position for position, key in enumerate(group)}
        for row in sorted(found, key=lambda row: (place[row.study, row.series], row.number, row.instance)):
            yield _instance_row(row, group[row.study, row.series])

    def _within(self) -> list[ColumnElement[bool]]:
        conditions = [studies.c.source == self.source]
        if self.scope.studies is not None:
            conditions.append(studies.c.study.in_(sorted(self.scope.studies)))
        return conditions

    async def _paged(self, statement: Select[Any], order: tuple[Any, ...]) -> AsyncIterator[Any]:
        statement = statement.order_by(*order).limit(PAGE)
        page = statement
        while True:
            async with self.database.read() as connection:
                rows = (await connection.execute(page)).all()
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            last = tuple(rows[-1][: len(order)])
            # The second condition follows from the first, but it is the one that an index can use.
            page = statement.where(tuple_(*order) > tuple_(*last), tuple_(*order[:2]) >= tuple_(*last[:2]))


def _instance_row(row: Any, above: JsonDataset) -> JsonDataset:
    dataset: JsonDataset = above | orjson.loads(row.attributes)
    dataset["00080056"] = _ONLINE
    return dataset


async def _scope(database: Database, source: str, query: Query) -> _Scope:
    """Read the UIDs a query is limited to; where only those of a lower level are given, look up the others."""
    uids = {
        Level.STUDY: _both(query.study, _uids(query, "0020000D")),
        Level.SERIES: None,
        Level.INSTANCE: None,
    }
    if query.level is not Level.STUDY:
        uids[Level.SERIES] = _both(query.series, _uids(query, "0020000E"))
    if query.level is Level.INSTANCE:
        uids[Level.INSTANCE] = _uids(query, "00080018")
    if uids[Level.STUDY] is None:
        for level, column in ((Level.INSTANCE, files.c.instance), (Level.SERIES, series.c.series)):
            wanted = uids[level]
            if wanted is not None:
                table = column.table
                holders = select(table.c.study, table.c.series).where(
                    table.c.source == source, column.in_(sorted(wanted))
                )
                async with database.read() as connection:
                    found = (await connection.execute(holders)).all()
                uids[Level.STUDY] = frozenset(row.study for row in found)
                uids[Level.SERIES] = frozenset(row.series for row in found)
                break
    return _Scope(uids[Level.STUDY], uids[Level.SERIES], uids[Level.INSTANCE])


def _uids(query: Query, tag: str) -> frozenset[str] | None:
    """Return the UIDs that a key lists (PS3.4 §C.2.2.2.2), None when it is absent or holds anything else."""
    for match in query.matches:
        if match.path == (tag,) and match.value:
            parts = [part.strip() for part in match.value.replace("\\", ",").split(",")]
            if all(is_uid(part) for part in parts):
                return frozenset(parts)
    return None


def _both(first: str | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None:
        return second
    return frozenset({first}) if second is None else second & {first}
