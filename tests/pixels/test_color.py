from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gateway.pixels.color import rgb_from_partial, rgb_from_ybr, ybr_from_rgb


def every(step: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    levels = [*range(0, 256, step), 255]
    return np.array(list(product(levels, repeat=3)), dtype=np.uint8).reshape(-1, 1, 3)


def test_the_equations_of_the_standard() -> None:
    # PS3.3 §C.7.6.3.1.2 gives the coefficients to four digits.
    pixels = every(17)
    r, g, b = (pixels[..., index].astype(float) for index in range(3))
    want = np.stack(
        [
            0.2990 * r + 0.5870 * g + 0.1140 * b,
            -0.1687 * r - 0.3313 * g + 0.5000 * b + 128,
            0.5000 * r - 0.4187 * g - 0.0813 * b + 128,
        ],
        axis=-1,
    )
    assert np.abs(ybr_from_rgb(pixels, 8).astype(float) - np.clip(want, 0, 255)).max() <= 0.55


def test_there_and_back() -> None:
    pixels = every(15)
    back = rgb_from_ybr(ybr_from_rgb(pixels, 8), 8)
    assert np.abs(back.astype(int) - pixels).max() <= 2


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_grey_has_no_chroma_at_any_depth(bits: int) -> None:
    top, half = (1 << bits) - 1, 1 << bits - 1
    grey = np.array([[[0] * 3, [half] * 3, [top] * 3]], dtype=np.uint16)
    ybr = ybr_from_rgb(grey, bits)
    assert ybr[..., 1:].tolist() == [[[half, half]] * 3]
    assert np.array_equal(rgb_from_ybr(ybr, bits), grey)


def test_partial_range() -> None:
    ybr = np.array([[[16, 128, 128], [235, 128, 128], [81, 90, 240], [0, 128, 128]]], dtype=np.uint8)
    got = rgb_from_partial(ybr, 8).astype(int)
    assert np.abs(got - [[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 0]]]).max() <= 2


def test_large_images_are_converted_block_by_block() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1100, 1000, 3)).astype(np.uint8)
    assert np.array_equal(ybr_from_rgb(pixels, 8)[-100:], ybr_from_rgb(pixels[-100:], 8))
