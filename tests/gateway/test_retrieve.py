"""WADO-RS instances and metadata over HTTP: representations, negotiation, transcoding, and what is withheld."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID as PydicomUID

from gateway.dicom.uid import InstanceRef, SeriesRef, StudyRef
from tests.builders import (
    EXPLICIT_LE,
    RLE,
    found_canaries,
    planted,
    ref_of,
)
from tests.gateway.conftest import VIEWER_ORIGIN
from tests.gateway.corpus import (
    ABDOMEN,
    ABDOMEN_CT,
    ABDOMEN_SR,
    ALONE,
    CHEST_CR,
    HEAD_MR,
    HEART_US,
    MIXED,
    NOWHERE,
    PDF,
    corpus,
    nth,
    study,
)
from tests.gateway.curl import curl
from tests.gateway.process import Gateway, at, series_of
from tests.gateway.scripted import ScriptedGateway
from tests.peers.orthanc import Orthanc

DICOM = "application/dicom"
JSON = "application/dicom+json"
MULTIPART = 'multipart/related; type="application/dicom"'


def parsed(data: bytes) -> Dataset:
    """Read an instance that came through the first pass, with an independent library."""
    assert found_canaries(data) == []
    found = dcmread(io.BytesIO(data))
    assert found.PatientIdentityRemoved != "YES" if "PatientIdentityRemoved" in found else True
    assert found.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    return found


@pytest.mark.parametrize(
    ("ref", "count"),
    [(StudyRef(ABDOMEN), 6), (ABDOMEN_CT, 5), (ABDOMEN_SR, 1), (HEAD_MR, 2), (nth(HEART_US, 1), 1)],
    ids=["study", "series", "report", "implicit", "instance"],
)
def test_what_is_there_comes_whole(either: Gateway, ref: StudyRef | SeriesRef | InstanceRef, count: int) -> None:
    answer = either.get(at(ref))
    assert answer.status == 200
    assert re.fullmatch(r'multipart/related; type="application/dicom"; boundary=\w+', answer.headers["content-type"])
    originals = {ref_of(data).instance: dcmread(io.BytesIO(data)) for data in corpus()}
    parts = answer.parts()
    assert len(parts) == count
    for part in parts:
        found = parsed(part.body)
        assert part.headers["content-type"] == f"{DICOM}; transfer-syntax={EXPLICIT_LE}"
        assert found.file_meta.TransferSyntaxUID == EXPLICIT_LE
        instance = InstanceRef(found.StudyInstanceUID, found.SeriesInstanceUID, found.SOPInstanceUID)
        assert part.headers["content-location"] == either.url + at(instance)
        original = originals.pop(found.SOPInstanceUID)
        assert found.InstitutionName == original.InstitutionName
        assert found.StudyDate == original.StudyDate[:4] + "0101"
        if "PixelData" in original:
            np.testing.assert_array_equal(found.pixel_array, original.pixel_array)


@pytest.mark.parametrize(
    ("accept", "status", "media", "syntax"),
    [
        (None, 200, "multipart/related", EXPLICIT_LE),
        ("*/*", 200, "multipart/related", EXPLICIT_LE),
        (MULTIPART, 200, "multipart/related", EXPLICIT_LE),
        ("multipart/related; type=application/dicom", 200, "multipart/related", EXPLICIT_LE),
        ("multipart/related; type=application/dicom; transfer-syntax=*", 200, "multipart/related", RLE),
        (f'{MULTIPART}; transfer-syntax="*"', 200, "multipart/related", RLE),
        (f"{MULTIPART}; transfer-syntax={RLE}", 200, "multipart/related", RLE),
        (f'{MULTIPART}; transfer-syntax="{RLE}"', 200, "multipart/related", RLE),
        (f"{MULTIPART}; transfer-syntax={EXPLICIT_LE}", 200, "multipart/related", EXPLICIT_LE),
        (f"{MULTIPART}; transfer-syntax=1.2.840.10008.1.2.4.90", 406, "", ""),
        (f"{MULTIPART}; transfer-syntax=1.2.840.10008.1.2.4.90, {MULTIPART}", 200, "multipart/related", EXPLICIT_LE),
        (
            f"{MULTIPART}; transfer-syntax={RLE}; q=0.5, {MULTIPART}; transfer-syntax={EXPLICIT_LE}; q=0.9",
            200,
            "multipart/related",
            EXPLICIT_LE,
        ),
        (
            f"{MULTIPART}; transfer-syntax={EXPLICIT_LE}; q=0.5, {MULTIPART}; transfer-syntax={RLE}",
            200,
            "multipart/related",
            RLE,
        ),
        (DICOM, 200, DICOM, EXPLICIT_LE),
        (f"{DICOM}; transfer-syntax=*", 200, DICOM, RLE),
        (f"{DICOM}; q=0.2, {MULTIPART}; q=0.1", 200, DICOM, EXPLICIT_LE),
        (f"{DICOM}; q=0", 406, "", ""),
        ("image/jpeg", 406, "", ""),
        ("application/octet-stream", 406, "", ""),
        (f"{DICOM}; transfer-syntax=1.2.840.10008.1.2", 406, "", ""),
        ("this is no media type", 400, "", ""),
    ],
)
def test_an_instance_as_the_client_takes_it(
    corpus_gateway: Gateway, accept: str | None, status: int, media: str, syntax: str
) -> None:
    answer = corpus_gateway.get(at(nth(HEART_US, 1)), accept)
    assert answer.status == status
    if status != 200:
        assert answer.media == "application/problem+json"
        assert "Accept" in answer.json["detail"]
        return
    assert answer.media == media
    body = answer.body
    if media == DICOM:
        assert answer.headers["content-type"] == f"{DICOM}; transfer-syntax={syntax}"
    else:
        (part,) = answer.parts()
        body = part.body
    found = parsed(body)
    assert found.file_meta.TransferSyntaxUID == syntax
    assert found.pixel_array.shape == (5, 16, 16)


def test_several_instances_do_not_come_without_multipart(corpus_gateway: Gateway) -> None:
    answer = corpus_gateway.get(at(ABDOMEN_CT), DICOM)
    assert answer.status == 406
    assert "multipart/related" in answer.json["detail"]


def test_the_accept_parameter_beats_the_header(corpus_gateway: Gateway) -> None:
    path = at(nth(HEART_US, 1), "?accept=application/dicom%3Btransfer-syntax%3D*")
    answer = corpus_gateway.get(path, f"{MULTIPART}; transfer-syntax={EXPLICIT_LE}")
    assert answer.headers["content-type"] == f"{DICOM}; transfer-syntax={RLE}"


@pytest.mark.parametrize("suffix", ["", "/metadata", "/rendered", "/frames/1", "/bulkdata/7FE00010"])
def test_head_and_options(corpus_gateway: Gateway, suffix: str) -> None:
    path = at(nth(ABDOMEN_CT, 1), suffix)
    got, head = corpus_gateway.get(path), corpus_gateway.get(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.media == got.media
    if "content-length" in head.headers:
        assert head.headers["content-length"] == str(len(got.body))
    options = corpus_gateway.request("OPTIONS", path)
    assert options.status == 204
    assert {"GET", "HEAD", "OPTIONS"} <= set(options.headers["allow"].split(", "))
    assert corpus_gateway.get(path, method="DELETE").status == 405


@pytest.mark.parametrize("suffix", ["", "/metadata", "/rendered", "/thumbnail", "/frames/1", "/bulkdata"])
def test_what_is_not_there_is_404(either: Gateway, suffix: str) -> None:
    for ref in (InstanceRef(ABDOMEN, ABDOMEN_CT.series, NOWHERE), InstanceRef(NOWHERE, NOWHERE, NOWHERE)):
        answer = either.get(at(ref, suffix))
        assert (answer.status, answer.media) == (404, "application/problem+json")


@pytest.mark.parametrize("uid", ["1.2.x", "1..2", "1.2.3%2f..%2f..", "9" * 65, "%00", "1.2%20"])
def test_what_is_no_uid_is_400_and_not_repeated(gateway: Gateway, uid: str) -> None:
    for suffix in ("", "/metadata", "/series", f"/series/{uid}/instances"):
        answer = gateway.get(f"/dicom-web/studies/{uid}{suffix}")
        assert answer.status in (400, 404)
        assert uid.encode() not in answer.body


@pytest.mark.parametrize(
    ("ref", "count"), [(StudyRef(ABDOMEN), 6), (ABDOMEN_CT, 5), (nth(CHEST_CR, 1), 1)], ids=["study", "series", "one"]
)
def test_metadata_agrees_with_the_instances(
    either: Gateway, ref: StudyRef | SeriesRef | InstanceRef, count: int
) -> None:
    answer = either.get(at(ref, "/metadata"))
    assert (answer.status, answer.media) == (200, JSON)
    assert found_canaries(answer.body) == []
    instances = {found.SOPInstanceUID: found for found in (parsed(part.body) for part in either.get(at(ref)).parts())}
    assert len(answer.json) == count
    for row in answer.json:
        told = Dataset.from_json({tag: element for tag, element in row.items() if "BulkDataURI" not in element})
        whole = instances.pop(told.SOPInstanceUID)
        assert told.keys() == whole.keys() - {0x7FE00010}
        for element in told:
            if element.tag != 0x00080005:
                assert element.value == whole[element.tag].value


def test_metadata_in_xml(either: Gateway) -> None:
    parts = either.get(at(ABDOMEN_CT, "/metadata"), 'multipart/related; type="application/dicom+xml"').parts()
    assert len(parts) == 5
    one = either.get(at(nth(CHEST_CR, 1), "/metadata"), "application/dicom+xml")
    assert one.media == "application/dicom+xml"
    for body in (one.body, *(part.body for part in parts)):
        assert found_canaries(body) == []
        names = {found.get("keyword") for found in ET.fromstring(body)}
        assert {"SOPInstanceUID", "Rows", "PixelData"} <= names


@pytest.mark.parametrize("ref", [nth(ABDOMEN_CT, 2), nth(HEAD_MR, 1), nth(HEART_US, 1)], ids=["ct", "implicit", "rle"])
def test_pixel_data_is_where_the_metadata_says(either: Gateway, ref: InstanceRef) -> None:
    (row,) = either.get(at(ref, "/metadata")).json
    uri = row["7FE00010"]["BulkDataURI"]
    assert uri.startswith(either.url + at(ref))
    answer = either.get(uri.removeprefix(either.url))
    assert answer.status == 200
    original = next(dcmread(io.BytesIO(data)) for data in corpus() if ref_of(data) == ref)
    assert b"".join(part.body for part in answer.parts()) == original.pixel_array.tobytes()


def syntaxes(folder: Path) -> dict[str, Path]:
    """Return one image of the sample PACS for every transfer syntax in it."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.dcm")):
        header = dcmread(path, stop_before_pixels=True, specific_tags=["Rows"])
        if "Rows" in header:
            found.setdefault(header.file_meta.TransferSyntaxUID, path)
    return found


