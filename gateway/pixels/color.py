"""Between RGB and luminance with chroma (PS3.3 §C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BLOCK: Final = 1 << 20
"""Pixels converted at once, so that the intermediate floats of a large image stay small."""

_TO_RGB: Final = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
_TO_YBR: Final = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_PARTIAL_TO_RGB: Final = ((1.1644, 0.0, 1.5960), (1.1644, -0.3917, -0.8130), (1.1644, 2.0173, 0.0))


def rgb_from_ybr(pixels: NDArray[np.generic], bits: int) -> NDArray[np.generic]:
    """Convert YBR_FULL samples, shape (..., 3), unsigned, of `bits` bits; the type stays."""
    half = float(1 << bits - 1)
    return _convert(pixels, _TO_RGB, (0.0, half, half), 0.0, bits)


def rgb_from_partial(pixels: NDArray[np.generic], bits: int) -> NDArray[np.generic]:
    """Convert YBR_PARTIAL samples: black at 16, white at 235 of 255, as in video."""
    scale = float(1 << bits - 8)
    return _convert(pixels, _PARTIAL_TO_RGB, (16 * scale, 128 * scale, 128 * scale), 0.0, bits)


def ybr_from_rgb(pixels: NDArray[np.generic], bits: int) -> NDArray[np.generic]:
    """Convert RGB samples, shape (..., 3), unsigned, of `bits` bits to YBR_FULL; the type stays."""
    return _convert(pixels, _TO_YBR, (0.0, 0.0, 0.0), float(1 << bits - 1), bits)


def _convert(
    pixels: NDArray[np.generic],
    matrix: tuple[tuple[float, ...], ...],
    before: tuple[float, float, float],
    chroma_after: float,
    bits: int,
) -> NDArray[np.generic]:
    flat = pixels.reshape(-1, 3)
    out = np.empty_like(flat)
    top = float((1 << bits) - 1)
    for start in range(0, len(flat), _BLOCK):
        block = slice(start, start + _BLOCK)
        # Plane by plane: a product with a matrix of three columns is ten times slower.
        planes = [flat[block, index].astype(np.float32) - np.float32(before[index]) for index in range(3)]
        for index, weights in enumerate(matrix):
            plane = np.full_like(planes[0], chroma_after if index else 0.0)
            for weight, source in zip(weights, planes, strict=True):
                if weight:
                    plane += np.float32(weight) * source
            out[block, index] = np.clip(np.rint(plane, out=plane), 0.0, top, out=plane)
    return out.reshape(pixels.shape)
