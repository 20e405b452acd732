from __future__ import annotations

from typing import Any

import pytest

from gateway.dicom.dataset import JsonDataset
from gateway.errors import Withheld
from gateway.pixels.voi import VoiFunction, Window, frame_duration, image_transform, pixel_aspect
from tests.pixels.images import header


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ({"center": 40, "width": 400}, (Window(40, 400),)),
        ({"center": [1, 2], "width": [3]}, (Window(1, 3),)),
        ({"center": 40, "width": 0}, ()),
        ({"center": 40, "width": -5}, ()),
        ({"center": 0.5, "width": 0.9}, (Window(0.5, 0.9, VoiFunction.LINEAR_EXACT),)),
        ({"center": 1, "width": 2, "function": "sigmoid "}, (Window(1, 2, VoiFunction.SIGMOID),)),
        ({"center": 1, "width": 2, "function": "LINEAR_EXACT"}, (Window(1, 2, VoiFunction.LINEAR_EXACT),)),
        ({"center": 1, "width": 2, "function": "OTHER"}, (Window(1, 2),)),
        ({}, ()),
    ],
)
def test_windows(values: dict[str, Any], want: tuple[Window, ...]) -> None:
    assert image_transform(header(**values)).windows == want


def test_a_slope_of_zero_is_none() -> None:
    assert image_transform(header(slope=0, intercept=5)).slope == 1.0


@pytest.mark.parametrize("value", ["NaN", "inf", {}, [1]])
def test_numbers_must_be_numbers(value: Any) -> None:
    with pytest.raises(Withheld):
        image_transform({"00281053": {"vr": "DS", "Value": [value]}})


def spaced(tag: str, *values: float) -> JsonDataset:
    return {tag: {"vr": "DS", "Value": list(values)}}


@pytest.mark.parametrize(
    ("json_dataset", "want"),
    [
        ({}, 1.0),
        (spaced("00280034", 4, 3), 4 / 3),
        (spaced("00280030", 0.5, 0.25), 2.0),
        (spaced("00280030", 0.5, 0.5) | spaced("00280034", 4, 3), 1.0),
        (spaced("00181164", 0.1, 0.2), 0.5),
        (spaced("00280030", 0.5, 0.5004), 1.0),
        (spaced("00280030", 1, 1000), 1.0),
        (spaced("00280034", 0, 1), 1.0),
        (
            {"52009229": {"vr": "SQ", "Value": [{"00289110": {"vr": "SQ", "Value": [spaced("00280030", 3, 1)]}}]}},
            3.0,
        ),
    ],
)
def test_pixel_aspect(json_dataset: JsonDataset, want: float) -> None:
    assert pixel_aspect(json_dataset) == want


@pytest.mark.parametrize(
    ("json_dataset", "want"),
    [
        (spaced("00181063", 40), 40),
        (spaced("00181065", 0, 30, 50), 40),
        (spaced("00180040", 25), 40),
        (spaced("00082144", 50), 20),
        (spaced("00181063", 0) | spaced("00180040", 10), 100),
        ({}, None),
    ],
)
def test_frame_duration(json_dataset: JsonDataset, want: float | None) -> None:
    assert frame_duration(json_dataset) == want