def test_every_stored_syntax_is_given_as_explicit_vr(gateway: Gateway, sample_pacs: Path) -> None:
    found = syntaxes(sample_pacs)
    assert len(found) >= 10
    for syntax, path in found.items():
        original = dcmread(path)
        ref = ref_of(path.read_bytes())
        decoded = dcmread(io.BytesIO(gateway.get(at(ref), DICOM).body))
        assert decoded.file_meta.TransferSyntaxUID == EXPLICIT_LE, syntax
        difference = np.abs(decoded.pixel_array.astype(int) - original.pixel_array.astype(int))
        assert difference.max() <= (0 if PydicomUID(syntax).name.find("Lossless") >= 0 else 3), syntax
        kept = dcmread(io.BytesIO(gateway.get(at(ref), f"{DICOM}; transfer-syntax=*").body))
        leaves_as = syntax if PydicomUID(syntax).is_encapsulated else EXPLICIT_LE
        assert kept.file_meta.TransferSyntaxUID == leaves_as, syntax
        np.testing.assert_array_equal(kept.pixel_array, original.pixel_array)


def test_dicomweb_client_retrieves(either: Gateway) -> None:
    client = either.client()
    assert len(client.retrieve_study(ABDOMEN)) == 6
    assert len(list(client.iter_series(ABDOMEN, ABDOMEN_CT.series))) == 5
    ref = nth(HEART_US, 1)
    one = client.retrieve_instance(ref.study, ref.series, ref.instance)
    assert one.pixel_array.shape == (5, 16, 16)
    kept = client.retrieve_instance(ref.study, ref.series, ref.instance, media_types=((DICOM, RLE),))
    assert kept.file_meta.TransferSyntaxUID == RLE
    assert len(client.retrieve_study_metadata(ABDOMEN)) == 6
    assert len(client.retrieve_series_metadata(ABDOMEN, ABDOMEN_CT.series)) == 5
    metadata = client.retrieve_instance_metadata(ref.study, ref.series, ref.instance)
    assert metadata["00280008"]["Value"] == [5]


