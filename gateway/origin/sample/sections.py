"""CT of the abdomen and MR of the head, one instance for each plane."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1

from gateway.origin.sample import abdomen, head
from gateway.origin.sample.patients import VISITS
from gateway.origin.sample.writing import Instance, Instances, Series, begin, set_pixels, uid

CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_MR: Final = "1.2.840.10008.5.1.4.1.1.4"

CT_SERIES: Final = Series(2, "CT", "Abdomen venous 3 mm", "Tomograph & Sons", "Spirale 64", "ABDOMEN")
CT_SLICES: Final = 64
CT_STEP: Final = 3.0
CT_TOP: Final = 95.0
MR_SLICES: Final = 24
MR_STEP: Final = 5.0
MR_BOTTOM: Final = -52.0


def _geometry(ds: Dataset, z: float, spacing: float, size: int, step: float) -> None:
    """Fill in an axial image plane centred on the origin (PS3.3 C.7.6.2)."""
    corner = -(size - 1) / 2 * spacing
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient = [round(corner, 4), round(corner, 4), z]
    ds.PixelSpacing = [spacing, spacing]
    ds.SliceThickness = step
    ds.SliceLocation = z
    ds.FrameOfReferenceUID = uid(ds.StudyInstanceUID, "frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.PatientPosition = "HFS"


def computed_tomography() -> Instances:
    """Yield 64 contiguous slices from the lung bases down."""
    visit = VISITS["ct-abdomen"]
    body = abdomen.Abdomen()
    for number in range(1, CT_SLICES + 1):
        z = CT_TOP - CT_STEP * (number - 1)
        ds = begin(visit, CT_SERIES, number, CT_IMAGE)
        _geometry(ds, z, abdomen.SPACING, abdomen.SIZE, CT_STEP)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.AcquisitionNumber = 1
        ds.AcquisitionDateTime = f"{visit.date}{visit.time}.120000"
        ds.ContrastBolusAgent = "Iohexol 300"
        ds.KVP, ds.XRayTubeCurrent, ds.ExposureTime = "120", "212", "500"
        ds.ConvolutionKernel = "B30f"
        ds.GantryDetectorTilt = "0"
        ds.GantryID = f"GANTRY-{visit.accession}"
        ds.ReconstructionDiameter = round(abdomen.SPACING * abdomen.SIZE, 2)
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
        ds.WindowCenter, ds.WindowWidth = ["40", "-600"], ["400", "1500"]
        ds.WindowCenterWidthExplanation = ["Abdomen", "Lung"]
        ds.PatientOrientation = ["L", "P"]
        set_pixels(ds, body.slice(z) + 1024, stored=12)
        yield Instance(visit, ds)


def magnetic_resonance() -> Instances:
    """Yield a T1 series in JPEG Lossless and a T2 series in JPEG 2000 (lossless)."""
    visit = VISITS["mr-head"]
    skull = head.Head()
    for series, contrast, echo, repetition, syntax in (
        (Series(3, "MR", "T1 SE axial", "Magnetica", "Tesora 1.5", "HEAD"), head.T1, "12", "520", JPEGLosslessSV1),
        (Series(4, "MR", "T2 TSE axial", "Magnetica", "Tesora 1.5", "HEAD"), head.T2, "98", "4200", JPEG2000Lossless),
    ):
        for number in range(1, MR_SLICES + 1):
            z = MR_BOTTOM + MR_STEP * (number - 1)
            ds = begin(visit, series, number, _MR)
            _geometry(ds, z, head.SPACING, head.SIZE, MR_STEP)
            ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
            ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "SE", "SK" if echo == "98" else "NONE", ""
            ds.MRAcquisitionType = "2D"
            ds.EchoTime, ds.RepetitionTime, ds.EchoTrainLength = echo, repetition, "1" if echo == "12" else "15"
            ds.MagneticFieldStrength, ds.FlipAngle = "1.5", "90"
            ds.SpacingBetweenSlices = MR_STEP
            ds.AcquisitionNumber = 1
            ds.WindowCenter, ds.WindowWidth = "480", "920"
            ds.PatientOrientation = ["L", "P"]
            set_pixels(ds, skull.plane(z, contrast), stored=12)
            yield Instance(visit, ds, syntax)
