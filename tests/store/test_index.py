from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.dicom.dataset import JsonDataset, first_text
from gateway.dicom.uid import UID, InstanceRef, SeriesRef, StudyRef
from gateway.dicomweb.query import Level, Match, Query
from gateway.store.database import Database
from gateway.store.files import Stamp
from gateway.store.index import Entry, Indexed, InstanceIndex, Kind

CT = "1.2.840.10008.5.1.4.1.1.2"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"


def entry(study: int, series: int, instance: int, *, path: str = "", sop_class: str = CT, **attributes: Any) -> Entry:
    """Make the entry of one file; attributes by tag, such as t00080020="20240102"."""
    uids = f"1.{study}", f"1.{study}.{series}", f"1.{study}.{series}.{instance}"
    dataset: JsonDataset = {
        "00080016": {"vr": "UI", "Value": [sop_class]},
        "00080018": {"vr": "UI", "Value": [uids[2]]},
        "00080020": {"vr": "DA", "Value": [f"2024{study % 12 + 1:02}01"]},
        "00080060": {"vr": "CS", "Value": ["CT" if sop_class == CT else "SEG"]},
        "00100020": {"vr": "LO", "Value": [f"PID{study}"]},
        "0020000D": {"vr": "UI", "Value": [uids[0]]},
        "0020000E": {"vr": "UI", "Value": [uids[1]]},
        "00200011": {"vr": "IS", "Value": [series]},
        "00200013": {"vr": "IS", "Value": [instance]},
    }
    for tag, value in attributes.items():
        dataset[tag[1:]] = {"vr": "SH"} if value is None else {"vr": "SH", "Value": [value]}
    ref = InstanceRef(*(UID(uid) for uid in uids))
    name = path or f"{study}/{series}/{instance}.dcm"
    return Entry(name.encode(), Stamp(1000, 1, 1), Kind.INSTANCE, Indexed(ref, sop_class, dataset))


def with_index(url: str, scenario: Callable[[InstanceIndex], Awaitable[Any]]) -> Any:
    """Run `scenario` on an empty index."""

    async def run() -> Any:
        database = await Database.open(url)
        try:
            return await scenario(InstanceIndex(database, "test"))
        finally:
            await database.close()

    return asyncio.run(run())


async def found(index: InstanceIndex, level: Level, *matches: Match, **scope: UID) -> list[JsonDataset]:
    return [row async for row in index.search(Query(level=level, matches=matches, **scope))]  # type: ignore[arg-type]


def column(rows: list[JsonDataset], tag: str) -> list[str]:
    return [first_text(row, tag) for row in rows]


async def counts(index: InstanceIndex, study: str) -> dict[str, Any]:
    rows = await found(index, Level.STUDY, study=UID(study))
    tags = ("00080061", "00080062", "00201206", "00201208")
    return {tag: rows[0].get(tag, {}).get("Value") for tag in tags} if rows else {}


def test_study_rows_count_what_is_below_them(database_url: str) -> None:
    async def scenario(index: InstanceIndex) -> list[dict[str, Any]]:
        seen = []
        await index.apply([entry(1, 1, 1), entry(1, 1, 2), entry(1, 2, 1, sop_class=SEG)])
        seen.append(await counts(index, "1.1"))
        await index.apply([entry(1, 1, 3)], gone=[b"1/2/1.dcm"])
        seen.append(await counts(index, "1.1"))
        await index.apply([], gone=[b"1/1/1.dcm", b"1/1/2.dcm", b"1/1/3.dcm"])
        seen.append(await counts(index, "1.1"))
        assert await found(index, Level.SERIES) == []
        assert await index.locate(StudyRef(UID("1.1"))) == []
        return seen

    assert with_index(database_url, scenario) == [
        {"00080061": ["CT", "SEG"], "00080062": sorted([CT, SEG]), "00201206": [2], "00201208": [3]},
        {"00080061": ["CT"], "00080062": [CT], "00201206": [1], "00201208": [3]},
        {},
    ]


def test_a_study_row_has_no_attribute_of_a_lower_level(database_url: str) -> None:
    async def scenario(index: InstanceIndex) -> tuple[JsonDataset, JsonDataset, JsonDataset]:
        await index.apply([entry(1, 1, 1, t00081010="STATION", t00280010="512")])
        return tuple([(await found(index, level))[0] for level in Level])  # type: ignore[return-value]

    study, series, instance = with_index(database_url, scenario)
    assert {"00100020", "0020000D", "00080056"} <= study.keys()
    assert not {"0020000E", "00081010", "00280010"} & study.keys()
    assert {"00100020", "0020000E", "00081010", "00201206", "00201209"} <= series.keys()
    assert not {"00080018", "00280010"} & series.keys()
    assert {"00100020", "00081010", "00280010", "00201206", "00201209"} <= instance.keys()


