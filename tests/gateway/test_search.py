"""QIDO-RS over HTTP: six levels, every match type, paging, representations, and an origin that is not there."""

from __future__ import annotations

import itertools
import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from tests.builders import found_canaries
from tests.gateway.conftest import SEARCH_LIMIT
from tests.gateway.corpus import (
    ABDOMEN,
    ABDOMEN_CT,
    CHEST,
    CHEST_CR,
    HEAD,
    HEAD_MR,
    HEART,
    HEART_US,
    NOWHERE,
    STUDIES,
    nth,
)
from tests.gateway.curl import curl
from tests.gateway.process import Answer, Gateway, at
from tests.gateway.scripted import ScriptedGateway
from tests.origin.scripted import always, answer

NAMES = {ABDOMEN: "abdomen", HEAD: "head", CHEST: "chest", HEART: "heart"}
JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'


def value(row: dict[str, Any], tag: str) -> Any:
    """Return the first value of an attribute, None where there is none."""
    return (row.get(tag, {}).get("Value") or [None])[0]


def mine(answer: Answer) -> list[dict[str, Any]]:
    """Return the rows of `corpus`: an Orthanc may be shared."""
    assert answer.status == 200, answer.body
    assert found_canaries(answer.body) == []
    return [row for row in answer.json if value(row, "0020000D") in STUDIES]


def studies(gateway: Gateway, query: str) -> set[str]:
    """Return the names of the studies that match."""
    return {NAMES[value(row, "0020000D")] for row in mine(gateway.get(f"/dicom-web/studies?{query}"))}


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/studies", 4),
        ("/series", 5),
        ("/instances", 10),
        (f"/studies/{ABDOMEN}/series", 2),
        (f"/studies/{ABDOMEN}/instances", 6),
        (f"/studies/{ABDOMEN}/series/{ABDOMEN_CT.series}/instances", 5),
    ],
)
def test_every_level_lists_and_links_to_the_gateway(either: Gateway, path: str, count: int) -> None:
    rows = mine(either.get("/dicom-web" + path))
    assert len(rows) == count
    for row in rows:
        uids = [value(row, tag) for tag in ("0020000D", "0020000E", "00080018")]
        names = zip(("studies", "series", "instances"), filter(None, uids), strict=False)
        assert value(row, "00081190") == f"{either.url}/dicom-web/" + "/".join(itertools.chain.from_iterable(names))
    followed = value(rows[0], "00081190").removeprefix(either.url)
    assert either.get(followed + "/metadata").status == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PatientID=ZQC3", {"chest"}),
        ("00100020=ZQC3", {"chest"}),
        ("PatientID=zqc3", set()),
        ("PatientID=ZQB%2017%264", {"head"}),
        ("PatientName=Adlerzq%5EBerta%20Maria", {"head"}),
        ("PatientName=adlerzq*", {"head"}),
        ("PatientName=M%C3%BCllerzq*", {"chest"}),
        ("PatientName=%3Fdlerzq*&PatientID=ZQ*", {"head"}),
        ("PatientID=ZQ%3F3", {"chest"}),
        ("AccessionNumber=ZQACC7777", {"heart"}),
        (f"StudyInstanceUID={HEAD}", {"head"}),
        (f"StudyInstanceUID={HEAD},{CHEST},{NOWHERE}", {"head", "chest"}),
        (f"StudyInstanceUID={HEAD}%5C{CHEST}", {"head", "chest"}),
        ("StudyDate=20200105&PatientID=ZQ*", {"head"}),
        ("StudyDate=20230101-20231231&PatientID=ZQ*", {"chest", "heart"}),
        ("StudyDate=-20200131&PatientID=ZQ*", {"head"}),
        ("StudyDate=20231231-&PatientID=ZQ*", {"abdomen", "chest"}),
        ("StudyTime=0800-0900&PatientID=ZQ*", {"head"}),
        ("StudyDate=20200105-20231231&StudyTime=0800-2300&PatientID=ZQ*", {"head", "heart"}),
        ("PatientID=ZQ*&PatientSex=", {"abdomen", "head", "chest", "heart"}),
        ("PatientID=ZQ*&PatientSex=%22%22&emptyvaluematching=true", {"heart"}),
        ("PatientID=ZQ*&ModalitiesInStudy=SR", {"abdomen"}),
        ("PatientID=ZQ*&ModalitiesInStudy=MR,US", {"head", "heart"}),
        ("PatientID=ZQ*&NumberOfStudyRelatedInstances=6", {"abdomen"}),
        ("ProcedureCodeSequence.CodeValue=ZQCODE&PatientID=ZQID4711", {"abdomen"}),
        ("00081032.00080100=ZQCODE&PatientID=ZQC3", {"chest"}),
        ("ProcedureCodeSequence.CodeValue=ZQELSE&PatientID=ZQ*", set()),
        ("PatientName=berta&fuzzymatching=true&PatientID=ZQB*", {"head"}),
        ("PatientName=berta&fuzzymatching=false&PatientID=ZQB*", set()),
        ("PatientName=Nobody", set()),
    ],
)
def test_every_match_type(either: Gateway, query: str, found: set[str]) -> None:
    assert studies(either, query) == found


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/series?Modality=CT&PatientID=ZQID4711", 1),
        (f"/series?SeriesInstanceUID={HEAD_MR.series}", 1),
        (f"/studies/{ABDOMEN}/series?RequestAttributesSequence.RequestedProcedureID=ZQVERSCHACHTELT", 2),
        (f"/studies/{ABDOMEN}/instances?InstanceNumber=3", 1),
        (f"/studies/{ABDOMEN}/instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.2", 5),
        (f"/instances?SOPInstanceUID={nth(HEART_US, 1).instance}", 1),
        (f"/instances?SeriesInstanceUID={HEAD_MR.series}&InstanceNumber=2", 1),
        (f"/studies/{NOWHERE}/series", 0),
        (f"/studies/{HEAD}/series/{ABDOMEN_CT.series}/instances", 0),
    ],
)
def test_keys_of_series_and_instances(either: Gateway, path: str, count: int) -> None:
    assert len(mine(either.get("/dicom-web" + path))) == count


