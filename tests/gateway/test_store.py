"""STOW-RS on real sockets: who is answered what, and what is left behind (PS3.18 §10.5)."""

from __future__ import annotations

import io
import socket
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.builders import (
    EXPLICIT_BE,
    IMPLICIT_LE,
    RLE,
    add_pixels,
    part10,
    planted,
    planted_ct_series,
    planted_dataset,
    ref_of,
)
from tests.gateway.conftest import StartGateway
from tests.gateway.corpus import corpus
from tests.gateway.curl import curl
from tests.gateway.process import Gateway, at
from tests.gateway.storing import (
    BOUNDARY,
    JSON,
    MULTIPART,
    archived,
    body_of,
    eventually,
    failed,
    file_of,
    post,
    store,
    stored,
    uid_at,
    unnamed,
    value,
    workspace,
)
from tests.samples import samples

DOORS = ("/dicom-web", "/teaching/dicom-web")
LIMIT = 300_000
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


@pytest.fixture(scope="module")
def small(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """A gateway that takes small bodies only."""
    return start_gateway(pacs=tmp_path_factory.mktemp("pacs"), stow_max_bytes=LIMIT)


@pytest.fixture
def door(small: Gateway) -> Iterator[Gateway]:
    """The same; afterwards nothing is on its way."""
    yield small
    assert eventually(lambda: not workspace(small))


@pytest.mark.parametrize("prefix", DOORS)
def test_what_is_stored_is_found_where_the_answer_says(door: Gateway, prefix: str) -> None:
    files = [planted(), planted("MR", syntax=IMPLICIT_LE), planted("CR", syntax=RLE), planted(syntax=EXPLICIT_BE)]
    answer = store(door, *files, prefix=prefix)
    assert (answer.status, answer.headers["content-type"]) == (200, JSON)
    assert "warning" not in answer.headers
    paths = stored(answer)
    assert list(paths) == [ref_of(data).instance for data in files]
    for path in paths.values():
        assert path.startswith("/teaching/dicom-web/studies/2.25.")
        assert door.get(path, "application/dicom").status == 200
        assert file_of(door, uid_at(path)).is_file()
        assert file_of(door, uid_at(path), "jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert "00081198" not in answer.json


def test_instances_of_one_study_have_its_url(door: Gateway) -> None:
    answer = store(door, *planted_ct_series(2))
    study = value(answer.json, "00081190")
    assert study.startswith(f"{door.url}/teaching/dicom-web/studies/2.25.")
    assert len(door.get(study.removeprefix(door.url) + "/instances").json) == 2
    assert store(door, planted(), planted()).json["00081190"] == {"vr": "UR"}


def test_a_study_in_the_url_takes_its_own_instances(door: Gateway) -> None:
    files = planted_ct_series(2)
    answer = store(door, *files, study=ref_of(files[0]).study)
    assert answer.status == 200
    assert len(stored(answer)) == 2


def test_a_study_in_the_url_refuses_others(door: Gateway) -> None:
    right, wrong = planted(), planted()
    answer = store(door, right, wrong, study=ref_of(right).study)
    assert answer.status == 202
    assert stored(answer).keys() == {ref_of(right).instance}
    assert failed(answer) == {ref_of(wrong).instance: 0xA900}
    assert "identity-mismatch" in answer.headers["warning"]
    alone = store(door, wrong, study=ref_of(right).study)
    assert alone.status == 409
    assert "00081199" not in alone.json
    assert store(door, wrong, study="1.2.x").status == 400


def test_the_same_image_twice_is_stored_once(door: Gateway) -> None:
    data = planted()
    first = store(door, data)
    before = {path: path.stat().st_mtime_ns for path in archived(door) if path.suffix == ".dcm"}
    again = store(door, data, data, prefix="/teaching/dicom-web")
    assert (first.status, again.status) == (200, 200)
    assert stored(again) == stored(first)
    assert {path: path.stat().st_mtime_ns for path in archived(door) if path.suffix == ".dcm"} == before


def test_many_send_the_same_image_at_once(door: Gateway) -> None:
    data = planted()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: store(door, data), range(12)))
    assert {answer.status for answer in answers} == {200}
    (path,) = {stored(answer)[ref_of(data).instance] for answer in answers}
    assert len([one for one in archived(door) if one.stem == uid_at(path)]) == 2
    assert len(door.get(path.rpartition("/")[0]).json) == 1


