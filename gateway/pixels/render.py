"""One frame as a viewer shows it: 8 bits, grey or RGB (PS3.4 §N.2, PS3.18 §8.3.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.errors import BadRequest, Reason, Withheld
from gateway.pixels.color import rgb_from_ybr
from gateway.pixels.description import Palette, PixelDescription, decoded
from gateway.pixels.grayscale import every_stored_value, greys, looked_up
from gateway.pixels.viewport import Viewport, fit
from gateway.pixels.voi import VoiFunction, Window

Samples = NDArray[np.generic]
Shown = NDArray[np.uint8]

THUMBNAIL: Final = Viewport(256, 256)

_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?(?:[eE][+-]?[0-9]{1,2})?")
_FUNCTIONS: Final = {
    "linear": VoiFunction.LINEAR,
    "linear-exact": VoiFunction.LINEAR_EXACT,
    "sigmoid": VoiFunction.SIGMOID,
}


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What a client may ask of a rendering.

    `square_pixels` stretches oblong pixels; without it one source pixel stays one pixel.
    """

    window: Window | None = None
    viewport: Viewport | None = None
    square_pixels: bool = True


def parse_window(text: str) -> Window:
    """Read `center,width,function` (PS3.18 §8.3.5.1.4); the function may be left out.

    Raises:
        BadRequest: it is anything else, or a width the function is not defined for.
    """
    fields = [field.strip() for field in text.split(",")]
    name = fields[2].lower() if len(fields) == 3 else "linear"
    if len(fields) not in (2, 3) or name not in _FUNCTIONS or not all(map(_NUMBER.fullmatch, fields[:2])):
        raise BadRequest("Write window=center,width,function with the function linear, linear-exact or sigmoid.")
    window = Window(float(fields[0]), float(fields[1]), _FUNCTIONS[name])
    if window.width <= 0 or (window.function is VoiFunction.LINEAR and window.width < 1):
        raise BadRequest("The width of window must be greater than 0, and at least 1 for the function linear.")
    return window


def render(samples: Samples, description: PixelDescription, options: RenderOptions, *, number: int = 1) -> Shown:
    """Show the decoded samples of frame `number`: uint8, shape (rows, columns) or (rows, columns, 3).

    `samples` is what `decode` returns for `description`.

    Raises:
        Withheld: PIXELS_UNDECODABLE. BadRequest: the viewport lies outside the image.
    """
    meaning = decoded(description)
    if meaning.palette is not None:
        shown = _through_palette(samples, meaning, meaning.palette)
    elif meaning.samples_per_pixel == 1:
        if meaning.photometric == "PALETTE COLOR":
            raise Withheld(Reason.PIXELS_UNDECODABLE, "the palette is missing")
        shown = greys(samples, meaning, number=number, window=options.window)
    else:
        full = rgb_from_ybr(samples, meaning.bits_stored) if meaning.photometric == "YBR_FULL" else samples
        shown = _eight_bits(full, meaning)
    return fit(shown, options.viewport, aspect=meaning.aspect if options.square_pixels else 1.0)


def _through_palette(samples: Samples, description: PixelDescription, palette: Palette) -> Shown:
    bits = description.bits_stored
    if bits > 16:
        raise Withheld(Reason.PIXELS_UNDECODABLE, "a palette has no more than 65536 entries")
    every = every_stored_value(bits, signed=description.signed)
    table = np.empty((len(every), 3), dtype=np.uint8)
    for channel, lut in enumerate((palette.red, palette.green, palette.blue)):
        # Many palettes declare 16 bits and use 8.
        table[:, channel] = lut.apply(every) >> (max(lut.bits - 8, 0) if lut.entries.max() > 255 else 0)
    return looked_up(samples, table, bits)


def _eight_bits(samples: Samples, description: PixelDescription) -> Shown:
    bits = description.bits_stored
    if bits > 16:
        top: Shown = np.right_shift(samples.view(f"u{samples.dtype.itemsize}"), bits - 8).astype(np.uint8)
        return top
    table = np.rint(np.arange(1 << bits) * (255.0 / ((1 << bits) - 1))).astype(np.uint8)
    return looked_up(samples, table, bits)
