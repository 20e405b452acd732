"""Drawn fluoroscopy: coronary arteries that fill with contrast, and a swallow of barium."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from gateway.origin.sample.drawing import Blob, Canvas, Line, Pixels, Point, areas, curve, levels, noise, strokes

SIZE: Final = 512
_SHAPE = (SIZE, SIZE)

_TRUNKS: Final[tuple[tuple[tuple[Point, ...], float, float], ...]] = (
    (((214, 150), (236, 158), (256, 164)), 13.0, 0.0),
    (((256, 164), (330, 150), (352, 250), (396, 330), (402, 420)), 10.0, 36.0),
    (((256, 164), (226, 240), (240, 320), (196, 400), (150, 432)), 9.5, 36.0),
    (((300, 172), (380, 190), (430, 230), (452, 300)), 6.0, 80.0),
    (((338, 214), (396, 250), (440, 330), (446, 380)), 5.0, 130.0),
    (((346, 250), (310, 300), (330, 370)), 4.0, 170.0),
    (((236, 230), (170, 260), (140, 330), (112, 360)), 5.5, 110.0),
    (((232, 300), (280, 330), (290, 400), (270, 440)), 4.6, 190.0),
)
"""Control points (column, row), width and distance from the catheter of every larger artery."""

_NARROWED: Final = (352.0, 252.0)


def _tree() -> list[tuple[Point, Point, float, float]]:
    """Return short pieces of every artery: ends, width in pixels, distance travelled from the catheter."""
    dice = np.random.default_rng(200)
    pieces: list[tuple[Point, Point, float, float]] = []
    stack = [(curve(*controls, steps=60), width, begun) for controls, width, begun in _TRUNKS]
    while stack:
        points, width, travelled = stack.pop()
        for number in range(len(points) - 1):
            here, there = points[number], points[number + 1]
            travelled += math.dist(here, there)
            thick = width * (1 - 0.62 * number / len(points))
            near = math.dist(here, _NARROWED)
            if width > 9 and near < 14:
                thick *= 0.45 + 0.55 * near / 14
            pieces.append((here, there, thick, travelled))
            if thick > 2.1 and dice.random() < 0.075:
                turn = math.atan2(there[1] - here[1], there[0] - here[0]) + dice.choice((-1, 1)) * dice.uniform(0.5, 1)
                reach = dice.uniform(26, 44) * thick**0.5
                bent = turn + dice.uniform(-0.7, 0.7)
                middle = (here[0] + reach / 2 * math.cos(turn), here[1] + reach / 2 * math.sin(turn))
                end = (middle[0] + reach / 2 * math.cos(bent), middle[1] + reach / 2 * math.sin(bent))
                stack.append((curve(here, middle, end, steps=22), thick * 0.66, travelled))
    return pieces


class Angiogram:
    """Frames of a coronary run: catheter, arteries filling and washing out over a beating, ribbed background."""

    def __init__(self) -> None:
        thickness = Image.new("F", _SHAPE)
        arrival = Image.new("F", _SHAPE)
        wide, timed = ImageDraw.Draw(thickness), ImageDraw.Draw(arrival)
        for here, there, width, travelled in sorted(_tree(), key=lambda piece: piece[2]):
            half = width / 2
            box = (there[0] - half, there[1] - half, there[0] + half, there[1] + half)
            for draw, value in ((wide, width), (timed, travelled)):
                draw.line((here, there), fill=value, width=max(1, round(width)))
                draw.ellipse(box, fill=value)
        self._thickness = np.asarray(thickness, np.float32) ** np.float32(0.8)
        self._arrival = np.asarray(arrival, np.float32)
        canvas = Canvas(SIZE, SIZE, 1.0)
        canvas.shade(Blob(40, 30, 0, 190, 230, 1, 0.3), 0.22)
        canvas.shade(Blob(-20, 300, 0, 330, 160, 1, 0.1), 0.4)
        canvas.shade(Blob(-210, 0, 0, 110, 420, 1), 0.25)
        bodies = [[(40, y), (104, y + 3), (100, y + 58), (42, y + 55)] for y in range(-40, 540, 70)]
        canvas.pixels += 0.10 * areas(_SHAPE, bodies, 5)
        ribs = [(curve((80, y), (260, y - 70), (470, y + 40), (540, y + 150)), 20.0) for y in range(-120, 520, 78)]
        canvas.pixels += 0.05 * strokes(_SHAPE, ribs, 4)
        self._background = canvas.pixels + 0.02 * noise(210, _SHAPE, 18)
        guide = curve((60, -10), (110, 120), (150, 250), (190, 190), (214, 150), steps=40)
        self._catheter = 0.42 * strokes(_SHAPE, [(guide, 4.5)], 0.9)
        self._grain = noise(211, _SHAPE, 0.7)

    def frame(self, number: int) -> Pixels:
        """Return frame `number` of a run at 15 frames a second, 0 (dense) to 255."""
        front = 42.0 * (number - 3)
        filled = np.clip((front - self._arrival) / 60, 0, 1)
        washed = np.clip((front - 760 - self._arrival) / 420, 0, 1)
        dye = (self._thickness * filled * (1 - washed)).astype(np.float32)
        beat = math.sin(2 * math.pi * number / 13)
        gathered = (
            0.55
            + self._moved(self._background, 2.5 * beat, 1.5 * beat)
            + self._catheter
            + 0.105 * self._moved(dye, 5 * beat, 4 * beat)
        )
        shift = number * 37 % SIZE
        film = 330 * np.exp(-0.95 * gathered) + 5.5 * np.roll(self._grain, (shift, -2 * shift), (0, 1))
        return levels(film, 255)

    @staticmethod
    def _moved(picture: Pixels, across: float, down: float) -> Pixels:
        matrix = (1 - down / 900, 0, -across, 0, 1 - down / 700, -down)
        image = Image.fromarray(picture).transform(_SHAPE, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        return np.asarray(image, np.float32)


class Swallow:
    """Frames of a swallow of barium in lateral view."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        canvas = Canvas(SIZE, SIZE, 0.6)
        canvas.shade(Blob(-20, -110, 0, 110, 130, 1, 0.2), 0.5)
        canvas.shade(Blob(20, 60, 0, 100, 220, 1), 0.55)
        canvas.shade(Blob(0, 220, 0, 190, 120, 1), 0.5)
        bodies: list[list[Point]] = []
        behind: list[Line] = []
        for level in range(7):
            x, y = 300 + 10 * math.sin(level / 2), 40.0 + 62 * level
            bodies.append([(x, y), (x + 62, y + 4), (x + 60, y + 50), (x + 2, y + 46)])
            behind.append(([(x + 80.0, y + 20.0), (x + 124.0, y + 44.0)], 15.0))
        canvas.pixels += 0.36 * areas(_SHAPE, bodies, 3) + 0.26 * strokes(_SHAPE, behind, 3)
        jaw = curve((60, 60), (70, 130), (150, 168), (220, 120))
        airway = curve((230, 150), (236, 300), (244, 520))
        canvas.pixels += 0.4 * strokes(_SHAPE, [(jaw, 24)], 3) - 0.22 * strokes(_SHAPE, [(airway, 26)], 5)
        self._neck = canvas.pixels
        self._path = curve((110, 106), (200, 60), (270, 130), (262, 240), (270, 380), (276, 540), steps=360)
        self._cone = areas(_SHAPE, [[(18, 18), (494, 18), (494, 494), (18, 494)]], 2)
        self._grain = noise(220, _SHAPE, 0.8)

    def frame(self, number: int) -> Pixels:
        """Return frame `number`, 0 (dense) to 1023."""
        head = number / (self._frames - 1) * 450
        dye = Image.new("F", _SHAPE)
        draw = ImageDraw.Draw(dye)
        for step, (x, y) in enumerate(self._path):
            bolus = math.exp(-(((step - head) / 50) ** 2))
            coating = 0.16 if step < head - 36 and number > 2 else 0.0
            half = (3 + 17 * bolus) / 2
            if bolus + coating > 0.05:
                draw.ellipse((x - half, y - half, x + half, y + half), fill=min(1.0, bolus + coating))
        shift = number * 53 % SIZE
        film = 980 * np.exp(-0.95 * (self._neck + 1.5 * np.asarray(dye, np.float32)))
        film += 11 * np.roll(self._grain, (shift, -2 * shift), (0, 1))
        return levels(film * self._cone, 1023)