@pytest.mark.peer("curl")
def test_curl_saves_an_instance(either: Gateway) -> None:
    path = at(nth(ABDOMEN_CT, 1))
    got = curl(either, path, "--fail", "--header", "Accept: application/dicom")
    assert got.status == 0
    assert parsed(got.output).SOPInstanceUID == nth(ABDOMEN_CT, 1).instance
    compressed = curl(either, path, "--fail", "--compressed", "--header", "Accept: application/dicom")
    assert compressed == got


@pytest.mark.peer("curl")
def test_a_set_with_a_refused_member_says_so(corpus_gateway: Gateway) -> None:
    refused = nth(MIXED, 4)
    # The status of the first answer has gone out before the refused one is reached, so its body breaks off.
    assert curl(corpus_gateway, at(MIXED), "--fail").status != 0

    again = corpus_gateway.get(at(MIXED))
    assert again.status == 206
    assert len(again.parts()) == 3
    assert again.headers["warning"].startswith('299 teaching-file-gateway "1 instance is withheld: sop-class-refused')
    assert corpus_gateway.get(at(study(MIXED))).status == 206
    assert len(corpus_gateway.client().retrieve_series(MIXED.study, MIXED.series)) == 3

    metadata = corpus_gateway.get(at(MIXED, "/metadata"))
    assert (metadata.status, len(metadata.json)) == (200, 3)
    assert "sop-class-refused" in metadata.headers["warning"]
    rows = corpus_gateway.get(at(MIXED, "/instances"))
    assert len(rows.json) == 3
    assert "withheld" in rows.headers["warning"]

    for suffix in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata"):
        one = corpus_gateway.get(at(refused, suffix))
        assert (one.status, one.media, one.json["reason"]) == (403, "application/problem+json", "sop-class-refused")
        assert len(one.json["detail"]) > 20
        assert found_canaries(one.body) == []

    listed = corpus_gateway.get("/api/quarantine?limit=1000").json["entries"]
    (entry,) = [entry for entry in listed if entry["instance"] == refused.instance]
    assert (entry["reason"], entry["study"], entry["library"]) == ("sop-class-refused", refused.study, "pacs")


