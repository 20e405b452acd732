"""A drawn head in axial MR planes: scalp, skull, folded cortex, ventricles, basal ganglia, eyes, one lesion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from gateway.origin.sample.drawing import Blob, Canvas, Pixels, blur, levels, noise

SIZE: Final = 256
SPACING: Final = 0.82
"""Millimetres between pixels, in both directions."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """How bright each tissue is, of 1000, and how strong the noise."""

    tissue: Mapping[str, float]
    noise: float


def _contrast(fat: int, white: int, grey: int, fluid: int, lesion: int, oedema: int, noise: float) -> Contrast:  # noqa: PLR0917
    return Contrast(
        MappingProxyType(
            {
                "fat": fat,
                "muscle": 0.55 * grey,
                "bone": 25,
                "marrow": 0.5 * fat,
                "white": white,
                "grey": grey,
                "deep": 0.5 * (grey + white),
                "fluid": fluid,
                "lesion": lesion,
                "oedema": oedema,
                "blood": 0.2 * grey,
            }
        ),
        noise,
    )


T1: Final = _contrast(900, 620, 440, 120, 760, 400, 13)
T2: Final = _contrast(620, 330, 500, 960, 640, 800, 16)
FLAIR: Final = _contrast(560, 400, 520, 70, 700, 900, 18)


class Head:
    """Draws planes of one head; `z` is in millimetres towards the vertex, 0 at the level of the thalami."""

    def __init__(self) -> None:
        def pair(seed: int, sigma: float, strength: float) -> list[tuple[Pixels, Pixels]]:
            shape = (SIZE, SIZE)
            return [
                (noise(seed + n, shape, sigma) * strength, noise(seed + n + 5, shape, sigma) * strength) for n in (0, 1)
            ]

        self._bend = pair(100, 14, 1.6)
        self._folds = [
            blur(noise(120 + n, (SIZE, SIZE)), 3.6) - blur(noise(120 + n, (SIZE, SIZE)), 6.5) for n in (0, 1)
        ]
        self._folds = [fold / fold.std() for fold in self._folds]
        self._coil = 1 + 0.05 * noise(140, (SIZE, SIZE), 60)
        self._grain = [noise(150 + n, (SIZE, SIZE), 0.6) for n in (0, 1)]

    def plane(self, z: float, contrast: Contrast) -> Pixels:
        """Return the plane `z` as unsigned 12-bit values, `SIZE` square."""
        canvas = Canvas(SIZE, SIZE, SPACING)
        cos, sin = math.cos(z / 30), math.sin(z / 30)
        canvas.warp(self._bend[0][0] * cos + self._bend[1][0] * sin, self._bend[0][1] * cos + self._bend[1][1] * sin)
        tissue = contrast.tissue
        self._shell(canvas, z, tissue)
        brain = Blob(0, 2, -2, 64, 80, 74).at(z)
        if brain:
            self._brain(canvas, z, brain, tissue)
        if z < -14:
            self._face(canvas, z, tissue)
        shift = int(z * 5) % SIZE
        real = canvas.pixels * self._coil + contrast.noise * np.roll(self._grain[0], (shift, -shift), (0, 1))
        imaginary = contrast.noise * np.roll(self._grain[1], (-shift, 2 * shift), (0, 1))
        return levels(np.hypot(real, imaginary), 4095)

    @staticmethod
    def _shell(canvas: Canvas, z: float, tissue: Mapping[str, float]) -> None:
        shells = ((78, 95, 90, "muscle"), (76, 93, 88, "fat"), (72, 88, 83, "bone"), (70.5, 86.5, 81, "marrow"),
                  (68, 84, 78, "bone"), (66.5, 82.5, 76.5, "fluid"))  # fmt: skip
        for a, b, c, name in shells:
            if cut := Blob(0, 2, -2, a, b, c).at(z):
                canvas.fill(cut, value=tissue[name], power=2.15)

    def _brain(self, canvas: Canvas, z: float, brain: Blob, tissue: Mapping[str, float]) -> None:
        window, covered = canvas.cover(brain, power=2.1)
        radius = canvas.radius(brain, window, 2.1)
        folds = np.abs((self._folds[0] * math.cos(z / 16) + self._folds[1] * math.sin(z / 16))[window])
        outer = np.clip((radius - 0.5) / 0.3, 0, 1)
        ribbon = np.clip((0.85 * outer + 0.06 - folds) / 0.16, 0, 1)
        ribbon = np.maximum(ribbon, np.clip((radius - 0.9) / 0.03, 0, 1))
        sulcus = np.clip((0.2 * outer - folds) / 0.1, 0, 1)
        midline = np.exp(-((canvas.x[window] / 1.6) ** 2)) * ((np.abs(canvas.y[window]) > 34) | (z > 34))
        sulcus = np.maximum(sulcus, midline)
        value = tissue["white"] + ribbon * (tissue["grey"] - tissue["white"])
        value += sulcus * (tissue["fluid"] - value)
        canvas.pixels[window] += covered * (value - canvas.pixels[window])
        canvas.limit = np.zeros_like(canvas.pixels)
        canvas.limit[window] = covered * (1 - 0.8 * sulcus)
        self._deep(canvas, z, tissue)
        canvas.limit = None

    @staticmethod
    def _deep(canvas: Canvas, z: float, tissue: Mapping[str, float]) -> None:
        def paint(name: str, *blobs: Blob, soft: float = 1.5) -> None:
            if cut := [shape for blob in blobs if (shape := blob.at(z))]:
                canvas.fill(*cut, value=tissue[name], soft=soft)

        for side in (-1, 1):
            paint("deep", Blob(side * 12, 8, 0, 8, 14, 15, side * 0.35), soft=3)
            paint("grey", Blob(side * 25, -6, 2, 6, 15, 14, -side * 0.3), soft=3)
            paint("grey", Blob(side * 11, -22, 6, 6, 9, 18, side * 0.2), soft=2)
            paint("grey", Blob(side * 38, -4, 0, 2.5, 18, 16, -side * 0.15), soft=2)
            paint("fluid",
                  Blob(side * 8, -26, 14, 4, 15, 15, side * 0.3), Blob(side * 9, -4, 24, 5, 26, 10, side * 0.1),
                  Blob(side * 19, 28, 10, 5, 17, 16, -side * 0.3), Blob(side * 30, 14, -14, 3, 12, 8))  # fmt: skip
        paint("fluid", Blob(0, 6, -4, 1.8, 12, 13), Blob(0, 40, -34, 9, 6, 16))
        if z < -18:
            paint("fluid", Blob(0, 20, -30, 26, 20, 20), Blob(0, -6, -26, 14, 10, 12))
            paint("white", Blob(0, 20, -44, 15, 14, 44), soft=2)
            paint("grey", Blob(-26, 50, -46, 30, 25, 30, 0.3), Blob(26, 50, -46, 30, 25, 30, -0.3), soft=2)
            paint("fluid", Blob(0, 37, -40, 7, 6, 14))
        paint("oedema", Blob(30, -24, 26, 16, 22, 20, 0.5), Blob(28, -6, 26, 10, 20, 16, -0.2), soft=9)
        paint("lesion", Blob(30, -27, 26, 9, 10, 10, 0.3), Blob(34, -22, 26, 6, 8, 8), soft=2)
        paint("fluid", Blob(31, -27, 26, 4.5, 5.5, 5), soft=3)
        paint("blood", Blob(0, 84, 10, 3, 3, 60), Blob(-9, -8, -30, 2.5, 2.5, 14), Blob(9, -8, -30, 2.5, 2.5, 14))

    @staticmethod
    def _face(canvas: Canvas, z: float, tissue: Mapping[str, float]) -> None:
        if nose := Blob(0, -86, -46, 11, 13, 26).at(z):
            canvas.fill(nose, value=tissue["muscle"], soft=3)
        for side in (-1, 1):
            eye = Blob(side * 32, -68, -32, 12.5, 12.5, 12.5)
            orbit = Blob(side * 30, -60, -32, 17, 22, 17, side * 0.25).at(z)
            if orbit:
                canvas.fill(orbit, value=tissue["fat"])
            if cut := eye.at(z):
                canvas.fill(cut, value=tissue["muscle"])
                canvas.fill(Blob(cut.x, cut.y, z, max(cut.a - 1.2, 1), max(cut.b - 1.2, 1), 1), value=tissue["fluid"])
                canvas.fill(Blob(cut.x, cut.y - cut.b * 0.75, z, cut.a * 0.45, 2.2, 1), value=tissue["muscle"] * 0.6)
            if orbit:
                canvas.fill(Blob(side * 25, -48, z, 2.2, 11, 1, side * 0.35), value=tissue["deep"])
        for blob in (Blob(0, -64, -44, 10, 18, 24), Blob(-52, 46, -46, 12, 16, 20), Blob(52, 46, -46, 12, 16, 20)):
            if cut := blob.at(z):
                canvas.fill(cut, value=tissue["bone"] * 1.5, soft=4)
