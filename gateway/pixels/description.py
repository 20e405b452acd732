"""What the bytes of a frame mean: the Image Pixel, Modality LUT, VOI LUT and Palette modules (PS3.3 §C.7.6.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import numpy as np

from gateway.dicom.dataset import JsonDataset
from gateway.dicom.syntax import Codec, transfer_syntax
from gateway.dicom.uid import UID
from gateway.errors import Reason, Withheld
from gateway.pixels.lut import Lut, bad_lut, lut, segmented_lut
from gateway.pixels.values import binary, impossible, integer, integers, items, texts
from gateway.pixels.voi import FrameTransform, frame_duration, frame_transforms, image_transform, pixel_aspect

MAX_FRAME_BYTES: Final = 512 << 20
"""One decoded frame: a 120-megapixel colour photograph still fits; a worker holds a few copies of it."""
MAX_FRAMES: Final = 1_000_000
"""The largest whole-slide levels have some 400,000 tiles."""

MONOCHROME: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
_ONE_SAMPLE: Final = MONOCHROME | {"PALETTE COLOR"}
_THREE_SAMPLES: Final = frozenset(
    {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"}
)
_LOSSY_JPEG: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})


class PixelKind(StrEnum):
    """Which of the three pixel data elements holds the frames."""

    INTEGER = "integer"
    FLOAT = "float"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Palette:
    """The three tables of PALETTE COLOR."""

    red: Lut
    green: Lut
    blue: Lut


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """All that decoding and rendering need to know of one instance; hashable and picklable.

    `aspect` is the height of a pixel over its width. `padding` is the inclusive range of stored values that are
    no image. `frame_transforms` is empty, or has one entry per frame. `frame_ms` is how long a frame of a cine stays.
    """

    rows: int
    columns: int
    frames: int
    samples_per_pixel: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    kind: PixelKind
    transfer_syntax: UID
    transform: FrameTransform = field(default_factory=FrameTransform)
    frame_transforms: tuple[FrameTransform, ...] = ()
    modality_lut: Lut | None = None
    voi_luts: tuple[Lut, ...] = ()
    palette: Palette | None = None
    padding: tuple[int, int] | None = None
    inverse: bool = False
    aspect: float = 1.0
    frame_ms: float | None = None

    @property
    def signed(self) -> bool:
        """Tell whether stored values are two's complement."""
        return self.pixel_representation == 1

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of one decoded sample."""
        if self.kind is not PixelKind.INTEGER:
            return np.dtype("<f4" if self.kind is PixelKind.FLOAT else "<f8")
        return np.dtype(f"<{'i' if self.signed else 'u'}{max(self.bits_allocated, 8) // 8}")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one decoded frame: (rows, columns) or (rows, columns, samples)."""
        size = (self.rows, self.columns)
        return size if self.samples_per_pixel == 1 else (*size, self.samples_per_pixel)

    @property
    def frame_bytes(self) -> int:
        """The length of one frame in the native encoding of this description, whole bytes (PS3.5 §8.2)."""
        samples = self.rows * self.columns * self.samples_per_pixel
        if self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
            samples = self.rows * self.columns * 2
        return (samples * self.bits_allocated + 7) // 8

    def transform_of(self, number: int) -> FrameTransform:
        """Return rescale and windows of frame `number`, counted from 1."""
        return self.frame_transforms[number - 1] if self.frame_transforms else self.transform


def bulk_needed(json: JsonDataset) -> list[str]:
    """Return the paths of the lookup tables that `json` holds as BulkDataURI.

    A path is a tag ("00281201") or leads into an item ("00283010/0/00283006"). The caller fetches each and gives
    the bytes to `describe` under the same path.
    """
    return [path for path, item, tag in _lut_paths(json) if "BulkDataURI" in item.get(tag, {})]


