"""A DICOMweb origin that misbehaves, on real sockets: each fault is an error, none a shorter answer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.dicom.dataset import first_text
from gateway.dicom.syntax import EXPLICIT_LE
from gateway.dicom.uid import UID, FrameRef, InstanceRef, SeriesRef, StudyRef
from gateway.dicomweb.levels import STUDY_UID
from gateway.dicomweb.query import Level, parse_query
from gateway.errors import (
    BadQuery,
    GatewayError,
    NotFound,
    OriginBroken,
    OriginBusy,
    OriginRefused,
    OriginTimeout,
    OriginUnreachable,
)
from gateway.origin.dicomweb import DicomwebOrigin
from gateway.origin.http import HttpLimits
from gateway.origin.protocol import Frame
from gateway.origin.questions import PAGE, SMALLEST_CAP
from gateway.streams import closing
from tests.builders import EXPLICIT_BE, RLE, planted, ref_of
from tests.origin.scripted import (
    Request,
    Script,
    Server,
    always,
    answer,
    multipart,
    multipart_answer,
    reset,
    serving,
)

STUDY = StudyRef(UID("2.25.1"))
FRAME = FrameRef(InstanceRef(UID("2.25.1"), UID("2.25.2"), UID("2.25.3")), (1, 2))
QUICK = HttpLimits(wait=0.3, connect=2, idle=0.3)

Scenario = Callable[[DicomwebOrigin, Server], Awaitable[Any]]


def run(script: Script, scenario: Scenario, *, limits: HttpLimits = QUICK) -> Any:
    """Run `scenario` with an origin over a server that follows `script`."""

    async def main() -> Any:
        async with serving(script) as server:
            origin = DicomwebOrigin(server.url, limits=limits)
            try:
                return await scenario(origin, server)
            finally:
                await origin.close()

    return asyncio.run(main())


async def retrieve(origin: DicomwebOrigin, _: Server) -> list[bytes]:
    async with closing(origin.instances(STUDY)) as parts:
        return [b"".join([chunk async for chunk in part.chunks]) async for part in parts]


async def metadata(origin: DicomwebOrigin, _: Server) -> list[Any]:
    async with closing(origin.metadata(STUDY)) as found:
        return [each.json async for each in found]


async def frames(origin: DicomwebOrigin, _: Server) -> list[Frame]:
    async with closing(origin.frames(FRAME)) as found:
        return [frame async for frame in found]


async def search(origin: DicomwebOrigin, *params: tuple[str, str], study: UID | None = None) -> list[str]:
    query = parse_query(Level.SERIES if study else Level.STUDY, study=study, params=params)
    async with closing(origin.search(query)) as rows:
        return [first_text(row.json, STUDY_UID) async for row in rows]


async def list_studies(origin: DicomwebOrigin, _: Server) -> list[str]:
    return await search(origin)


def study_rows(*numbers: int, **attributes: Any) -> bytes:
    rows = [{STUDY_UID: {"vr": "UI", "Value": [f"2.25.{number}"]}, **attributes} for number in numbers]
    return json.dumps(rows).encode()


# Bodies that are cut


def test_a_whole_answer_is_taken() -> None:
    assert run(always(multipart_answer(multipart(b"one", b"two"))), retrieve) == [b"one", b"two"]


@pytest.mark.parametrize("length", [None, -1])
def test_a_body_without_its_closing_boundary_is_broken_wherever_it_ends(length: int | None) -> None:
    whole = multipart(b"one", b"two")
    for end in range(0, len(whole) - len("--\r\n") + 1, 3):
        with pytest.raises(OriginBroken):
            run(always(multipart_answer(whole[:end], length=length), close=True), retrieve)


def test_a_body_shorter_than_its_content_length_is_broken() -> None:
    whole = multipart(b"one", b"x" * 1000)
    script = always(multipart_answer(whole[:500], length=len(whole)), close=True)
    with pytest.raises(OriginBroken):
        run(script, retrieve)


def test_a_chunked_body_without_its_last_chunk_is_broken() -> None:
    body = multipart(b"one", closed=False)
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    head = multipart_answer(b"", length=None).replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(OriginBroken):
        run(always(head + chunk, close=True), retrieve)


def test_a_connection_reset_in_the_middle_is_broken_after_what_came() -> None:
    whole = multipart(b"one", b"x" * 500_000)

    async def script(_: Request, writer: Any) -> None:
        writer.write(multipart_answer(whole[:100_000], length=len(whole)))
        await writer.drain()
        await asyncio.sleep(0.05)
        reset(writer)

    seen: list[bytes] = []

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        async for part in origin.instances(STUDY):
            seen.append(b"".join([chunk async for chunk in part.chunks]))

    with pytest.raises(OriginBroken):
        run(script, scenario)
    assert seen == [b"one"]


def test_an_origin_that_falls_silent_is_a_timeout() -> None:
    whole = multipart(b"one", b"two")
    for sent in (b"", multipart_answer(whole[:70], length=len(whole))):
        with pytest.raises(OriginTimeout):
            run(always(sent), retrieve)


def test_a_client_that_reads_slowly_is_no_timeout() -> None:
    body = bytes(3_000_000)

    async def scenario(origin: DicomwebOrigin, _: Server) -> int:
        size = 0
        async for part in origin.instances(STUDY):
            async for chunk in part.chunks:
                if not size:
                    await asyncio.sleep(3 * QUICK.idle)
                size += len(chunk)
        return size

    assert run(always(multipart_answer(multipart(body))), scenario) == len(body)


def test_no_more_is_read_from_the_origin_than_is_taken() -> None:
    piece, sent = bytes(1 << 20), []

    async def script(_: Request, writer: Any) -> None:
        writer.write(multipart_answer(b"", length=None) + multipart(closed=False) + b"--scripted\r\n\r\n")
        for _number in range(64):
            writer.write(piece)
            await writer.drain()
            sent.append(len(piece))

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        async with closing(origin.instances(STUDY)) as parts:
            part = await anext(parts)
            await anext(part.chunks)
            await asyncio.sleep(0.3)

    run(script, scenario)
    assert sum(sent) < 16 << 20


def test_a_part_that_is_not_as_long_as_it_says_is_broken() -> None:
    body = multipart(b"one", Content_Length="4")
    with pytest.raises(OriginBroken, match="as long as it says"):
        run(always(multipart_answer(body)), retrieve)


@pytest.mark.parametrize(
    "data",
    [
        answer(b"<html>log in</html>", content_type="text/html"),
        answer(b"", content_type="multipart/related"),
        multipart_answer(multipart(b"error text", part_type="text/plain")),
        answer(multipart(b"one"), status=206, content_type="multipart/related; boundary=scripted"),
    ],
)
def test_what_is_no_set_of_instances_is_an_error(data: bytes) -> None:
    with pytest.raises((OriginBroken, OriginRefused)):
        run(always(data), retrieve)


@pytest.mark.parametrize("data", [answer(status=204, length=None), multipart_answer(multipart()), answer(status=404)])
def test_no_instance_at_all_is_not_found(data: bytes) -> None:
    with pytest.raises(NotFound):
        run(always(data), retrieve)


# Frames

SYNTAX = f"application/octet-stream; transfer-syntax={EXPLICIT_LE}"


def test_frames_come_in_order() -> None:
    found = run(always(multipart_answer(multipart(b"a", b"b", part_type=SYNTAX))), frames)
    assert [(frame.number, frame.data) for frame in found] == [(1, b"a"), (2, b"b")]


@pytest.mark.parametrize("parts", [[], [b"a"], [b"a", b"b", b"c"]])
def test_another_number_of_frames_is_broken(parts: list[bytes]) -> None:
    with pytest.raises(OriginBroken, match="frames"):
        run(always(multipart_answer(multipart(*parts, part_type=SYNTAX))), frames)


def test_a_frame_that_says_it_is_another_is_broken() -> None:
    body = multipart(b"a", b"b", part_type=SYNTAX, Content_Location="http://pacs/studies/1/frames/2")
    with pytest.raises(OriginBroken, match="other frames"):
        run(always(multipart_answer(body)), frames)


def test_a_frame_cut_short_is_broken() -> None:
    body = multipart(b"a", b"b" * 100, part_type=SYNTAX)[:-60]
    with pytest.raises(OriginBroken):
        run(always(multipart_answer(body, length=None), close=True), frames)


def by_path(answers: dict[str, bytes]) -> Script:
    """Return a script that answers by the end of the path."""

    async def script(request: Request, writer: Any) -> None:
        path = request.target.partition("?")[0]
        writer.write(next((data for end, data in answers.items() if path.endswith(end)), answer(status=404)))

    return script


def instance_server(data: bytes, frames_answer: bytes) -> Script:
    """Return a script that holds one instance, and answers for its frames as told."""
    ref = ref_of(data)
    row = {
        tag: {"vr": "UI", "Value": [uid]}
        for tag, uid in ((STUDY_UID, ref.study), ("0020000E", ref.series), ("00080018", ref.instance))
    }
    row |= {"00280010": {"vr": "US", "Value": [16]}, "00280008": {"vr": "IS", "Value": [2]}}
    return by_path(
        {
            "/metadata": answer(json.dumps([row]).encode()),
            f"/instances/{ref.instance}": multipart_answer(multipart(data)),
            "/frames/1,2": frames_answer,
            "/frames/3": frames_answer,
        }
    )


@pytest.mark.parametrize("part_type", ["application/octet-stream", "image/dicom-rle"])
def test_an_untold_transfer_syntax_is_looked_up(part_type: str) -> None:
    data = planted(frames=2, syntax=RLE)
    script = instance_server(data, multipart_answer(multipart(b"a", b"b", part_type=part_type)))

    async def scenario(origin: DicomwebOrigin, server: Server) -> None:
        found = [frame async for frame in origin.frames(FrameRef(ref_of(data), (1, 2)))]
        assert {frame.transfer_syntax for frame in found} == {RLE}
        assert len(server.requests) == 2

    run(script, scenario)


@pytest.mark.parametrize(
    "frames_answer",
    [
        answer(status=400),
        answer(status=406),
        answer(status=500),
        answer(status=501),
        multipart_answer(multipart(b"a", b"b", part_type=f"application/octet-stream; transfer-syntax={EXPLICIT_BE}")),
    ],
)
def test_frames_that_the_origin_cannot_give_are_cut_out_of_the_instance(frames_answer: bytes) -> None:
    data = planted(frames=2)

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        found = [frame async for frame in origin.frames(FrameRef(ref_of(data), (1, 2)))]
        assert b"".join(frame.data for frame in found) == data[-1024:]
        with pytest.raises(NotFound):
            [frame async for frame in origin.frames(FrameRef(ref_of(data), (3,)))]

    run(instance_server(data, frames_answer), scenario)


# Searches


@pytest.mark.parametrize(
    "data",
    [
        answer(b"<html>log in</html>", content_type="text/html"),
        answer(b"<html>log in</html>"),
        answer(b"[{"),
        answer(b'{"error": "x"}'),
        answer(study_rows(1)[:-5]),
        answer(b""),
        answer(b"[{}]"),
        answer(b'[{"0020000D": {"vr": "UI"}}]'),
    ],
)
def test_an_answer_that_is_no_list_of_rows_is_broken(data: bytes) -> None:
    with pytest.raises(OriginBroken):
        run(always(data), list_studies)


@pytest.mark.parametrize("data", [answer(b"[]"), answer(status=204, length=None)])
def test_nothing_found_has_two_forms(data: bytes) -> None:
    assert run(always(data), list_studies) == []


STATUSES: list[tuple[int, type[GatewayError]]] = [
    (400, OriginRefused),
    (401, OriginRefused),
    (403, OriginRefused),
    (404, NotFound),
    (406, OriginRefused),
    (408, OriginTimeout),
    (409, OriginRefused),
    (410, NotFound),
    (418, OriginRefused),
    (429, OriginBusy),
    (500, OriginBroken),
    (502, OriginBroken),
    (503, OriginBusy),
    (504, OriginTimeout),
    (201, OriginBroken),
]


@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_each_status_has_its_error_and_no_body_is_repeated(status: int, error: type[GatewayError]) -> None:
    data = answer(b"Zqnachname was not found", status=status, content_type="text/plain")
    for scenario in (list_studies, metadata, retrieve):
        expected = OriginRefused if scenario is list_studies and status == 404 else error
        with pytest.raises(expected) as caught:
            run(always(data), scenario)
        assert "Zqnachname" not in str(caught.value)


def test_a_search_that_the_origin_finds_too_broad_is_the_clients_to_narrow() -> None:
    with pytest.raises(BadQuery, match="too broad"):
        run(always(answer(status=413)), list_studies)


def test_a_wrong_path_says_what_to_fix_and_finds_nothing_missing() -> None:
    for scenario in (list_studies, lambda origin, _: origin.check()):
        with pytest.raises(OriginRefused, match="must end with their path"):
            run(always(answer(status=404)), scenario)
    with pytest.raises(NotFound):
        run(always(answer(status=404)), lambda origin, _: search(origin, study=UID("2.25.1")))


def paging(total: int, *, cap: int = 10_000, warn: bool = False, broken: str = "") -> Script:
    """Return a script that pages over `total` studies; it may cap pages, or ignore what it is asked."""

    async def script(request: Request, writer: Any) -> None:
        asked = dict(pair.split("=") for pair in request.target.partition("?")[2].split("&"))
        limit = total if broken == "limit" else min(cap, int(asked["limit"]))
        offset = 0 if broken in ("offset", "limit") else int(asked.get("offset", 0))
        if broken == "shifting" and offset:
            offset -= 1
        end = min(total, offset + limit)
        headers = {"Warning": '299 pacs: "There are more results"'} if warn and end < total else {}
        writer.write(answer(study_rows(*range(offset, end)), **headers))

    return script


@pytest.mark.parametrize("total", [0, 1, SMALLEST_CAP, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_every_page_is_fetched(total: int) -> None:
    assert run(paging(total), list_studies) == [f"2.25.{number}" for number in range(total)]


def test_a_small_answer_is_asked_for_once() -> None:
    async def scenario(origin: DicomwebOrigin, server: Server) -> int:
        await search(origin)
        return len(server.requests)

    assert run(paging(3), scenario) == 1


def test_pages_are_fetched_when_they_are_wanted() -> None:
    async def scenario(origin: DicomwebOrigin, server: Server) -> int:
        async with closing(origin.search(parse_query(Level.STUDY))) as rows:
            for _ in range(PAGE):
                await anext(rows)
        return len(server.requests)

    assert run(paging(3 * PAGE), scenario) == 1


def test_a_silent_cap_of_the_origin_loses_nothing() -> None:
    assert len(run(paging(450, cap=100), list_studies)) == 450


def test_a_small_cap_that_is_announced_loses_nothing() -> None:
    assert len(run(paging(50, cap=7, warn=True), list_studies)) == 50


def test_rows_that_move_between_pages_are_given_once() -> None:
    found = run(paging(450, broken="shifting"), list_studies)
    assert len(found) == len(set(found)) == 450


def test_an_origin_that_ignores_the_limit_is_complete() -> None:
    assert len(run(paging(450, broken="limit"), list_studies)) == 450


def test_an_origin_that_ignores_the_offset_is_broken() -> None:
    with pytest.raises(OriginBroken, match="same rows"):
        run(paging(450, broken="offset"), list_studies)


def test_the_query_is_sent_as_every_origin_reads_it() -> None:
    async def scenario(origin: DicomwebOrigin, server: Server) -> list[str]:
        await search(
            origin,
            ("PatientName", "Doe^J?hn*"),
            ("StudyInstanceUID", "1.2,1.3"),
            ("StudyDescription", "Brain 100% #1&x=y"),
            ("includefield", "StationName,00181030"),
        )
        path, _, query = server.requests[0].target.partition("?")
        return [path, *query.split("&")]

    assert run(always(answer(b"[]")), scenario) == [
        "/dicom-web/studies",
        "00100010=Doe^J?hn*",
        "0020000D=1.2,1.3",
        "00081030=Brain*100*1*x*y",
        "includefield=00081010",
        "includefield=00181030",
        "includefield=00100010",
        "includefield=0020000D",
        "includefield=00081030",
        f"limit={PAGE}",
    ]


def test_a_row_of_another_study_is_left_out() -> None:
    script = always(answer(study_rows(1, 2)))

    async def scenario(origin: DicomwebOrigin, _: Server) -> list[str]:
        return await search(origin, ("StudyInstanceUID", "2.25.2"))

    assert run(script, scenario) == ["2.25.2"]


def identified(number: int, **attributes: Any) -> dict[str, Any]:
    """Return an instance's row; the attributes are by tag, as t00100010=("PN", value)."""
    uids = {STUDY_UID: "2.25.1", "0020000E": "2.25.2", "00080018": f"2.25.3.{number}"}
    row: dict[str, Any] = {tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()}
    return row | {name[1:]: {"vr": vr, "Value": [value]} for name, (vr, value) in attributes.items()}


