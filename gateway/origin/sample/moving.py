"""What moves: ultrasound cines with a burned-in name, a coronary angiogram, a swallow under fluoroscopy."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLosslessSV1, RLELossless

from gateway.origin.sample import sector, vessels
from gateway.origin.sample.identity import code
from gateway.origin.sample.patients import VISITS, Visit
from gateway.origin.sample.writing import Instance, Instances, Series, begin, planes, set_pixels

_US: Final = "1.2.840.10008.5.1.4.1.1.6.1"
_US_MULTIFRAME: Final = "1.2.840.10008.5.1.4.1.1.3.1"
_XA: Final = "1.2.840.10008.5.1.4.1.1.12.1"
_RF: Final = "1.2.840.10008.5.1.4.1.1.12.2"

_SCANNER: Final = Series(1, "US", "Abdomen", "Echolot", "Sonara E9", "ABDOMEN")


def _burned_in(visit: Visit) -> tuple[str, ...]:
    """Return the lines a scanner burns in: who, when, which number, where."""
    clock = f"{visit.time[:2]}:{visit.time[2:4]}:{visit.time[4:]}"
    return (
        visit.patient.burned,
        f"{visit.written_date}  {clock}",
        f"ID {visit.patient.identity}  {visit.patient.sex} {int(visit.age[:3])}",
        visit.place.name,
    )


def _region() -> Dataset:
    """Return the calibrated region of the image, below the band with the name (PS3.3 C.8.5.5)."""
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 78, sector.BAND
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 562, 446
    region.ReferencePixelX0, region.ReferencePixelY0 = 242, 16
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    region.PhysicalDeltaX = region.PhysicalDeltaY = sector.SPACING / 10
    region.TransducerFrequency = 3500
    return region


def ultrasound() -> Instances:
    """Yield a cine in JPEG Baseline, one in plain RGB and a still in RLE, all with the name burned in."""
    visit = VISITS["us-abdomen"]
    scan = sector.Sector(500, _burned_in(visit))
    kinds = ((1, 48, JPEGBaseline8Bit), (2, 30, ExplicitVRLittleEndian), (3, 1, RLELossless))
    for number, count, syntax in kinds:
        ds = begin(visit, _SCANNER, number, _US if count == 1 else _US_MULTIFRAME)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0001"]
        ds.BurnedInAnnotation = "YES"
        ds.LossyImageCompression = "00"
        ds.SequenceOfUltrasoundRegions = Sequence([_region()])
        ds.TransducerData = "C5-1"
        ds.PatientOrientation = ""
        frames = np.stack([scan.frame(n / count) for n in range(count)])
        set_pixels(ds, frames[0] if count == 1 else frames, stored=8, photometric="RGB")
        if count > 1:
            ds.FrameTime = "33.3"
            ds.CineRate = 30
            ds.FrameIncrementPointer = 0x00181063
        yield Instance(visit, ds, syntax, comment=f"{visit.patient.burned} {visit.patient.identity} {visit.accession}")


def angiogram() -> Instances:
    """Yield a left coronary run of 36 frames in JPEG Lossless, as cardiology stores them."""
    visit = VISITS["xa-coronary"]
    series = Series(1, "XA", "LCA RAO 30", "Durchleuchter", "Angiostar Biplane", "HEART")
    ds = begin(visit, series, 1, _XA)
    run = vessels.Angiogram()
    _fluoroscopy(ds, 36)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    ds.PositionerMotion = "STATIC"
    ds.PositionerPrimaryAngle, ds.PositionerSecondaryAngle = "-30", "2"
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = "1020", "760"
    ds.ImagerPixelSpacing = [0.38, 0.38]
    ds.ContrastBolusAgent = "Iohexol 350"
    set_pixels(ds, planes([run.frame(n) for n in range(36)]), stored=8)
    ds.WindowCenter, ds.WindowWidth = "128", "220"
    yield Instance(visit, ds, JPEGLosslessSV1)


def swallow() -> Instances:
    """Yield a lateral swallow of barium, 16 frames of 10 bits."""
    visit = VISITS["rf-swallow"]
    series = Series(1, "RF", "Swallow lateral", "Durchleuchter", "Fluoroskop D", "NECK")
    ds = begin(visit, series, 1, _RF)
    run = vessels.Swallow(16)
    _fluoroscopy(ds, 16)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    ds.ContrastBolusAgent = "Barium sulphate"
    set_pixels(ds, planes([run.frame(n) for n in range(16)]), stored=10)
    ds.WindowCenter, ds.WindowWidth = "480", "900"
    yield Instance(visit, ds)


def _fluoroscopy(ds: Dataset, frames: int) -> None:
    """Fill in what XA and RF images share (PS3.3 C.8.7)."""
    ds.PixelIntensityRelationship = "LIN"
    ds.KVP, ds.RadiationSetting = "78", "GR"
    ds.XRayTubeCurrent, ds.ExposureTime = "310", "900"
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.FrameIncrementPointer = 0x00181063
    ds.FrameTime = "66.7"
    ds.RecommendedDisplayFrameRate = 15
    ds.PatientOrientation = ["L", "F"]
    ds.AnatomicRegionSequence = Sequence(
        [code("T-32000", "SRT", "Heart") if frames > 20 else code("T-55000", "SRT", "Pharynx")]
    )