def describe(
    json: JsonDataset, transfer_syntax_uid: str, *, bulk: Mapping[str, bytes] | None = None, tables: bool = True
) -> PixelDescription:
    """Read the description of the pixels out of a data set; `transfer_syntax_uid` is how the frames are encoded.

    Without `tables` the lookup tables are left out: enough to decode, not to render.

    Raises:
        Withheld: PIXELS_UNDECODABLE for a missing, impossible or oversized value, UNKNOWN_TRANSFER_SYNTAX.
    """
    syntax = transfer_syntax(transfer_syntax_uid)
    kind = _kind(json)
    photometric = (texts(json, "00280004") or [""])[0].upper()
    samples = integer(json, "00280002", low=1, high=3, default=None)
    if photometric not in (_ONE_SAMPLE if samples == 1 else _THREE_SAMPLES) or samples == 2:
        raise impossible("00280004")
    allocated, stored, high_bit, signed = _bits(json, kind)
    inverse = photometric == "MONOCHROME1" or (
        photometric == "MONOCHROME2" and (texts(json, "20500020") or [""])[0].upper() == "INVERSE"
    )
    frames = integer(json, "00280008", low=1, high=MAX_FRAMES, default=1)
    whole = image_transform(json)
    modality, voi, palette = _tables(json, bulk or {}, photometric, signed=signed == 1) if tables else (None, (), None)
    description = PixelDescription(
        rows=integer(json, "00280010", low=1, high=0xFFFF),
        columns=integer(json, "00280011", low=1, high=0xFFFF),
        frames=frames,
        samples_per_pixel=samples,
        photometric=photometric,
        planar=integer(json, "00280006", low=0, high=1, default=0),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        pixel_representation=signed,
        kind=kind,
        transfer_syntax=syntax.uid,
        transform=whole,
        frame_transforms=frame_transforms(json, frames, whole),
        modality_lut=modality,
        voi_luts=voi,
        palette=palette,
        padding=_padding(json, stored, signed) if kind is PixelKind.INTEGER and samples == 1 else None,
        inverse=inverse,
        aspect=pixel_aspect(json),
        frame_ms=frame_duration(json),
    )
    if int(np.prod(description.shape)) * description.dtype.itemsize > MAX_FRAME_BYTES:
        raise Withheld(Reason.PIXELS_UNDECODABLE, f"one frame exceeds the limit of {MAX_FRAME_BYTES} bytes")
    return description


def decoded(description: PixelDescription) -> PixelDescription:
    """Return the description of what decoding yields: native, little endian, colour by pixel, never subsampled.

    Lossy JPEG and the JPEG 2000 component transforms give RGB, as does the retired partial range; YBR_FULL_422
    gives YBR_FULL, since its chroma is repeated. Idempotent.
    """
    photometric = description.photometric
    codec = transfer_syntax(description.transfer_syntax).codec
    if description.samples_per_pixel == 3:
        if (codec is Codec.JPEG and description.transfer_syntax in _LOSSY_JPEG) or photometric in (
            "YBR_ICT",
            "YBR_RCT",
            "YBR_PARTIAL_422",
            "YBR_PARTIAL_420",
        ):
            photometric = "RGB"
        elif photometric == "YBR_FULL_422":
            photometric = "YBR_FULL"
    return replace(
        description,
        photometric=photometric,
        planar=0,
        high_bit=max(description.bits_stored - 1, 0),
        transfer_syntax=UID("1.2.840.10008.1.2.1"),
    )


def _kind(json: JsonDataset) -> PixelKind:
    if "7FE00008" in json:
        return PixelKind.FLOAT
    if "7FE00009" in json:
        return PixelKind.DOUBLE
    if "7FE00010" not in json and "00280101" not in json:
        # Metadata may leave the pixel element out; float pixels have no Bits Stored (PS3.3 §C.7.6.24-25).
        return {32: PixelKind.FLOAT, 64: PixelKind.DOUBLE}.get(
            (integers(json, "00280100") or [0])[0], PixelKind.INTEGER
        )
    return PixelKind.INTEGER


