"""An origin that breaks off, on real sockets: the client sees an error, never a shorter study, and may ask again."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from functools import cache

import pytest
import requests

from gateway.dicom.part10 import read_header
from gateway.dicom.uid import UID, SeriesRef, StudyRef
from tests.builders import EXPLICIT_LE, planted, planted_ct_series, ref_of
from tests.gateway.curl import curl
from tests.gateway.process import Gateway, at, series_of
from tests.gateway.scripted import ScriptedGateway
from tests.origin.scripted import BOUNDARY, Request, Script, answer, multipart, multipart_answer, reset

OCTETS = "application/octet-stream"
PARTIAL_FILE = 18
"""curl's exit status for a body that is shorter than announced."""

Fault = Callable[[bytes], Script]
"""Makes the answer to a retrieval out of the body it should have had."""


@cache
def files() -> tuple[bytes, ...]:
    """Return three slices of one series, larger than what fits into one packet."""
    return tuple(planted_ct_series(3, rows=256, columns=256, study="2.25.661", series="2.25.662"))


STUDY, SERIES = StudyRef(UID("2.25.661")), SeriesRef(UID("2.25.661"), UID("2.25.662"))


def whole(body: bytes) -> Script:
    """Answer as it should be."""
    return _writes(multipart_answer(body))


def unclosed(body: bytes) -> Script:
    """End the body, in good order for HTTP, before its closing boundary."""
    return _writes(multipart_answer(body[: -len(f"\r\n--{BOUNDARY}--\r\n")]))


def one_part_less_and_unclosed(body: bytes) -> Script:
    """End the body, in good order for HTTP, behind the first part's delimiter."""
    delimiter = f"--{BOUNDARY}".encode()
    return _writes(multipart_answer(body[: body.index(delimiter, 10) + len(delimiter) + 2]))


