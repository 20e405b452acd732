"""Drawn radiographs of a child's hand and of breasts."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gateway.origin.sample.drawing import Canvas, Line, Pixels, Point, areas, curve, levels, noise, strokes

HAND_SHAPE: Final = (1200, 900)
HAND_SPACING: Final = 0.16
BREAST_SHAPE: Final = (1280, 960)
BREAST_SPACING: Final = 0.19

_FINGERS: Final = (
    # knuckle at the wrist (mm), direction (radians, 0 = towards the fingertips), lengths of the bones, width
    ((-20.0, 34.0), -0.62, (27.0, 20.0, 15.0), 7.2),
    ((-11.0, 30.0), -0.16, (41.0, 27.0, 16.0, 11.0), 6.4),
    ((-2.0, 29.0), -0.02, (40.0, 30.0, 19.0, 12.0), 6.6),
    ((7.0, 31.0), 0.12, (36.0, 27.0, 18.0, 12.0), 6.0),
    ((15.0, 34.0), 0.27, (32.0, 21.0, 13.0, 10.0), 5.4),
)

_WRIST: Final = (
    (-12.0, 44.0, 8.0), (-3.0, 41.0, 9.0), (6.0, 43.0, 9.0), (12.0, 47.0, 7.0),
    (-9.0, 53.0, 8.5), (1.0, 53.0, 9.0), (9.0, 56.0, 6.0),
)  # fmt: skip


def _finger(base: Point, direction: float, lengths: tuple[float, ...]) -> list[tuple[Point, Point]]:
    """Return the ends of each bone in millimetres, the gaps of growth plates and joints between them."""
    x, y = base
    bones = []
    for length in lengths:
        end = (x + length * math.sin(direction), y - length * math.cos(direction))
        bones.append(((x, y), end))
        x, y = x + (length + 3.4) * math.sin(direction), y - (length + 3.4) * math.cos(direction)
        direction *= 0.93
    return bones


def hand() -> Pixels:
    """Return a frontal radiograph of a child's left hand, 0 (air) to 4095."""
    height, width = HAND_SHAPE
    canvas = Canvas(width, height, HAND_SPACING)
    shafts: list[Line] = []
    ends: list[Line] = []
    plates: list[Line] = []
    flesh: list[Line] = [([(-6.0, 64.0), (-3.0, 110.0)], 38.0), ([(-4.0, 22.0), (-3.0, 48.0)], 56.0)]
    for base, direction, lengths, thick in _FINGERS:
        bones = _finger(base, direction, lengths)
        flesh.append(([bones[0][0], bones[1][0], bones[-1][1]], thick * 2.3))
        for number, (start, end) in enumerate(bones):
            size = thick * (1 - 0.13 * number)
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
            waist = size * 0.66
            shafts.append(([start, middle, end], waist))
            ends += [([start, _towards(start, middle, 0.28)], size), ([end, _towards(end, middle, 0.22)], size * 0.92)]
            back = _towards(start, middle, -0.14)
            across = math.atan2(end[1] - start[1], end[0] - start[0]) + math.pi / 2
            reach = size * 0.34
            plates.append(
                (
                    [
                        (back[0] - reach * math.cos(across), back[1] - reach * math.sin(across)),
                        (back[0] + reach * math.cos(across), back[1] + reach * math.sin(across)),
                    ],
                    1.5,
                )
            )
    ends += [([(x, y), (x + 0.5, y + 0.5)], size) for x, y, size in _WRIST]
    for x, broad in ((-10.0, 15.0), (9.0, 10.0)):
        shafts.append(([(x, 76.0), (x * 0.8, 120.0)], broad * 0.75))
        ends.append(([(x, 72.0), (x, 76.0)], broad))
        plates.append(([(x - broad * 0.36, 63.5), (x + broad * 0.36, 63.5)], 3.4))
    picture = 0.6 * _draw(canvas, flesh, 12, 1.0) * (1 + 0.03 * noise(300, HAND_SHAPE, 9))
    drawn = [
        strength * (_draw(canvas, lines, 1.5, 1.0) - 0.48 * _draw(canvas, lines, 3.0, 0.62))
        for lines, strength in ((shafts, 0.5), (ends, 0.5), (plates, 0.5))
    ]
    picture += np.maximum.reduce(drawn)
    trabeculae = np.abs(noise(301, HAND_SHAPE, 1.6))
    picture += 0.035 * trabeculae * _draw(canvas, [*shafts, *ends], 2, 0.9)
    picture += 0.012 * noise(302, HAND_SHAPE, 0.7)
    return levels(4095 * (1 - np.exp(-1.35 * np.clip(picture, 0, None))), 4095)


