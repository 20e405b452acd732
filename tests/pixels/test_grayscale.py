from __future__ import annotations

import math
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gateway.pixels.decode import decode
from gateway.pixels.description import PixelDescription, describe
from gateway.pixels.grayscale import greys, windowed
from gateway.pixels.lut import Lut
from gateway.pixels.voi import VoiFunction, Window
from tests.pixels.images import described, pixel_files

LINEAR, EXACT, SIGMOID = VoiFunction.LINEAR, VoiFunction.LINEAR_EXACT, VoiFunction.SIGMOID


def standard(x: float, window: Window) -> float:
    """PS3.3 §C.11.2.1.2-3, written as the standard writes it, ymin 0 and ymax 255."""
    c, w, top = window.center, window.width, 255.0
    if window.function is LINEAR:
        if x <= c - 0.5 - (w - 1) / 2:
            return 0.0
        if x > c - 0.5 + (w - 1) / 2:
            return top
        return ((x - (c - 0.5)) / (w - 1) + 0.5) * top
    if window.function is EXACT:
        if x <= c - w / 2:
            return 0.0
        if x > c + w / 2:
            return top
        return ((x - c) / w + 0.5) * top
    return top / (1 + math.exp(-4 * (x - c) / w))


WINDOWS = [
    Window(2048, 4096),
    Window(0, 100),
    Window(0, 1),
    Window(50, 1),
    Window(2, 2),
    Window(0, 100, EXACT),
    Window(0.5, 1, EXACT),
    Window(10, 0.25, EXACT),
    Window(0, 100, SIGMOID),
    Window(-300, 1500, SIGMOID),
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_function_is_the_standards(window: Window) -> None:
    values = np.array([*range(-200, 200), -5000.0, 5000.0, 49.5, 0.25, 0.5, 1.5])
    want = [standard(float(value), window) for value in values]
    assert np.allclose(windowed(values, window), want, atol=1e-9)


def test_the_examples_of_the_standard() -> None:
    # PS3.3 §C.11.2.1.2.1: c=2048, w=4096 is the whole range of 12 bits; w=1 is a threshold.
    assert windowed(np.array([0.0, 4095.0]), Window(2048, 4096)).tolist() == [0, 255]
    assert windowed(np.array([2047.0, 2048.0]), Window(2048, 1)).tolist() == [0, 255]


def ramp(description: PixelDescription) -> np.ndarray[Any, Any]:
    """Return stored values over the whole range, no more than 65536 of them."""
    half = 1 << description.bits_stored - 1
    low = -half if description.signed else 0
    step = max(1, 2 * half // 65536)
    values = np.arange(low, low + 2 * half, step, dtype=np.int64)
    return values.astype(description.dtype).reshape(1, -1)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("allocated", "stored"), [(8, 8), (8, 5), (16, 10), (16, 12), (16, 16), (32, 20), (32, 32)])
@pytest.mark.parametrize("signed", [0, 1])
def test_ramps_of_every_depth_and_sign(photometric: str, allocated: int, stored: int, signed: int) -> None:
    span = 1 << stored
    description = described(
        photometric=photometric,
        allocated=allocated,
        stored=stored,
        signed=signed,
        slope=0.5,
        intercept=-7,
        center=span / 8,
        width=span / 3,
    )
    stored_values = ramp(description)
    got = greys(stored_values, description, number=1, window=None)[0]
    window = Window(span / 8, span / 3)
    want = np.array([standard(float(value) * 0.5 - 7, window) for value in stored_values[0, :: max(1, span // 999)]])
    if photometric == "MONOCHROME1":
        want = 255 - want
    assert np.abs(got[:: max(1, span // 999)] - want).max() <= 0.5 + 1e-6


def test_a_window_asked_for_replaces_the_headers() -> None:
    description = described(center=0, width=10)
    values = np.array([[0, 100, 200]], dtype="<u2")
    assert greys(values, description, number=1, window=None).tolist() == [[142, 255, 255]]
    assert greys(values, description, number=1, window=Window(100, 200, EXACT)).tolist() == [[0, 128, 255]]


def test_without_a_window_the_values_present_span_the_greys() -> None:
    values = np.array([[1000, 1500, 2000]], dtype="<u2")
    assert greys(values, described(), number=1, window=None).tolist() == [[0, 128, 255]]


def test_padding_is_left_out_of_the_span_and_black() -> None:
    values = np.array([[-2000, 0, 50, 100]], dtype="<i2")
    plain = described(signed=1, padding=-2000)
    assert greys(values, plain, number=1, window=None).tolist() == [[0, 0, 128, 255]]
    inverse = described(signed=1, padding=-2000, photometric="MONOCHROME1")
    assert greys(values, inverse, number=1, window=None).tolist() == [[0, 255, 128, 0]]


def test_eight_bits_without_a_window_are_shown_as_they_are() -> None:
    values = np.array([[10, 20, 200]], dtype="u1")
    assert greys(values, described(allocated=8), number=1, window=None).tolist() == [[10, 20, 200]]


def test_one_bit_is_black_and_white() -> None:
    values = np.array([[0, 1]], dtype="u1")
    assert greys(values, described(allocated=1), number=1, window=None).tolist() == [[0, 255]]


@pytest.mark.parametrize("value", [0, 7])
def test_an_image_of_one_value_renders(value: int) -> None:
    values = np.full((2, 2), value, dtype="<u2")
    assert len(np.unique(greys(values, described(), number=1, window=None))) == 1


def test_an_image_of_nothing_but_padding_is_black() -> None:
    values = np.full((2, 2), 7, dtype="<u2")
    assert not greys(values, described(padding=7), number=1, window=None).any()


def words(*values: int) -> bytes:
    return np.array(values, "<u2").tobytes()


def test_a_modality_lut_comes_before_the_window() -> None:
    description = replace(described(center=200, width=100), modality_lut=Lut(5, 16, words(150, 200, 250)))
    values = np.array([[0, 5, 6, 7, 99]], dtype="<u2")
    want = [round(standard(x, Window(200, 100))) for x in (150, 150, 200, 250, 250)]
    assert greys(values, description, number=1, window=None)[0].tolist() == want


def test_a_modality_lut_counts_in_the_span() -> None:
    description = replace(described(), modality_lut=Lut(0, 16, words(10, 500, 30)))
    values = np.array([[0, 2]], dtype="<u2")
    assert greys(values, description, number=1, window=None)[0].tolist() == [0, round(20 / 490 * 255)]


def test_a_voi_lut_is_used_when_there_is_no_window() -> None:
    table = Lut(-1, 10, words(0, 1023, 511))
    description = replace(described(slope=1, intercept=-1), voi_luts=(table,))
    values = np.array([[0, 1, 2, 3]], dtype="<u2")
    assert greys(values, description, number=1, window=None)[0].tolist() == [0, 255, 127, 127]
    windowed_too = replace(description, transform=described(center=1, width=4, function="LINEAR_EXACT").transform)
    assert greys(values, windowed_too, number=1, window=None)[0].tolist() != [0, 255, 127, 127]


def test_each_frame_has_its_own_transform() -> None:
    one, two = described(slope=1).transform, described(slope=2).transform
    description = replace(described(frames=2), frame_transforms=(one, two))
    values = np.array([[60]], dtype="<u2")
    window = Window(60, 240, EXACT)
    assert greys(values, description, number=1, window=window).item() == 128
    assert greys(values, description, number=2, window=window).item() == 191


@pytest.mark.filterwarnings("error")
def test_floats_with_holes() -> None:
    json_dataset = {
        "00280002": {"vr": "US", "Value": [1]},
        "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
        "00280010": {"vr": "US", "Value": [1]},
        "00280011": {"vr": "US", "Value": [6]},
        "00280100": {"vr": "US", "Value": [32]},
    }
    description = describe(json_dataset, "1.2.840.10008.1.2.1")
    values = np.array([[0.0, np.nan, 0.5, np.inf, 1.0, -np.inf]], dtype="<f4")
    assert greys(values, description, number=1, window=None).tolist() == [[0, 0, 128, 0, 255, 0]]
    holes = np.full((1, 6), np.nan, dtype="<f4")
    assert not greys(holes, description, number=1, window=None).any()


@pytest.mark.peer("dcmtk")
@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("CT_small.dcm", Window(100, 1500)),
        ("MR_small.dcm", Window(600, 1600)),
        ("MR_small.dcm", Window(600, 1600, SIGMOID)),
        ("77654033/CR1/6154", Window(2000, 3000)),
        ("rtdose_1frame.dcm", Window(1500, 1000)),
    ],
)
def test_dcmtk_renders_the_same_greys(name: str, window: Window, tmp_path: Path) -> None:
    file = pixel_files()[name]
    options = ["+Ww", str(window.center), str(window.width)] + (["+Wfs"] if window.function is SIGMOID else ["+Wfl"])
    command = ["/usr/bin/dcm2pnm", *options, "+op", str(file.path), str(tmp_path / "out.pgm")]
    subprocess.run(command, check=True, capture_output=True)
    with Image.open(tmp_path / "out.pgm") as image:
        want = np.asarray(image).astype(int)
    description = describe(file.json, file.syntax)
    got = greys(decode(file.frames(description)[0], description), description, number=1, window=window).astype(int)
    assert np.abs(got - want).max() <= 1