@pytest.mark.parametrize(("occupation", "matching"), [("Gardener", 1), ("Printer", 0)])
@pytest.mark.parametrize("level", list(Level))
def test_an_attribute_the_rows_lack_is_fetched(level: Level, occupation: str, matching: int) -> None:
    row, whole = identified(1), identified(1, t00102180=("SH", occupation))
    script = by_path(
        {"/metadata": answer(json.dumps([whole]).encode())}
        | {f"/{each}": answer(json.dumps([row]).encode()) for each in Level}
    )

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        query = parse_query(level, params=[("Occupation", "Gard*")])
        assert sum([query.accepts(found.json) async for found in origin.search(query)]) == matching

    run(script, scenario)


def test_nothing_is_fetched_for_a_row_that_does_not_match_anyway() -> None:
    rows = json.dumps([identified(1, t00100020=("LO", "other"))]).encode()

    async def scenario(origin: DicomwebOrigin, server: Server) -> int:
        query = parse_query(Level.STUDY, params=[("Occupation", "Gard*"), ("PatientID", "mine")])
        assert [found async for found in origin.search(query)] == []
        return len(server.requests)

    assert run(by_path({"/studies": answer(rows)}), scenario) == 1


def test_a_search_by_what_the_origin_does_not_know_has_a_bound() -> None:
    async def script(request: Request, writer: Any) -> None:
        path, _, query = request.target.partition("?")
        if path.endswith("/metadata"):
            number = int(path.split("/")[-2].rpartition(".")[2])
            writer.write(answer(json.dumps([identified(number)]).encode()))
        else:
            offset = int(dict(pair.split("=") for pair in query.split("&")).get("offset", 0))
            rows = [identified(number) for number in range(offset, offset + PAGE)]
            writer.write(answer(json.dumps(rows).encode()))

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        query = parse_query(Level.INSTANCE, params=[("Occupation", "Gard*")])
        with pytest.raises(BadQuery, match="Add a date"):
            [row async for row in origin.search(query)]

    run(script, scenario)


