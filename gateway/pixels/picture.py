"""Rendered frames as files: JPEG, PNG, GIF, with nothing in them but the picture (PS3.18 §8.7.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.errors import NotAcceptable
from gateway.pixels.decode import decode
from gateway.pixels.description import MONOCHROME, PixelDescription
from gateway.pixels.grayscale import spanning_window
from gateway.pixels.render import RenderOptions, render

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
GIF: Final = "image/gif"
MEDIA_TYPES: Final = (JPEG, PNG, GIF)
"""What `encode` can write, in the order in which a client without preference should get it."""

QUALITY: Final = 90
FRAME_MS: Final = 100.0
_FULL_CHROMA: Final = 90
"""From this JPEG quality on chroma keeps its resolution: red text on black dissolves without it."""
_SHORTEST_MS: Final = 20
"""Browsers slow an animation with shorter frames down to 100 ms."""
_LONGEST_MS: Final = 60_000
_MAX_JPEG_SIDE: Final = 65_500


@dataclass(frozen=True, slots=True)
class Output:
    """How rendered frames are written: `quality` is 1 to 100 (JPEG), `frame_ms` how long a frame of a GIF stays."""

    media_type: str
    quality: int = QUALITY
    frame_ms: float | None = None


def picture(
    frames: Sequence[tuple[int, bytes]],
    description: PixelDescription,
    output: Output,
    *,
    options: RenderOptions | None = None,
) -> bytes:
    """Decode, render and encode frames, each with its number: one job for a worker process.

    Raises:
        Withheld: PIXELS_UNDECODABLE. BadRequest, NotAcceptable: as `render` and `encode` raise them.
    """
    chosen = options or RenderOptions()
    if len(frames) > 1 and chosen.window is None and _has_no_window(description):
        # One window for all, or the brightness of an animation jumps from frame to frame.
        number, data = frames[len(frames) // 2]
        chosen = replace(chosen, window=spanning_window(decode(data, description), description, number=number))
    shown = (render(decode(data, description), description, chosen, number=number) for number, data in frames)
    return encode(shown, replace(output, frame_ms=output.frame_ms or description.frame_ms))


def encode(images: Iterable[NDArray[np.uint8]], output: Output) -> bytes:
    """Encode images, uint8 of shape (rows, columns) or (rows, columns, 3), lazily taken one after the other.

    Equal neighbours in an animation become one frame that stays as long as both.

    Raises:
        NotAcceptable: a media type other than `MEDIA_TYPES`, or several images in anything but GIF.
    """
    each = iter(images)
    first = next(each, None)
    if output.media_type not in MEDIA_TYPES or first is None:
        raise NotAcceptable(f"Rendered images are offered as {', '.join(MEDIA_TYPES)}.")
    image = Image.fromarray(first)
    out = BytesIO()
    if output.media_type == GIF:
        stay = round(min(max(output.frame_ms or FRAME_MS, _SHORTEST_MS), _LONGEST_MS))
        image.save(out, "GIF", save_all=True, append_images=_rest(each), duration=stay, loop=0)
        return out.getvalue()
    if next(each, None) is not None:
        raise NotAcceptable("Several frames are offered as image/gif; ask for one frame at a time otherwise.")
    if output.media_type == PNG:
        image.save(out, "PNG", compress_level=3)
    elif max(image.size) > _MAX_JPEG_SIDE:
        raise NotAcceptable(f"A JPEG has no side above {_MAX_JPEG_SIDE} pixels; ask for image/png or for a viewport.")
    else:
        chosen = min(max(output.quality, 1), 100)
        image.save(out, "JPEG", quality=chosen, subsampling=0 if chosen >= _FULL_CHROMA else 2)
    return out.getvalue()


def _has_no_window(description: PixelDescription) -> bool:
    transforms = description.frame_transforms or (description.transform,)
    recommended = description.voi_luts or any(transform.windows for transform in transforms)
    return description.photometric in MONOCHROME and not recommended


def _rest(images: Iterator[NDArray[np.uint8]]) -> Iterator[Image.Image]:
    return (Image.fromarray(image) for image in images)
