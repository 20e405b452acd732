from __future__ import annotations

import numpy as np
import pytest

from gateway.errors import BadRequest
from gateway.pixels.viewport import MAX_SIDE, Viewport, fit, parse_viewport

IMAGE = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("512,256", Viewport(512, 256)),
        ("10, 20, 1.5,2,30,40", Viewport(10, 20, 1.5, 2, 30, 40)),
        ("10,20,,,,", Viewport(10, 20)),
        ("10,20,5,,,7", Viewport(10, 20, 5, 0, None, 7)),
        ("10,20,0,0,-8,6", Viewport(10, 20, 0, 0, 8, 6, flip_horizontal=True)),
        ("10,20,0,0,8,-6", Viewport(10, 20, 0, 0, 8, 6, flip_vertical=True)),
    ],
)
def test_what_a_client_writes(text: str, want: Viewport) -> None:
    assert parse_viewport(text) == want


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "10,20,30",
        "0,10",
        "-10,10",
        "1e3,10",
        "10.5,10",
        f"{MAX_SIDE + 1},10",
        "10,20,a,0,1,1",
        "10,20,0,0,0,5",
        "10,20,0,0,nan,5",
        "10,20,0,0,1,1,1",
        "٣,10",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_viewport(text)


def test_without_a_viewport_nothing_changes() -> None:
    assert np.array_equal(fit(IMAGE, None), IMAGE)


def test_proportions_are_kept_within_the_viewport() -> None:
    assert fit(IMAGE, Viewport(80, 80)).shape == (60, 80)
    assert fit(IMAGE, Viewport(4, 100)).shape == (3, 4)
    assert fit(np.zeros((6, 8, 3), np.uint8), Viewport(16, 100)).shape == (12, 16, 3)


def test_a_region_at_its_own_size_is_cut_out_exactly() -> None:
    assert np.array_equal(fit(IMAGE, Viewport(3, 2, 4, 1, 3, 2)), IMAGE[1:3, 4:7])


def test_a_region_that_reaches_over_the_edge_ends_there() -> None:
    assert np.array_equal(fit(IMAGE, Viewport(3, 2, 5, 4, 99, 99)), IMAGE[4:, 5:])
    assert np.array_equal(fit(IMAGE, Viewport(3, 2, 5, 4)), IMAGE[4:, 5:])


@pytest.mark.parametrize("viewport", [Viewport(5, 5, 8, 0), Viewport(5, 5, 0, 6.5)])
def test_a_region_outside_is_refused(viewport: Viewport) -> None:
    with pytest.raises(BadRequest):
        fit(IMAGE, viewport)


def test_negative_sizes_flip() -> None:
    assert np.array_equal(fit(IMAGE, parse_viewport("8,6,0,0,-8,6")), IMAGE[:, ::-1])
    assert np.array_equal(fit(IMAGE, parse_viewport("8,6,0,0,8,-6")), IMAGE[::-1])
    assert np.array_equal(fit(IMAGE, parse_viewport("3,2,4,1,-3,-2")), IMAGE[1:3, 4:7][::-1, ::-1])


def test_enlarging_and_reducing_keep_the_mean() -> None:
    half = np.zeros((16, 16), np.uint8)
    half[:, 8:] = 200
    for size in (4, 64):
        shown = fit(half, Viewport(size, size))
        assert shown[0, 0] < 5
        assert shown[-1, -1] > 195
        assert abs(float(shown.mean()) - 100) < 3


@pytest.mark.parametrize(("aspect", "shape"), [(2.0, (12, 8)), (0.5, (6, 16)), (1.0, (6, 8))])
def test_oblong_pixels_are_made_square(aspect: float, shape: tuple[int, int]) -> None:
    assert fit(IMAGE, None, aspect=aspect).shape == shape


def test_oblong_pixels_in_a_viewport() -> None:
    assert fit(IMAGE, Viewport(96, 96), aspect=2.0).shape == (96, 64)


def test_stretching_has_a_limit() -> None:
    assert max(fit(np.zeros((4000, 10), np.uint8), None, aspect=20.0).shape) == MAX_SIDE
