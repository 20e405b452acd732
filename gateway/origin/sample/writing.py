"""Begins data sets of the sample PACS and writes them as Part 10 files, in the syntaxes a PACS is full of."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from gateway.origin.sample import jpeg_lossless
from gateway.origin.sample.identity import even, identify
from gateway.origin.sample.patients import Visit

_NAMESPACE: Final = uuid.UUID("6f2a9c1e-5f0b-4c57-9d0e-7c0b8d1f4a35")
_IMPLEMENTATION: Final = "2.25.148013926170395188462290583160429471605"
_BY_LIBRARY: Final = (RLELossless, JPEGLSLossless, JPEG2000Lossless)
_COMPRESSED: Final = (*_BY_LIBRARY, JPEGBaseline8Bit, JPEGLosslessSV1)


def uid(*names: object) -> str:
    """Return the UID that belongs to `names`: always the same one, under 2.25 (PS3.5 §B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(str(name) for name in names)).int}"


@dataclass(frozen=True, slots=True)
class Series:
    """What the images of one series have in common."""

    number: int
    modality: str
    description: str
    maker: str
    model: str
    body_part: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance to be written: its data set with native pixels, and the syntax it is stored in."""

    visit: Visit
    dataset: Dataset
    syntax: UID = ExplicitVRLittleEndian
    encoded: bool = False
    """Whether the pixels are in `syntax` already."""
    comment: str = ""
    """Text for the comment segment of every JPEG Baseline frame."""

    @property
    def path(self) -> str:
        """Where it goes, relative to the folder of the sample PACS."""
        ds = self.dataset
        return f"{self.visit.key}/{int(ds.SeriesNumber or 0):02d}-{ds.Modality}/{int(ds.InstanceNumber or 0):04d}.dcm"


Instances = Iterator[Instance]


def begin(visit: Visit, series: Series, number: int, sop_class: str) -> Dataset:
    """Return a data set with patient, study, series and equipment of instance `number` filled in."""
    ds = Dataset()
    identify(ds, visit, series.modality)
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = uid(visit.key, series.number, number)
    ds.StudyInstanceUID = uid(visit.key)
    ds.SeriesInstanceUID = uid(visit.key, series.number)
    ds.Modality = series.modality
    ds.SeriesNumber = series.number
    ds.InstanceNumber = number
    ds.SeriesDescription = f"{series.description} {visit.patient.spoken}"
    ds.ProtocolName = f"{series.description} [{visit.staff.operator.partition('^')[0]}]"
    ds.BodyPartExamined = series.body_part
    ds.Manufacturer = series.maker
    ds.ManufacturerModelName = series.model
    ds.SoftwareVersions = "SAMPLE 3.1"
    ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = visit.date
    ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = visit.time
    ds.ImageComments = f"{visit.patient.spoken} {visit.written_date} {visit.comment}"
    return ds


def set_pixels(
    ds: Dataset, frames: NDArray[Any], *, stored: int, photometric: str = "MONOCHROME2", signed: bool = False
) -> None:
    """Put `frames` in as native pixels of `stored` bits; shape (rows, columns) or (rows, columns, 3), frames first."""
    colour = photometric in ("RGB", "YBR_FULL_422")
    rows, columns = frames.shape[-3:-1] if colour else frames.shape[-2:]
    allocated = 8 if stored <= 8 else 16
    ds.SamplesPerPixel = 3 if colour else 1
    if colour:
        ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = photometric
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, stored, stored - 1
    ds.PixelRepresentation = int(signed)
    if frames.ndim == (4 if colour else 3):
        ds.NumberOfFrames = frames.shape[0]
    data = frames.astype(f"<{'i' if signed else 'u'}{allocated // 8}").tobytes()
    ds.add_new("PixelData", "OB" if allocated == 8 else "OW", even(data))


def _jpeg(frame: NDArray[Any], comment: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=85, subsampling="4:2:2", comment=comment.encode())
    return file.getvalue()


def _compress(instance: Instance) -> None:
    ds, syntax = instance.dataset, instance.syntax
    array = ds.pixel_array
    if syntax in _BY_LIBRARY:
        ds.compress(syntax, array, generate_instance_uid=False)
        return
    several = "NumberOfFrames" in ds
    frames = list(array) if several else [array]
    if syntax == JPEGLosslessSV1:
        encoded = [jpeg_lossless.encode(frame, int(ds.BitsStored)) for frame in frames]
    else:
        encoded = [_jpeg(frame, instance.comment) for frame in frames]
        ds.LossyImageCompression = "01"
        ds.LossyImageCompressionMethod = "ISO_10918_1"
        ds.LossyImageCompressionRatio = f"{len(ds.PixelData) / sum(map(len, encoded)):.2f}"
        if ds.SamplesPerPixel == 3:
            ds.PhotometricInterpretation = "YBR_FULL_422"
    ds.PixelData = encapsulate(encoded)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True


def write(instance: Instance, folder: Path) -> Path:
    """Write `instance` under `folder`, its name in the preamble and the file meta too, and return its path."""
    ds, visit = instance.dataset, instance.visit
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    meta.ImplementationVersionName = "SAMPLE_PACS"
    meta.SourceApplicationEntityTitle = f"{visit.place.code}_{ds.Modality}"
    meta.PrivateInformationCreatorUID = UID(_IMPLEMENTATION)
    meta.PrivateInformation = even(f"{visit.patient.name} {visit.accession}".encode())
    ds.file_meta = meta
    if not instance.encoded and instance.syntax in _COMPRESSED:
        _compress(instance)
    meta.TransferSyntaxUID = instance.syntax
    ds.preamble = visit.patient.identity.encode()[:128].ljust(128, b"\0")
    path = folder / instance.path
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def planes(images: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Return `images` as the frames of one instance."""
    return np.stack(images).astype(np.float32)