def test_nothing_found_is_an_empty_array(either: Gateway) -> None:
    found = either.get("/dicom-web/studies?PatientID=NOBODY", JSON)
    assert (found.status, found.media, found.body) == (200, JSON, b"[]")
    # A multipart body holds at least one part (RFC 2046 §5.1.1).
    assert either.get("/dicom-web/studies?PatientID=NOBODY", XML).status == 204


@pytest.mark.parametrize(
    "query",
    [
        "PatientNam=Zqgeheim",
        "StudyDate=Zqgeheim",
        "StudyDate=20240101-Zqgeheim",
        "Manufacturer=Zqgeheim",
        "Modality=Zqgeheim",
        "limit=Zqgeheim",
        "offset=-1",
        "PatientID=Zqgeheim&PatientID=Zqgeheim",
        "includefield=Zqgeheim",
        "PixelData=Zqgeheim",
        "fuzzymatching=Zqgeheim",
    ],
)
def test_what_cannot_be_searched_says_so(gateway: Gateway, query: str) -> None:
    refused = gateway.get("/dicom-web/studies?" + query)
    assert (refused.status, refused.media) == (400, "application/problem+json")
    assert b"zqgeheim" not in refused.body.lower()
    assert len(refused.json["detail"]) > 20


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("", set()),
        ("includefield=StudyDescription", {"00081030"}),
        ("includefield=00081030&includefield=00101010", {"00081030", "00101010"}),
        ("includefield=00081030%2C00101010", {"00081030", "00101010"}),
        ("includefield=StudyDescription,PatientAge", {"00081030", "00101010"}),
        ("includefield=all", {"00081030", "00101010"}),
    ],
)
def test_fields_are_told_on_request(corpus_gateway: Gateway, fields: str, told: set[str]) -> None:
    (row,) = mine(corpus_gateway.get(f"/dicom-web/studies?StudyInstanceUID={ABDOMEN}&{fields}"))
    assert row.keys() & {"00081030", "00101010"} == told
    assert {"00100010", "00100020", "00080020", "0020000D", "00201206"} <= row.keys()