def _towards(start: Point, end: Point, share: float) -> Point:
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def _draw(canvas: Canvas, lines: list[Line], soft: float, widen: float) -> Pixels:
    placed = [(canvas.place(points), width * widen / canvas.spacing) for points, width in lines]
    return strokes(HAND_SHAPE, placed, soft)


def breast(*, left: bool, oblique: bool) -> Pixels:
    """Return a mammogram, 0 (air) to 4095, the chest wall at the side the standard hanging wants."""
    height, width = BREAST_SHAPE
    seed = 320 + 10 * left + 5 * oblique
    bottom = 1130 if oblique else 1040
    outline = [
        (0.0, 60.0 if oblique else 190.0),
        *curve((0, 60 if oblique else 190), (430, 150), (800, 470), (770, 700), steps=40),
        *curve((770, 700), (740, 960), (360, bottom + 40), (0, bottom), steps=40),
    ]
    inner = [(x * 0.97, 640 + (y - 640) * 0.965) for x, y in outline]
    skin = areas(BREAST_SHAPE, [outline], 3)
    body = areas(BREAST_SHAPE, [inner], 26)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    gland = np.exp(-(((columns - 430) / 250) ** 2) - ((rows - 640) / 230) ** 2)
    streaks = noise(seed, BREAST_SHAPE, 28) + 0.7 * noise(seed + 1, BREAST_SHAPE, 12)
    ridges = np.exp(-((noise(seed + 2, BREAST_SHAPE, 9) / 0.22) ** 2))
    fine = noise(seed + 3, BREAST_SHAPE, 3.5)
    dense = gland * np.clip(0.75 + 0.5 * streaks, 0.05, 1.9) + ridges * (0.05 + 0.2 * gland) + 0.035 * fine
    picture = skin * 0.20 + body * (0.22 + 0.42 * dense)
    duct = [(curve((770, 700), (600, 640), (420, 560 + 90 * n), steps=20), 5.0 - n) for n in range(3)]
    picture += 0.05 * strokes(BREAST_SHAPE, duct, 3) * body
    if oblique:
        muscle = areas(BREAST_SHAPE, [[(-10, -10), (330, -10), (250, 260), (90, 640), (-10, 820)]], 9)
        picture += 0.46 * muscle * (1 + 0.05 * noise(seed + 4, BREAST_SHAPE, 14))
    if left:
        row = 520 if oblique else 560
        mass = np.hypot((columns - 360) / 42, (rows - row) / 36) + 0.16 * noise(seed, BREAST_SHAPE, 5)
        picture += 0.34 * np.clip(1.5 - mass, 0, 1)
        dice = np.random.default_rng(seed)
        specks: list[Line] = []
        for _ in range(26):
            x, y = 400 + dice.normal(0, 26), row + 30 + dice.normal(0, 24)
            specks.append(([(x, y), (x + 1, y + 1)], dice.uniform(1.5, 4)))
        picture += 0.4 * strokes(BREAST_SHAPE, specks, 0.8)
    picture += 0.008 * noise(seed + 4, BREAST_SHAPE, 0.6)
    if not left:
        picture = picture[:, ::-1]
    return levels(4095 * (1 - np.exp(-1.5 * np.clip(picture, 0, None))), 4095)