def test_a_set_of_refused_members_only_is_refused(corpus_gateway: Gateway) -> None:
    for _ in range(2):
        for suffix in ("", "/metadata"):
            answer = corpus_gateway.get(at(ALONE, suffix))
            assert (answer.status, answer.json["reason"]) == (403, "sop-class-refused")


def test_what_is_repaired_is_given_again(orthanc_gateway: Gateway, orthanc: Orthanc) -> None:
    data = planted(SOPClassUID=PDF)
    ref = ref_of(data)
    orthanc.upload([data])
    assert orthanc_gateway.get(at(ref)).status == 403
    uids: dict[str, Any] = {
        "StudyInstanceUID": ref.study,
        "SeriesInstanceUID": ref.series,
        "SOPInstanceUID": ref.instance,
    }
    orthanc.upload([planted(**uids)])
    assert orthanc_gateway.get(at(ref)).status == 200
    assert orthanc_gateway.get(at(series_of(data))).status == 200
    entries = orthanc_gateway.get("/api/quarantine?limit=1000").json["entries"]
    assert ref.instance not in {entry["instance"] for entry in entries}


def test_only_configured_web_origins_may_read(scripted: ScriptedGateway) -> None:
    gateway = scripted.gateway
    for origin, allowed in ((VIEWER_ORIGIN, True), ("https://second.example", True), ("https://evil.example", False)):
        for answer in (
            gateway.get("/dicom-web/studies", Origin=origin),
            gateway.get("/dicom-web/studies/1.x", Origin=origin),
            gateway.request("GET", "/dicom-web/studies", {"Origin": origin}),
        ):
            assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
            assert "Origin" in answer.headers["vary"]
            assert "access-control-allow-credentials" not in answer.headers
        preflight = gateway.request(
            "OPTIONS",
            "/dicom-web/studies",
            {
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization,accept",
            },
        )
        assert preflight.status == 204
        granted = preflight.headers.get("access-control-allow-headers", "")
        assert ("authorization" in granted and "accept" in granted) == allowed


def test_no_web_origin_is_allowed_unless_configured(gateway: Gateway) -> None:
    answer = gateway.get("/dicom-web/studies", Origin="https://viewer.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]
