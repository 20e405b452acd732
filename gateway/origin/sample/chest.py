"""A drawn chest radiograph: thorax, ribs, lungs, heart, vessels, and a nodule that a follow-up finds smaller."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gateway.origin.sample.drawing import Blob, Canvas, Line, Pixels, Point, areas, curve, levels, noise, strokes

WIDTH: Final = 1056
HEIGHT: Final = 1200
SPACING: Final = 0.34
"""Millimetres between pixels at the detector."""

_SHAPE = (HEIGHT, WIDTH)


def _mirror(points: list[Point]) -> list[Point]:
    return [(-x, y) for x, y in points]


def _lung(side: int) -> list[Point]:
    """Return the outline of a lung in millimetres: -1 the patient's right (left in the image)."""
    dome = 62.0 if side < 0 else 74.0
    inner = 22 if side < 0 else 30
    outline = [
        *curve((26, -150), (70, -168), (104, -110), (118, -40), (124, dome + 20), steps=30),
        (123, dome + 34),
        *curve((123, dome + 34), (104, dome - 16), (70, dome - 14), (30, dome + 10), steps=20),
        *curve((30, dome + 10), (inner + 22, 20), (inner, -20), (inner - 4, -90), (26, -150), steps=24),
    ]
    return _mirror(outline) if side < 0 else outline


def _branches(start: Point, angle: float, length: float, width: float, seed: int) -> list[Line]:
    """Return a tree of vessels that thins out, in millimetres, always the same for one `seed`."""
    dice = np.random.default_rng(seed)
    lines: list[Line] = []
    stack = [(start, angle, length, width)]
    while stack:
        (x, y), turn, reach, thick = stack.pop()
        bend = dice.uniform(-0.25, 0.25)
        middle = (x + reach / 2 * math.cos(turn + bend), y + reach / 2 * math.sin(turn + bend))
        end = (x + reach * math.cos(turn), y + reach * math.sin(turn))
        lines.append((curve((x, y), middle, end, steps=7), thick))
        if thick > 1.15:
            for spread in (dice.uniform(0.2, 0.55), -dice.uniform(0.2, 0.55)):
                stack.append((end, turn + spread, reach * dice.uniform(0.72, 0.9), thick * 0.74))
    return lines


class _Film:
    """Gathers what the rays pass through; bones and vessels are drawn as lines in millimetres."""

    def __init__(self) -> None:
        self.canvas = Canvas(WIDTH, HEIGHT, SPACING)

    def add(self, mask: Pixels, value: float) -> None:
        self.canvas.pixels += mask * value

    def lines(self, lines: list[Line], value: float, soft: float) -> None:
        placed = [(self.canvas.place(points), width / SPACING) for points, width in lines]
        self.add(strokes(_SHAPE, placed, soft), value)

    def bones(self, lines: list[Line], value: float) -> None:
        """Draw tubes: a dense rim around a lighter core."""
        self.lines(lines, value, 1.6)
        self.lines([(points, width * 0.62) for points, width in lines], -0.45 * value, 2.2)

    def mask(self, *outlines: list[Point], soft: float) -> Pixels:
        return areas(_SHAPE, [self.canvas.place(outline) for outline in outlines], soft)

    def area(self, *outlines: list[Point], value: float, soft: float) -> None:
        self.add(self.mask(*outlines, soft=soft), value)

    def vessels(self, lines: list[Line], lungs: Pixels) -> None:
        placed = [(self.canvas.place(points), width / SPACING) for points, width in lines]
        self.add(strokes(_SHAPE, placed, 2.2) * lungs, 0.08)


