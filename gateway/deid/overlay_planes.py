"""Overlay planes that lie in unused bits of the pixels (PS3.5 §8.1.2, retired): the groups go, so the bits must go."""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.dicom.part10 import Header
from gateway.errors import Reason, Withheld

_GROUPS: Final = range(0x6000, 0x6020, 2)
_BIT_POSITION: Final = 0x0102
_OVERLAY_DATA: Final = 0x3000
_BITS_ALLOCATED: Final = 0x00280100
_BITS_STORED: Final = 0x00280101
_HIGH_BIT: Final = 0x00280102


def embedded_planes(header: Header) -> int:
    """Return the bits of a sample that hold overlay planes, 0 for none.

    A plane is embedded when its group says where it lies and has no data of its own. One that would lie within the
    stored bits is a mistake of the header: those bits are the image.
    """
    tags = {element.tag for element in header.elements}
    planes = 0
    for group in _GROUPS:
        position = group << 16 | _BIT_POSITION
        if position in tags and (group << 16 | _OVERLAY_DATA) not in tags:
            planes |= 1 << max(header.number(position), 0)
    allocated, stored = header.number(_BITS_ALLOCATED), header.number(_BITS_STORED)
    lowest = header.number(_HIGH_BIT, stored - 1) - stored + 1
    image = ((1 << max(stored, 0)) - 1) << max(lowest, 0)
    return planes & ~image & ((1 << max(allocated, 0)) - 1)


class PlaneEraser:
    """Clears the bits of embedded planes in native pixels, little endian, whole samples at a time."""

    def __init__(self, planes: int, bits_allocated: int) -> None:
        """Take the bits to clear, and the bits of a sample.

        Raises:
            Withheld: PIXELS_UNDECODABLE when samples are not 8, 16 or 32 bits wide.
        """
        if bits_allocated not in (8, 16, 32):
            raise Withheld(Reason.PIXELS_UNDECODABLE, "an overlay lies in pixels of an unusual width")
        self.width = bits_allocated // 8
        self._dtype = np.dtype(f"<u{self.width}")
        self._kept = self._dtype.type(~planes & ((1 << bits_allocated) - 1))

    def erase(self, samples: bytes) -> bytes:
        """Return `samples` without the planes; an incomplete sample at the end stays as it is."""
        whole = len(samples) - len(samples) % self.width
        cleared: bytes = (np.frombuffer(samples[:whole], self._dtype) & self._kept).tobytes()
        return cleared + samples[whole:]
