"""Soft shapes, noise and text on float images: what the phantoms of the sample PACS are drawn with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = NDArray[np.float32]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Blob:
    """An ellipsoid in millimetres: centre (x, y, z), half axes (a, b, c), turned by `turn` radians about z."""

    x: float
    y: float
    z: float
    a: float
    b: float
    c: float
    turn: float = 0.0

    def at(self, z: float) -> Blob | None:
        """Return the ellipse that the plane `z` cuts, or None when it misses."""
        rest = 1.0 - ((z - self.z) / self.c) ** 2
        if rest <= 0:
            return None
        shrink = rest**0.5
        return Blob(self.x, self.y, z, self.a * shrink, self.b * shrink, self.c, self.turn)


Window = tuple[slice, slice]


def _pixels(array: NDArray[Any]) -> Pixels:
    return array.astype(np.float32, copy=False)


class Canvas:
    """A float image of `height` × `width` pixels, `spacing` millimetres apart, the origin at its centre."""

    def __init__(self, width: int, height: int, spacing: float, background: float = 0.0) -> None:
        self.pixels: Pixels = np.full((height, width), background, np.float32)
        self.spacing = spacing
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        self.x: Pixels = (columns - (width - 1) / 2) * spacing
        self.y: Pixels = (rows - (height - 1) / 2) * spacing
        self.limit: Pixels | None = None
        """When set, `fill` paints only as far as this mask (0 to 1, the size of the canvas) lets it."""
        self._margin = 2.0

    def warp(self, dx: Pixels, dy: Pixels) -> None:
        """Bend everything drawn from now on by the fields `dx`, `dy` (millimetres)."""
        self.x = self.x + dx
        self.y = self.y + dy
        self._margin += float(max(np.abs(dx).max(), np.abs(dy).max()))

    def _window(self, blobs: Iterable[Blob]) -> Window:
        height, width = self.pixels.shape
        reach = [(blob, max(blob.a, blob.b) + self._margin + 3 * self.spacing) for blob in blobs]
        left = min(blob.x - r for blob, r in reach) / self.spacing + width / 2
        right = max(blob.x + r for blob, r in reach) / self.spacing + width / 2
        top = min(blob.y - r for blob, r in reach) / self.spacing + height / 2
        bottom = max(blob.y + r for blob, r in reach) / self.spacing + height / 2
        return (
            slice(max(0, int(top)), max(0, min(height, int(bottom) + 1))),
            slice(max(0, int(left)), max(0, min(width, int(right) + 1))),
        )

    def radius(self, blob: Blob, window: Window, power: float = 2.0) -> Pixels:
        """Return the distance from the centre of `blob`, 1 at its edge, for the pixels of `window`."""
        x, y = self.x[window] - blob.x, self.y[window] - blob.y
        cos, sin = np.float32(np.cos(blob.turn)), np.float32(np.sin(blob.turn))
        u, v = np.abs(x * cos + y * sin) / blob.a, np.abs(y * cos - x * sin) / blob.b
        if power == 2.0:
            return _pixels(np.sqrt(u * u + v * v))
        return _pixels((u**power + v**power) ** np.float32(1 / power))

    def cover(self, *blobs: Blob, soft: float = 1.5, power: float = 2.0) -> tuple[Window, Pixels]:
        """Return how far each pixel lies inside the union of `blobs`: 0 outside, 1 inside, `soft` mm between."""
        window = self._window(blobs)
        covered = np.zeros(self.pixels[window].shape, np.float32)
        for blob in blobs:
            edge = (1 - self.radius(blob, window, power)) * (min(blob.a, blob.b) / soft) + 0.5
            np.maximum(covered, np.clip(edge, 0, 1), out=covered)
        if self.limit is not None:
            covered *= self.limit[window]
        return window, covered

    def fill(
        self, *blobs: Blob, value: float, soft: float = 1.5, power: float = 2.0, texture: Pixels | None = None
    ) -> None:
        """Paint the union of `blobs` over what is there, `texture` (the size of the canvas) added to `value`."""
        window, covered = self.cover(*blobs, soft=soft, power=power)
        paint = value if texture is None else value + texture[window]
        self.pixels[window] += covered * (paint - self.pixels[window])

    def shade(self, blob: Blob, value: float, power: float = 2.0) -> None:
        """Add what a ray through the solid `blob` would gather, at most `value`: a projection, not a cut."""
        window = self._window([blob])
        radius = self.radius(blob, window, power)
        self.pixels[window] += value * np.sqrt(np.clip(1 - radius * radius, 0, 1))

    def place(self, points: Iterable[Point]) -> list[Point]:
        """Turn millimetres into (column, row)."""
        height, width = self.pixels.shape
        return [(x / self.spacing + (width - 1) / 2, y / self.spacing + (height - 1) / 2) for x, y in points]


Line = tuple[Sequence[Point], float]
"""Points (column, row) and the width of the line through them, in pixels."""


def strokes(shape: tuple[int, int], lines: Iterable[Line], soft: float = 1.0) -> Pixels:
    """Return a mask (0 to 1, of `shape`) of round-ended `lines`, blurred by `soft` pixels."""
    image = Image.new("L", (shape[1], shape[0]))
    draw = ImageDraw.Draw(image)
    for points, width in lines:
        draw.line(list(points), fill=255, width=max(1, round(width)), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return _softened(image, soft)


def areas(shape: tuple[int, int], outlines: Iterable[Sequence[Point]], soft: float = 1.0) -> Pixels:
    """Return a mask (0 to 1, of `shape`) of the polygons `outlines`, blurred by `soft` pixels."""
    image = Image.new("L", (shape[1], shape[0]))
    draw = ImageDraw.Draw(image)
    for outline in outlines:
        draw.polygon(list(outline), fill=255)
    return _softened(image, soft)


def _softened(image: Image.Image, soft: float) -> Pixels:
    if soft >= 4:
        # Nothing fine is left after such a blur, so a quarter of the pixels is enough to work out.
        small = image.reduce(2).filter(ImageFilter.GaussianBlur(soft / 2))
        image = small.resize(image.size, Image.Resampling.BILINEAR)
    elif soft:
        image = image.filter(ImageFilter.GaussianBlur(soft))
    return _pixels(np.asarray(image, np.float32) / np.float32(255))


def curve(*controls: Point, steps: int = 24) -> list[Point]:
    """Return points along the Bézier curve through the first and last of `controls`."""
    t = np.linspace(0, 1, steps)[:, None]
    last = len(controls) - 1
    weights = [math.comb(last, n) * t**n * (1 - t) ** (last - n) for n in range(last + 1)]
    points = np.hstack(weights) @ np.array(controls, float)
    return [(float(x), float(y)) for x, y in points]


def blur(image: Pixels, sigma: float) -> Pixels:
    """Return `image` smoothed by a Gaussian of `sigma` pixels; its edges wrap around."""
    rows, columns = np.fft.fftfreq(image.shape[0]), np.fft.rfftfreq(image.shape[1])
    # The factors are single-precision and kept apart: whole radiographs go through here.
    down, across = (np.exp(-2 * (np.pi * sigma * axis) ** 2).astype(np.float32) for axis in (rows, columns))
    spectrum = np.fft.rfft2(image.astype(np.float32, copy=False)) * down[:, None] * across
    return _pixels(np.fft.irfft2(spectrum, s=image.shape))


def noise(seed: int, shape: tuple[int, int], sigma: float = 0.0) -> Pixels:
    """Return repeatable noise of mean 0 and deviation 1, grains `sigma` pixels wide."""
    grain = np.random.default_rng(seed).standard_normal(shape, np.float32)
    if sigma:
        grain = blur(grain, sigma)
    return _pixels((grain - grain.mean()) / grain.std())


def levels(image: NDArray[Any], top: int, bottom: int = 0) -> Pixels:
    """Return `image` rounded to whole numbers between `bottom` and `top`."""
    return _pixels(np.clip(np.rint(image), bottom, top))


def write_text(image: NDArray[np.uint8], place: Point, text: str, size: int, fill: object) -> None:
    """Burn `text` into an 8-bit grey or RGB `image` at (column, row) of its upper left corner."""
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text(place, text, fill=fill, font=ImageFont.load_default(size))  # type: ignore[arg-type]
    image[:] = np.asarray(picture)