def _ribs() -> tuple[list[Line], list[Line]]:
    behind: list[Line] = []
    front: list[Line] = []
    for number in range(10):
        top = -142 + 23.5 * number
        reach = 62 + 66 * math.sin(min(1.0, (number + 1.6) / 6.5) * math.pi / 2)
        line = curve((10, top), (reach * 0.55, top - 12), (reach, top + 10), (reach - 1, top + 46), steps=26)
        behind += [(line, 7.4), (_mirror(line), 7.4)]
        if 1 <= number < 7:
            fore = curve((reach - 3, top + 40), (reach * 0.8, top + 74), (40, top + 84), steps=20)
            front += [(fore, 8.2), (_mirror(fore), 8.2)]
    return behind, front


def frontal(nodule: float) -> Pixels:
    """Return a frontal chest radiograph, 0 (air) to 4095, with a nodule of `nodule` millimetres radius."""
    film = _Film()
    canvas = film.canvas
    trunk = [
        *curve((42, -220), (40, -170), (70, -166), (136, -150), steps=16),
        *curve((136, -150), (184, -138), (192, -80), (186, -10), steps=16),
        *curve((186, -10), (176, 60), (170, 120), (172, 230), steps=12),
    ]
    trunk = [*trunk, *reversed(_mirror(trunk))]
    film.area(trunk, value=0.78, soft=13)
    canvas.shade(Blob(0, 70, 0, 190, 420, 1), 0.22)
    lungs = film.mask(_lung(-1), _lung(1), soft=4)
    film.add(lungs, -0.62)
    for side in (-1, 1):
        canvas.shade(Blob(side * 150, -120, 0, 70, 60, 1, side * 0.35), 0.16)
        canvas.shade(Blob(side * 74, -30, 0, 46, 118, 1), -0.10)
        canvas.shade(Blob(side * 80, 66, 0, 50, 38, 1), 0.08)
    film.area([*curve((-178, 90), (-110, 36), (-60, 40), (0, 96), steps=20), (0, 220), (-178, 220)], value=0.30, soft=9)
    film.area([*curve((178, 104), (110, 50), (60, 56), (0, 96), steps=20), (0, 220), (178, 220)], value=0.24, soft=9)
    canvas.shade(Blob(74, 96, 0, 26, 15, 1, -0.2), -0.26)
    heart = [
        *curve((-20, -40), (-44, 0), (-56, 40), (-34, 80), steps=16),
        *curve((-34, 80), (20, 104), (90, 100), (100, 74), steps=16),
        *curve((100, 74), (92, 26), (60, 0), (44, -26), (32, -60), steps=20),
    ]
    film.area(heart, value=0.30, soft=6)
    canvas.shade(Blob(24, 40, 0, 70, 62, 1, 0.5), 0.12)
    film.area([(-16, -175), (-24, -60), (-20, 40), (22, 40), (30, -66), (17, -175)], value=0.2, soft=9)
    canvas.shade(Blob(28, -66, 0, 17, 16, 1), 0.16)
    film.lines([([(28, -60), (24, 120)], 22.0)], 0.07, 6)
    film.lines([([(1, -182), (0, -68)], 13.0), ([(0, -70), (-22, -44)], 9.0), ([(0, -70), (26, -42)], 8.0)], -0.16, 4)
    heights = [-178 + 20.5 * number for number in range(18)]
    film.area(*([(-15.0, y), (15.0, y), (14.0, y + 16), (-14.0, y + 16)] for y in heights), value=0.09, soft=3)
    film.lines([([(0.0, y + 4), (0.0, y + 13)], 4.0) for y in heights], 0.06, 3)
    behind, front = _ribs()
    film.bones(behind, 0.15)
    film.bones(front, 0.085)
    collar = curve((16, -122), (52, -120), (88, -146), (134, -142), steps=20)
    blade = curve((106, -128), (92, -60), (104, -22), (128, -20), steps=20)
    arm = [(152.0, -118.0), (176.0, -20.0)]
    film.bones([(collar, 10), (_mirror(collar), 10), (arm, 22), (_mirror(arm), 22)], 0.2)
    film.lines([(blade, 3.4), (_mirror(blade), 3.4)], 0.1, 2)
    vessels: list[Line] = []
    for side in (-1, 1):
        for number, angle in enumerate((-1.25, -0.75, -0.2, 0.3, 0.75, 1.15)):
            turn = angle if side > 0 else math.pi - angle
            vessels += _branches((side * 31, -26 + 7 * number), turn, 23, 5.4, 40 + number + 10 * side)
    film.vessels(vessels, lungs)
    canvas.pixels *= film.mask(trunk, soft=9)
    canvas.shade(Blob(-74, -70, 0, nodule, nodule * 0.94, 1), 0.15)
    return _developed(canvas.pixels, seed=61)


