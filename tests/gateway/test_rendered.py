"""WADO-RS rendered resources and thumbnails over HTTP."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gateway.dicom.uid import InstanceRef
from tests.builders import found_canaries
from tests.gateway.corpus import (
    ABDOMEN_CT,
    ABDOMEN_SR,
    CHEST_CR,
    HEAD_MR,
    HEART_US,
    MIXED,
    PALETTE,
    nth,
    study,
)
from tests.gateway.curl import curl
from tests.gateway.process import Gateway, at

US, CR = nth(HEART_US, 1), nth(CHEST_CR, 1)


def image(body: bytes) -> Image.Image:
    """Open a rendered image, which carries nothing but the picture."""
    assert found_canaries(body) == []
    found = Image.open(io.BytesIO(body))
    found.load()
    assert not found.getexif()
    assert set(found.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "duration",
        "loop",
        "version",
        "background",
        "extension",
        "transparency",
    }
    return found


def frames_in(body: bytes) -> int:
    """Return how many frames a rendered image shows."""
    return getattr(image(body), "n_frames", 1)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("image/jpeg", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/gif", "image/gif"),
        ("image/webp, image/png;q=0.8, */*;q=0.1", "image/png"),
        ("text/html,application/xhtml+xml,image/avif,*/*;q=0.8", "image/jpeg"),
        ("image/tiff", ""),
        ("application/dicom", ""),
    ],
)
@pytest.mark.parametrize("suffix", ["/rendered", "/frames/1/rendered", "/thumbnail", "/frames/1/thumbnail"])
def test_media_types(corpus_gateway: Gateway, suffix: str, accept: str | None, media: str) -> None:
    answer = corpus_gateway.get(at(CR, suffix), accept)
    if not media:
        assert (answer.status, answer.media) == (406, "application/problem+json")
        return
    assert (answer.status, answer.media) == (200, media)
    shown = image(answer.body)
    assert shown.format == media.partition("/")[2].upper()
    assert shown.size == ((30, 40) if "rendered" in suffix else shown.size)


def test_the_accept_parameter_beats_the_header(corpus_gateway: Gateway) -> None:
    answer = corpus_gateway.get(at(CR, "/rendered?accept=image%2Fpng"), "image/jpeg")
    assert answer.media == "image/png"
    # OHIF asks for thumbnails like this.
    contradicting = corpus_gateway.get(at(CR, "/thumbnail?accept=image%2Fjpeg"), "application/dicom+json")
    assert contradicting.media == "image/jpeg"


@pytest.mark.parametrize(
    "ref",
    [nth(ABDOMEN_CT, 1), nth(HEAD_MR, 1), CR, US, nth(PALETTE, 1)],
    ids=["ct", "implicit", "cr", "rle", "palette"],
)
def test_every_kind_is_rendered(either: Gateway, ref: InstanceRef) -> None:
    assert image(either.get(at(ref, "/rendered"), "image/png").body).getextrema() != (0, 0)
    small = image(either.get(at(ref, "/thumbnail")).body)
    assert max(small.size) <= 256


def test_a_palette_is_shown_in_its_colours(either: Gateway) -> None:
    shown = np.asarray(image(either.get(at(nth(PALETTE, 1), "/rendered"), "image/png").body).convert("RGB"))
    assert shown[0, 0].tolist() == [0, 255, 0]
    assert shown[-1, -1].tolist() == [255, 0, 127]


def test_a_cine_moves_as_gif_and_stands_still_otherwise(either: Gateway) -> None:
    whole = "?window=640,1280,linear"
    assert frames_in(either.get(at(US, "/rendered" + whole), "image/gif").body) == 5
    assert frames_in(either.get(at(US, "/rendered" + whole), "image/png").body) == 1
    assert frames_in(either.get(at(US, "/frames/1,3/rendered" + whole), "image/gif").body) == 2
    assert either.get(at(US, "/frames/1,3/rendered"), "image/png").status == 406
    assert either.get(at(US, "/frames/6/rendered")).status == 404


def test_window_viewport_and_quality(either: Gateway) -> None:
    path = at(CR, "/rendered")
    dark = np.asarray(image(either.get(path + "?window=100000,10,linear", "image/png").body))
    bright = np.asarray(image(either.get(path + "?window=-100000,10,linear", "image/png").body))
    assert dark.max() == 0
    assert bright.min() == 255
    assert image(either.get(path + "?viewport=60,80").body).size == (60, 80)
    assert image(either.get(path + "?viewport=100,100").body).size == (75, 100)
    assert image(either.get(path + "?viewport=10,10,0,0,10,10").body).size == (10, 10)
    low, high = (either.get(path + f"?viewport=300,400&quality={quality}").body for quality in (5, 95))
    assert len(low) < len(high)


@pytest.mark.parametrize(
    "query",
    [
        "window=1",
        "window=a,b,linear",
        "window=1,0,linear",
        "window=1,2,cubic",
        "viewport=0,0",
        "viewport=99999,1",
        "viewport=x",
        "quality=0",
        "quality=101",
        "quality=" + "9" * 5000,
        "quality=best",
        "Zqgeheim=1",
    ],
)
def test_what_cannot_be_rendered_says_so(corpus_gateway: Gateway, query: str) -> None:
    answer = corpus_gateway.get(at(CR, f"/rendered?{query}"))
    assert (answer.status, answer.media) == (400, "application/problem+json")
    assert b"Zqgeheim" not in answer.body


def test_a_set_is_rendered_in_parts(either: Gateway) -> None:
    for ref, count in ((ABDOMEN_CT, 5), (study(ABDOMEN_CT), 5), (study(CHEST_CR), 1)):
        parts = either.get(at(ref, "/rendered"), 'multipart/related; type="image/png"').parts()
        assert len(parts) == count
        for part in parts:
            assert part.headers["content-type"] == "image/png"
            assert part.headers["content-location"].startswith(either.url + at(ref))
            assert image(part.body).format == "PNG"


def test_what_is_withheld_is_left_out_openly(corpus_gateway: Gateway) -> None:
    answer = corpus_gateway.get(at(MIXED, "/rendered"))
    assert len(answer.parts()) == 3
    assert answer.status == 206
    assert "withheld" in answer.headers["warning"]


def test_thumbnails_at_every_level(either: Gateway) -> None:
    for path in (at(study(ABDOMEN_CT)), at(ABDOMEN_CT), at(nth(ABDOMEN_CT, 1)), at(US, "/frames/2")):
        for query in ("", "?viewport=64,64"):
            answer = either.get(f"{path}/thumbnail{query}")
            assert (answer.status, answer.media) == (200, "image/jpeg")
            assert max(image(answer.body).size) <= (64 if query else 256)


def test_a_report_has_no_picture(either: Gateway) -> None:
    for ref in (nth(ABDOMEN_SR, 1), ABDOMEN_SR):
        for suffix in ("/rendered", "/thumbnail"):
            assert either.get(at(ref, suffix)).status == 404


def test_dicomweb_client_renders(either: Gateway) -> None:
    client, uids = either.client(), (US.study, US.series, US.instance)
    assert image(client.retrieve_instance_rendered(*uids, media_types=("image/png",))).format == "PNG"
    frames = client.retrieve_instance_frames_rendered(*uids, frame_numbers=[2], media_types=("image/jpeg",))
    assert image(frames).format == "JPEG"


@pytest.mark.peer("curl")
def test_a_browser_like_request(either: Gateway) -> None:
    got = curl(either, at(CR, "/thumbnail"), "--fail", "--header", "Accept: image/avif,image/webp,image/*,*/*;q=0.8")
    assert (got.status, image(got.output).format) == (0, "JPEG")
