"""The teaching archive as its clients see it: kept in a folder, and kept by a real Orthanc (PS3.18 §10.4, §10.6)."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient

from tests.builders import CANARIES_AFTER_SECOND, found_canaries, ref_of
from tests.gateway.conftest import StartGateway
from tests.gateway.corpus import ABDOMEN, HEART, corpus
from tests.gateway.process import Gateway
from tests.gateway.storing import failed, file_of, store, stored, uid_at
from tests.peers.orthanc import Orthanc

ROOT = "/teaching/dicom-web"


@dataclass(frozen=True, slots=True)
class Teaching:
    """A gateway whose archive holds `corpus`, and what became of each instance."""

    gateway: Gateway
    paths: dict[str, str]
    """The path of each instance, by the UID it was sent with."""
    orthanc: Orthanc | None

    def search(self, query: str) -> list[dict[str, Any]]:
        answer = self.gateway.get(f"{ROOT}/{query}")
        assert answer.status == 200
        rows: list[dict[str, Any]] = answer.json
        return rows

    def client(self) -> DICOMwebClient:
        return self.gateway.client(ROOT)


def filled(gateway: Gateway, orthanc: Orthanc | None = None) -> Teaching:
    answer = store(gateway, *corpus())
    assert answer.status == 202
    # A person must look at ultrasound first; everything else passes.
    assert set(failed(answer).values()) == {0x0110}
    assert len(stored(answer)) > len(failed(answer))
    return Teaching(gateway, stored(answer), orthanc)


@pytest.fixture(scope="module")
def embedded(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Teaching:
    """Give an archive in a folder."""
    return filled(start_gateway(pacs=tmp_path_factory.mktemp("pacs")))


@pytest.fixture(scope="module")
def remote(
    start_gateway: StartGateway, start_orthanc: Callable[..., Orthanc], tmp_path_factory: pytest.TempPathFactory
) -> Teaching:
    """Give an archive in Orthanc."""
    orthanc = start_orthanc()
    return filled(start_gateway(pacs=tmp_path_factory.mktemp("pacs"), archive_url=orthanc.url), orthanc)


@pytest.fixture(params=["embedded", pytest.param("remote", marks=pytest.mark.peer("orthanc"))])
def teaching(request: pytest.FixtureRequest) -> Teaching:
    """Give the one, then the other."""
    archive: Teaching = request.getfixturevalue(request.param)
    return archive


def values(row: dict[str, Any], tag: str) -> list[Any]:
    found: list[Any] = row.get(tag, {}).get("Value", [])
    return found


def first(row: dict[str, Any], tag: str) -> Any:
    return (values(row, tag) or [None])[0]


def instance_of(row: dict[str, Any]) -> str:
    return "/".join(str(first(row, tag)) for tag in ("0020000D", "0020000E", "00080018"))


def test_every_stored_instance_is_listed_once(teaching: Teaching) -> None:
    rows = teaching.search("instances?includefield=all")
    listed = [f"{ROOT}/studies/{{}}/series/{{}}/instances/{{}}".format(*instance_of(row).split("/")) for row in rows]
    assert sorted(listed) == sorted(teaching.paths.values())
    studies, series = teaching.search("studies"), teaching.search("series")
    assert {first(row, "0020000D") for row in rows} == {first(row, "0020000D") for row in studies}
    assert {first(row, "0020000E") for row in rows} == {first(row, "0020000E") for row in series}
    assert len(studies) < len(series) < len(rows)
    for row in studies:
        assert first(row, "00081190") == f"{teaching.gateway.url}{ROOT}/studies/{first(row, '0020000D')}"


def test_an_instance_says_the_same_in_every_representation(teaching: Teaching) -> None:
    for sent, path in teaching.paths.items():
        _, study, _, series, _, instance = path.removeprefix(ROOT + "/").split("/")
        (metadata,) = teaching.gateway.get(path + "/metadata").json
        (row,) = teaching.search(f"instances?SOPInstanceUID={instance}&includefield=all")
        data = pydicom.dcmread(io.BytesIO(teaching.gateway.get(path, "application/dicom").body))
        for found in (metadata, row, json.loads(data.to_json(suppress_invalid_tags=True))):
            assert instance_of(found) == f"{study}/{series}/{instance}"
            assert first(found, "00100020") == data.PatientID
        assert metadata["00120062"]["Value"] == ["YES"] == [data.PatientIdentityRemoved]
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        assert sent not in json.dumps(metadata)


def test_images_are_served_in_every_form(teaching: Teaching) -> None:
    for row in teaching.search("instances?includefield=00280010"):
        if first(row, "00280010") is None:
            continue
        study, series, instance = instance_of(row).split("/")
        path = f"{ROOT}/studies/{study}/series/{series}/instances/{instance}"
        get = teaching.gateway.get
        (frame,) = get(path + "/frames/1", 'multipart/related; type="application/octet-stream"').parts()
        assert frame.headers["content-type"].startswith("application/octet-stream")
        assert len(frame.body) >= 512
        assert get(path + "/rendered", "image/png").body.startswith(b"\x89PNG")
        assert get(path + "/thumbnail").body.startswith(b"\xff\xd8\xff")
        (part,) = get(path, 'multipart/related; type="application/dicom"').parts()
        assert pydicom.dcmread(io.BytesIO(part.body)).pixel_array.size == 2 * len(frame.body) // 4


def test_dicomweb_client_pulls_everything(teaching: Teaching) -> None:
    client = teaching.client()
    pulled = [
        instance
        for study in client.search_for_studies()
        for instance in client.retrieve_study(study["0020000D"]["Value"][0])
    ]
    assert {instance.SOPInstanceUID for instance in pulled} == {uid_at(path) for path in teaching.paths.values()}
    assert {instance.PatientIdentityRemoved for instance in pulled} == {"YES"}


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_a_walk_by_pages_gives_the_whole_in_the_same_order(teaching: Teaching, level: str) -> None:
    whole = [instance_of(row) for row in teaching.search(level)]
    assert len(set(whole)) == len(whole) >= 3
    for limit in (1, 2, 5):
        walked: list[str] = []
        for offset in itertools.count(step=limit):
            answer = teaching.gateway.get(f"{ROOT}/{level}?limit={limit}&offset={offset}")
            page = [instance_of(row) for row in answer.json]
            assert ("warning" in answer.headers) == (offset + limit < len(whole))
            walked += page
            if not page:
                break
        assert walked == whole
    assert teaching.gateway.get(f"{ROOT}/{level}?offset=999").json == []


def test_rows_are_found_by_what_teaching_needs(teaching: Teaching) -> None:
    assert {first(row, "00080060") for row in teaching.search("series?Modality=MR")} == {"MR"}
    (mr,) = teaching.search("studies?ModalitiesInStudy=MR")
    study = first(mr, "0020000D")
    assert [first(row, "0020000D") for row in teaching.search(f"studies?StudyInstanceUID={study}")] == [study]
    assert len(teaching.search(f"studies/{study}/instances")) == 2
    assert teaching.search("series?Modality=XA") == []
    assert len(teaching.search("series?BodyPartExamined=ABD*")) >= 1


def test_a_patient_is_found_by_the_pseudonym_only(teaching: Teaching) -> None:
    for row in teaching.search("studies"):
        pseudonym = first(row, "00100020")
        found = teaching.search(f"studies?PatientID={pseudonym}")
        assert [first(one, "0020000D") for one in found] == [first(row, "0020000D")]
        assert teaching.search(f"studies?00100020={pseudonym}") == found


IDENTITIES = [
    "PatientName=Zqnachname*",
    "PatientName=*",
    "PatientID=ZQID4711",
    "00100020=ZQID4711",
    "PatientID=ZQID*",
    "PatientBirthDate=19470328",
    "PatientBirthDate=19000101-",
    "AccessionNumber=ZQACC0815",
    "ReferringPhysicianName=Zqueberweiser^Zqdoktor",
    "PerformingPhysicianName=Zqausfuehrer*",
    "OperatorsName=Zqbediener*",
    "InstitutionName=Zqinstitut*",
    "StationName=ZQSTATION7",
    "OtherPatientIDs=ZQID4711",
    "IssuerOfPatientID=ZQISSUER",
    "StudyID=ZQSTUDY1",
    "PatientAddress=Zqstrasse*",
    "RequestAttributesSequence.RequestedProcedureID=ZQVERSCHACHTELT",
    "DeviceSerialNumber=ZQSERIAL99",
]


@pytest.mark.parametrize("key", IDENTITIES)
@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_nobody_is_found_by_name(teaching: Teaching, level: str, key: str) -> None:
    answer = teaching.gateway.get(f"{ROOT}/{level}?{key}")
    assert (answer.status, answer.media) == (400, "application/problem+json")
    assert b"zq" not in answer.body.lower()


def test_an_identity_may_be_asked_for_but_not_be_searched(teaching: Teaching) -> None:
    (row,) = teaching.search("studies?ModalitiesInStudy=MR&PatientName=&AccessionNumber=&InstitutionName=")
    assert not found_canaries(json.dumps(row).encode(), CANARIES_AFTER_SECOND)


def test_originals_are_not_found_by_their_uids(teaching: Teaching) -> None:
    ref = ref_of(corpus()[0])
    assert teaching.search(f"instances?SOPInstanceUID={ref.instance}") == []
    assert teaching.search(f"studies?StudyInstanceUID={ref.study}") == []
    assert teaching.gateway.get(f"{ROOT}/studies/{ref.study}").status == 404


def test_what_was_refused_is_not_there(teaching: Teaching) -> None:
    (cine,) = (ref_of(data) for data in corpus() if ref_of(data).study == HEART)
    assert cine.instance not in teaching.paths
    assert teaching.search("series?Modality=US") == []


@pytest.mark.peer("orthanc")
def test_the_remote_archive_holds_what_was_confirmed_and_no_identity(remote: Teaching) -> None:
    orthanc = remote.orthanc
    assert orthanc is not None
    files = [orthanc.call("GET", f"/instances/{name}/file") for name in orthanc.json("/instances")]
    held = [pydicom.dcmread(io.BytesIO(data)) for data in files]
    assert {instance.SOPInstanceUID for instance in held} == {uid_at(path) for path in remote.paths.values()}
    for data in files:
        assert not found_canaries(data, CANARIES_AFTER_SECOND)
    assert not list((remote.gateway.data / "archive").glob("*"))


def test_storing_again_changes_nothing(teaching: Teaching) -> None:
    before = teaching.search("instances?includefield=all")
    data = next(data for data in corpus() if ref_of(data).study == ABDOMEN)
    answer = store(teaching.gateway, data)
    assert answer.status == 200
    assert stored(answer) == {ref_of(data).instance: teaching.paths[ref_of(data).instance]}
    assert teaching.search("instances?includefield=all") == before


def test_files_stand_side_by_side_under_the_new_uid(embedded: Teaching) -> None:
    for sent, path in embedded.paths.items():
        instance = file_of(embedded.gateway, uid_at(path))
        data = pydicom.dcmread(instance)
        assert data.SOPInstanceUID == uid_at(path) != sent
        assert instance.with_suffix(".jpg").is_file() == ("PixelData" in data)
        assert instance.stat().st_mode & 0o777 == 0o600