def test_other_content_under_the_same_uid_is_a_duplicate(door: Gateway) -> None:
    data = planted()
    ref = ref_of(data)
    store(door, data)
    before = {path: path.read_bytes() for path in archived(door)}
    other = planted(rows=8, StudyInstanceUID=ref.study, SeriesInstanceUID=ref.series, SOPInstanceUID=ref.instance)
    answer = store(door, other)
    assert answer.status == 409
    assert failed(answer) == {ref.instance: 0x0111}
    assert {path: path.read_bytes() for path in archived(door)} == before


def test_the_first_pass_of_an_image_and_the_image_itself_are_one(corpus_gateway: Gateway) -> None:
    """A script that fetches from the PACS and stores what it got files the same instance as one that has the file."""
    data = corpus()[0]
    fetched = corpus_gateway.get(at(ref_of(data)), "application/dicom").body
    assert fetched != data
    first, second = store(corpus_gateway, data), store(corpus_gateway, fetched)
    assert (first.status, second.status) == (200, 200)
    assert stored(first) == stored(second)


REFUSED: list[tuple[bytes, int, int | None, str]] = [
    (part10(planted_dataset("SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")), 409, 0x0122, "sop-class-refused"),
    (part10(planted_dataset("SR", SOPClassUID="1.2.3.4")), 409, 0x0122, "sop-class-refused"),
    (planted("US"), 409, 0x0110, "pixels-unreviewed"),
    (planted(BurnedInAnnotation="YES"), 409, 0x0110, "pixels-unreviewed"),
    (planted()[:-10], 409, 0xC000, "truncated"),
    (b"no DICOM at all, Zqnachname" * 20, 400, None, "malformed"),
    (b"", 400, None, "truncated"),
]


@pytest.mark.parametrize(("data", "status", "failure", "reason"), REFUSED)
def test_what_is_refused_is_told_with_its_reason(
    door: Gateway, data: bytes, status: int, failure: int | None, reason: str
) -> None:
    before = archived(door)
    answer = store(door, data)
    assert answer.status == status
    assert failed(answer) == ({} if failure is None else {ref_of(data).instance: failure})
    assert unnamed(answer) == ([0xC000] if failure is None else [])
    assert answer.headers["warning"] == f'299 teaching-file-gateway "1 instance is withheld: {reason}"'
    assert archived(door) == before
    beside = planted()
    answer = store(door, data, beside)
    assert answer.status == 202
    assert stored(answer).keys() == {ref_of(beside).instance}


def test_the_answer_can_be_xml(door: Gateway) -> None:
    data = planted()
    answer = post(door, body_of(data), accept="application/dicom+xml")
    assert (answer.status, answer.media) == (200, "application/dicom+xml")
    attributes = {
        element.get("tag") for element in ElementTree.fromstring(answer.body).iterfind(".//{*}DicomAttribute")
    }
    assert {"00081190", "00081199", "00081155"} <= attributes


