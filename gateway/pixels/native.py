"""Decoded frames as native pixel bytes (PS3.5 §8.1): what a client gets that takes Explicit VR Little Endian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.pixels.decode import decode
from gateway.pixels.description import PixelDescription, decoded


def to_native(frame: bytes, description: PixelDescription) -> tuple[bytes, str]:
    """Return one frame in native encoding, little endian, colour by pixel, and its Photometric Interpretation.

    `decoded(description)` describes it. A frame of single bits is filled up to a whole byte.

    Raises:
        Withheld: PIXELS_UNDECODABLE.
    """
    return native_bytes(decode(frame, description), description), decoded(description).photometric


def native_bytes(samples: NDArray[np.generic], description: PixelDescription) -> bytes:
    """Return decoded samples of one frame as native bytes; single bits are packed, the first one lowest."""
    if description.bits_allocated == 1:
        return np.packbits(samples.reshape(-1).astype(np.uint8), bitorder="little").tobytes()
    return samples.tobytes()