def test_an_instance_row_takes_no_attribute_from_its_siblings(database_url: str) -> None:
    async def scenario(index: InstanceIndex) -> list[JsonDataset]:
        await index.apply([entry(1, 1, 1, t00081010="STATION", t00081030="CHEST"), entry(1, 1, 2)])
        return await found(index, Level.INSTANCE)

    first, second = with_index(database_url, scenario)
    assert {"00081010", "00081030"} <= first.keys()
    assert not {"00081010", "00081030"} & second.keys()


def test_no_modality_gives_no_empty_attribute(database_url: str) -> None:
    async def scenario(index: InstanceIndex) -> JsonDataset:
        await index.apply([entry(1, 1, 1, t00080060=None)])
        return (await found(index, Level.STUDY))[0]

    assert "00080061" not in with_index(database_url, scenario)


def test_long_and_bulk_elements_stay_out_of_rows(database_url: str) -> None:
    one = entry(1, 1, 1)
    assert one.header is not None
    one.header.dataset["52009230"] = {"vr": "SQ", "Value": [{}] * 5000}
    one.header.dataset["00091010"] = {"vr": "OB", "InlineBinary": "AAAA"}

    async def scenario(index: InstanceIndex) -> JsonDataset:
        await index.apply([one])
        return (await found(index, Level.INSTANCE))[0]

    assert not {"52009230", "00091010"} & with_index(database_url, scenario).keys()


def test_order_is_total_and_the_same_whatever_the_order_of_arrival(database_url: str) -> None:
    entries = [entry(study, series, instance) for study in (1, 2, 13) for series in (2, 10) for instance in (2, 10)]
    entries += [
        entry(3, 1, 1, t00080020=None),
        entry(4, 1, 1, t00080020="yesterday"),
        entry(1, 1, 1, path="n", t00200011=None),
    ]

    async def scenario(index: InstanceIndex) -> dict[str, list[str]]:
        shuffled = random.Random(7).sample(entries, len(entries))
        for start in range(0, len(shuffled), 4):
            await index.apply(shuffled[start : start + 4])
        return {
            "studies": column(await found(index, Level.STUDY), "0020000D"),
            "series": column(await found(index, Level.SERIES), "0020000E"),
            "instances": column(await found(index, Level.INSTANCE), "00080018"),
            "located": [at.ref.instance for at in await index.locate(StudyRef(UID("1.1")))],
        }

    seen = with_index(database_url, scenario)
    assert seen["studies"] == ["1.2", "1.1", "1.13", "1.3", "1.4"]  # newest first, then UIDs bytewise; undated last
    assert seen["series"][2:5] == ["1.1.2", "1.1.10", "1.1.1"]  # by number, without a number last
    assert seen["instances"][:4] == ["1.2.2.2", "1.2.2.10", "1.2.10.2", "1.2.10.10"]
    assert seen["located"] == ["1.1.2.2", "1.1.2.10", "1.1.10.2", "1.1.10.10", "1.1.1.1"]


def test_locate_is_exact_at_each_level(database_url: str) -> None:
    async def scenario(index: InstanceIndex) -> list[int]:
        await index.apply([entry(1, series, instance) for series in (1, 2) for instance in (1, 2, 3)])
        study, series, instance = UID("1.1"), UID("1.1.2"), UID("1.1.2.3")
        refs = (
            StudyRef(study),
            SeriesRef(study, series),
            InstanceRef(study, series, instance),
            InstanceRef(study, UID("1.1.1"), instance),
        )
        return [len(await index.locate(ref)) for ref in refs]

    assert with_index(database_url, scenario) == [6, 3, 1, 0]


def test_the_same_instance_in_two_files_is_one_and_the_first_path_stands_for_it(database_url: str) -> None:
    ref = InstanceRef(UID("1.1"), UID("1.1.1"), UID("1.1.1.1"))

    async def scenario(index: InstanceIndex) -> list[tuple[bytes, Any, list[str]]]:
        seen = []

        async def look() -> None:
            (at,) = await index.locate(ref)
            names = column(await found(index, Level.INSTANCE), "00081010")
            seen.append((at.path, (await counts(index, "1.1"))["00201208"], names))

        await index.apply([entry(1, 1, 1, path="m", t00081010="M")])
        await look()
        await index.apply([entry(1, 1, 1, path="z", t00081010="Z")])
        await look()
        await index.apply([entry(1, 1, 1, path="a", t00081010="A")])
        await look()
        await index.apply([], gone=[b"a", b"m"])
        await look()
        await index.apply([entry(1, 1, 2, path="z")])  # the file now holds another instance
        assert await index.locate(ref) == []
        return seen

    assert with_index(database_url, scenario) == [
        (b"m", [1], ["M"]),
        (b"m", [1], ["M"]),
        (b"a", [1], ["A"]),
        (b"z", [1], ["Z"]),
    ]