REQUESTS: list[tuple[bytes, str | None, dict[str, str], int]] = [
    (body_of(planted()), 'multipart/related; type="application/dicom+json"; boundary=' + BOUNDARY, {}, 415),
    (body_of(planted()), "multipart/form-data; boundary=" + BOUNDARY, {}, 415),
    (body_of(planted()), "application/json", {}, 415),
    (body_of(planted()), None, {}, 415),
    (body_of(planted()), "nonsense", {}, 415),
    (body_of(planted(), kind="image/jpeg"), MULTIPART, {}, 415),
    (body_of(planted()), MULTIPART, {"Content_Encoding": "gzip"}, 415),
    (body_of(planted()), 'multipart/related; type="application/dicom"', {}, 400),
    (body_of(planted()), MULTIPART + "x", {}, 400),
    (body_of(planted(), end=b""), MULTIPART, {}, 400),
    (body_of(planted(), end=b"-"), MULTIPART, {}, 400),
    (body_of(planted())[:300], MULTIPART, {}, 400),
    (body_of(), MULTIPART, {}, 400),
    (b"", MULTIPART, {}, 400),
    (b"", "application/dicom", {}, 400),
    (body_of(planted(rows=512, columns=512)), MULTIPART, {}, 413),
    (planted(rows=512, columns=512), "application/dicom", {}, 413),
    (body_of(planted()), MULTIPART, {"Accept": "image/png"}, 406),
]


@pytest.mark.parametrize(("body", "content_type", "headers", "status"), REQUESTS)
def test_a_request_that_is_not_understood_stores_nothing(
    door: Gateway, body: bytes, content_type: str | None, headers: dict[str, str], status: int
) -> None:
    before = archived(door)
    answer = post(door, body, content_type, **headers)
    assert (answer.status, answer.media) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert archived(door) == before


def test_a_stranger_stores_nothing(door: Gateway) -> None:
    before = archived(door)
    for fields in ({}, {"Authorization": "Bearer nobody-knows-this-token"}):
        answer = door.request("POST", "/dicom-web/studies", {"Content-Type": MULTIPART, **fields}, body_of(planted()))
        assert answer.status == 401
    assert archived(door) == before


@pytest.mark.parametrize(
    "content_type", ["application/dicom", 'application/dicom; transfer-syntax="1.2.840.10008.1.2.1"']
)
def test_one_instance_goes_without_multipart(door: Gateway, content_type: str) -> None:
    data = planted()
    answer = post(door, data, content_type)
    assert answer.status == 200
    assert stored(answer).keys() == {ref_of(data).instance}


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"\r\n", b""), (b"", b"\0" * 5), (b"\r\n", b"\0" * 400), (b"a preamble\r\n", b"an epilogue\r\n")],
)
def test_bodies_of_viewers_are_taken(door: Gateway, before: bytes, after: bytes) -> None:
    data = planted()
    answer = post(door, before + body_of(data, end=b"--") + after, accept="*/*")
    assert answer.status == 200
    assert stored(answer).keys() == {ref_of(data).instance}


@pytest.mark.parametrize("prefix", DOORS)
def test_dicomweb_client_stores(door: Gateway, prefix: str) -> None:
    files = planted_ct_series(3)
    client = door.client(prefix)
    done = client.store_instances([pydicom.dcmread(io.BytesIO(data)) for data in files])
    assert [item.ReferencedSOPInstanceUID for item in done.ReferencedSOPSequence] == [
        ref_of(data).instance for data in files
    ]
    assert "FailedSOPSequence" not in done
    study = ref_of(files[0]).study
    again = client.store_instances([pydicom.dcmread(io.BytesIO(files[0]))], study_instance_uid=study)
    assert "/teaching/dicom-web/studies/2.25." in again.RetrieveURL


@pytest.mark.peer("curl")
@pytest.mark.parametrize(
    "options", [(), ("--header", "Transfer-Encoding: chunked"), ("--header", "Expect: 100-continue")]
)
def test_curl_stores(door: Gateway, tmp_path: Path, options: tuple[str, ...]) -> None:
    data = planted()
    (tmp_path / "body").write_bytes(body_of(data))
    sent = (
        "--data-binary",
        f"@{tmp_path}/body",
        "--header",
        f"Content-Type: {MULTIPART}",
        "--header",
        f"Accept: {JSON}",
    )
    done = curl(door, "/dicom-web/studies", "--write-out", "%{stderr}%{http_code}", "--fail", *sent, *options)
    assert done.status == 0
    assert ref_of(data).instance.encode() in done.output


