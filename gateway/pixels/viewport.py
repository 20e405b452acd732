"""The part of an image to show and the size to show it in (PS3.18 §8.3.5.1.3)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.errors import BadRequest

MAX_SIDE: Final = 8192
"""Pixels of a rendered side; twice the largest diagnostic display."""

_INTEGER = re.compile(r"[0-9]{1,5}")
_DECIMAL = re.compile(r"-?[0-9]{1,7}(?:\.[0-9]{1,6})?")

Greys = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Viewport:
    """Fit a region into `width` × `height` pixels, proportions kept; None stands for the far edge of the image.

    `x`, `y`, `region_width` and `region_height` count source pixels from the top left corner.
    """

    width: int
    height: int
    x: float = 0.0
    y: float = 0.0
    region_width: float | None = None
    region_height: float | None = None
    flip_horizontal: bool = False
    flip_vertical: bool = False


def parse_viewport(text: str) -> Viewport:
    """Read `vw,vh` or `vw,vh,sx,sy,sw,sh`, where each of the last four may be empty and a negative size flips.

    Raises:
        BadRequest: it is anything else, or larger than `MAX_SIDE`.
    """
    fields = [field.strip() for field in text.split(",")]
    if len(fields) not in (2, 6) or not all(_INTEGER.fullmatch(field) for field in fields[:2]):
        raise _bad("Write viewport=width,height or viewport=width,height,x,y,region-width,region-height.")
    if not all(not field or _DECIMAL.fullmatch(field) for field in fields[2:]):
        raise _bad("The region of viewport must be decimal numbers, or empty.")
    width, height = int(fields[0]), int(fields[1])
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise _bad(f"A side of viewport must be 1 to {MAX_SIDE} pixels.")
    x, y, region_width, region_height = ([float(field) if field else None for field in fields[2:]] + [None] * 4)[:4]
    if region_width == 0 or region_height == 0:
        raise _bad("The region of viewport must not be empty.")
    return Viewport(
        width,
        height,
        abs(x or 0.0),
        abs(y or 0.0),
        None if region_width is None else abs(region_width),
        None if region_height is None else abs(region_height),
        flip_horizontal=region_width is not None and region_width < 0,
        flip_vertical=region_height is not None and region_height < 0,
    )


def fit(pixels: Greys, viewport: Viewport | None, *, aspect: float = 1.0) -> Greys:
    """Crop, scale and flip an image, shape (rows, columns) or (rows, columns, 3); `aspect` is pixel height over width.

    Without a viewport only the pixels are made square, by stretching their longer side.

    Raises:
        BadRequest: the region lies outside the image.
    """
    rows, columns = pixels.shape[:2]
    left, top, right, bottom = 0.0, 0.0, float(columns), float(rows)
    if viewport is not None:
        left, top = viewport.x, viewport.y
        right = min(right, math.inf if viewport.region_width is None else left + viewport.region_width)
        bottom = min(bottom, math.inf if viewport.region_height is None else top + viewport.region_height)
        if left >= right or top >= bottom:
            raise _bad("The region of viewport lies outside the image.")
    width, height = right - left, bottom - top
    if aspect >= 1.0:
        height *= aspect
    else:
        width /= aspect
    scale = min(1.0, MAX_SIDE / max(width, height)) if aspect != 1.0 else 1.0
    if viewport is not None:
        scale = min(viewport.width / width, viewport.height / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if size != (columns, rows) or (left, top, right, bottom) != (0.0, 0.0, columns, rows):
        smaller = size[0] < right - left or size[1] < bottom - top
        resample = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
        image = Image.fromarray(pixels).resize(size, resample, box=(left, top, right, bottom))
        pixels = np.asarray(image)
    if viewport is not None and viewport.flip_horizontal:
        pixels = pixels[:, ::-1]
    if viewport is not None and viewport.flip_vertical:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _bad(message: str) -> BadRequest:
    return BadRequest(message)
