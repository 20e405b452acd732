from __future__ import annotations

import pickle
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gateway.errors import NotAcceptable
from gateway.pixels.description import describe
from gateway.pixels.picture import GIF, JPEG, MEDIA_TYPES, PNG, Output, encode, picture
from gateway.pixels.render import RenderOptions
from gateway.pixels.viewport import Viewport
from tests.pixels.images import described, pixel_files

GREY = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
COLOUR = np.stack([GREY, GREY.T, 255 - GREY], axis=2)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_png_is_exact(pixels: NDArray[np.uint8]) -> None:
    image = opened(encode([pixels], Output(PNG)))
    assert image.format == "PNG"
    assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_jpeg_is_close_and_smaller_with_less_quality(pixels: NDArray[np.uint8]) -> None:
    good, poor = (encode([pixels], Output(JPEG, quality=quality)) for quality in (95, 20))
    assert np.abs(np.asarray(opened(good)).astype(int) - pixels).max() < 12
    assert len(poor) < len(good)


def test_red_text_stays_red_at_the_default_quality() -> None:
    text = np.zeros((32, 32, 3), np.uint8)
    text[::2, ::2, 0] = 255
    got = np.asarray(opened(encode([text], Output(JPEG)))).astype(int)
    assert np.abs(got - text).max() < 60


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_nothing_but_the_picture_is_in_the_file(media_type: str) -> None:
    data = encode([COLOUR], Output(media_type))
    image = opened(data)
    image.load()
    allowed = {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "version",
        "background",
        "loop",
        "duration",
        "extension",
    }
    assert set(image.info) <= allowed
    assert not image.getexif()
    for mark in (b"Exif", b"ICC", b"http", b"tEXt", b"iTXt", b"eXIf", b"tIME", b"Pillow", b"PIL"):
        assert mark not in data


def test_several_frames_are_an_animation() -> None:
    frames = [np.roll(GREY, shift, axis=1) for shift in (0, 10, 20)]
    image = opened(encode(frames, Output(GIF, frame_ms=40)))
    assert image.n_frames == 3  # type: ignore[attr-defined]
    for number, frame in enumerate(frames):
        image.seek(number)
        assert image.info["duration"] == 40
        assert np.array_equal(np.asarray(image.convert("L")), frame)
    assert image.info["loop"] == 0


def test_the_rate_of_an_animation_is_bounded() -> None:
    frames = [GREY, GREY.T]
    assert opened(encode(frames, Output(GIF, frame_ms=0.1))).info["duration"] == 20
    assert opened(encode(frames, Output(GIF, frame_ms=1e9))).info["duration"] == 60_000


@pytest.mark.parametrize("media_type", ["image/webp", "", "image/jp2"])
def test_other_media_types_are_not_acceptable(media_type: str) -> None:
    with pytest.raises(NotAcceptable):
        encode([GREY], Output(media_type))


@pytest.mark.parametrize("media_type", [JPEG, PNG])
def test_several_frames_fit_only_an_animation(media_type: str) -> None:
    with pytest.raises(NotAcceptable, match="image/gif"):
        encode([GREY, GREY], Output(media_type))


def test_no_frames_and_too_large_a_jpeg_are_not_acceptable() -> None:
    with pytest.raises(NotAcceptable):
        encode([], Output(PNG))
    with pytest.raises(NotAcceptable, match="viewport"):
        encode([np.zeros((1, 65_501), np.uint8)], Output(JPEG))


def test_a_job_from_encoded_frames_to_an_animation() -> None:
    file = pixel_files()["examples_ybr_color.dcm"]
    description = describe(file.json, file.syntax)
    frames = list(enumerate(file.frames(description), 1))[:4]
    options = RenderOptions(viewport=Viewport(64, 64))
    job = pickle.loads(pickle.dumps((frames, description, Output(GIF), options)))
    image = opened(picture(*job[:3], options=job[3]))
    assert image.n_frames == 4  # type: ignore[attr-defined]
    assert image.size == (64, 48)
    assert image.info["duration"] == round(description.frame_ms or 0, -1)


def test_the_frame_number_chooses_the_frames_transform() -> None:
    plain = described(rows=1, columns=2, frames=2, center=100, width=200, function="LINEAR_EXACT")
    doubled = replace(plain.transform, slope=2.0)
    description = replace(plain, frame_transforms=(plain.transform, doubled))
    data = np.array([0, 50], "<u2").tobytes()
    for number, want in ((1, [[0, 64]]), (2, [[0, 128]])):
        assert np.asarray(opened(picture([(number, data)], description, Output(PNG)))).tolist() == want


def test_the_frames_of_an_animation_share_a_window() -> None:
    description = described(rows=1, columns=2, frames=3)
    frames = [
        (number, np.array(values, "<u2").tobytes()) for number, values in enumerate([(0, 50), (0, 100), (0, 75)], 1)
    ]
    image = opened(picture(frames, description, Output(GIF)))
    shown = []
    for index in range(3):
        image.seek(index)
        shown.append(np.asarray(image.convert("L"))[0, 1])
    assert shown == [128, 255, 191]
    alone = opened(picture(frames[:1], description, Output(PNG)))
    assert np.asarray(alone)[0, 1] == 255
