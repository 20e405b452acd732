"""The record of withheld instances: which, why and since when. Never a value of theirs."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Row, delete, func, select

from gateway.dicom.uid import InstanceRef, ResourceRef, StudyRef, reference
from gateway.errors import Reason
from gateway.store.database import Database, upsert
from gateway.store.schema import withheld

STOW = "stow"
"""The source of what was sent to the archive and refused; no profile belongs to it: sending again judges anew."""


@dataclass(frozen=True, slots=True)
class Withholding:
    """One entry. `id` names it without naming the instance; `detail` holds tags and limits only.

    `ref` is None for what does not say what it is. `content` is the SHA-256 of what was sent, "" for what an
    origin holds.
    """

    id: str
    source: str
    ref: ResourceRef | None
    reason: Reason
    detail: str
    at: datetime
    content: str = ""

    @property
    def library(self) -> str:
        """Where it was withheld, without the profile that withheld it: "pacs", "archive" or "stow"."""
        return self.source.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries are wanted; "" and None want all."""

    library: str = ""
    reason: Reason | None = None
    study: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what an entry has to fulfil."""
        wanted: list[ColumnElement[bool]] = []
        if self.library:
            source = withheld.c.source
            wanted.append((source == self.library) | source.startswith(self.library + ":", autoescape=True))
        if self.reason is not None:
            wanted.append(withheld.c.reason == self.reason.value)
        if self.study:
            wanted.append(withheld.c.study == self.study)
        return wanted


ALL = Selection()


class Withholdings:
    """What was withheld, by source ("pacs:" and the hash of a plan: another profile judges anew).

    An entry of a study or series stands for an instance in it that is not known by its UID. The UIDs are stored,
    because the next retrieval has to recognize the instance; the database is as confidential as the index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self, source: str, ref: ResourceRef | None, reason: Reason, detail: str, *, content: str = ""
    ) -> None:
        """Remember that `ref` is withheld; the newest reason replaces an older one.

        What does not say what it is (None) is told apart by its `content`.
        """
        study, series, instance = _uids(ref)
        row = {
            "id": entry_id(source, ref, content),
            "source": source,
            "study": study,
            "series": series,
            "instance": instance,
            "reason": reason.value,
            "detail": detail,
            "content": content or None,
            "at_ms": time.time_ns() // 1_000_000,
        }
        async with self._database.write() as connection:
            await upsert(connection, withheld, [row])

    async def withheld_in(self, source: str, ref: ResourceRef) -> dict[str, Reason]:
        """Return reasons by SOP Instance UID for `ref` and what is below it; "" stands for an unknown instance."""
        study, series, instance = _uids(ref)
        statement = select(withheld.c.instance, withheld.c.reason).where(
            withheld.c.source == source, withheld.c.study == study
        )
        if series is not None:
            statement = statement.where(withheld.c.series == series)
        if instance is not None:
            statement = statement.where(withheld.c.instance == instance)
        async with self._database.read() as connection:
            found = await connection.execute(statement.order_by(withheld.c.at_ms, withheld.c.id))
            return {row.instance or "": Reason(row.reason) for row in found}

    async def clear(self, source: str, ref: ResourceRef) -> None:
        """Forget what is remembered of exactly `ref`."""
        async with self._database.write() as connection:
            await connection.execute(delete(withheld).where(withheld.c.id == entry_id(source, ref)))

    async def list(self, selection: Selection = ALL, *, limit: int, offset: int = 0) -> list[Withholding]:
        """Return one page of the entries wanted, the newest first."""
        statement = select(withheld).where(*selection.conditions())
        page = statement.order_by(withheld.c.at_ms.desc(), withheld.c.id).limit(limit).offset(offset)
        async with self._database.read() as connection:
            return [_entry(row) for row in (await connection.execute(page)).all()]

    async def count(self, selection: Selection = ALL) -> int:
        """Return how many entries are wanted."""
        statement = select(func.count()).select_from(withheld).where(*selection.conditions())
        async with self._database.read() as connection:
            return (await connection.execute(statement)).scalar_one()

    async def get(self, entry: str) -> Withholding | None:
        """Return the entry of this id, None when there is none."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(withheld).where(withheld.c.id == entry))).one_or_none()
        return None if row is None else _entry(row)


def entry_id(source: str, ref: ResourceRef | None, content: str = "") -> str:
    """Return the id of an entry; the same instance has the same one every time."""
    names = [source, "", "", "", content] if ref is None else [source, *(uid or "" for uid in _uids(ref))]
    return hashlib.sha256("\0".join(names).encode()).hexdigest()


def _entry(row: Row[tuple[object, ...]]) -> Withholding:
    return Withholding(
        row.id,
        row.source,
        None if row.study is None else reference(row.study, row.series, row.instance),
        Reason(row.reason),
        row.detail,
        datetime.fromtimestamp(row.at_ms / 1000, UTC),
        row.content or "",
    )


def _uids(ref: ResourceRef | None) -> tuple[str | None, str | None, str | None]:
    if ref is None:
        return None, None, None
    if isinstance(ref, StudyRef):
        return ref.study, None, None
    return ref.study, ref.series, ref.instance if isinstance(ref, InstanceRef) else None
