"""The record of withheld instances: which, why and since when. Never a value of theirs."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select

from gateway.dicom.uid import InstanceRef, ResourceRef, StudyRef, reference
from gateway.errors import Reason
from gateway.store.database import Database, upsert
from gateway.store.schema import withheld


@dataclass(frozen=True, slots=True)
class Withholding:
    """One entry. `id` names it without naming the instance; `detail` holds tags and limits only."""

    id: str
    source: str
    ref: ResourceRef
    reason: Reason
    detail: str
    at: datetime


class Withholdings:
    """What was withheld, by source ("pacs:" and the hash of a plan: another profile judges anew).

    An entry of a study or series stands for an instance in it that is not known by its UID. The UIDs are stored,
    because the next retrieval has to recognize the instance; the database is as confidential as the index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, source: str, ref: ResourceRef, reason: Reason, detail: str) -> None:
        """Remember that `ref` is withheld; the newest reason replaces an older one."""
        study, series, instance = _uids(ref)
        row = {
            "id": _id(source, ref),
            "source": source,
            "study": study,
            "series": series,
            "instance": instance,
            "reason": reason.value,
            "detail": detail,
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
            await connection.execute(delete(withheld).where(withheld.c.id == _id(source, ref)))

    async def list(self, *, limit: int, offset: int = 0) -> list[Withholding]:
        """Return one page of all entries, the newest first."""
        statement = select(withheld).order_by(withheld.c.at_ms.desc(), withheld.c.id).limit(limit).offset(offset)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [
            Withholding(
                row.id,
                row.source,
                reference(row.study, row.series, row.instance),
                Reason(row.reason),
                row.detail,
                datetime.fromtimestamp(row.at_ms / 1000, UTC),
            )
            for row in rows
        ]

    async def count(self) -> int:
        """Return how many entries there are."""
        async with self._database.read() as connection:
            return (await connection.execute(select(func.count()).select_from(withheld))).scalar_one()


def _uids(ref: ResourceRef) -> tuple[str, str | None, str | None]:
    if isinstance(ref, StudyRef):
        return ref.study, None, None
    return ref.study, ref.series, ref.instance if isinstance(ref, InstanceRef) else None


def _id(source: str, ref: ResourceRef) -> str:
    return hashlib.sha256("\0".join([source, *(uid or "" for uid in _uids(ref))]).encode()).hexdigest()
