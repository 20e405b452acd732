"""A drawn upper abdomen in Hounsfield units: contrast-enhanced, portal venous, with one lesion in the liver."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gateway.origin.sample.drawing import Blob, Canvas, Pixels, levels, noise

SIZE: Final = 512
SPACING: Final = 0.74
"""Millimetres between pixels, in both directions."""

LESION: Final = Blob(-86, -28, 18, 14, 13, 13)
"""Where the lesion is, in patient coordinates (millimetres); the report measures it."""

_AIR, _FAT, _MUSCLE, _BONE, _MARROW = -1000.0, -102.0, 58.0, 620.0, 210.0
_LIVER = (
    Blob(-82, -6, 22, 66, 82, 88, 0.15),
    Blob(-30, -48, 34, 66, 40, 56, 0.25),
    Blob(-60, -30, 8, 60, 62, 66),
)
_SPLEEN = (Blob(104, 34, 38, 36, 56, 50, -0.5),)
_STOMACH = (Blob(62, -46, 34, 52, 40, 52, -0.35), Blob(28, -62, 0, 46, 26, 34, 0.2))
_LUNGS = (Blob(-86, 8, 128, 66, 96, 76), Blob(88, 10, 122, 62, 92, 78))
_KIDNEYS = (Blob(-66, 52, -34, 27, 31, 56, 0.5), Blob(68, 48, -22, 27, 31, 56, -0.5))
_BOWEL = tuple(
    Blob(x, y, z, size, size * 0.8, 26, turn)
    for x, y, z, size, turn in (
        (-98, -20, -76, 27, 0.3), (-60, -62, -60, 24, 0.9), (-22, -70, -78, 22, 0.1), (20, -66, -70, 24, -0.4),
        (58, -50, -58, 25, 0.7), (100, -10, -70, 26, 0.2), (34, -28, -72, 20, 0.5), (-30, -30, -84, 20, 1.1),
        (116, 8, -30, 17, 0.1), (84, -40, -28, 21, 0.5), (50, -26, -38, 19, 1.0), (30, -62, -36, 20, 0.2),
        (94, -12, -44, 20, 0.6), (-20, -64, -46, 18, 0.3), (72, -8, -88, 21, 0.8), (-66, -20, -88, 20, 0.4),
        (2, -40, -92, 18, 0.0), (88, -42, -92, 20, 0.6),
    )
)  # fmt: skip


def _field(seed: int, sigma: float) -> Pixels:
    return noise(seed, (SIZE, SIZE), sigma)


class Abdomen:
    """Draws slices; what all slices share (texture, bending, noise) is made once."""

    def __init__(self) -> None:
        self._bend = [(_field(n, 26) * 3.4, _field(n + 10, 26) * 3.4) for n in (1, 2)]
        self._fine = [(_field(n, 7) * 1.1, _field(n + 10, 7) * 1.1) for n in (3, 4)]
        self._grain = _field(30, 0.9) * 9 + _field(31, 2.2) * 5
        self._fat = _field(32, 3.5) * 11
        self._soft = _field(33, 2.5) * 5
        self._lung = np.abs(_field(34, 2.6)) * 70
        self._gas = _field(35, 9)

    def slice(self, z: float) -> Pixels:
        """Return the plane `z` (millimetres, towards the head) in Hounsfield units, rounded, `SIZE` square."""
        canvas = Canvas(SIZE, SIZE, SPACING, _AIR)
        self._table(canvas)
        phase = z / 70
        for fields, rate in ((self._bend, 1.0), (self._fine, 2.3)):
            cos, sin = math.cos(phase * rate), math.sin(phase * rate)
            canvas.warp(
                fields[0][0] * cos + fields[1][0] * sin,
                fields[0][1] * cos + fields[1][1] * sin,
            )
        self._wall(canvas, z)
        canvas.limit = self._cavity(canvas, z)
        self._viscera(canvas, z)
        canvas.limit = None
        self._vessels(canvas, z)
        self._spine(canvas, z)
        shift = int(z * 7) % SIZE
        canvas.pixels += np.roll(self._grain, (shift, -3 * shift), (0, 1))
        return levels(canvas.pixels, 3071, -1024)

    @staticmethod
    def _table(canvas: Canvas) -> None:
        height = canvas.y - 138 - canvas.x**2 / -1500
        inside = np.abs(canvas.x) < 178
        canvas.pixels[inside & (np.abs(height) < 1.2)] = -250
        canvas.pixels[inside & (height > 1.2) & (height < 16)] = -940

    def _wall(self, canvas: Canvas, z: float) -> None:
        broad = 164 + 5 * math.cos(z / 60)
        deep = 114 + 4 * math.sin(z / 75)
        canvas.fill(Blob(0, 0, 0, broad, deep, 1), value=30, power=2.35, soft=2)
        canvas.fill(Blob(0, 0, 0, broad - 2, deep - 2, 1), value=_FAT, power=2.35, texture=self._fat)
        canvas.fill(Blob(0, 4, 0, broad - 19, deep - 15, 1), value=_MUSCLE, power=2.3, texture=self._soft)
        canvas.fill(Blob(0, -1, 0, broad - 31, deep - 25, 1), value=_FAT, power=2.3, texture=self._fat)
        self._ribs(canvas, z, broad - 25, deep - 19)

    @staticmethod
    def _cavity(canvas: Canvas, z: float) -> Pixels:
        inner = Blob(0, -1, 0, 134 + 5 * math.cos(z / 60), 90 + 4 * math.sin(z / 75), 1)
        window, covered = canvas.cover(inner, power=2.3)
        mask = np.zeros_like(canvas.pixels)
        mask[window] = covered
        return mask

    def _ribs(self, canvas: Canvas, z: float, a: float, b: float) -> None:
        for number in range(9):
            for side in (-1, 1):
                drop = (z + 190 - number * 30) / 150
                if not 0.05 < drop < 0.95:
                    continue
                angle = math.pi * (0.5 - drop * 0.98)
                x, y = side * a * math.cos(angle), b * math.sin(angle)
                turn = math.atan2(b * math.cos(angle), -side * a * math.sin(angle))
                canvas.fill(Blob(x, y, 0, 13, 4.6, 1, turn), value=_BONE)
                canvas.fill(Blob(x, y, 0, 11, 2.6, 1, turn), value=_MARROW)

    def _viscera(self, canvas: Canvas, z: float) -> None:
        def paint(blobs: tuple[Blob, ...], value: float, soft: float = 1.5, texture: Pixels | None = None) -> None:
            cut = [shape for blob in blobs if (shape := blob.at(z))]
            if cut:
                canvas.fill(*cut, value=value, soft=soft, texture=self._soft if texture is None else texture)

        paint(_LIVER, 112)
        paint((Blob(-58, -66, 2, 17, 24, 30, 0.5),), 12)
        paint(_SPLEEN, 122)
        paint(_STOMACH, 88)
        for blob in _STOMACH:
            if cut := blob.at(z):
                inner = Blob(cut.x, cut.y, z, max(cut.a - 4, 1), max(cut.b - 4, 1), 1, cut.turn)
                window, covered = canvas.cover(inner, soft=1.5)
                level = np.clip((canvas.y[window] + 58) / 1.5, 0, 1)
                canvas.pixels[window] += covered * (-980 + 1000 * level - canvas.pixels[window])
        paint((Blob(6, -8, 6, 62, 13, 20, -0.3), Blob(-30, 2, -6, 20, 16, 22)), 96)
        for kidney in _KIDNEYS:
            paint((kidney,), 178)
            paint((Blob(kidney.x * 0.97, kidney.y - 2, kidney.z, 17, 19, 42, kidney.turn),), 142, 5)
            paint((Blob(kidney.x * 0.86, kidney.y - 5, kidney.z, 12, 11, 30, kidney.turn),), -70, 3, self._fat)
        for number, loop in enumerate(_BOWEL):
            paint((loop,), 72)
            cut = loop.at(z)
            if cut and cut.a > 7:
                gas = number % 3 == 0
                lumen = Blob(cut.x, cut.y, z, cut.a - 4, cut.b - 3.5, 1, cut.turn)
                canvas.fill(lumen, value=-850 if gas else 24, texture=self._gas * (90 if gas else 14))
        for lung in _LUNGS:
            paint((lung,), -860, 2.5, self._lung)
        paint((Blob(24, -40, 112, 66, 52, 52, 0.4),), 138)
        if cut := LESION.at(z):
            canvas.fill(cut, value=92, soft=2)
            canvas.fill(Blob(cut.x, cut.y, z, cut.a * 0.78, cut.b * 0.78, 1), value=38, soft=4, texture=self._soft)

    def _vessels(self, canvas: Canvas, z: float) -> None:
        bend = math.sin(z / 55)
        if z < 68:
            for n in range(7):
                x = -64 + 26 * math.cos(n * 2.4 + z / 34) - n * 3
                y = -8 + 34 * math.sin(n * 1.7 + z / 41)
                self._vessel(canvas, Blob(x, y, 20, 5.2, 3.4, 62 - 4 * n, n * 0.7).at(z), 172, inside=_LIVER, z=z)
        self._vessel(canvas, Blob(10 + 3 * bend, 22, 0, 10.5, 10, 1), 182)
        canvas.fill(Blob(16.5 + 3 * bend, 26, 0, 2.6, 1.3, 1, -0.8), value=640, soft=1)
        self._vessel(canvas, Blob(-24 + 2 * bend, 20, 0, 12, 9.5, 1, 0.2), 158)
        self._vessel(canvas, Blob(-8, 0, 2, 7, 6, 22).at(z), 176)
        self._vessel(canvas, Blob(4 - 6 * bend, 3, -40, 5, 4.6, 46).at(z), 170)

    @staticmethod
    def _vessel(canvas: Canvas, blob: Blob | None, value: float, inside: tuple[Blob, ...] = (), z: float = 0) -> None:
        if blob is None:
            return
        if inside:
            organ = [cut for part in inside if (cut := part.at(z))]
            if not any(math.hypot(blob.x - cut.x, blob.y - cut.y) < 0.8 * min(cut.a, cut.b) for cut in organ):
                return
        canvas.fill(blob, value=value, soft=2)

    def _spine(self, canvas: Canvas, z: float) -> None:
        for side in (-1, 1):
            canvas.fill(Blob(side * 42, 86, 0, 27, 19, 1, side * 0.25), value=_MUSCLE, texture=self._fat)
            if z < 20:
                size = min(1.0, (20 - z) / 60)
                canvas.fill(Blob(side * 34, 52, 0, 9 + 9 * size, 11 + 9 * size, 1), value=_MUSCLE + 4)
        body = (z + 200) % 34
        disc = body < 7
        canvas.fill(Blob(0, 52, 0, 23, 18, 1), value=105 if disc else _BONE, power=2.4)
        if not disc:
            endplate = min(body - 7, 34 - body) < 3
            canvas.fill(
                Blob(0, 52, 0, 20.5, 15.5, 1), value=430 if endplate else _MARROW, power=2.4, texture=self._fat * 3
            )
        if body > 12:
            for side in (-1, 1):
                canvas.fill(Blob(side * 16, 72, 0, 5, 9, 1, side * 0.3), value=_BONE - 120)
                if body > 22:
                    canvas.fill(Blob(side * 32, 82, 0, 17, 4, 1, side * 0.25), value=_BONE - 200)
        canvas.fill(Blob(0, 80, 0, 16, 13, 1), value=_BONE - 60, power=2.2)
        canvas.fill(Blob(0, 78.5, 0, 10.5, 8.5, 1), value=28)
        canvas.fill(Blob(0, 78.5, 0, 5, 4.5, 1), value=44)
        if body > 9:
            canvas.fill(Blob(0, 97, 0, 4, 11, 1), value=_BONE - 100)
