"""Drawn tracer uptake: a whole-body bone scan and a PET of the trunk."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gateway.origin.sample.drawing import Blob, Canvas, Line, Pixels, blur, curve, strokes

BONE_SHAPE: Final = (1024, 256)
BONE_SPACING: Final = 1.95
PET_SIZE: Final = 144
PET_SPACING: Final = 3.2
PET_PLANES: Final = 48
PET_STEP: Final = 16.0


def bone_scan(*, posterior: bool) -> Pixels:
    """Return counts of a whole-body bone scan, patient upright in the image, mirrored when `posterior`."""
    sides = (-1.0, 1.0)
    lines: list[tuple[list[Line], float, float]] = []
    spine: list[Line] = [([(0, -295 + 21.0 * n), (0, -284 + 21.0 * n)], 17 if n > 6 else 12) for n in range(25)]
    lines.append((spine, 62 if posterior else 30, 1.2))
    ribs: list[Line] = []
    for level in range(10):
        top = -235 + 20.0 * level
        reach = 62 + 40 * math.sin(min(1.0, (level + 1) / 6) * math.pi / 2)
        ribs += [(curve((s * 8, top), (s * reach, top - 8), (s * reach, top + 44), steps=14), 5) for s in sides]
    lines.append((ribs, 26, 1.0))
    limbs: list[Line] = []
    joints: list[Line] = []
    for s in sides:
        limbs += [
            ([(s * 128, -236), (s * 148, -96)], 11),
            ([(s * 148, -90), (s * 176, 60)], 10),
            ([(s * 74, 236), (s * 58, 500)], 17),
            ([(s * 58, 516), (s * 54, 800)], 13),
            (curve((s * 14, -250), (s * 70, -268), (s * 126, -244), steps=12), 7),
        ]
        joints += [
            ([(s * 126, -246), (s * 128, -234)], 23), ([(s * 148, -96), (s * 149, -88)], 15),
            ([(s * 176, 58), (s * 184, 96)], 20), ([(s * 84, 222), (s * 78, 240)], 26),
            ([(s * 58, 494), (s * 57, 516)], 32), ([(s * 54, 800), (s * 58, 812)], 22),
            ([(s * 56, 826), (s * 72, 850)], 18), ([(s * 20, 208), (s * 62, 176)], 26),
        ]  # fmt: skip
    lines += [(limbs, 24, 1.6), (joints, 40, 3.0)]
    lines.append(([([(0, -440), (0, -410)], 92.0)], 26, 3))
    lines.append(([([(-26, -350), (26, -350)], 22.0)], 24, 3))
    if posterior:
        lines.append(([([(s * 52, 20), (s * 54, 52)], 40.0) for s in sides], 52, 3))
        lines.append(([([(0, 196), (0, 236)], 38.0)], 62, 3))
    else:
        lines += [([([(0, -246), (0, -110)], 17.0)], 44, 2), ([([(-5, 246), (5, 246)], 46.0)], 150, 4)]
    hot: list[Line] = [([(86, -120), (92, -112)], 15.0), ([(-2, 20), (3, 24)], 17.0), ([(-60, 180), (-54, 186)], 16.0)]
    lines.append((hot, 190, 2.2))
    canvas = Canvas(BONE_SHAPE[1], BONE_SHAPE[0], BONE_SPACING)
    counts = 3.2 * blur(_flesh(canvas), 3)
    for group, strength, soft in lines:
        placed = [(canvas.place(points), width / BONE_SPACING) for points, width in group]
        counts += strength * strokes(BONE_SHAPE, placed, soft)
    counts = blur(counts, 1.6)
    if posterior:
        counts = counts[:, ::-1]
    return np.random.default_rng(400 + posterior).poisson(np.clip(counts, 0, None)).astype(np.float32)


def _flesh(canvas: Canvas) -> Pixels:
    parts: list[Line] = [([(0, -230), (0, 190)], 220.0), ([(0, -440), (0, -330)], 110.0)]
    for s in (-1.0, 1.0):
        parts += [
            ([(s * 70, 220), (s * 60, 480)], 96), ([(s * 58, 510), (s * 56, 840)], 66),
            ([(s * 130, -230), (s * 150, -90)], 56), ([(s * 150, -90), (s * 182, 110)], 42),
        ]  # fmt: skip
    return strokes(BONE_SHAPE, [(canvas.place(points), width / BONE_SPACING) for points, width in parts], 3)


_ORGANS: Final = (
    (Blob(0, -8, 352, 66, 84, 62), 9.0), (Blob(0, -8, 352, 40, 56, 40), -3.0),
    (Blob(22, -34, 60, 48, 40, 46, 0.5), 4.5), (Blob(26, -32, 60, 30, 24, 30, 0.5), -2.5),
    (Blob(-76, -6, -60, 70, 80, 80), 2.6), (Blob(100, 30, -56, 34, 46, 50), 2.0),
    (Blob(-62, 46, -122, 25, 29, 50), 5.5), (Blob(64, 46, -112, 25, 29, 50), 5.5),
    (Blob(0, -46, -322, 36, 34, 34), 15.0), (Blob(0, 52, -60, 20, 17, 420), 1.4),
    (Blob(-10, -26, 116, 15, 12, 18), 11.0), (Blob(-58, 10, 136, 11, 11, 16), 9.0),
    (Blob(-30, -14, 158, 8, 8, 14), 8.0), (Blob(54, -34, -190, 36, 16, 40, 0.4), 1.6),
    (Blob(-50, -30, -206, 32, 15, 40), 1.3),
)  # fmt: skip
"""What takes up how much: brain, heart, liver, spleen, kidneys, bladder, marrow, nodes, bowel."""


def pet_plane(number: int) -> Pixels:
    """Return plane `number` (0 at the feet's end) in kBq/ml, `PET_SIZE` square."""
    z = (number - PET_PLANES / 2) * PET_STEP
    canvas = Canvas(PET_SIZE, PET_SIZE, PET_SPACING)
    if z > 260:
        body = Blob(0, 0, 0, 78, 98, 1)
    elif z > 226:
        body = Blob(0, 14, 0, 60, 62, 1)
    else:
        body = Blob(0, 0, 0, 172 + 14 * math.cos(z / 70), 112, 1)
    canvas.fill(body, value=0.9, soft=6, power=2.3)
    if -10 < z < 216:
        for side in (-1, 1):
            if lung := Blob(side * 78, 4, 96, 56, 78, 124).at(z):
                canvas.fill(lung, value=0.35, soft=8)
    for organ, uptake in _ORGANS:
        if cut := organ.at(z):
            window, covered = canvas.cover(cut, soft=5)
            canvas.pixels[window] += uptake * covered
    smooth = np.clip(blur(canvas.pixels, 1.1), 0, None)
    dice = np.random.default_rng(420 + number)
    grain = blur(dice.standard_normal(smooth.shape, np.float32), 0.9) * 0.45
    measured: Pixels = np.clip(smooth + grain * np.sqrt(smooth + 0.02), 0, None).astype(np.float32)
    return measured