def lateral() -> Pixels:
    """Return a lateral chest radiograph, 0 (air) to 4095."""
    film = _Film()
    canvas = film.canvas
    trunk = [
        *curve((-42, -220), (-36, -176), (-70, -160), (-122, -60), steps=16),
        *curve((-122, -60), (-146, 20), (-142, 120), (-138, 230), steps=16),
        (128, 230),
        *curve((128, 230), (128, 100), (150, -60), (104, -150), (70, -180), (66, -220), steps=24),
    ]
    film.area(trunk, value=0.9, soft=13)
    canvas.shade(Blob(0, 70, 0, 150, 420, 1), 0.25)
    lung = [
        *curve((-6, -142), (70, -150), (104, -60), (106, 96), steps=30),
        *curve((106, 110), (40, 40), (-30, 44), (-98, 84), steps=24),
        *curve((-98, 84), (-112, 10), (-92, -90), (-6, -142), steps=24),
    ]
    lungs = film.mask(lung, soft=5)
    film.add(lungs, -0.6)
    canvas.shade(Blob(-48, 48, 0, 54, 48, 1, 0.5), 0.3)
    film.area(
        [*curve((130, 130), (60, 66), (-40, 64), (-140, 110), steps=20), (-140, 220), (130, 220)], value=0.26, soft=8
    )
    film.lines([(curve((20, -160), (14, -110), (14, -50), steps=12), 14.0)], -0.13, 4)
    film.lines([(curve((-20, -30), (-22, -92), (44, -96), (52, 110), steps=24), 24.0)], 0.1, 7)
    stack = [(66 + 22 * math.sin((14 + 25 * number) / 120), -136 + 25.0 * number) for number in range(13)]
    bodies = ([(x - 14, y), (x + 16, y + 2), (x + 15, y + 19), (x - 14, y + 18)] for x, y in stack)
    marrow = ([(x - 11, y + 3), (x + 13, y + 5), (x + 12, y + 16), (x - 11, y + 15)] for x, y in stack)
    film.area(*bodies, value=0.16, soft=3)
    film.area(*marrow, value=-0.07, soft=3)
    film.bones([(curve((-74, -104), (-106, -40), (-112, 30), steps=20), 10.0)], 0.2)
    ribs: list[Line] = []
    for number in range(9):
        top = -130 + 25.0 * number
        ribs.append((curve((92, top), (40, top + 6), (-30, top + 66), (-88, top + 76), steps=24), 7.0))
        ribs.append((curve((98, top + 6), (44, top + 16), (-26, top + 72), (-86, top + 84), steps=24), 7.0))
    film.bones(ribs, 0.09)
    vessels = [
        line
        for number, turn in enumerate((-2.2, -1.2, 0.2, 0.9, 1.5, 2.3))
        for line in _branches((10, -28), turn, 21, 5.0, 80 + number)
    ]
    film.vessels(vessels, lungs)
    canvas.pixels *= film.mask(trunk, soft=9)
    return _developed(canvas.pixels, seed=62)


def _developed(gathered: Pixels, seed: int) -> Pixels:
    dose = np.clip(gathered, 0, None)
    film = 4095 * ((1 - np.exp(-1.15 * dose)) / (1 - math.exp(-1.15 * 1.9))) ** 1.4
    film += noise(seed, _SHAPE, 0.7) * 14
    return levels(film, 4095)