def test_pages_do_not_overlap_and_announce_more(either: Gateway) -> None:
    path = f"/dicom-web/studies/{ABDOMEN}/instances"
    seen: list[str] = []
    for offset in (0, 2, 4):
        page = either.get(f"{path}?limit=2&offset={offset}")
        seen += [value(row, "00080018") for row in mine(page)]
        warning = page.headers.get("warning", "")
        assert warning.startswith("299 ") == (offset < 4)
        assert ("There are additional results that can be requested" in warning) == (offset < 4)
    assert len(seen) == len(set(seen)) == 6
    assert mine(either.get(f"{path}?offset=6")) == []
    assert mine(either.get(f"{path}?limit=0")) == []


def test_xml_says_the_same_as_json(either: Gateway) -> None:
    path = f"/dicom-web/studies/{ABDOMEN}/series"
    rows = mine(either.get(path))
    parts = either.get(path, XML).parts()
    assert len(parts) == len(rows) == 2
    for row, part in zip(rows, parts, strict=True):
        assert part.headers["content-type"] == "application/dicom+xml"
        assert found_canaries(part.body) == []
        names = {found.get("tag") for found in ET.fromstring(part.body) if found.tag.endswith("DicomAttribute")}
        assert names == set(row)


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        (None, 200, JSON),
        ("*/*", 200, JSON),
        ("application/*", 200, JSON),
        (JSON, 200, JSON),
        ("application/json", 200, "application/json"),
        ("text/html, application/dicom+json;q=0.5", 200, JSON),
        (XML, 200, "multipart/related"),
        ("multipart/related; type=application/dicom+xml", 200, "multipart/related"),
        (f"{XML}; q=0.9, {JSON}; q=0.1", 200, "multipart/related"),
        (f"{XML}; q=0.1, {JSON}; q=0.9", 200, JSON),
        ("text/html", 406, "application/problem+json"),
        (f"{JSON}; q=0", 406, "application/problem+json"),
    ],
)
def test_representations(corpus_gateway: Gateway, accept: str | None, status: int, media: str) -> None:
    found = corpus_gateway.get(f"/dicom-web/studies?StudyInstanceUID={HEAD}", accept)
    assert (found.status, found.media) == (status, media)


def test_the_accept_parameter_beats_the_header(corpus_gateway: Gateway) -> None:
    path = f"/dicom-web/studies?StudyInstanceUID={HEAD}&accept=application/dicom%2Bjson"
    assert corpus_gateway.get(path, XML).media == JSON


def test_dicomweb_client_searches(either: Gateway) -> None:
    client = either.client()
    found = client.search_for_studies(search_filters={"PatientID": "ZQC3"}, fields=["StudyDescription"])
    assert [value(row, "0020000D") for row in found] == [CHEST]
    assert len(client.search_for_series(ABDOMEN)) == 2
    numbers = [
        value(row, "00200013") for row in client.search_for_instances(ABDOMEN, ABDOMEN_CT.series, get_remaining=True)
    ]
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    assert client.search_for_studies(search_filters={"PatientID": "NOBODY"}) == []


@pytest.mark.peer("curl")
def test_curl_searches_as_ohif_does(either: Gateway) -> None:
    query = "limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060%2C00080090"
    output = curl(either, f"/dicom-web/studies?{query}&PatientID=*ZQC3*&StudyDate=20231201-20240101", "-f").output
    assert [value(row, "0020000D") for row in json.loads(output)] == [CHEST]
    series = curl(either, at(CHEST_CR).rpartition("/")[0] + "?includefield=00080021%2C0008103E", "-f").output
    assert [value(row, "0020000E") for row in json.loads(series)] == [CHEST_CR.series]


def row(study: str, **more: dict[str, Any]) -> dict[str, Any]:
    """Return a study row of an origin server; names of attributes are a t and the tag."""
    return {"0020000D": {"vr": "UI", "Value": [study]}} | {name[1:]: element for name, element in more.items()}


def test_rows_that_do_not_match_are_left_out(scripted: ScriptedGateway) -> None:
    rows = [
        row("2.25.1", t00100020={"vr": "LO", "Value": ["ZQ1"]}),
        row("2.25.2", t00100020={"vr": "LO", "Value": ["ZQ2"]}),
        row("2.25.3", t00100020={"vr": "LO", "Value": ["ZQ1"]}),
    ]
    scripted.origin(always(answer(json.dumps(rows).encode())))
    found = scripted.gateway.get("/dicom-web/studies?PatientID=ZQ1")
    assert [value(each, "0020000D") for each in found.json] == ["2.25.1", "2.25.3"]
    page = scripted.gateway.get("/dicom-web/studies?PatientID=ZQ1&limit=1&offset=1")
    assert [value(each, "0020000D") for each in page.json] == ["2.25.3"]
    assert "warning" not in page.headers


