"""Rescale, windows, pixel shape and frame time as a data set states them (PS3.3 §C.7.6.5, §C.7.6.16, §C.11)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.dicom.dataset import JsonDataset
from gateway.pixels.values import decimals, items, texts

_SQUARE: Final = 0.01
"""Spacings that differ by less than this are rounding of a square pixel."""
_MOST_OBLONG: Final = 20.0


class VoiFunction(StrEnum):
    """The shape of a window (PS3.3 §C.11.2.1.2-3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """One window, in the units that the modality transformation yields."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR


@dataclass(frozen=True, slots=True)
class FrameTransform:
    """How stored values of one frame become modality values, and the windows recommended for them."""

    slope: float = 1.0
    intercept: float = 0.0
    windows: tuple[Window, ...] = ()


def image_transform(json: JsonDataset) -> FrameTransform:
    """Return the transformation of the image as a whole: the shared functional group's before the modules'."""
    slope, intercept = _rescale(json, FrameTransform())
    return _grouped((items(json, "52009229") or [{}])[0], FrameTransform(slope, intercept, _windows(json)))


def frame_transforms(json: JsonDataset, frames: int, whole: FrameTransform) -> tuple[FrameTransform, ...]:
    """Return the transformation of every frame, or () when no frame has its own; `whole` fills what a group omits."""
    groups = items(json, "52009230")
    known: dict[FrameTransform, FrameTransform] = {}
    found = []
    for number in range(frames if groups else 0):
        transform = _grouped(groups[number] if number < len(groups) else {}, whole)
        found.append(known.setdefault(transform, transform))
    return tuple(found) if known.keys() - {whole} else ()


def pixel_aspect(json: JsonDataset) -> float:
    """Return the height of a pixel over its width, 1.0 when nothing plausible is stated (PS3.3 §C.7.6.3.1.7)."""
    measures = [
        measure
        for group in items(json, "52009229") + items(json, "52009230")[:1]
        for measure in items(group, "00289110")
    ]
    sources = [(measure, "00280030") for measure in measures]
    sources += [(json, tag) for tag in ("00280030", "00181164", "00182010", "00280034")]
    for source, tag in sources:
        spacing = decimals(source, tag)
        if len(spacing) == 2 and min(spacing) > 0:
            ratio = spacing[0] / spacing[1]
            plausible = abs(ratio - 1.0) > _SQUARE and 1 / _MOST_OBLONG <= ratio <= _MOST_OBLONG
            return ratio if plausible else 1.0
    return 1.0


def frame_duration(json: JsonDataset) -> float | None:
    """Return how many milliseconds a frame of a cine stays, None when nothing says so (PS3.3 §C.7.6.5)."""
    times = decimals(json, "00181063")[:1] or decimals(json, "00181065")[1:]
    if times and sum(times) > 0:
        return sum(times) / len(times)
    for rate in ("00180040", "00082144"):
        per_second = decimals(json, rate)[:1]
        if per_second and per_second[0] > 0:
            return 1000.0 / per_second[0]
    return None


def _grouped(group: JsonDataset, fallback: FrameTransform) -> FrameTransform:
    slope, intercept, windows = fallback.slope, fallback.intercept, fallback.windows
    for item in items(group, "00289145")[:1]:
        slope, intercept = _rescale(item, fallback)
    for item in items(group, "00289132")[:1]:
        windows = _windows(item) or windows
    return FrameTransform(slope, intercept, windows)


def _rescale(json: JsonDataset, fallback: FrameTransform) -> tuple[float, float]:
    slope = (decimals(json, "00281053") or [fallback.slope])[0]
    intercept = (decimals(json, "00281052") or [fallback.intercept])[0]
    # A slope of 0 makes every image one grey; the devices that write it mean that there is none.
    return slope or 1.0, intercept


def _windows(json: JsonDataset) -> tuple[Window, ...]:
    name = (texts(json, "00281056") or [""])[0].upper()
    function = VoiFunction(name) if name in VoiFunction.__members__ else VoiFunction.LINEAR
    found = []
    for center, width in zip(decimals(json, "00281050"), decimals(json, "00281051"), strict=False):
        if width > 0:
            # LINEAR is not defined below a width of 1 (PS3.3 §C.11.2.1.2.1), where normalized images live.
            shape = VoiFunction.LINEAR_EXACT if width < 1 and function is VoiFunction.LINEAR else function
            found.append(Window(center, width, shape))
    return tuple(found)
