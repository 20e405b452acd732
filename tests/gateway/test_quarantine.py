"""What a store or a retrieval withholds is on record, in plain words, and has no way out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.app import assembled
from gateway.errors import ConfigurationError, Reason
from gateway.settings import Settings
from tests.builders import CANARIES_AFTER_SECOND, found_canaries, part10, planted, planted_dataset, ref_of
from tests.gateway.conftest import StartGateway
from tests.gateway.process import Answer, Gateway, at
from tests.gateway.storing import archived, store, stored

CUT = planted()[:-10]
BURNED = planted(BurnedInAnnotation="YES")
REFUSED = part10(planted_dataset("SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"))
NAMELESS = b"no DICOM at all, Zqnachname" * 20
SICK = planted(rows=20)[:-10]
"""Held by the PACS."""


@pytest.fixture(scope="module")
def pair(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> tuple[Gateway, Path]:
    """A gateway that keeps what it refuses, and where; it has refused four instances."""
    folder = tmp_path_factory.mktemp("pacs")
    (folder / "sick.dcm").write_bytes(SICK)
    kept = tmp_path_factory.mktemp("quarantine") / "kept"
    gateway = start_gateway(pacs=folder, quarantine_dir=kept)
    assert store(gateway, CUT, BURNED, REFUSED, NAMELESS).status == 409
    return gateway, kept


@pytest.fixture
def gateway(pair: tuple[Gateway, Path]) -> Gateway:
    """The gateway alone."""
    return pair[0]


def ask(gateway: Gateway, query: str = "") -> Answer:
    return gateway.get(f"/api/quarantine{query}")


def reasons(entries: Iterable[dict[str, Any]]) -> set[str]:
    return {entry["reason"] for entry in entries}


def test_every_refusal_is_on_record(gateway: Gateway) -> None:
    answer = ask(gateway, "?library=stow").json
    assert answer["total"] == len(answer["entries"]) == 4
    by_instance = {entry["instance"]: entry for entry in answer["entries"]}
    assert by_instance.keys() == {ref_of(CUT).instance, ref_of(BURNED).instance, ref_of(REFUSED).instance, None}
    burned = by_instance[ref_of(BURNED).instance]
    assert (burned["study"], burned["series"]) == (ref_of(BURNED).study, ref_of(BURNED).series)
    assert (burned["library"], burned["reason"]) == ("stow", Reason.PIXELS_UNREVIEWED)
    assert burned["plain"] == Reason.PIXELS_UNREVIEWED.plain
    assert burned["detail"] == "The image itself declares that annotation is burned into its pixels."
    assert (by_instance[None]["study"], by_instance[None]["reason"]) == (None, Reason.MALFORMED)
    assert {entry["kept"] for entry in answer["entries"]} == {True}
    assert len({entry["sha256"] for entry in answer["entries"]}) == 4


def test_an_entry_has_a_page_of_its_own(gateway: Gateway) -> None:
    for entry in ask(gateway).json["entries"]:
        assert gateway.get(f"/api/quarantine/{entry['id']}").json == entry
    for unknown in ("0" * 64, "x", "%00", "%27%20or%201"):
        assert gateway.get(f"/api/quarantine/{unknown}").status == 404


def test_entries_are_filtered_and_paged(gateway: Gateway) -> None:
    assert reasons(ask(gateway, "?reason=truncated&library=stow").json["entries"]) == {"truncated"}
    study = ref_of(BURNED).study
    only = ask(gateway, f"?study={study}").json
    assert (only["total"], [entry["study"] for entry in only["entries"]]) == (1, [study])
    assert ask(gateway, "?study=1.2.3").json == {"total": 0, "entries": []}
    whole = ask(gateway, "?library=stow").json["entries"]
    pages = [ask(gateway, f"?library=stow&limit=2&offset={offset}").json for offset in (0, 2, 4)]
    assert [entry for page in pages for entry in page["entries"]] == whole
    assert {page["total"] for page in pages} == {4}


@pytest.mark.parametrize(
    "query",
    [
        "?limit=x",
        "?limit=-1",
        "?offset=1e9",
        "?limit=9999999999",
        "?reason=because",
        "?library=other",
        "?study=Zqnachname",
        "?PatientID=ZQID4711",
        "?reason=truncated&reason=malformed",
    ],
)
def test_a_filter_that_is_not_understood_is_refused(gateway: Gateway, query: str) -> None:
    answer = ask(gateway, query)
    assert (answer.status, answer.media) == (400, "application/problem+json")
    assert b"zq" not in answer.body.lower()


def test_originals_have_no_way_out(pair: tuple[Gateway, Path]) -> None:
    gateway, kept = pair
    assert sorted(path.read_bytes() for path in kept.iterdir()) == sorted([CUT, BURNED, REFUSED, NAMELESS])
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    assert archived(gateway) == set()
    for entry in ask(gateway).json["entries"]:
        for path in ("/original", f"/{entry['id']}.original", "/instance", "/../../kept"):
            assert gateway.get(f"/api/quarantine/{entry['id']}{path}").status == 404
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert gateway.get(f"/api/quarantine/{entry['id']}", method=method).status == 405
    for data in (CUT, BURNED, REFUSED):
        for prefix in ("/dicom-web", "/teaching/dicom-web"):
            assert gateway.get(at(ref_of(data), prefix=prefix)).status == 404


def test_the_record_shows_no_identity(gateway: Gateway) -> None:
    answer = ask(gateway)
    assert not found_canaries(answer.body, CANARIES_AFTER_SECOND)
    assert not found_canaries(gateway.log.encode(), CANARIES_AFTER_SECOND)
    assert ref_of(BURNED).study not in gateway.log


def test_what_passes_after_all_leaves_the_record(pair: tuple[Gateway, Path]) -> None:
    gateway, kept = pair
    whole = planted()
    store(gateway, whole[:-10])
    (entry,) = ask(gateway, f"?study={ref_of(whole).study}").json["entries"]
    assert (kept / f"{entry['id']}.original").is_file()
    assert stored(store(gateway, whole)).keys() == {ref_of(whole).instance}
    assert gateway.get(f"/api/quarantine/{entry['id']}").status == 404
    assert not (kept / f"{entry['id']}.original").exists()


def test_what_a_retrieval_withholds_is_on_the_same_record(gateway: Gateway) -> None:
    ref = ref_of(SICK)
    broken = gateway.get(at(ref, "/frames/1"))
    assert broken.status != 200
    with pytest.raises((HTTPException, OSError)):
        gateway.get(at(ref))
    (entry,) = ask(gateway, "?library=pacs").json["entries"]
    assert (entry["instance"], entry["reason"]) == (ref.instance, "truncated")
    assert (entry["kept"], entry["sha256"]) == (False, None)


def test_a_stranger_sees_no_record(gateway: Gateway) -> None:
    for path in ("/api/quarantine", "/api/quarantine/" + "0" * 64):
        assert gateway.request("GET", path).status == 401


@pytest.mark.parametrize("place", ["pacs", "pacs/below", "data/archive/kept", "elsewhere/../data/workspace"])
def test_a_quarantine_that_would_be_served_stops_the_start(tmp_path: Path, place: str) -> None:
    (tmp_path / "pacs").mkdir()
    settings = Settings(
        data_dir=tmp_path / "data",
        pacs_url=SecretStr((tmp_path / "pacs").as_uri()),
        quarantine_dir=tmp_path / place,
    )

    async def start() -> None:
        async with assembled(settings):
            raise AssertionError("it started")

    with pytest.raises(ConfigurationError, match="QUARANTINE_DIR must lie apart"):
        asyncio.run(start())
