"""Pixels for tests: descriptions as JSON, frames of pydicom's files, and an encoder for JPEG Lossless."""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError

from gateway.dicom.dataset import JsonDataset
from gateway.pixels.description import PixelDescription, describe
from tests.samples import samples

EXPLICIT_LE = "1.2.840.10008.1.2.1"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"

_TAGS = {
    "photometric": ("00280004", "CS"),
    "samples": ("00280002", "US"),
    "planar": ("00280006", "US"),
    "frames": ("00280008", "IS"),
    "rows": ("00280010", "US"),
    "columns": ("00280011", "US"),
    "allocated": ("00280100", "US"),
    "stored": ("00280101", "US"),
    "high": ("00280102", "US"),
    "signed": ("00280103", "US"),
    "padding": ("00280120", "SS"),
    "padding_limit": ("00280121", "SS"),
    "center": ("00281050", "DS"),
    "width": ("00281051", "DS"),
    "intercept": ("00281052", "DS"),
    "slope": ("00281053", "DS"),
    "function": ("00281056", "CS"),
    "shape": ("20500020", "CS"),
}


def header(**values: Any) -> JsonDataset:
    """Return a data set in the DICOM JSON Model: 2 by 3 pixels of 16 bits, changed by `values`; None leaves one out."""
    given: dict[str, Any] = {
        "photometric": "MONOCHROME2",
        "samples": 1,
        "rows": 2,
        "columns": 3,
        "allocated": 16,
        "stored": values.get("allocated", 16),
        "signed": 0,
        **values,
    }
    json_dataset: JsonDataset = {}
    for name, value in given.items():
        if value is not None:
            tag, vr = _TAGS[name]
            json_dataset[tag] = {"vr": vr, "Value": value if isinstance(value, list) else [value]}
    return json_dataset


def described(syntax: str = EXPLICIT_LE, **values: Any) -> PixelDescription:
    """Describe `header(**values)`, which holds no lookup tables."""
    return describe(header(**values), syntax, tables=False)


def shaped_like(pixels: NDArray[Any], **values: Any) -> dict[str, Any]:
    """Return arguments of `header` for an array of shape (rows, columns) or (rows, columns, 3)."""
    color = pixels.ndim == 3
    return {
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "samples": 3 if color else 1,
        "photometric": "RGB" if color else "MONOCHROME2",
        "allocated": pixels.dtype.itemsize * 8,
        "signed": int(pixels.dtype.kind == "i"),
        **values,
    }


@dataclass(frozen=True)
class PixelFile:
    """One of pydicom's files that holds pixels."""

    path: Path
    dataset: Dataset
    json: JsonDataset
    syntax: str

    def frames(self, description: PixelDescription) -> list[bytes]:
        """Return its frames, native ones little endian."""
        with quiet():
            value = next(self.dataset[tag].value for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009) if tag in self.dataset)
            if self.dataset.file_meta.TransferSyntaxUID.is_encapsulated:
                return list(generate_frames(value, number_of_frames=description.frames))
        if not self.dataset.file_meta.TransferSyntaxUID.is_little_endian:
            word = 2 if self.dataset["PixelData"].VR == "OW" else 1
            width = max(word, description.bits_allocated // 8)
            value = np.frombuffer(value, f">u{width}").astype(f"<u{width}").tobytes()
        size = description.frame_bytes
        return [value[index * size : (index + 1) * size] for index in range(description.frames)]

    def pixel_array(self) -> NDArray[Any] | None:
        """Return what pydicom decodes, frames first, colour as RGB; None when it cannot."""
        with quiet():
            try:
                found: NDArray[Any] = self.dataset.pixel_array
            except Exception:
                return None
        return found if int(self.dataset.get("NumberOfFrames") or 1) > 1 else found[None]


@cache
def pixel_files() -> dict[str, PixelFile]:
    """Return pydicom's files that hold pixels, by their name in the folder."""
    found = {}
    for path in samples():
        with quiet():
            try:
                dataset = pydicom.dcmread(path, force=True)
                syntax = str(dataset.file_meta.TransferSyntaxUID)
                text = dataset.to_json(suppress_invalid_tags=True)
            except (InvalidDicomError, AttributeError, OSError, ValueError, KeyError, TypeError):
                continue
        if any(tag in dataset for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009)):
            found["/".join(path.parts[-3:]) if "dicomdirtests" in path.parts else path.name] = PixelFile(
                path, dataset, json.loads(text), syntax
            )
    return found


