"""CR chest with a follow-up, DX of a child's hand, MG screening."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

from gateway.origin.sample import chest, extremities
from gateway.origin.sample.drawing import Pixels, write_text
from gateway.origin.sample.identity import code
from gateway.origin.sample.patients import VISITS
from gateway.origin.sample.writing import Instance, Instances, Series, begin, set_pixels

_CR: Final = "1.2.840.10008.5.1.4.1.1.1"
_DX: Final = "1.2.840.10008.5.1.4.1.1.1.1"
_MG: Final = "1.2.840.10008.5.1.4.1.1.1.2"


def _marked(picture: Pixels, text: str, column: int, row: int) -> Pixels:
    """Return `picture` with a lead marker in it, as radiographers put one."""
    height, width = picture.shape
    marker = np.zeros((height, width), np.uint8)
    write_text(marker, (column, row), text, 54, 255)
    marked: Pixels = np.maximum(picture, marker * np.float32(15.5))
    return marked


def computed_radiography() -> Instances:
    """Yield a chest in two views, MONOCHROME1, and a follow-up in which the nodule is smaller."""
    series = Series(1, "CR", "Thorax", "Lichtwerk", "PlateScan 40", "CHEST")
    for key, views in (
        ("cr-chest", (("PA", chest.frontal(9.0)), ("LL", chest.lateral()))),
        ("cr-follow-up", (("PA", chest.frontal(5.5)),)),
    ):
        for number, (view, picture) in enumerate(views, 1):
            visit = VISITS[key]
            ds = begin(visit, series, number, _CR)
            ds.ImageType = ["ORIGINAL", "PRIMARY"]
            ds.ViewPosition = view
            ds.PatientOrientation = ["L", "F"] if view == "PA" else ["A", "F"]
            ds.PlateID = f"PLATE-{visit.accession}"
            ds.CassetteID = f"CASSETTE-{visit.accession}"
            ds.KVP = "125"
            ds.Exposure = "3"
            ds.ImagerPixelSpacing = [chest.SPACING, chest.SPACING]
            marked = _marked(picture, "L", 950 if view == "PA" else 90, 60)
            set_pixels(ds, 4095 - marked, stored=12, photometric="MONOCHROME1")
            ds.WindowCenter, ds.WindowWidth = "2250", "3700"
            ds.PresentationLUTShape = "INVERSE"
            yield Instance(visit, ds)


def digital_radiography() -> Instances:
    """Yield a hand, stored as JPEG-LS."""
    visit = VISITS["dx-hand"]
    series = Series(1, "DX", "Hand", "Lichtwerk", "PanelRay 7", "HAND")
    ds = begin(visit, series, 1, _DX)
    _projection(ds, extremities.HAND_SPACING)
    ds.ImageLaterality = "L"
    ds.ViewPosition = "PA"
    ds.PatientOrientation = ["R", "F"]
    ds.AnatomicRegionSequence = Sequence([code("T-D8700", "SRT", "Hand")])
    ds.KVP = "50"
    ds.DetectorType = "DIRECT"
    ds.PositionerType = ""
    set_pixels(ds, _marked(extremities.hand(), "L", 60, 60), stored=12)
    yield Instance(visit, ds, JPEGLSLossless)


def _projection(ds: Dataset, spacing: float) -> None:
    """Fill in what DX and MG images share (PS3.3 C.8.11)."""
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.ImagerPixelSpacing = [spacing, spacing]
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PresentationLUTShape = "IDENTITY"
    ds.LossyImageCompression = "00"
    ds.BurnedInAnnotation = "NO"
    ds.WindowCenter, ds.WindowWidth = "1900", "3600"
    ds.AcquisitionContextSequence = Sequence([])
    ds.DetectorID = f"DET-{ds.AccessionNumber[-8:]}"
    ds.DateOfLastDetectorCalibration = ds.StudyDate


def mammography() -> Instances:
    """Yield the four standard views, the craniocaudal ones stored as JPEG 2000 (lossless)."""
    visit = VISITS["mg-screening"]
    series = Series(1, "MG", "Screening", "Lichtwerk", "Mammora 2", "BREAST")
    views = ((False, False), (True, False), (False, True), (True, True))
    for number, (left, oblique) in enumerate(views, 1):
        ds = begin(visit, series, number, _MG)
        _projection(ds, extremities.BREAST_SPACING)
        ds.PositionerType = "MAMMOGRAPHIC"
        ds.OrganExposed = "BREAST"
        ds.ImageLaterality = "L" if left else "R"
        ds.ViewPosition = "MLO" if oblique else "CC"
        ds.PatientOrientation = ["A" if left else "P", "FR" if oblique else "R" if left else "L"]
        ds.AnatomicRegionSequence = Sequence([code("T-04000", "SRT", "Breast")])
        view = code("R-10226", "SRT", "medio-lateral oblique") if oblique else code("R-10242", "SRT", "cranio-caudal")
        view.ViewModifierCodeSequence = Sequence([])
        ds.ViewCodeSequence = Sequence([view])
        ds.BreastImplantPresent = "NO"
        ds.PartialView = "NO"
        ds.KVP = "28"
        ds.BodyPartThickness = "52"
        ds.CompressionForce = "110"
        ds.DetectorType = "DIRECT"
        picture = extremities.breast(left=left, oblique=oblique)
        text = f"{ds.ImageLaterality} {ds.ViewPosition}"
        set_pixels(ds, _marked(picture, text, 60 if not left else 720, 60), stored=12)
        yield Instance(visit, ds, JPEG2000Lossless if not oblique else JPEGLSLossless)
