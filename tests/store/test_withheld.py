from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.dicom.uid import UID, InstanceRef, ResourceRef, SeriesRef, StudyRef
from gateway.errors import Reason
from gateway.store.database import Database
from gateway.store.withheld import STOW, Selection, Withholdings, entry_id

STUDY = StudyRef(UID("1.1"))
SERIES = SeriesRef(UID("1.1"), UID("1.1.1"))
ONE = InstanceRef(UID("1.1"), UID("1.1.1"), UID("1.1.1.1"))
TWO = InstanceRef(UID("1.1"), UID("1.1.1"), UID("1.1.1.2"))
FAR = InstanceRef(UID("1.1"), UID("1.1.2"), UID("1.1.2.1"))


def with_records(url: str, scenario: Callable[[Withholdings], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        database = await Database.open(url)
        try:
            return await scenario(Withholdings(database))
        finally:
            await database.close()

    return asyncio.run(run())


def test_what_is_recorded_is_found_at_and_below_a_reference(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        await records.record("pacs:a", ONE, Reason.MALFORMED, "")
        await records.record("pacs:a", TWO, Reason.TOO_DEEP, "33 levels")
        await records.record("pacs:a", FAR, Reason.TRUNCATED, "")
        assert await records.withheld_in("pacs:a", STUDY) == {
            "1.1.1.1": Reason.MALFORMED,
            "1.1.1.2": Reason.TOO_DEEP,
            "1.1.2.1": Reason.TRUNCATED,
        }
        assert (await records.withheld_in("pacs:a", SERIES)).keys() == {"1.1.1.1", "1.1.1.2"}
        assert await records.withheld_in("pacs:a", TWO) == {"1.1.1.2": Reason.TOO_DEEP}
        assert await records.withheld_in("pacs:b", STUDY) == {}
        assert await records.withheld_in("pacs:a", StudyRef(UID("1.2"))) == {}

    with_records(database_url, scenario)


def test_an_instance_that_is_not_known_by_its_uid_has_the_empty_key(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        await records.record("pacs", SERIES, Reason.MISSING_IDENTITY, "")
        await records.record("pacs", ONE, Reason.MALFORMED, "")
        assert await records.withheld_in("pacs", STUDY) == {"": Reason.MISSING_IDENTITY, "1.1.1.1": Reason.MALFORMED}
        assert await records.withheld_in("pacs", ONE) == {"1.1.1.1": Reason.MALFORMED}

    with_records(database_url, scenario)


def test_the_newest_reason_stands(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        await records.record("pacs", ONE, Reason.TRUNCATED, "first")
        await records.record("pacs", ONE, Reason.BURNED_IN_ANNOTATION, "second")
        (entry,) = await records.list(limit=10)
        assert (entry.reason, entry.detail, entry.ref, entry.source) == (
            Reason.BURNED_IN_ANNOTATION,
            "second",
            ONE,
            "pacs",
        )
        assert datetime.now(UTC) - entry.at < timedelta(minutes=1)
        assert "1.1" not in entry.id

    with_records(database_url, scenario)


def test_clear_forgets_exactly_what_it_is_told(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        for ref in (STUDY, SERIES, ONE, TWO):
            await records.record("pacs", ref, Reason.MALFORMED, "")
        await records.clear("pacs", SERIES)
        await records.clear("other", TWO)
        await records.clear("pacs", ONE)
        assert {entry.ref for entry in await records.list(limit=10)} == {STUDY, TWO}
        await records.clear("pacs", ONE)

    with_records(database_url, scenario)


def test_pages_cover_all_entries_once(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        for number in range(7):
            ref = InstanceRef(UID("1.1"), UID("1.1.1"), UID(f"1.1.1.{number}"))
            await records.record("pacs", ref, Reason.MALFORMED, "")
        pages = [await records.list(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
        assert [len(page) for page in pages] == [3, 3, 1, 0]
        assert len({entry.id for page in pages for entry in page}) == await records.count() == 7
        times = [entry.at for page in pages for entry in page]
        assert times == sorted(times, reverse=True)

    with_records(database_url, scenario)


def test_many_record_the_same_instance_at_once(database_url: str) -> None:
    async def scenario(records: Withholdings) -> int:
        await asyncio.gather(*(records.record("pacs", ONE, Reason.MALFORMED, "") for _ in range(20)))
        return await records.count()

    assert with_records(database_url, scenario) == 1


def test_entries_outlive_a_restart(database_url: str) -> None:
    async def put(records: Withholdings) -> None:
        await records.record("pacs", ONE, Reason.MALFORMED, "")

    async def get(records: Withholdings) -> dict[str, Reason]:
        return await records.withheld_in("pacs", ONE)

    with_records(database_url, put)
    assert with_records(database_url, get) == {"1.1.1.1": Reason.MALFORMED}


def test_nothing_is_logged(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scenario(records: Withholdings) -> None:
        await records.record("pacs", ONE, Reason.MALFORMED, "")
        await records.withheld_in("pacs", STUDY)

    with_records(database_url, scenario)
    assert "1.1.1.1" not in caplog.text


def test_what_does_not_say_what_it_is_is_told_apart_by_its_content(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        for content in ("aa", "bb", "aa"):
            await records.record(STOW, None, Reason.MALFORMED, "", content=content)
        entries = await records.list(limit=10)
        assert {entry.content for entry in entries} == {"aa", "bb"}
        assert {(entry.ref, entry.library) for entry in entries} == {(None, "stow")}
        assert len({entry.id for entry in entries}) == 2

    with_records(database_url, scenario)


def test_entries_are_selected(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        await records.record("pacs:a", ONE, Reason.MALFORMED, "")
        await records.record("pacs:b", TWO, Reason.TRUNCATED, "")
        await records.record(STOW, ONE, Reason.TRUNCATED, "", content="aa")
        await records.record(STOW, None, Reason.MALFORMED, "", content="bb")

        async def chosen(selection: Selection) -> set[tuple[str, ResourceRef | None]]:
            entries = await records.list(selection, limit=10)
            assert await records.count(selection) == len(entries)
            return {(entry.source, entry.ref) for entry in entries}

        assert await chosen(Selection(library="pacs")) == {("pacs:a", ONE), ("pacs:b", TWO)}
        assert await chosen(Selection(library="stow")) == {(STOW, ONE), (STOW, None)}
        assert await chosen(Selection(library="p%")) == set()
        assert await chosen(Selection(reason=Reason.TRUNCATED)) == {("pacs:b", TWO), (STOW, ONE)}
        assert await chosen(Selection(library="stow", study="1.1")) == {(STOW, ONE)}
        assert len(await chosen(Selection())) == 4

    with_records(database_url, scenario)


def test_an_entry_is_found_by_its_id(database_url: str) -> None:
    async def scenario(records: Withholdings) -> None:
        await records.record(STOW, ONE, Reason.MALFORMED, "(0010,0010)", content="aa")
        (listed,) = await records.list(limit=1)
        assert listed.id == entry_id(STOW, ONE)
        assert await records.get(listed.id) == listed
        assert await records.get("0" * 64) is None

    with_records(database_url, scenario)