def cut_in_a_part(body: bytes) -> Script:
    """End the body, in good order for HTTP, in the middle of its last part."""
    return _writes(multipart_answer(body[: len(body) - len(body) // 6]))


def short_of_its_length(body: bytes) -> Script:
    """Close the connection before the announced length is reached."""
    return _writes(multipart_answer(body[: len(body) // 2], length=len(body)), then=_close)


def reset_half_way(body: bytes) -> Script:
    """Reset the connection in the middle."""
    return _writes(multipart_answer(body[: len(body) // 2], length=len(body)), then=reset)


def chunked_and_cut(body: bytes) -> Script:
    """Close the connection inside a chunked body."""
    head = f'HTTP/1.1 200 X\r\nContent-Type: multipart/related; type="application/dicom"; boundary={BOUNDARY}\r\n'
    chunk = body[: len(body) // 2]
    sent = head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
    return _writes(sent, then=_close)


def nothing(body: bytes) -> Script:
    """Close the connection without an answer."""
    return _writes(b"", then=_close)


FAULTS = [
    unclosed,
    one_part_less_and_unclosed,
    cut_in_a_part,
    short_of_its_length,
    reset_half_way,
    chunked_and_cut,
    nothing,
]


def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()


def _writes(data: bytes, *, then: Callable[[asyncio.StreamWriter], None] | None = None) -> Script:
    async def script(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then is not None:
            # What was written must arrive before a reset overtakes it.
            await asyncio.sleep(0.05)
            then(writer)

    return script


def archive(retrieval: Script, held: tuple[bytes, ...]) -> Script:
    """Return an origin that holds `held`, and answers instances, frames and bulk data by `retrieval`."""
    rows = [read_header(data).json().json for data in held]

    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        path = request.target.partition("?")[0]
        if path.endswith(("/instances", "/studies", "/series")):
            writer.write(answer(json.dumps(rows).encode()))
        elif path.endswith("/metadata"):
            wanted = [row for row in rows if path.split("/")[-2] in json.dumps(row)]
            writer.write(answer(json.dumps(wanted).encode()))
        else:
            await retrieval(request, writer)

    return script


def seen(gateway: Gateway, path: str, accept: str | None = None) -> str:
    """Return what a plain HTTP client sees: "whole", "502", or "broken"."""
    try:
        got = gateway.get(path, accept)
    except (http.client.HTTPException, OSError):
        return "broken"
    return "whole" if got.status == 200 else str(got.status)


@pytest.mark.peer("curl")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("ref", [STUDY, SERIES], ids=["study", "series"])
def test_a_set_is_never_shorter(scripted: ScriptedGateway, fault: Fault, ref: StudyRef | SeriesRef) -> None:
    gateway, body = scripted.gateway, multipart(*files())
    scripted.origin(archive(fault(body), files()))
    assert seen(gateway, at(ref)) in ("502", "broken")
    assert curl(gateway, at(ref), "--fail").status in (22, PARTIAL_FILE, 56)
    client = gateway.client()
    with pytest.raises(requests.RequestException):
        client.retrieve_study(STUDY.study) if ref == STUDY else client.retrieve_series(*SERIES_UIDS)

    # Nothing of this was the instances' fault, so nothing is held against them.
    scripted.origin(archive(whole(body), files()))
    healed = gateway.get(at(ref))
    assert (healed.status, len(healed.parts())) == (200, 3)
    assert gateway.get("/api/quarantine").json["total"] == 0


SERIES_UIDS = (SERIES.study, SERIES.series)


@pytest.mark.parametrize(
    "fault", [each for each in FAULTS if each is not one_part_less_and_unclosed], ids=lambda fault: fault.__name__
)
@pytest.mark.parametrize("accept", [None, "application/dicom"], ids=["multipart", "single"])
def test_an_instance_is_never_shorter(scripted: ScriptedGateway, fault: Fault, accept: str | None) -> None:
    data = files()[0]
    body = multipart(data)
    for suffix in ("", "/bulkdata/7FE00010", "/bulkdata"):
        scripted.origin(archive(fault(body), files()))
        taken = accept and (accept if not suffix else OCTETS)
        if not (suffix == "/bulkdata" and accept):
            assert seen(scripted.gateway, at(ref_of(data), suffix), taken) in ("502", "broken")
    scripted.origin(archive(whole(body), files()))
    assert seen(scripted.gateway, at(ref_of(data)), accept) == "whole"
    assert scripted.gateway.get("/api/quarantine").json["total"] == 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_frames_are_never_fewer_or_shorter(scripted: ScriptedGateway, fault: Fault) -> None:
    data = cine()
    header = read_header(data)
    frames = [data[header.pixel_offset :][number * 8192 : (number + 1) * 8192] for number in range(3)]
    body = multipart(*frames, part_type=f"{OCTETS}; transfer-syntax={EXPLICIT_LE}")
    path = at(ref_of(data), "/frames/1,2,3")
    scripted.origin(archive(fault(body), (data,)))
    assert seen(scripted.gateway, path) in ("502", "broken")
    uids = (ref_of(data).study, ref_of(data).series, ref_of(data).instance)
    with pytest.raises(requests.RequestException):
        scripted.gateway.client().retrieve_instance_frames(*uids, frame_numbers=[1, 2, 3])
    assert seen(scripted.gateway, at(ref_of(data), "/rendered"), "image/gif") == "502"
    scripted.origin(archive(whole(body), (data,)))
    assert [part.body for part in scripted.gateway.get(path).parts()] == frames


@cache
def cine() -> bytes:
    """Return an instance of three frames."""
    return planted("US", rows=64, columns=64, frames=3)


@pytest.mark.parametrize("given", [0, 1, 2, 4], ids=lambda given: f"{given}-of-3")
def test_as_many_frames_as_asked_for_or_none(scripted: ScriptedGateway, given: int) -> None:
    data = cine()
    body = multipart(*[bytes(8192)] * given, part_type=f"{OCTETS}; transfer-syntax={EXPLICIT_LE}")
    scripted.origin(archive(whole(body), (data,)))
    assert seen(scripted.gateway, at(ref_of(data), "/frames/1,2,3")) in ("502", "broken")


@pytest.mark.parametrize("size", [0, 1, 8191, 4096, 8194, 16384])
def test_a_frame_of_another_size_is_no_frame(scripted: ScriptedGateway, size: int) -> None:
    data = cine()
    body = multipart(bytes(size), part_type=f"{OCTETS}; transfer-syntax={EXPLICIT_LE}")
    scripted.origin(archive(whole(body), (data,)))
    for accept in (None, OCTETS):
        assert seen(scripted.gateway, at(ref_of(data), "/frames/2"), accept) == "502"


def test_metadata_and_searches_are_never_shorter(scripted: ScriptedGateway) -> None:
    rows = json.dumps([read_header(data).json().json for data in files()]).encode()
    for data in (
        answer(rows[:-1]),
        answer(rows[: len(rows) // 2]),
        answer(rows[: len(rows) // 2], length=len(rows)),
        answer(rows[: rows.index(b"}, {")]),
    ):
        scripted.origin(_writes(data, then=_close))
        for path in (at(STUDY, "/metadata"), at(SERIES, "/metadata"), at(SERIES, "/instances")):
            assert seen(scripted.gateway, path) == "502"


def test_an_instance_that_is_itself_too_short_is_withheld(scripted: ScriptedGateway) -> None:
    first, second, third = planted_ct_series(3, rows=64, columns=64)
    body = multipart(first, second[:-100], third)
    scripted.origin(archive(whole(body), (first, second, third)))
    assert seen(scripted.gateway, at(series_of(first))) == "broken"
    entries = scripted.gateway.get("/api/quarantine").json["entries"]
    assert [(entry["instance"], entry["reason"]) for entry in entries] == [(ref_of(second).instance, "truncated")]
    # Asked for by itself it is judged to its end before anything is given out.
    scripted.origin(archive(whole(multipart(second[:-100])), (first, second, third)))
    for accept in (None, "application/dicom"):
        assert seen(scripted.gateway, at(ref_of(second)), accept) == "403"
    scripted.origin(archive(whole(multipart(second)), (first, second, third)))
    assert seen(scripted.gateway, at(ref_of(second))) == "whole"
    assert scripted.gateway.get("/api/quarantine").json["total"] == 0
