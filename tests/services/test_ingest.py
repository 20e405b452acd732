"""The door into the archive, part by part: what it takes, what it refuses, and what is left behind (PS3.18 §10.5)."""

from __future__ import annotations

import asyncio
import io
import itertools
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.dicom.uid import UID, InstanceRef
from gateway.dicomweb.stow import FailureReason
from gateway.errors import BadRequest, GatewayError, Reason, StorageError, TooLarge, UnsupportedMedia
from gateway.origin.protocol import Origin
from gateway.pixels.rules import load_rules
from gateway.services.ingest import Ingest, Stored
from gateway.services.workers import Workers
from gateway.store.archive import Archive, PutResult, open_archive
from gateway.store.database import Database
from gateway.store.originals import Originals
from gateway.store.withheld import Withholding, Withholdings, entry_id
from gateway.store.workspace import StagedInstance, Workspace
from tests.builders import (
    CANARIES_AFTER_SECOND,
    CT,
    EXPLICIT_BE,
    IMPLICIT_LE,
    RLE,
    found_canaries,
    large_header,
    part10,
    planted,
    planted_ct_series,
    planted_dataset,
    ref_of,
)
from tests.deid.shipped import KEYS, PROFILES, engine
from tests.pauses import pauses

BOUNDARY = "parts"
KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """As many slots as the service has, so that no task ever waits and binds the pool to one event loop."""
    pool = Workers(2)
    yield pool
    pool.close()


@dataclass(frozen=True, slots=True)
class House:
    """A door with everything behind it, below one folder."""

    root: Path
    ingest: Ingest
    archive: Archive
    records: Withholdings

    async def store(self, *files: bytes, study: UID | None = None) -> list[Stored]:
        return await self.ingest.store(chunked(multipart(*files)), BOUNDARY, study=study)

    def archived(self) -> list[Path]:
        return sorted(path for path in (self.root / "archive").glob("[0-9a-f][0-9a-f]/*") if path.name != ".lock")

    def workspace_is_empty(self) -> bool:
        return not [path for path in (self.root / "work").rglob("*") if path.is_file() and path.suffix != ".lock"]

    async def entries(self) -> list[Withholding]:
        return await self.records.list(limit=100)


Scenario = Callable[[House], Awaitable[Any]]


def multipart(*files: bytes, boundary: str = BOUNDARY, kind: str | None = "application/dicom") -> bytes:
    head = b"" if kind is None else f"Content-Type: {kind}\r\n".encode()
    parts = b"".join(b"--%b\r\n%b\r\n%b\r\n" % (boundary.encode(), head, data) for data in files)
    return parts + b"--%b--\r\n" % boundary.encode()


async def chunked(body: bytes, size: int = 4096) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def in_house(
    root: Path,
    workers: Workers,
    scenario: Scenario,
    *,
    second: Engine | None = None,
    archive: Archive | None = None,
    keep: bool = False,
    max_bytes: int = 1 << 30,
) -> Any:
    async def run() -> Any:
        database = await Database.open(f"sqlite:///{root}/gateway.db")
        workspace = await Workspace.open((root / "work").as_uri())
        own = archive or await open_archive((root / "archive").as_uri(), database)
        records = Withholdings(database)
        ingest = Ingest(
            engine=second or engine("second"),
            archive=own,
            workspace=workspace,
            workers=workers,
            rules=load_rules((PROFILES / "pixel-rules.toml").read_text()),
            records=records,
            originals=await Originals.open(root / "kept") if keep else None,
            max_bytes=max_bytes,
        )
        house = House(root, ingest, own, records)
        try:
            result = await scenario(house)
            assert house.workspace_is_empty()
            return result
        finally:
            await own.close()
            await workspace.close()
            await database.close()

    return asyncio.run(run())


def test_an_instance_is_filed_under_its_new_uid_with_its_picture(tmp_path: Path, workers: Workers) -> None:
    data = planted()

    async def scenario(house: House) -> None:
        (done,) = await house.store(data)
        sent = ref_of(data)
        assert (done.instance, done.failure, done.reason) == (sent.instance, None, None)
        assert done.ref is not None
        assert {done.ref.study, done.ref.series, done.ref.instance}.isdisjoint({sent.study, sent.series, sent.instance})
        (picture,) = (path for path in house.archived() if path.suffix == ".jpg")
        (instance,) = (path for path in house.archived() if path.suffix == ".dcm")
        assert picture.stem == instance.stem == done.ref.instance
        assert picture.read_bytes().startswith(b"\xff\xd8\xff")
        found = pydicom.dcmread(instance)
        assert {str(found.SOPInstanceUID), found.file_meta.MediaStorageSOPInstanceUID} == {done.ref.instance}
        assert found.PatientIdentityRemoved == "YES"
        assert not found_canaries(instance.read_bytes(), CANARIES_AFTER_SECOND)
        assert await house.entries() == []

    in_house(tmp_path, workers, scenario)


