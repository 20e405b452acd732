"""WADO-RS frames over HTTP."""

from __future__ import annotations

import io
import re

import pytest
from pydicom import dcmread

from gateway.dicom.uid import InstanceRef
from tests.builders import EXPLICIT_LE, RLE, ref_of
from tests.gateway.corpus import ABDOMEN_CT, ABDOMEN_SR, HEAD_MR, HEART_US, corpus, nth
from tests.gateway.curl import curl
from tests.gateway.process import Gateway, at

OCTETS = "application/octet-stream"
MULTIPART = f'multipart/related; type="{OCTETS}"'
US = nth(HEART_US, 1)


def pixels(ref: InstanceRef) -> list[bytes]:
    """Return the decoded frames of an instance of `corpus`."""
    found = next(dcmread(io.BytesIO(data)) for data in corpus() if ref_of(data) == ref)
    whole = found.pixel_array
    return [frame.tobytes() for frame in (whole if whole.ndim > 2 else [whole])]


@pytest.mark.parametrize(("ref", "count"), [(nth(ABDOMEN_CT, 1), 1), (nth(HEAD_MR, 2), 1), (US, 5)], ids=str)
def test_every_frame_as_ohif_asks_for_it(either: Gateway, ref: InstanceRef, count: int) -> None:
    for number, expected in enumerate(pixels(ref), start=1):
        answer = either.get(at(ref, f"/frames/{number}"), f"{MULTIPART}; transfer-syntax={EXPLICIT_LE}")
        assert answer.status == 200
        assert re.match(rf'multipart/related; type="{OCTETS}"; ', answer.headers["content-type"])
        (part,) = answer.parts()
        assert part.headers["content-type"] == f"{OCTETS}; transfer-syntax={EXPLICIT_LE}"
        assert part.headers["content-location"] == f"{either.url}{at(ref)}/frames/{number}"
        assert part.body == expected
    assert either.get(at(ref, f"/frames/{count + 1}")).status == 404


def test_the_header_of_a_part_is_spelled_as_ohif_reads_it(either: Gateway) -> None:
    body = either.get(at(US, "/frames/1"), f'{MULTIPART}; transfer-syntax="*"').body
    assert body.startswith(b"--")
    assert b"\r\nContent-Type: " in body
    assert f"transfer-syntax={RLE}\r\n".encode() in body


def test_frames_come_in_the_order_asked_for(either: Gateway) -> None:
    expected = pixels(US)
    answer = either.get(at(US, "/frames/3,1,5,1"))
    assert [part.body for part in answer.parts()] == [expected[number - 1] for number in (3, 1, 5, 1)]
    encoded = either.get(at(US, "/frames/5%2C2"), f"{MULTIPART}; transfer-syntax=*")
    assert [part.headers["content-location"].rpartition("/")[2] for part in encoded.parts()] == ["5", "2"]


@pytest.mark.parametrize(
    ("accept", "status", "media", "syntax"),
    [
        (None, 200, "multipart/related", EXPLICIT_LE),
        ("*/*", 200, "multipart/related", EXPLICIT_LE),
        (MULTIPART, 200, "multipart/related", EXPLICIT_LE),
        ("multipart/related; type=application/octet-stream", 200, "multipart/related", EXPLICIT_LE),
        (f"{MULTIPART}; transfer-syntax=*", 200, "multipart/related", RLE),
        ('multipart/related; type="image/dicom-rle"', 200, "multipart/related", RLE),
        (f'multipart/related; type="image/x-dicom-rle"; transfer-syntax={RLE}', 200, "multipart/related", RLE),
        (f'multipart/related; type="image/jpeg", {MULTIPART}; q=0.1', 200, "multipart/related", EXPLICIT_LE),
        (OCTETS, 200, OCTETS, EXPLICIT_LE),
        (f"{OCTETS}; transfer-syntax=*", 200, OCTETS, RLE),
        ("image/dicom-rle", 200, "image/dicom-rle", RLE),
        ('multipart/related; type="image/jpeg"', 406, "", ""),
        (f"{MULTIPART}; transfer-syntax=1.2.840.10008.1.2.4.90", 406, "", ""),
    ],
)
def test_a_frame_as_the_client_takes_it(
    either: Gateway, accept: str | None, status: int, media: str, syntax: str
) -> None:
    answer = either.get(at(US, "/frames/2"), accept)
    assert answer.status == status
    if status != 200:
        assert answer.media == "application/problem+json"
        assert "Accept" in answer.json["detail"]
        return
    assert answer.media == media
    part = answer.parts()[0] if media.startswith("multipart") else answer
    assert part.headers["content-type"].endswith(f"; transfer-syntax={syntax}")
    assert (part.body == pixels(US)[1]) == (syntax == EXPLICIT_LE)


def test_several_frames_do_not_come_without_multipart(corpus_gateway: Gateway) -> None:
    assert corpus_gateway.get(at(US, "/frames/1,2"), OCTETS).status == 406


@pytest.mark.parametrize(
    ("frames", "status"),
    [("0", 400), ("-1", 400), ("1,,2", 400), ("a", 400), ("6", 404), ("1,6", 404), ("99999999999", 400), ("1-3", 400)],
)
def test_wrong_frame_lists(either: Gateway, frames: str, status: int) -> None:
    answer = either.get(at(US, f"/frames/{frames}"))
    assert (answer.status, answer.media) == (status, "application/problem+json")


def test_a_report_has_no_frames(either: Gateway) -> None:
    assert either.get(at(nth(ABDOMEN_SR, 1), "/frames/1")).status == 404


def test_dicomweb_client_retrieves_frames(either: Gateway) -> None:
    client, uids = either.client(), (US.study, US.series, US.instance)
    assert client.retrieve_instance_frames(*uids, frame_numbers=[2, 4]) == [pixels(US)[1], pixels(US)[3]]
    encoded = client.retrieve_instance_frames(*uids, frame_numbers=[1], media_types=(("image/dicom-rle", RLE),))
    assert encoded[0] != pixels(US)[0]


@pytest.mark.peer("curl")
def test_curl_saves_a_frame(either: Gateway) -> None:
    got = curl(either, at(US, "/frames/3"), "--fail", "--header", f"Accept: {OCTETS}")
    assert (got.status, got.output) == (0, pixels(US)[2])
