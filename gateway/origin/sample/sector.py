"""A drawn ultrasound cine: right upper abdomen under a curved probe, moving with the breath, text burned in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.origin.sample.drawing import Pixels, blur, noise, write_text

WIDTH: Final = 640
HEIGHT: Final = 480
APEX: Final = (320, -10)
"""Column and row of the point that all scan lines meet in."""
NEAR: Final = 70
FAR: Final = 452
"""Distance from the apex, in pixels, at which the scan lines begin and end."""
HALF_ANGLE: Final = 0.56
SPACING: Final = 0.42
"""Millimetres between pixels inside the sector."""
BAND: Final = 46
"""Rows at the top that carry the burned-in name."""

_LINES, _SAMPLES = 240, 420


def _inside(x: Pixels, y: Pixels, centre: tuple[float, float], axes: tuple[float, float], turn: float) -> Pixels:
    """Return the distance from the ellipse's centre, 1 at its edge."""
    cos, sin = math.cos(turn), math.sin(turn)
    u, v = x - centre[0], y - centre[1]
    return np.hypot((u * cos + v * sin) / axes[0], (v * cos - u * sin) / axes[1])


class Sector:
    """Renders frames of one scene, `lines` of text burned in at the top of each."""

    def __init__(self, seed: int, lines: Sequence[str]) -> None:
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        reach = np.hypot(columns - APEX[0], rows - APEX[1])
        angle = np.arctan2(columns - APEX[0], rows - APEX[1])
        self._seen = (reach >= NEAR) & (reach < FAR - 1) & (np.abs(angle) < HALF_ANGLE)
        self._sample = ((reach[self._seen] - NEAR) / (FAR - NEAR) * _SAMPLES).astype(np.intp)
        self._line = ((angle[self._seen] / HALF_ANGLE + 1) / 2 * _LINES).astype(np.intp)
        depth = np.linspace(NEAR, FAR, _SAMPLES, dtype=np.float32)[:, None]
        turn = np.linspace(-HALF_ANGLE, HALF_ANGLE, _LINES, dtype=np.float32)[None, :]
        self._x = depth * np.sin(turn)
        self._y = depth * np.cos(turn)
        self._depth = (depth - NEAR) / (FAR - NEAR)
        shape = (_SAMPLES, _LINES)
        self._speckle = np.hypot(noise(seed, shape, 1.1), noise(seed + 1, shape, 1.1)).astype(np.float32)
        self._flicker = np.hypot(noise(seed + 2, shape, 1.0), noise(seed + 3, shape, 1.0)).astype(np.float32)
        self._texture = noise(seed + 4, shape, 6)
        self._blank = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        self._annotate(lines)

    def _echo(self, shift: float) -> Pixels:
        """Return how strongly each place sends sound back, tissue moved down by `shift` pixels."""
        x, y = self._x, self._y - shift
        echo = 0.42 + 0.05 * self._texture
        skin = 1 - np.clip((y - 92) / 10, 0, 1)
        muscle = ((y > 100) & (y < 128)) * (0.12 * np.sin(y / 2.6 + x / 60))
        echo = np.where(y < 128, 0.36 + muscle + 0.3 * skin, echo)
        for number, (across, down, size) in enumerate(((-66, 250, 9), (-20, 196, 7), (-110, 300, 8), (30, 246, 6))):
            vessel = _inside(x, y, (across, down), (size * 2.1, size), 0.5 - 0.4 * number)
            echo = np.where(vessel < 1, 0.03, np.where((vessel < 1.35) & (number % 2 == 0), 0.75, echo))
        kidney = _inside(x, y, (64, 330), (104, 52), -0.35)
        echo = np.where(kidney < 1.06, 0.8, echo)
        echo = np.where(kidney < 1, 0.27 + 0.03 * self._texture, echo)
        sinus = _inside(x, y, (66, 330), (62, 21), -0.35) + 0.12 * self._texture
        echo = np.where(sinus < 1, 0.72, echo)
        bladder = _inside(x, y, (-112, 214), (40, 25), 0.5)
        echo = np.where(bladder < 1.1, 0.7, echo)
        echo = np.where(bladder < 1, 0.015, echo)
        stone = _inside(x, y, (-104, 230), (9, 6), 0.3)
        echo = np.where(stone < 1, 1.3, echo)
        diaphragm = np.abs(np.hypot(x + 20, y - 120) - 308 - 6 * np.sin(x / 40))
        echo = np.where((diaphragm < 4.5) & (x < 30), 1.2, echo)
        echo = np.where((np.hypot(x + 20, y - 120) > 314) & (x < 30), 0.16, echo)
        bearing = np.arctan2(x, self._y)
        behind = (np.abs(bearing - math.atan2(-104, 230 + shift)) < 0.03) & (y > 234)
        beyond = (np.abs(bearing - math.atan2(-136, 222)) < 0.075) & (y > 240)
        echo = np.where(beyond, echo * 1.5, echo)
        return np.where(behind, echo * 0.25, echo).astype(np.float32)

    def frame(self, phase: float) -> NDArray[np.uint8]:
        """Return an RGB frame at `phase` (0 to 1, one breath)."""
        shift = 9 * math.sin(2 * math.pi * phase)
        moved = np.roll(self._speckle, round(shift * _SAMPLES / (FAR - NEAR)), 0)
        speckle = 0.82 * moved + 0.18 * np.roll(self._flicker, round(phase * 977), (0, 1))
        signal = blur(self._echo(shift), 0.8) * speckle * (1.15 - 0.55 * self._depth)
        level = np.clip(82 * np.log10(np.clip(signal, 1e-3, None)) + 160, 3, 250)
        image = self._blank.copy()
        image[self._seen] = level[self._sample, self._line].astype(np.uint8)[:, None]
        beat = [round(458 - 9 * math.exp(-(((n / 90) % 1 - 0.3) ** 2) / 0.0008)) for n in range(WIDTH - 40)]
        for column, row in enumerate(beat[: round(phase * (WIDTH - 40))]):
            image[row - 1 : row + 1, 20 + column] = (60, 200, 90)
        return image

    def _annotate(self, lines: Sequence[str]) -> None:
        image = self._blank
        for row in range(60, 200):
            image[row, 612:624] = round(255 - (row - 60) * 255 / 140)
        for number in range(9):
            row = round(NEAR + APEX[1] + number * 47.6)
            image[row : row + 2, 592 : 600 - 3 * (number % 2)] = (180, 190, 120)
        for number, line in enumerate(("C5-1 Abd", "38 Hz", "16 cm", "2D 58%", "DR 60", "P Med", "HGen")):
            write_text(image, (8, 70 + 17 * number), line, 12, (150, 160, 170))
        for number, line in enumerate(lines):
            write_text(image, (10 + 330 * (number % 2), 5 + 20 * (number // 2)), line, 14, (235, 235, 210))