def test_a_document_has_no_picture(tmp_path: Path, workers: Workers) -> None:
    async def scenario(house: House) -> None:
        (done,) = await house.store(part10(planted_dataset("SR")))
        assert done.failure is None
        assert [path.suffix for path in house.archived()] == [".dcm"]

    in_house(tmp_path, workers, scenario)


@pytest.mark.parametrize("syntax", [IMPLICIT_LE, EXPLICIT_BE, RLE])
def test_the_same_image_twice_is_stored_once(tmp_path: Path, workers: Workers, syntax: str) -> None:
    data = planted(syntax=syntax)

    async def scenario(house: House) -> None:
        both = await house.store(data, data)
        again = await house.store(data)
        assert {one.failure for one in both + again} == {None}
        assert len({one.ref for one in both + again}) == 1
        assert len(house.archived()) == 2

    in_house(tmp_path, workers, scenario)


def test_other_content_under_the_same_uid_is_a_duplicate(tmp_path: Path, workers: Workers) -> None:
    data = planted()
    ref = ref_of(data)
    other = planted(rows=8, StudyInstanceUID=ref.study, SeriesInstanceUID=ref.series, SOPInstanceUID=ref.instance)

    async def scenario(house: House) -> None:
        await house.store(data, planted())
        before = {path: path.read_bytes() for path in house.archived()}
        (done,) = await house.store(other)
        assert (done.failure, done.reason, done.ref) == (FailureReason.DUPLICATE_INSTANCE, None, None)
        assert {path: path.read_bytes() for path in house.archived()} == before
        assert await house.entries() == [], "a conflict of names is no withheld identity"

    in_house(tmp_path, workers, scenario)


def test_the_study_of_the_url_binds_every_instance(tmp_path: Path, workers: Workers) -> None:
    right, wrong = planted(), planted()

    async def scenario(house: House) -> None:
        done = await house.store(wrong, right, study=ref_of(right).study)
        assert [one.failure for one in done] == [FailureReason.DATA_SET_MISMATCH, None]
        assert done[0].reason is Reason.IDENTITY_MISMATCH
        assert done[0].instance == ref_of(wrong).instance

    in_house(tmp_path, workers, scenario)


def damaged(kind: str) -> bytes:
    """Return an instance that must be refused."""
    data = planted()
    match kind:
        case "no DICOM":
            return b"%PDF-1.7 Zqnachname " * 50
        case "empty":
            return b""
        case "cut in the pixels":
            return data[:-100]
        case "cut in the header":
            return data[:700]
        case "no instance UID":
            return without_uid(planted_dataset("SR"))
        case "unknown transfer syntax":
            return data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.9\0", 1)
        case "refused class":
            return part10(planted_dataset("SR", SOPClassUID=ENCAPSULATED_PDF))
        case "unknown class":
            return part10(planted_dataset("SR", SOPClassUID="1.2.3.4.5.6"))
        case "ultrasound":
            return planted("US")
        case "burned in":
            return planted(BurnedInAnnotation="YES")
        case _:
            raise AssertionError(kind)


def without_uid(data: pydicom.Dataset) -> bytes:
    whole = part10(data)
    uid = str(data.SOPInstanceUID).encode()
    at = whole.index(b"\x08\0\x18\0UI")
    return whole[:at] + whole[at:].replace(uid, b"Zqvorname".ljust(len(uid)), 1)


