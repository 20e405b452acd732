"""From stored values to grey levels: modality, VOI and presentation transformations (PS3.3 §C.11, PS3.4 §N.2)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.pixels.description import PixelDescription, PixelKind
from gateway.pixels.lut import Lut
from gateway.pixels.voi import FrameTransform, VoiFunction, Window

Floats = NDArray[np.float64]
Greys = NDArray[np.uint8]
Samples = NDArray[np.generic]

WHITE: Final = 255.0
_TABLE_BITS: Final = 16
"""Up to this depth a table over all stored values is built; it is cheaper than arithmetic from 65,536 pixels on."""


def greys(samples: Samples, description: PixelDescription, *, number: int, window: Window | None) -> Greys:
    """Map the stored values of frame `number` to greys of the same shape, 0 black.

    `window` replaces what the data set recommends: its first window, else its first VOI LUT, else the range of the
    values that are present. Padding is black.
    """
    transform = description.transform_of(number)
    window = window or next(iter(transform.windows), None)
    table = None if window is not None else next(iter(description.voi_luts), None)
    if window is None and table is None:
        window = spanning_window(samples, description, number=number)
    bits = description.bits_stored
    if description.kind is PixelKind.INTEGER and bits <= _TABLE_BITS:
        every = every_stored_value(bits, signed=description.signed)
        shown = _shown(every, description, transform, window=window, table=table)
        return looked_up(samples, shown, bits)
    out = np.empty(samples.shape, dtype=np.uint8)
    for row in range(len(samples)):
        out[row] = _shown(samples[row].astype(np.float64), description, transform, window=window, table=table)
    return out


def modality(values: Floats, description: PixelDescription, transform: FrameTransform) -> Floats:
    """Apply the modality LUT, or slope and intercept (PS3.3 §C.11.1)."""
    if description.modality_lut is not None:
        return description.modality_lut.apply(values).astype(np.float64)
    return values * transform.slope + transform.intercept


def windowed(values: Floats, window: Window) -> Floats:
    """Apply a window: 0 to 255, not rounded (PS3.3 §C.11.2.1.2-3)."""
    center, width = window.center, window.width
    if window.function is VoiFunction.SIGMOID:
        exponent = np.clip(-4.0 * (values - center) / width, -700.0, 700.0)
        curve: Floats = WHITE / (1.0 + np.exp(exponent))
        return curve
    if window.function is VoiFunction.LINEAR:
        center, width = center - 0.5, width - 1.0
    if width <= 0:
        return np.where(values <= center, 0.0, WHITE)
    return np.clip(((values - center) / width + 0.5) * WHITE, 0.0, WHITE)


def _shown(
    stored: Floats,
    description: PixelDescription,
    transform: FrameTransform,
    *,
    window: Window | None,
    table: Lut | None,
) -> Greys:
    # Float pixels may hold infinities and NaN; they come out as black.
    with np.errstate(over="ignore", invalid="ignore"):
        values = modality(stored, description, transform)
        levels: NDArray[np.floating[Any]] = np.zeros_like(values)
        if window is not None:
            levels = windowed(values, window)
        elif table is not None:
            levels = table.apply(values) * (WHITE / ((1 << table.bits) - 1))
        if description.inverse:
            levels = WHITE - levels
        result: Greys = np.rint(np.nan_to_num(levels)).astype(np.uint8)
    if description.padding is not None:
        low, high = description.padding
        result[(stored >= low) & (stored <= high)] = 0
    result[~np.isfinite(stored)] = 0
    return result


def spanning_window(samples: Samples, description: PixelDescription, *, number: int) -> Window | None:
    """Return the window that spans the values present, None when there are none.

    Up to 8 bits it spans all values there could be: those images are made to be shown as they are.
    """
    transform = description.transform_of(number)
    if description.bits_stored <= 8 and transform == FrameTransform() and description.modality_lut is None:
        ends = every_stored_value(description.bits_stored, signed=description.signed)
        return _spanning(float(ends.min()), float(ends.max()))
    present = samples
    if description.padding is not None:
        low, high = description.padding
        present = samples[(samples < low) | (samples > high)]  # type: ignore[operator]
    if description.kind is not PixelKind.INTEGER:
        present = present[np.isfinite(present)]
    if present.size == 0:
        return None
    ends = np.array([present.min(), present.max()], dtype=np.float64)
    if description.modality_lut is not None and ends[1] - ends[0] <= 1 << _TABLE_BITS:
        ends = np.arange(ends[0], ends[1] + 1)
    values = modality(ends, description, transform)
    return _spanning(float(values.min()), float(values.max()))


def _spanning(low: float, high: float) -> Window:
    return Window((low + high) / 2, high - low if high > low else 1.0, VoiFunction.LINEAR_EXACT)


def every_stored_value(bits: int, *, signed: bool) -> Floats:
    """Return all stored values in the order of their bit patterns."""
    values = np.arange(1 << bits, dtype=np.float64)
    if signed:
        values[1 << bits - 1 :] -= 1 << bits
    return values


def looked_up(samples: Samples, table: Greys, bits: int) -> Greys:
    """Map stored values, integers of `bits` bits, through a table that is indexed by their bit patterns."""
    index = samples.view(f"u{samples.dtype.itemsize}")
    if bits < 8 * samples.dtype.itemsize:
        index = index & np.array((1 << bits) - 1, dtype=index.dtype)
    mapped: Greys = table[index]
    return mapped