def _bits(json: JsonDataset, kind: PixelKind) -> tuple[int, int, int, int]:
    """Return Bits Allocated, Bits Stored, High Bit and Pixel Representation."""
    if kind is not PixelKind.INTEGER:
        width = 32 if kind is PixelKind.FLOAT else 64
        return integer(json, "00280100", low=width, high=width), width, width - 1, 0
    allocated = integer(json, "00280100", low=1, high=64)
    if allocated not in (1, 8, 16, 32, 64):
        raise impossible("00280100")
    stored = integer(json, "00280101", low=1, high=allocated)
    high_bit = integer(json, "00280102", low=stored - 1, high=allocated - 1, default=stored - 1)
    return allocated, stored, high_bit, integer(json, "00280103", low=0, high=1)


def _padding(json: JsonDataset, stored: int, signed: int) -> tuple[int, int] | None:
    ends = (integers(json, "00280120")[:1] + integers(json, "00280121")[:1]) or None
    if ends is None or not json.get("00280120", {}).get("Value"):
        return None
    half = 1 << stored - 1
    low, high = (-half, half - 1) if signed else (0, 2 * half - 1)
    ends = [end - 2 * half if signed and end > high else end for end in ends]
    # A value no stored sample can have marks nothing.
    return (min(ends), max(ends)) if low <= min(ends) and max(ends) <= high else None


def _lut_paths(json: JsonDataset) -> Iterator[tuple[str, JsonDataset, str]]:
    """Yield path, data set and tag of each table that may be present."""
    for tag in _PALETTE_TAGS:
        for data in tag[1:]:
            yield data, json, data
    for sequence in ("00283000", "00283010"):
        for index, item in enumerate(items(json, sequence)):
            yield f"{sequence}/{index}/00283006", item, "00283006"


_PALETTE_TAGS: Final = (
    ("00281101", "00281201", "00281221"),
    ("00281102", "00281202", "00281222"),
    ("00281103", "00281203", "00281223"),
)


def _tables(
    json: JsonDataset, bulk: Mapping[str, bytes], photometric: str, *, signed: bool
) -> tuple[Lut | None, tuple[Lut, ...], Palette | None]:
    if photometric == "PALETTE COLOR":
        red, green, blue = (_palette(json, bulk, tags, signed=signed) for tags in _PALETTE_TAGS)
        return None, (), Palette(red, green, blue)
    if photometric not in MONOCHROME:
        return None, (), None
    modality = _sequence_luts(json, bulk, "00283000", signed=signed)
    if None in modality:
        raise bad_lut("the modality LUT has no data")
    # Inputs of a VOI LUT are outputs of the modality LUT, which are unsigned.
    voi = _sequence_luts(json, bulk, "00283010", signed=signed and not modality)
    # A VOI LUT is a recommendation: one without data recommends nothing.
    return next(iter(modality), None), tuple(table for table in voi if table is not None), None


def _palette(json: JsonDataset, bulk: Mapping[str, bytes], tags: tuple[str, str, str], *, signed: bool) -> Lut:
    descriptor, plain, segmented = tags
    data = binary(json, plain, path=plain, bulk=bulk)
    if data is not None:
        return lut(integers(json, descriptor), data, signed=signed)
    data = binary(json, segmented, path=segmented, bulk=bulk)
    if data is None:
        raise bad_lut("the palette has no data")
    return segmented_lut(integers(json, descriptor), data, signed=signed)


def _sequence_luts(json: JsonDataset, bulk: Mapping[str, bytes], tag: str, *, signed: bool) -> list[Lut | None]:
    found: list[Lut | None] = []
    for index, item in enumerate(items(json, tag)):
        data = binary(item, "00283006", path=f"{tag}/{index}/00283006", bulk=bulk)
        found.append(None if data is None else lut(integers(item, "00283002"), data, signed=signed))
    return found