@pytest.mark.peer("curl")
def test_curl_learns_at_once_that_a_body_is_too_large(door: Gateway, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(bytes(50_000_000))
    sent = ("--data-binary", f"@{tmp_path}/body", "--header", "Content-Type: application/dicom")
    told = ("--output", "/dev/null", "--write-out", "%{http_code} %{size_upload}")
    declared = curl(door, "/dicom-web/studies", *told, *sent, "--header", "Expect: 100-continue")
    assert declared.output == b"413 0"
    streamed = curl(door, "/dicom-web/studies", *told, *sent, "--header", "Transfer-Encoding: chunked")
    assert streamed.output.startswith(b"413")


def connected(gateway: Gateway, body: bytes, length: int) -> socket.socket:
    """Begin a request that announces `length` bytes, and send `body`."""
    connection = socket.create_connection(("127.0.0.1", gateway.port))
    head = (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
        f"Content-Type: {MULTIPART}\r\nContent-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


@pytest.mark.parametrize("sent", [0.7, 1.0], ids=["cut", "whole, but more was announced"])
@pytest.mark.parametrize("abrupt", [True, False], ids=["reset", "closed"])
def test_a_client_that_goes_away_leaves_nothing(door: Gateway, abrupt: bool, sent: float) -> None:
    before = archived(door)
    body = body_of(planted(rows=256, columns=256), planted())
    connection = connected(door, body[: int(len(body) * sent)], len(body) + 10)
    assert eventually(lambda: bool(workspace(door)))
    if abrupt:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert eventually(lambda: not workspace(door))
    assert archived(door) == before


def test_a_slow_client_does_not_hold_up_others(door: Gateway) -> None:
    body = body_of(planted(rows=256, columns=256))
    connection = connected(door, body[:-200], len(body))
    assert store(door, planted()).status == 200
    connection.sendall(body[-200:])
    assert connection.recv(15).startswith(b"HTTP/1.1 200")
    connection.close()


def process_of(gateway: Gateway) -> Path:
    """Return what Linux tells of the gateway's process."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"GATEWAY_PORT={gateway.port}".encode() in environment and b"serve" in command:
            return folder
    raise AssertionError("there is no such server")


def peak(process: Path) -> int:
    """Return the most memory that a process has had, in bytes."""
    lines = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def enhanced(megabytes: int) -> bytes:
    """Return a multi-frame MR of about this size."""
    frames = megabytes * 2
    data = planted_dataset("MR", SOPClassUID=ENHANCED_MR, NumberOfFrames=frames)
    add_pixels(data, np.zeros((frames, 512, 512), "<u2"))
    return part10(data)


def test_a_large_body_is_not_held_in_memory(corpus_gateway: Gateway) -> None:
    assert store(corpus_gateway, enhanced(1)).status == 200
    process = process_of(corpus_gateway)
    (process / "clear_refs").write_text("5")  # the peak is from now on
    before = peak(process)
    answer = store(corpus_gateway, enhanced(200))
    assert answer.status == 200
    assert peak(process) - before < 40 << 20
    (path,) = stored(answer).values()
    assert file_of(corpus_gateway, uid_at(path)).stat().st_size > 200 << 20
    assert not workspace(corpus_gateway)


def test_every_file_that_pydicom_ships_is_stored_or_refused_with_a_reason(corpus_gateway: Gateway) -> None:
    files = [path.read_bytes() for path in samples()]
    answer = store(corpus_gateway, *files)
    assert answer.status == 202
    sequences = [answer.json.get(tag, {}).get("Value", []) for tag in ("00081199", "00081198", "0008119A")]
    assert sum(map(len, sequences)) == len(files)
    assert len(sequences[0]) > 20
    for item in sequences[0]:
        path = value(item, "00081190").removeprefix(corpus_gateway.url)
        data = pydicom.dcmread(file_of(corpus_gateway, uid_at(path)))
        assert data.PatientIdentityRemoved == "YES"
    assert "unforeseen" not in corpus_gateway.log
    assert corpus_gateway.get("/readyz").status == 200
