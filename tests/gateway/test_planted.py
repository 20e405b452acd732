"""Nobody planted in what is stored can be found afterwards: not in files, rows, answers, headers or logs."""

from __future__ import annotations

import io
import random
import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from gateway.origin.sample import identifiers, kept_in_first_pass
from tests.builders import (
    CANARIES_AFTER_SECOND,
    DEFLATED_LE,
    EXPLICIT_BE,
    IMPLICIT_LE,
    JPEG_BASELINE,
    RLE,
    encapsulated,
    found_canaries,
    part10,
    planted,
    planted_dataset,
    planted_series,
    ref_of,
)
from tests.gateway.conftest import StartGateway
from tests.gateway.process import Answer, Gateway
from tests.gateway.storing import archived, failed, store, stored, uid_at, unnamed, workspace

ROOT = "/teaching/dicom-web"
REFUSED_SAMPLES = re.compile(r"us-|shipped-(?!ct/0[12])|-DOC|501-CT|701-MR")
DOCUMENTS = ("801-SR", "802-KO", "803-PR")


def comment(data: bytes) -> bytes:
    """Return a JPEG with a comment segment that tells the name."""
    text = b"Zqkommentar of Zqnachname"
    return data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + data[2:]


def commented_jpeg() -> bytes:
    """Return a CT whose only frame is a JPEG with a comment."""
    data = planted_dataset("CT")
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows = data.Columns = 32
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    target = io.BytesIO()
    Image.fromarray(np.arange(1024, dtype=np.uint8).reshape(32, 32) // 4).save(target, "JPEG")
    return encapsulated(data, [comment(target.getvalue())], JPEG_BASELINE)


def report() -> bytes:
    """Return a report that tells names in its text and in its persons."""
    data = planted_dataset("SR")
    items = []
    for kind, keyword, value in (
        ("TEXT", "TextValue", "Liver lesion of Zqnachname, see ZQID4711, called 555-0199-4711"),
        ("PNAME", "PersonName", "Zqbefunder^Zqdoktor"),
        ("DATE", "Date", "20240229"),
        ("UIDREF", "UID", "1.2.3.4711"),
    ):
        item = Dataset()
        item.RelationshipType, item.ValueType = "CONTAINS", kind
        setattr(item, keyword, value)
        items.append(item)
    data.ContentSequence = Items(items)
    return part10(data)


def built() -> list[bytes]:
    """Return an instance of every kind that the builders make."""
    return [
        planted(),
        planted(syntax=IMPLICIT_LE),
        planted(syntax=EXPLICIT_BE),
        planted(syntax=DEFLATED_LE),
        planted(syntax=RLE),
        planted("MR", frames=3, SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1"),
        planted("CR", rows=33, columns=17),
        planted(SpecificCharacterSet="ISO_IR 192", PatientName="Zqnachname^Zqvorname=王^小東=Zqmittel"),
        *planted_series(2, "MR"),
        commented_jpeg(),
        report(),
        part10(planted_dataset("SR")),
    ]


def refused() -> list[bytes]:
    """Return instances that are withheld, and yet may show in no answer and no log."""
    return [planted("US", frames=3), planted("OT"), planted()[:-7], b"Zqnachname^Zqvorname " * 40]


def samples(folder: Path) -> list[bytes]:
    """Return an instance of every series of the sample PACS, and what the documents refer to, behind them."""
    documents = [next((folder / "ct-abdomen" / name).glob("*.dcm")) for name in DOCUMENTS]
    referred = {uid for path in documents for uid in uids_at(pydicom.dcmread(path), "ReferencedSOPInstanceUID")}
    chosen = [*documents]
    for series in sorted({path.parent for path in folder.rglob("*.dcm")}):
        files = sorted(series.glob("*.dcm"))
        slices = series.name == "02-CT"
        chosen += [path for path in files if ref_of(path.read_bytes()).instance in referred] if slices else files[:1]
    return [path.read_bytes() for path in dict.fromkeys(chosen)]


def uids_at(data: Dataset, keyword: str) -> Iterator[str]:
    """Yield every value of an attribute, at every depth."""
    for element in data:
        if element.VR == "SQ":
            for item in element.value:
                yield from uids_at(item, keyword)
        elif element.keyword == keyword:
            yield str(element.value)


@dataclass(slots=True)
class Filed:
    """Everything that a gateway without a PACS gave out and wrote, after all of it was stored."""

    gateway: Gateway
    sent: list[bytes]
    answers: list[Answer]
    paths: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def filed(start_gateway: StartGateway, sample_pacs: Path, tmp_path_factory: pytest.TempPathFactory) -> Filed:
    gateway = start_gateway(pacs=tmp_path_factory.mktemp("pacs"))
    house = Filed(gateway, [*built(), *refused(), *samples(sample_pacs)], [])
    for begin in range(0, len(house.sent), 40):
        answer = store(gateway, *house.sent[begin : begin + 40])
        house.answers.append(answer)
        house.paths |= stored(answer)
        house.refused |= failed(answer).keys()
    return house


def names(data: bytes, wanted: dict[bytes, str]) -> set[str]:
    """Return which of these texts stand in `data` as words of their own."""
    lower = data.lower()
    near = (rb"(?<![a-z0-9])%b(?![a-z0-9])" % re.escape(needle) for needle in wanted if needle in lower)
    return {wanted[found[0]] for pattern in near if (found := re.search(pattern, lower))}


@pytest.fixture(scope="module")
def planted_names() -> dict[bytes, str]:
    """Every text planted in the sample PACS, in lower case and in the encodings that occur."""
    found = {}
    for text in identifiers() | kept_in_first_pass():
        for coding in ("utf-8", "latin-1", "shift_jis", "euc_kr", "utf-16-le"):
            with suppress(UnicodeEncodeError):
                found[text.encode(coding).lower()] = text
    return found


@pytest.fixture(scope="module")
def originals(filed: Filed) -> list[bytes]:
    """Every UID of what was stored."""
    uids = set()
    for data in filed.sent:
        if b"DICM" in data[:140] and (ref := ref_of(data)).instance in filed.paths:
            uids |= {ref.study, ref.series, ref.instance}
    return sorted(uid.encode() for uid in uids)


def outside_pixels(path: Path) -> bytes:
    """Return the bytes of an archive file; numbers that are pixels are left out, encoded frames are not."""
    data = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pydicom.dcmread(path)
    native = "PixelData" in found and not found.file_meta.TransferSyntaxUID.is_compressed
    return data.replace(found.PixelData, b"") if native else data


def has_uid(data: bytes, uids: list[bytes]) -> list[bytes]:
    """Return which of the UIDs stand in `data`, alone or as the beginning of a longer one."""
    found = (uid for uid in uids if uid in data)
    return [uid for uid in found if re.search(rb"(?<![0-9.])%b(?![0-9])" % re.escape(uid), data)]


def test_what_can_be_stored_is_stored(filed: Filed, sample_pacs: Path) -> None:
    assert filed.answers[0].status == 202
    assert [len(unnamed(answer)) for answer in filed.answers] == [1] + [0] * (len(filed.answers) - 1)
    refused = [data for data in filed.sent[len(built()) :] if b"DICM" in data[:140]]
    assert {ref_of(data).instance for data in filed.sent[: len(built())]} <= filed.paths.keys()
    assert {ref_of(data).instance for data in refused[:3]} <= filed.refused
    wrongly = []
    for path in sorted(sample_pacs.rglob("*.dcm")):
        name, uid = str(path.relative_to(sample_pacs)), ref_of(path.read_bytes()).instance
        if uid in (filed.paths if REFUSED_SAMPLES.search(name) else filed.refused):
            wrongly.append(name)
    assert wrongly == []


def test_the_search_finds_what_was_sent(filed: Filed, planted_names: dict[bytes, str], originals: list[bytes]) -> None:
    headers = b"".join(data[:4000] for data in filed.sent)
    assert len(found_canaries(headers, CANARIES_AFTER_SECOND)) > len(CANARIES_AFTER_SECOND) * 2 // 3
    assert len(names(headers, planted_names)) > 100
    assert len(has_uid(headers, originals)) > len(originals) * 2 // 3


def test_archive_files_name_nobody(filed: Filed, planted_names: dict[bytes, str], originals: list[bytes]) -> None:
    files = archived(filed.gateway)
    assert len({path.stem for path in files}) == len(filed.paths)
    for path in files:
        assert re.fullmatch(r"2\.25\.[0-9]+", path.stem)
        data = outside_pixels(path) if path.suffix == ".dcm" else path.read_bytes()
        assert not found_canaries(data, CANARIES_AFTER_SECOND)
        assert not names(data, planted_names)
        assert not has_uid(data, originals)


def test_the_database_names_nobody(filed: Filed, planted_names: dict[bytes, str], originals: list[bytes]) -> None:
    for path in filed.gateway.data.glob("gateway.db*"):
        data = path.read_bytes()
        assert not found_canaries(data, CANARIES_AFTER_SECOND)
        assert not names(data, planted_names)
        assert not has_uid(data, originals)
    with closing(sqlite3.connect(f"file:{filed.gateway.data}/gateway.db?mode=ro", uri=True)) as database:
        (rows,) = database.execute("SELECT count(*) FROM index_files").fetchone()
        (withheld,) = database.execute("SELECT count(*) FROM withheld WHERE source = 'stow'").fetchone()
    assert rows == len(filed.paths)
    assert withheld == len(filed.refused) + 1


def given_out(filed: Filed) -> Iterator[tuple[str, Answer]]:
    """Ask for everything the archive holds in every representation."""
    get = filed.gateway.get
    for level in ("studies", "series", "instances"):
        for accept in ("application/dicom+json", "application/dicom+xml"):
            yield level, get(f"{ROOT}/{level}?includefield=all", accept)
    yield "fuzzy", get(f"{ROOT}/studies?fuzzymatching=true&limit=1")
    for path in sorted(filed.paths.values()):
        study, series = path.partition("/series/")[0], path.partition("/instances/")[0]
        yield "metadata", get(path + "/metadata")
        yield "instance", get(path, 'multipart/related; type="application/dicom"; transfer-syntax=*')
        for suffix in ("/frames/1", "/bulkdata", "/rendered", "/thumbnail"):
            yield suffix, get(path + suffix)
        if random.Random(path).random() < 0.3:
            yield "series", get(series, 'multipart/related; type="application/dicom"; transfer-syntax=*')
            yield "study metadata", get(study + "/metadata", 'multipart/related; type="application/dicom+xml"')
            yield "explicit", get(path, "application/dicom")
            yield "png", get(path + "/rendered", "image/png")
            yield "study thumbnail", get(study + "/thumbnail")


BINARY = frozenset(("instance", "series", "explicit", "/frames/1", "/bulkdata", "/rendered", "png"))


def test_the_teaching_door_names_nobody(filed: Filed, planted_names: dict[bytes, str], originals: list[bytes]) -> None:
    kinds: dict[str, int] = {}
    for kind, answer in given_out(filed):
        head = repr(sorted(answer.headers.items())).encode()
        kinds[kind] = kinds.get(kind, 0) + (answer.status == 200)
        assert answer.status < 500
        assert not found_canaries(head + answer.body, CANARIES_AFTER_SECOND), kind
        assert not names(head if kind in BINARY else head + answer.body, planted_names), kind
        assert not has_uid(head + answer.body, originals), kind
    assert min(kinds.values()) > 0, "each kind was given out at least once"
    assert kinds["metadata"] == kinds["instance"] == len(filed.paths)


def test_the_answers_to_the_sender_name_nobody(filed: Filed, planted_names: dict[bytes, str]) -> None:
    for answer in filed.answers:
        data = answer.body + repr(sorted(answer.headers.items())).encode()
        assert not found_canaries(data, CANARIES_AFTER_SECOND)
        assert not names(data, planted_names)


def test_errors_name_nobody(filed: Filed) -> None:
    for path in (
        f"{ROOT}/studies?PatientName=Zqnachname",
        f"{ROOT}/studies?Zqvorname=1",
        f"{ROOT}/studies/Zqnachname",
        f"{ROOT}/studies/1.2.3/instances/Zqnachname",
        "/api/quarantine?reason=Zqnachname",
        "/api/quarantine/Zqnachname",
        "/Zqnachname?x=ZQID4711",
    ):
        answer = filed.gateway.get(path)
        assert answer.status in (400, 404)
        assert not found_canaries(answer.body, CANARIES_AFTER_SECOND)


def test_the_log_names_nobody(filed: Filed, planted_names: dict[bytes, str], originals: list[bytes]) -> None:
    log = filed.gateway.log.encode()
    assert b"store-instances" in log
    assert not found_canaries(log, CANARIES_AFTER_SECOND)
    assert not names(log, planted_names)
    assert not has_uid(log, originals)
    assert not re.search(rb"2\.25\.[0-9]{9}", log)
    assert b"unforeseen" not in log


def test_the_workspace_is_empty(filed: Filed) -> None:
    assert not workspace(filed.gateway)


def test_references_across_files_stay_whole(filed: Filed, sample_pacs: Path) -> None:
    """The documents were sent before the images they refer to."""
    files = [path for path in archived(filed.gateway) if path.suffix == ".dcm"]
    held = {path.stem: pydicom.dcmread(path, stop_before_pixels=True) for path in files}
    for name in DOCUMENTS:
        original = pydicom.dcmread(next((sample_pacs / "ct-abdomen" / name).glob("*.dcm")))
        found = held[uid_at(filed.paths[original.SOPInstanceUID])]
        wanted = list(uids_at(original, "ReferencedSOPInstanceUID"))
        references = list(uids_at(found, "ReferencedSOPInstanceUID"))
        assert len(references) == len(wanted) > 0
        assert set(references) <= held.keys()
        assert {held[uid].Modality for uid in references} == {"CT"}
        assert set(uids_at(found, "StudyInstanceUID")) == {held[references[0]].StudyInstanceUID}
        series = {str(data.SeriesInstanceUID) for data in held.values()}
        assert set(uids_at(found, "SeriesInstanceUID")) <= series