def test_a_count_that_the_origin_does_not_tell_cannot_be_searched_for() -> None:
    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        await search(origin, ("NumberOfStudyRelatedSeries", "2"))

    with pytest.raises(BadQuery, match="NumberOfStudyRelatedSeries"):
        run(always(answer(study_rows(1))), scenario)


def test_metadata_of_another_resource_is_broken() -> None:
    with pytest.raises(OriginBroken, match="another resource"):
        run(always(answer(study_rows(1, 2))), metadata)
    assert len(run(always(answer(study_rows(1, 1))), metadata)) == 2


# Connections


def test_a_kept_connection_that_was_closed_is_tried_again() -> None:
    async def script(request: Request, writer: Any) -> None:
        first_here = sum(each.connection == request.connection for each in server_requests) == 0
        server_requests.append(request)
        if first_here:
            writer.write(answer(study_rows(1), Connection="keep-alive"))
        else:
            reset(writer)

    server_requests: list[Request] = []

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        for _number in range(3):
            assert await search(origin) == ["2.25.1"]

    run(script, scenario)
    assert [request.connection for request in server_requests] == [0, 0, 1, 1, 2]


def test_an_origin_that_always_hangs_up_is_asked_twice_at_most() -> None:
    async def script(_: Request, writer: Any) -> None:
        reset(writer)

    async def scenario(origin: DicomwebOrigin, server: Server) -> int:
        with pytest.raises(OriginBroken, match="closed the connection"):
            await search(origin)
        return len(server.requests)

    assert run(script, scenario) <= 2


