from __future__ import annotations

import numpy as np

from gateway.pixels.description import describe
from gateway.pixels.native import native_bytes, to_native
from tests.pixels.images import JPEG_LOSSLESS, described, jpeg_lossless, pixel_files, shaped_like


def test_a_frame_and_its_photometric_interpretation() -> None:
    file = pixel_files()["examples_ybr_color.dcm"]
    description = describe(file.json, file.syntax)
    data, photometric = to_native(file.frames(description)[3], description)
    assert photometric == "RGB"
    assert len(data) == 240 * 320 * 3


def test_samples_are_little_endian_and_interleaved() -> None:
    pixels = np.array([[[1, 2, 3], [4, 5, 60000]]], dtype="<u2")
    description = described(JPEG_LOSSLESS, **shaped_like(pixels))
    data, photometric = to_native(jpeg_lossless(pixels, 16), description)
    assert photometric == "RGB"
    assert data == bytes([1, 0, 2, 0, 3, 0, 4, 0, 5, 0]) + (60000).to_bytes(2, "little")


def test_single_bits_are_packed_lowest_first() -> None:
    description = described(rows=1, columns=9, allocated=1)
    bits = np.array([[1, 0, 0, 0, 0, 0, 1, 0, 1]], dtype="u1")
    assert native_bytes(bits, description) == bytes([0b01000001, 1])
    assert to_native(native_bytes(bits, description), description) == (bytes([0b01000001, 1]), "MONOCHROME2")