class quiet:
    """pydicom warns and logs about the broken files that it ships on purpose."""

    def __enter__(self) -> None:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")
        self._level = logging.getLogger("pydicom").level
        logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

    def __exit__(self, *error: object) -> None:
        logging.getLogger("pydicom").setLevel(self._level)
        self._warnings.__exit__(*error)  # type: ignore[arg-type]


def jpeg_lossless(
    pixels: NDArray[Any],
    precision: int,
    *,
    predictor: int = 1,
    point_transform: int = 0,
    restart: int = 0,
    wrap_bits: int = 16,
) -> bytes:
    """Encode to JPEG Lossless (T.81 Annex H), differences modulo 2^`wrap_bits`; slow, and independent of the codecs.

    One Huffman table of 17 codes, 5 bits each. `restart` is the interval in pixels.
    """
    samples3 = (pixels if pixels.ndim == 3 else pixels[:, :, None]).astype(int) >> point_transform
    rows, columns, components = samples3.shape
    out = bytearray(b"\xff\xd8\xff\xc4\x00\x24\x00" + bytes([0] * 4 + [17] + [0] * 11) + bytes(range(17)))
    specs = b"".join(bytes([index + 1, 0x11, 0]) for index in range(components))
    out += b"\xff\xc3" + pack(">HBHHB", 8 + len(specs), precision, rows, columns, components) + specs
    if restart:
        out += b"\xff\xdd\x00\x04" + pack(">H", restart)
    tables = b"".join(bytes([index + 1, 0]) for index in range(components))
    out += b"\xff\xda" + pack(">HB", 6 + len(tables), components) + tables + bytes([predictor, 0, point_transform])
    bits = _Bits(out)
    half, first_row, fresh = 1 << wrap_bits - 1, 0, True
    for row in range(rows):
        for column in range(columns):
            count = row * columns + column
            if restart and count and count % restart == 0:
                bits.flush()
                out += bytes([0xFF, 0xD0 + (count // restart - 1) % 8])
                first_row, fresh = row, True
            for component in range(components):
                plane = samples3[:, :, component]
                if fresh:
                    guess = 1 << precision - point_transform - 1
                elif row == first_row:
                    guess = int(plane[row, column - 1])
                elif column == 0:
                    guess = int(plane[row - 1, column])
                else:
                    a, b, c = int(plane[row, column - 1]), int(plane[row - 1, column]), int(plane[row - 1, column - 1])
                    guess = (a, b, c, a + b - c, a + (b - c >> 1), b + (a - c >> 1), a + b >> 1)[predictor - 1]
                bits.difference((int(plane[row, column]) - guess + half) % (2 * half) - half)
            fresh = False
    bits.flush()
    return bytes(out) + b"\xff\xd9"


class _Bits:
    """Writes difference categories and their extra bits, a zero stuffed after each 0xFF."""

    def __init__(self, out: bytearray) -> None:
        self._out, self._value, self._count = out, 0, 0

    def difference(self, value: int) -> None:
        size = abs(value).bit_length()
        self._put(size, 5)
        if 0 < size < 16:
            self._put(value if value > 0 else value + (1 << size) - 1, size)

    def flush(self) -> None:
        if self._count:
            self._put((1 << 8 - self._count) - 1, 8 - self._count)

    def _put(self, value: int, count: int) -> None:
        self._value = self._value << count | value
        self._count += count
        while self._count >= 8:
            byte = self._value >> self._count - 8 & 0xFF
            self._out += b"\xff\x00" if byte == 0xFF else bytes([byte])
            self._count -= 8
        self._value &= (1 << self._count) - 1