def test_the_same_uid_in_two_series_is_two_instances(database_url: str) -> None:
    one, other = entry(1, 1, 1, path="a"), entry(1, 2, 1, path="b")
    assert one.header is not None and other.header is not None
    twin = Indexed(
        InstanceRef(other.header.ref.study, other.header.ref.series, one.header.ref.instance),
        CT,
        other.header.dataset,
    )

    async def scenario(index: InstanceIndex) -> Any:
        await index.apply([one, Entry(b"b", other.stamp, Kind.INSTANCE, twin)])
        return (await counts(index, "1.1"))["00201208"]

    assert with_index(database_url, scenario) == [2]


def test_paging_goes_over_every_row_once(database_url: str) -> None:
    async def scenario(index: InstanceIndex) -> tuple[list[str], list[str]]:
        # More rows than one page in one study, in one series, and over studies of the same date.
        entries = [entry(1, 1, instance) for instance in range(450)]
        entries += [entry(1, series, 1) for series in range(2, 252)]
        entries += [entry(study, 1, 1, t00080020="20200101") for study in range(2, 302)]
        await index.apply(entries)
        for level, tag, total in ((Level.STUDY, "0020000D", 301), (Level.SERIES, "0020000E", 551)):
            rows = column(await found(index, level), tag)
            assert len(rows) == len(set(rows)) == total
        rows = column(await found(index, Level.INSTANCE), "00080018")
        within = column(await found(index, Level.INSTANCE, study=UID("1.1")), "00080018")
        assert rows[:700] == within
        return rows, [f"{e.header.ref.instance}" for e in entries if e.header]

    rows, expected = with_index(database_url, scenario)
    assert len(rows) == 1000
    assert sorted(rows) == sorted(expected)


@pytest.mark.parametrize(
    ("level", "path", "value", "expected"),
    [
        (Level.STUDY, "0020000D", "1.1,1.3", 2),
        (Level.STUDY, "0020000D", "1.1\\1.9", 1),
        (Level.STUDY, "00100020", "PID2", 1),
        (Level.STUDY, "00100020", "PID*", 3),
        (Level.STUDY, "00080061", "CT", 3),
        (Level.SERIES, "0020000E", "1.2.1", 1),
        (Level.SERIES, "00100020", "PID3", 2),
        (Level.INSTANCE, "00080018", "1.3.2.1", 1),
        (Level.INSTANCE, "00080018", "9.9", 0),
        (Level.INSTANCE, "0020000D", "1.3", 4),
    ],
)
def test_matches_by_key(database_url: str, level: Level, path: str, value: str, expected: int) -> None:
    async def scenario(index: InstanceIndex) -> int:
        await index.apply([entry(study, s, i) for study in (1, 2, 3) for s in (1, 2) for i in (1, 2)])
        return len(await found(index, level, Match((path,), value)))

    assert with_index(database_url, scenario) == expected


def test_sources_do_not_see_each_other(database_url: str) -> None:
    async def scenario() -> list[int]:
        database = await Database.open(database_url)
        try:
            one, other = InstanceIndex(database, "one"), InstanceIndex(database, "other")
            await one.apply([entry(1, 1, 1), entry(1, 1, 2)])
            await other.apply([entry(1, 1, 1)])
            await one.apply([], gone=[b"1/1/1.dcm", b"1/1/2.dcm"])
            return [len(await found(index, level)) for index in (one, other) for level in Level]
        finally:
            await database.close()

    assert asyncio.run(scenario()) == [0, 0, 0, 1, 1, 1]


def test_files_that_are_no_instances_are_known_and_never_found(database_url: str) -> None:
    stamp = Stamp(5, 6, 7)

    async def scenario(index: InstanceIndex) -> Any:
        await index.apply([Entry(b"notes.txt", stamp, Kind.FOREIGN), Entry(b"\xff.dcm", stamp, Kind.MALFORMED)])
        assert await found(index, Level.INSTANCE) == []
        assert await index.known(after=b"notes.txt", upto=b"z") == {}
        return await index.known(after=b"", upto=None)

    assert with_index(database_url, scenario) == {b"notes.txt": stamp, b"\xff.dcm": stamp}


def test_two_writers_of_one_study_keep_its_counts(database_url: str) -> None:
    async def scenario() -> Any:
        databases = [await Database.open(database_url) for _ in range(2)]
        try:
            indexes = [InstanceIndex(database, "test") for database in databases]
            batches = [[entry(1, 1, 10 * n + m) for m in range(10)] for n in range(12)]
            await asyncio.gather(*(indexes[n % 2].apply(batch) for n, batch in enumerate(batches)))
            return (await counts(indexes[0], "1.1"))["00201208"]
        finally:
            for database in databases:
                await database.close()

    assert asyncio.run(scenario()) == [120]


def test_ten_thousand_studies_are_searched_without_reading_their_instances(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"

    async def scenario(index: InstanceIndex) -> list[str]:
        for start in range(0, 10_000, 500):
            await index.apply([entry(study, 1, 1) for study in range(start, start + 500)])
        started = asyncio.get_running_loop().time()
        rows = await found(index, Level.STUDY, Match(("00100020",), "PID777"))
        assert asyncio.get_running_loop().time() - started < 10
        return column(rows, "0020000D")

    assert with_index(url, scenario) == ["1.777"]