def redirecting(location: str) -> Script:
    async def script(request: Request, writer: Any) -> None:
        if "moved" in request.target:
            writer.write(answer(study_rows(1)))
        else:
            writer.write(answer(status=307, Location=location.replace("HERE", request.headers["host"])))

    return script


@pytest.mark.parametrize("location", ["/dicom-web/moved/studies", "http://HERE/dicom-web/moved", "moved?x=1"])
def test_a_redirect_within_the_services_is_followed(location: str) -> None:
    assert run(redirecting(location), list_studies) == ["2.25.1"]


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:1/dicom-web/moved",
        "https://HERE/dicom-web/moved",
        "//elsewhere.example/dicom-web/moved",
        "/login/moved",
        "/dicom-webmoved",
        "/dicom-web/../moved",
        "/dicom-web/%2e%2e/moved",
        "http://user:pass@HERE/dicom-web/moved",
        "file:///etc/moved",
        "",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused(location: str) -> None:
    with pytest.raises(OriginRefused):
        run(redirecting(location), list_studies)


def test_no_error_repeats_what_was_asked_or_how(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("Zqnachname", "hunter2", "2.25.4711", "zquser")

    async def script(request: Request, writer: Any) -> None:
        assert request.headers["authorization"].startswith("Basic ")
        reset(writer)

    async def main() -> list[GatewayError]:
        caught: list[GatewayError] = []
        async with serving(script) as server:
            for port in (server.port, 1):
                origin = DicomwebOrigin(f"http://zquser:hunter2@127.0.0.1:{port}/dicom-web", limits=QUICK)
                assert not any(secret in repr(origin) + repr(vars(origin)) for secret in secrets)
                query = parse_query(Level.SERIES, study=UID("2.25.4711"), params=[("PatientName", "Zqnachname")])
                try:
                    [row async for row in origin.search(query)]
                except GatewayError as error:
                    caught.append(error)
                await origin.close()
        return caught

    caught = asyncio.run(main())
    assert [type(error) for error in caught] == [OriginBroken, OriginUnreachable]
    told = caplog.text + "".join(f"{error!s}{error!r}{error.__cause__!r}" for error in caught)
    assert not any(secret in told for secret in secrets)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/dicom-web", "http://nowhere.invalid/dicom-web"])
def test_an_origin_that_is_not_there_is_unreachable(url: str) -> None:
    async def main() -> None:
        origin = DicomwebOrigin(url, limits=QUICK)
        try:
            await origin.check()
        finally:
            await origin.close()

    with pytest.raises(OriginUnreachable):
        asyncio.run(main())


def test_pixels_are_asked_for_without_compression_and_as_stored() -> None:
    async def scenario(origin: DicomwebOrigin, server: Server) -> Request:
        await retrieve(origin, server)
        return server.requests[0]

    request = run(always(multipart_answer(multipart(b"one"))), scenario)
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["accept"] == 'multipart/related; type="application/dicom"; transfer-syntax=*'
    assert "authorization" not in request.headers


def test_requests_at_once_are_bounded_and_searches_do_not_wait_for_downloads() -> None:
    busy = most = 0

    async def script(request: Request, writer: Any) -> None:
        nonlocal busy, most
        if "/series/" in request.target:
            writer.write(multipart_answer(b"", length=None) + multipart(b"one", closed=False))
            await asyncio.sleep(60)
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.05)
        busy -= 1
        writer.write(answer(study_rows(1)))

    async def scenario(origin: DicomwebOrigin, _: Server) -> None:
        held = [origin.instances(SeriesRef(UID("2.25.1"), UID("2.25.2"))) for _ in range(3)]
        for each in held[:2]:
            await anext(each)
        assert await asyncio.gather(*(search(origin) for _ in range(9))) == [["2.25.1"]] * 9
        with pytest.raises(OriginBusy):
            await anext(held[2])
        await held[0].aclose()  # type: ignore[attr-defined]
        third = origin.instances(SeriesRef(UID("2.25.1"), UID("2.25.2")))
        assert await anext(third) is not None
        for each in (held[1], third):
            await each.aclose()  # type: ignore[attr-defined]

    run(script, scenario, limits=HttpLimits(questions=3, bodies=2, wait=0.3, connect=2, idle=5))
    assert most == 3