def test_the_gateways_own_limit_is_announced(scripted: ScriptedGateway) -> None:
    rows = [row(f"2.25.{number}") for number in range(1, SEARCH_LIMIT + 2)]
    scripted.origin(always(answer(json.dumps(rows).encode())))
    page = scripted.gateway.get("/dicom-web/studies?limit=1000")
    assert len(page.json) == SEARCH_LIMIT
    assert page.headers["warning"].startswith("299 ")
    assert "warning" not in scripted.gateway.get(f"/dicom-web/studies?limit=1000&offset={SEARCH_LIMIT}").headers


def test_an_origins_own_links_do_not_pass(scripted: ScriptedGateway) -> None:
    link = {"vr": "UR", "Value": ["http://pacs.zq.example.org/studies/2.25.1"]}
    rows = [row("2.25.1", t00081190=link, t0008103E={"vr": "LO"}, t00080061={"vr": "CS"})]
    scripted.origin(always(answer(json.dumps(rows).encode())))
    for accept in (JSON, XML):
        body = scripted.gateway.get("/dicom-web/studies", accept).body
        assert b"example.org" not in body
        assert f"{scripted.gateway.url}/dicom-web/studies/2.25.1".encode() in body


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_an_origins_bulk_data_links_do_not_pass(scripted: ScriptedGateway, level: str) -> None:
    bulk = {"BulkDataURI": "http://pacs.zq.example.org/ZQ4711/bulk"}
    table = {"vr": "SQ", "Value": [{"00283006": {"vr": "OW", **bulk}}]}
    uids = {f"t{tag}": {"vr": "UI", "Value": [uid]} for tag, uid in (("0020000E", "2.25.2"), ("00080018", "2.25.3"))}
    numbers = {"t00280106": {"vr": "US", **bulk}, "t00281201": {"vr": "OW", **bulk}}
    rows = [row("2.25.1", t00283010=table, **numbers, **uids)]
    scripted.origin(always(answer(json.dumps(rows).encode())))
    url = f"/dicom-web/{level}?includefield=all"
    for accept in (JSON, XML):
        assert b"zq" not in scripted.gateway.get(url, accept).body.lower()
    (told,) = scripted.gateway.get(url).json
    assert ("00281201" in told) == (level == "instances")
    if level == "instances":
        path = "/dicom-web/studies/2.25.1/series/2.25.2/instances/2.25.3/bulkdata"
        assert told["00281201"]["BulkDataURI"] == f"{scripted.gateway.url}{path}/00281201"
        (item,) = told["00283010"]["Value"]
        assert item["00283006"]["BulkDataURI"] == f"{scripted.gateway.url}{path}/00283010/0/00283006"


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (answer(b"", status=503), 503),
        (answer(b"", status=504), 504),
        (answer(b"", status=500), 502),
        (answer(b"", status=401), 502),
        (answer(b"", status=404), 502),
        (answer(b'[{"0020000D":{"vr":"UI","Value":["2.25.1"]}}'), 502),
        (answer(b"[]", length=20), 502),
        (answer(b"<html>Zqgeheim</html>", content_type="text/html"), 502),
        (answer(b"{}"), 502),
    ],
)
def test_an_origin_that_fails_is_never_an_empty_list(scripted: ScriptedGateway, reply: bytes, status: int) -> None:
    scripted.origin(always(reply, close=True))
    for path in ("/dicom-web/studies", "/dicom-web/series?PatientID=ZQ1"):
        failed = scripted.gateway.get(path)
        assert (failed.status, failed.media) == (status, "application/problem+json")
        assert b"zqgeheim" not in failed.body.lower()


def test_an_origin_that_is_gone_is_502(scripted: ScriptedGateway) -> None:
    scripted.stop()
    assert scripted.gateway.get("/dicom-web/studies").status == 502
    assert scripted.gateway.get("/readyz").status == 503
    assert scripted.gateway.get("/healthz").status == 200