REFUSALS = [
    ("no DICOM", Reason.MALFORMED, FailureReason.CANNOT_UNDERSTAND, False),
    ("empty", Reason.TRUNCATED, FailureReason.CANNOT_UNDERSTAND, False),
    ("cut in the pixels", Reason.TRUNCATED, FailureReason.CANNOT_UNDERSTAND, True),
    ("cut in the header", Reason.TRUNCATED, FailureReason.CANNOT_UNDERSTAND, False),
    ("no instance UID", Reason.MISSING_IDENTITY, FailureReason.DATA_SET_MISMATCH, False),
    ("unknown transfer syntax", Reason.UNKNOWN_TRANSFER_SYNTAX, FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED, False),
    ("refused class", Reason.SOP_CLASS_REFUSED, FailureReason.SOP_CLASS_NOT_SUPPORTED, True),
    ("unknown class", Reason.SOP_CLASS_REFUSED, FailureReason.SOP_CLASS_NOT_SUPPORTED, True),
    ("ultrasound", Reason.PIXELS_UNREVIEWED, FailureReason.PROCESSING_FAILURE, True),
    ("burned in", Reason.PIXELS_UNREVIEWED, FailureReason.PROCESSING_FAILURE, True),
]


@pytest.mark.parametrize(("kind", "reason", "failure", "named"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_what_is_refused_is_recorded_and_its_neighbours_are_stored(
    tmp_path: Path, workers: Workers, kind: str, reason: Reason, failure: FailureReason, named: bool
) -> None:
    bad, good = damaged(kind), planted()

    async def scenario(house: House) -> None:
        done = await house.store(bad, good)
        assert (done[0].reason, done[0].failure, done[0].ref) == (reason, failure, None)
        assert done[1].failure is None
        assert len(house.archived()) == 2
        (entry,) = await house.entries()
        assert (entry.library, entry.reason) == ("stow", reason)
        assert entry.ref == (ref_of(bad) if named else None)
        assert bool(done[0].instance) == named
        assert "zq" not in f"{entry} {done}".lower()
        assert not (tmp_path / "kept").exists()

    in_house(tmp_path, workers, scenario)


def test_two_that_do_not_say_what_they_are_have_an_entry_each(tmp_path: Path, workers: Workers) -> None:
    async def scenario(house: House) -> None:
        await house.store(b"no DICOM" * 99, b"nor this" * 99, b"no DICOM" * 99)
        assert len(await house.entries()) == 2

    in_house(tmp_path, workers, scenario)


def test_what_passes_after_all_is_forgotten(tmp_path: Path, workers: Workers) -> None:
    data = planted()

    async def scenario(house: House) -> None:
        await house.store(data[:-100])
        (entry,) = await house.entries()
        kept = tmp_path / "kept" / f"{entry.id}.original"
        assert kept.read_bytes() == data[:-100]
        (done,) = await house.store(data)
        assert done.failure is None
        assert await house.entries() == []
        assert list((tmp_path / "kept").iterdir()) == []

    in_house(tmp_path, workers, scenario, keep=True)


def test_originals_are_kept_for_the_owner_only_where_a_setting_says_so(tmp_path: Path, workers: Workers) -> None:
    burned, other = damaged("burned in"), b"no DICOM" * 99

    async def scenario(house: House) -> None:
        await house.store(burned, other)
        entries = await house.entries()
        kept = {path.name: path.read_bytes() for path in (tmp_path / "kept").iterdir()}
        assert sorted(kept.values()) == sorted([burned, other])
        assert kept.keys() == {f"{entry.id}.original" for entry in entries}
        assert (tmp_path / "kept" / f"{entry_id('stow', ref_of(burned))}.original").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
        assert house.archived() == []

    in_house(tmp_path, workers, scenario, keep=True)


def plan_that_keeps(root: Path, attribute: str) -> Engine:
    """Return the second pass of a site that keeps an attribute it should not."""
    folder = root / "profiles"
    shutil.copytree(PROFILES, folder)
    rule = f'[[rule]]\nattributes = ["{attribute}"]\naction = "keep"\nexception = true\nwhy = "A mistake."\n'
    with (folder / "second-pass.toml").open("a") as profile:
        profile.write("\n" + rule)
    return Engine(load_plan(folder / "second-pass.toml", this_year=2026), KEYS)


def test_an_identifier_that_a_profile_lets_through_withholds_the_instance(tmp_path: Path, workers: Workers) -> None:
    second = plan_that_keeps(tmp_path, "StudyDescription")
    telling, harmless = planted(), planted(StudyDescription="CT Abdomen")

    async def scenario(house: House) -> None:
        done = await house.store(telling, harmless)
        assert [one.reason for one in done] == [Reason.RESIDUAL_IDENTIFIER, None]
        assert done[0].failure is FailureReason.PROCESSING_FAILURE
        (entry,) = await house.entries()
        assert (entry.ref, entry.detail) == (ref_of(telling), "name")
        assert len(house.archived()) == 2

    in_house(tmp_path, workers, scenario, second=second)


def test_a_body_without_its_closing_boundary_stores_nothing(tmp_path: Path, workers: Workers) -> None:
    whole = multipart(*planted_ct_series(3))

    async def scenario(house: House) -> None:
        for cut in (len(whole) - len("--\r\n"), len(whole) // 2, 30):
            with pytest.raises(BadRequest, match="closing boundary"):
                await house.ingest.store(chunked(whole[:cut]), BOUNDARY, study=None)
        assert house.archived() == []
        assert await house.entries() == []

    in_house(tmp_path, workers, scenario)


def test_a_body_that_breaks_off_stores_nothing(tmp_path: Path, workers: Workers) -> None:
    whole = multipart(*planted_ct_series(2))

    async def broken() -> AsyncIterator[bytes]:
        yield whole[:-1000]
        raise ConnectionResetError

    async def scenario(house: House) -> None:
        with pytest.raises(ConnectionResetError):
            await house.ingest.store(broken(), BOUNDARY, study=None)
        assert house.archived() == []

    in_house(tmp_path, workers, scenario)


def test_a_caller_that_gives_up_leaves_nothing_half_done(tmp_path: Path, workers: Workers) -> None:
    files = planted_ct_series(6)

    async def scenario(house: House) -> None:
        for delay in (0.01, 0.05, 0.2):
            storing = asyncio.create_task(house.store(*files))
            await asyncio.sleep(delay)
            storing.cancel()
            await asyncio.wait([storing])
            assert house.workspace_is_empty()
        names = [path.stem for path in house.archived()]
        assert all(names.count(name) == 2 for name in names)
        assert {one.failure for one in await house.store(*files)} == {None}
        assert len(house.archived()) == 12

    in_house(tmp_path, workers, scenario)


NOTHING: list[tuple[bytes, str | None, type[GatewayError]]] = [
    (b"", BOUNDARY, BadRequest),
    (b"", None, BadRequest),
    (multipart(), BOUNDARY, BadRequest),
    (multipart(planted(), kind="image/jpeg"), BOUNDARY, UnsupportedMedia),
    (multipart(planted(), kind="application/dicom+json"), BOUNDARY, UnsupportedMedia),
    (multipart(planted(), kind="dicom"), BOUNDARY, UnsupportedMedia),
    (multipart(planted()) * 2, "other", BadRequest),
    (multipart(planted(rows=128, columns=128)), BOUNDARY, TooLarge),
    (planted(rows=128, columns=128), None, TooLarge),
]


@pytest.mark.parametrize(("body", "boundary", "error"), NOTHING)
def test_a_request_that_is_refused_stores_nothing(
    tmp_path: Path, workers: Workers, body: bytes, boundary: str | None, error: type[GatewayError]
) -> None:
    async def scenario(house: House) -> None:
        with pytest.raises(error):
            await house.ingest.store(chunked(body), boundary, study=None)
        assert house.archived() == []
        assert await house.entries() == []

    in_house(tmp_path, workers, scenario, max_bytes=20_000)


def test_a_later_part_of_another_type_refuses_the_earlier_ones_too(tmp_path: Path, workers: Workers) -> None:
    closing = f"--{BOUNDARY}--\r\n".encode()
    body = multipart(planted()).removesuffix(closing) + multipart(b"{}", kind="application/dicom+json")

    async def scenario(house: House) -> None:
        with pytest.raises(UnsupportedMedia):
            await house.ingest.store(chunked(body), BOUNDARY, study=None)
        assert house.archived() == []

    in_house(tmp_path, workers, scenario)


@pytest.mark.parametrize(
    "kind", [None, "application/dicom", 'Application/DICOM; transfer-syntax="1.2.840.10008.1.2.1"']
)
def test_parts_name_their_type_as_they_like(tmp_path: Path, workers: Workers, kind: str | None) -> None:
    async def scenario(house: House) -> None:
        (done,) = await house.ingest.store(chunked(multipart(planted(), kind=kind)), BOUNDARY, study=None)
        assert done.failure is None

    in_house(tmp_path, workers, scenario)


def test_one_instance_goes_without_multipart(tmp_path: Path, workers: Workers) -> None:
    async def scenario(house: House) -> None:
        (done,) = await house.ingest.store(chunked(planted(), 7), None, study=None)
        assert done.failure is None

    in_house(tmp_path, workers, scenario)


def key_object(images: Sequence[bytes]) -> bytes:
    """Return a key object selection that refers to images."""
    refs = [ref_of(data) for data in images]
    items = []
    for ref in refs:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, ref.instance
        items.append(item)
    series = pydicom.Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = refs[0].series, items
    study = pydicom.Dataset()
    study.StudyInstanceUID, study.ReferencedSeriesSequence = refs[0].study, [series]
    data = planted_dataset("SR", SOPClassUID=KEY_OBJECT, Modality="KO", StudyInstanceUID=refs[0].study)
    data.CurrentRequestedProcedureEvidenceSequence = [study]
    return part10(data)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_references_are_whole_in_any_order_of_arrival(tmp_path: Path, workers: Workers, order: Sequence[int]) -> None:
    images = planted_ct_series(2)
    files = [*images, key_object(images)]

    async def scenario(house: House) -> None:
        for number in order:
            (done,) = await house.store(files[number])
            assert done.failure is None
        held = [pydicom.dcmread(path) for path in house.archived() if path.suffix == ".dcm"]
        (document,) = (data for data in held if data.Modality == "KO")
        (study,) = document.CurrentRequestedProcedureEvidenceSequence
        (series,) = study.ReferencedSeriesSequence
        referred = {item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence}
        slices = [data for data in held if data.Modality == "CT"]
        assert referred == {data.SOPInstanceUID for data in slices}
        assert {study.StudyInstanceUID} == {data.StudyInstanceUID for data in held}
        assert {series.SeriesInstanceUID} == {data.SeriesInstanceUID for data in slices}

    in_house(tmp_path, workers, scenario)


class FailingArchive:
    """An archive that fails on its first instance, and then stores nothing but says so."""

    def __init__(self, error: Exception, origin: Origin | None = None) -> None:
        self._errors: list[Exception] = [error]
        self._origin = origin

    @property
    def origin(self) -> Origin:
        """Nothing can be read here."""
        raise NotImplementedError

    async def put(self, staged: StagedInstance) -> PutResult:
        """Fail once."""
        if self._errors:
            raise self._errors.pop()
        return PutResult.STORED

    async def contains(self, ref: InstanceRef) -> bool:
        """Hold nothing."""
        return False

    async def close(self) -> None:
        """Release nothing."""


FAILURES: Sequence[tuple[Exception, FailureReason]] = (
    (StorageError("The disk is full."), FailureReason.OUT_OF_RESOURCES),
    (KeyError("Zqnachname"), FailureReason.PROCESSING_FAILURE),
)


@pytest.mark.parametrize(("error", "failure"), FAILURES)
def test_a_failure_of_ours_is_told_and_stops_no_other_instance(
    tmp_path: Path,
    workers: Workers,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    failure: FailureReason,
) -> None:
    async def scenario(house: House) -> None:
        done = await house.store(*planted_ct_series(3))
        assert sorted(one.failure or 0 for one in done) == [0, 0, failure]
        assert await house.entries() == [], "the instance itself is not at fault"

    in_house(tmp_path, workers, scenario, archive=FailingArchive(error))
    assert type(error).__name__ in caplog.text
    assert "zq" not in caplog.text.lower()


def test_nothing_of_an_instance_is_logged(tmp_path: Path, workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    files = [planted(), *(damaged(kind) for kind, *_ in REFUSALS)]

    async def scenario(house: House) -> None:
        assert len(await house.store(*files)) == len(files)

    in_house(tmp_path, workers, scenario)
    assert not found_canaries(caplog.text.encode(), CANARIES_AFTER_SECOND)
    assert ref_of(files[0]).instance not in caplog.text


def test_a_large_header_holds_up_nobody(tmp_path: Path, workers: Workers) -> None:
    data = large_header(10_000)

    async def scenario(house: House) -> list[float]:
        async with pauses() as gaps:
            (done,) = await house.store(data)
        assert done.failure is None
        return gaps

    gaps = in_house(tmp_path, workers, scenario)
    assert sum(gaps) > 0.3, "the header is too small to tell"
    assert max(gaps) < 0.6 * sum(gaps), "one pause was most of the work: the loop waited for it"


def test_the_archive_holds_what_pydicom_can_read(tmp_path: Path, workers: Workers) -> None:
    files = planted_ct_series(2, syntax=RLE)

    async def scenario(house: House) -> None:
        await house.store(*files)
        for path in house.archived():
            if path.suffix == ".dcm":
                found = pydicom.dcmread(io.BytesIO(path.read_bytes()))
                assert found.pixel_array.shape == (16, 16)

    in_house(tmp_path, workers, scenario)
