"""WADO-RS bulk data over HTTP: whole, in ranges, all of an instance; and none that the pass removes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from gateway.dicom.uid import InstanceRef, StudyRef
from tests.builders import found_canaries, ref_of
from tests.gateway.corpus import ABDOMEN, ABDOMEN_CT, ABDOMEN_SR, HEAD_MR, HEART_US, PALETTE, corpus, nth
from tests.gateway.curl import curl
from tests.gateway.process import Gateway, at

OCTETS = "application/octet-stream"
CT = nth(ABDOMEN_CT, 2)
PIXELS = at(CT, "/bulkdata/7FE00010")


def original(ref: InstanceRef) -> Dataset:
    """Return an instance of `corpus` as it was."""
    return next(dcmread(io.BytesIO(data)) for data in corpus() if ref_of(data) == ref)


def uris(dataset: dict[str, Any]) -> list[str]:
    """Return every BulkDataURI in a data set, at any depth."""
    found = [element["BulkDataURI"] for element in dataset.values() if "BulkDataURI" in element]
    items = [item for element in dataset.values() if element["vr"] == "SQ" for item in element.get("Value", [])]
    return found + [uri for item in items for uri in uris(item)]


@pytest.mark.parametrize("ref", [CT, nth(HEAD_MR, 1), nth(HEART_US, 1), nth(PALETTE, 1)], ids=str)
def test_every_link_in_the_metadata_leads_to_its_value(either: Gateway, ref: InstanceRef) -> None:
    (row,) = either.get(at(ref, "/metadata")).json
    found = uris(row)
    assert found
    whole = original(ref)
    for uri in found:
        assert uri.startswith(f"{either.url}{at(ref)}/bulkdata/")
        answer = either.get(uri.removeprefix(either.url), f'multipart/related; type="{OCTETS}"')
        body = b"".join(part.body for part in answer.parts())
        tag = uri.rpartition("/")[2]
        assert body == (whole.pixel_array.tobytes() if tag == "7FE00010" else whole[tag].value)


def test_a_value_by_itself_and_in_multipart(either: Gateway) -> None:
    value = original(CT).PixelData
    for accept in (None, "*/*", f'multipart/related; type="{OCTETS}"', f"multipart/related; type={OCTETS}"):
        answer = either.get(PIXELS, accept)
        (part,) = answer.parts()
        assert part.body == value
        assert part.headers["content-location"] == either.url + PIXELS
    single = either.get(PIXELS, OCTETS)
    assert (single.media, single.body) == (OCTETS, value)
    assert single.headers["content-length"] == str(len(value))
    assert single.headers["accept-ranges"] == "bytes"
    assert either.get(PIXELS, "image/png").status == 406


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=100-", 100, 511),
        ("bytes=-12", 500, 511),
        ("bytes=500-9999", 500, 511),
        ("bytes=0-0", 0, 0),
        ("bytes=0-511", 0, 511),
    ],
)
def test_ranges(either: Gateway, wanted: str, first: int, last: int) -> None:
    value = original(CT).PixelData
    for accept in (None, OCTETS):
        answer = either.get(PIXELS, accept, Range=wanted)
        assert answer.status == 206
        assert answer.media == OCTETS
        assert answer.headers["content-range"] == f"bytes {first}-{last}/512"
        assert answer.headers["content-length"] == str(last - first + 1)
        assert answer.body == value[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=512-", "bytes=900-901", "bytes=-0"])
def test_a_range_outside_the_value(either: Gateway, wanted: str) -> None:
    answer = either.get(PIXELS, OCTETS, Range=wanted)
    assert (answer.status, answer.media) == (416, "application/problem+json")
    assert answer.headers["content-range"] == "bytes */512"


@pytest.mark.parametrize("wanted", ["bytes=9-3", "lines=1-2", "bytes=0-1,4-5", "bytes=x"])
def test_a_range_that_is_none_gives_the_whole(corpus_gateway: Gateway, wanted: str) -> None:
    answer = corpus_gateway.get(PIXELS, OCTETS, Range=wanted)
    assert (answer.status, len(answer.body)) == (200, 512)


def test_a_client_that_takes_multipart_only_gets_the_whole(corpus_gateway: Gateway) -> None:
    answer = corpus_gateway.get(PIXELS, f'multipart/related; type="{OCTETS}"', Range="bytes=0-9")
    assert (answer.status, len(answer.parts()[0].body)) == (200, 512)


def test_head_tells_the_length(corpus_gateway: Gateway) -> None:
    head = corpus_gateway.get(PIXELS, OCTETS, method="HEAD", Range="bytes=0-9")
    assert (head.status, head.headers["content-length"], head.body) == (200, "512", b"")
    assert head.headers["accept-ranges"] == "bytes"


@pytest.mark.peer("curl")
def test_curl_resumes_a_download(either: Gateway) -> None:
    options = ("--fail", "--header", f"Accept: {OCTETS}", "--range")
    halves = [curl(either, PIXELS, *options, wanted).output for wanted in ("0-255", "256-")]
    assert b"".join(halves) == original(CT).PixelData


def test_dicomweb_client_retrieves_bulk_data(either: Gateway) -> None:
    client = either.client()
    assert client.retrieve_bulkdata(either.url + PIXELS) == [original(CT).PixelData]
    frames = client.retrieve_bulkdata(either.url + at(nth(HEART_US, 1), "/bulkdata/7FE00010"))
    assert b"".join(frames) == original(nth(HEART_US, 1)).pixel_array.tobytes()


@pytest.mark.parametrize("path", ["00100010", "00091001", "00091010", "00420011", "60003000", "00081140/0/00081155"])
def test_what_is_no_bulk_data_or_was_removed_is_404(either: Gateway, path: str) -> None:
    assert either.get(at(CT, f"/bulkdata/{path}")).status == 404


@pytest.mark.parametrize("path", ["x", "7FE0", "7FE00010/..", "7FE00010/0", "../../metadata", "7FE00010%2f.."])
def test_what_is_no_path_is_refused(corpus_gateway: Gateway, path: str) -> None:
    answer = corpus_gateway.get(at(CT, f"/bulkdata/{path}"))
    assert answer.status in (400, 404)
    assert answer.media == "application/problem+json"


def test_all_bulk_data_of_a_study(either: Gateway) -> None:
    answer = either.get(at(StudyRef(ABDOMEN), "/bulkdata"))
    parts = {part.headers["content-location"]: part.body for part in answer.parts()}
    assert parts == {
        f"{either.url}{at(nth(ABDOMEN_CT, number))}/bulkdata/7FE00010": original(nth(ABDOMEN_CT, number)).PixelData
        for number in range(1, 6)
    }
    cine = either.get(at(HEART_US, "/bulkdata")).parts()
    places = [part.headers["content-location"].removeprefix(either.url + at(nth(HEART_US, 1))) for part in cine]
    assert places == [f"/frames/{number}" for number in range(1, 6)]
    assert either.get(at(nth(ABDOMEN_SR, 1), "/bulkdata")).status in (200, 404)


def test_private_and_identifying_bulk_data_does_not_pass(either: Gateway) -> None:
    for ref in (CT, nth(PALETTE, 1)):
        (row,) = either.get(at(ref, "/metadata")).json
        assert not [tag for tag in row if int(tag[:4], 16) % 2]
        for part in either.get(at(ref, "/bulkdata")).parts():
            assert found_canaries(part.body) == []
