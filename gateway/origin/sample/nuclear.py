"""NM whole-body bone scan and a small PET of the trunk."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.origin.sample import tracers
from gateway.origin.sample.identity import code
from gateway.origin.sample.patients import VISITS
from gateway.origin.sample.writing import Instance, Instances, Series, begin, planes, set_pixels, uid

_NM: Final = "1.2.840.10008.5.1.4.1.1.20"
_PT: Final = "1.2.840.10008.5.1.4.1.1.128"


def _isotope(name: str, radionuclide: Dataset, moment: str) -> Dataset:
    item = Dataset()
    item.Radiopharmaceutical = name
    item.RadiopharmaceuticalStartTime = moment
    item.RadionuclideTotalDose = "370000000"
    item.RadionuclideHalfLife = "6586.2"
    item.RadionuclidePositronFraction = "0.97"
    item.RadionuclideCodeSequence = Sequence([radionuclide])
    return item


def bone_scan() -> Instances:
    """Yield an anterior and a posterior whole-body view as two frames (PS3.3 A.5)."""
    visit = VISITS["nm-bone"]
    series = Series(1, "NM", "Whole body", "Gammafeld", "Duocam", "WHOLEBODY")
    ds = begin(visit, series, 1, _NM)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    views = planes([tracers.bone_scan(posterior=side) for side in (False, True)])
    set_pixels(ds, views, stored=16)
    ds.PixelSpacing = [tracers.BONE_SPACING, tracers.BONE_SPACING]
    ds.FrameIncrementPointer = [0x00540010, 0x00540020]
    ds.EnergyWindowVector, ds.NumberOfEnergyWindows = [1, 1], 1
    ds.DetectorVector, ds.NumberOfDetectors = [1, 2], 2
    window = Dataset()
    window.EnergyWindowName = "Tc-99m"
    limits = Dataset()
    limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = "126", "154"
    window.EnergyWindowRangeSequence = Sequence([limits])
    ds.EnergyWindowInformationSequence = Sequence([window])
    ds.RadiopharmaceuticalInformationSequence = Sequence(
        [_isotope("Tc-99m MDP", code("C-163A8", "SRT", "^99m^Technetium"), visit.time)]
    )
    detectors = []
    for position in ("180", "0"):
        detector = Dataset()
        detector.CollimatorType = "PARA"
        detector.StartAngle = position
        detector.ImageOrientationPatient = detector.ImagePositionPatient = None
        detector.ViewCodeSequence = Sequence(
            [
                code("R-10206", "SRT", "antero-posterior")
                if position == "180"
                else code("R-10214", "SRT", "postero-anterior")
            ]
        )
        detectors.append(detector)
    ds.DetectorInformationSequence = Sequence(detectors)
    ds.PatientOrientationCodeSequence = Sequence([code("F-10450", "SRT", "recumbent")])
    ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = Sequence(
        [code("F-10340", "SRT", "supine")]
    )
    ds.PatientGantryRelationshipCodeSequence = Sequence([code("F-10470", "SRT", "headfirst")])
    ds.CountsAccumulated = int(views.sum())
    ds.ActualFrameDuration = 900000
    ds.ScanVelocity, ds.WholeBodyTechnique, ds.ScanLength = "2.2", "1PS", 1990
    ds.LossyImageCompression = "00"
    ds.WindowCenter, ds.WindowWidth = "45", "90"
    ds.AcquisitionContextSequence = Sequence([])
    yield Instance(visit, ds)


def positron_emission() -> Instances:
    """Yield 48 planes of the trunk, in Bq/ml, as single-frame instances (PS3.3 A.21)."""
    visit = VISITS["pt-trunk"]
    series = Series(1, "PT", "FDG trunk", "Gammafeld", "Positron 5", "WHOLEBODY")
    corner = round(-(tracers.PET_SIZE - 1) / 2 * tracers.PET_SPACING, 4)
    for number in range(1, tracers.PET_PLANES + 1):
        ds = begin(visit, series, number, _PT)
        z = round((tracers.PET_PLANES / 2 - number) * tracers.PET_STEP, 3)
        ds.ImageType = ["ORIGINAL", "PRIMARY"]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [corner, corner, z]
        ds.PixelSpacing = [tracers.PET_SPACING, tracers.PET_SPACING]
        ds.SliceThickness, ds.SliceLocation = tracers.PET_STEP, z
        ds.FrameOfReferenceUID = uid(ds.StudyInstanceUID, "frame of reference")
        ds.PositionReferenceIndicator = ""
        ds.Units, ds.CountsSource, ds.SeriesType = "BQML", "EMISSION", ["WHOLE BODY", "IMAGE"]
        ds.NumberOfSlices = tracers.PET_PLANES
        ds.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
        ds.DecayCorrection, ds.DecayFactor = "START", "1.04"
        ds.CollimatorType = "NONE"
        ds.RandomsCorrectionMethod, ds.AttenuationCorrectionMethod = "DLYD", "measured"
        ds.ScatterCorrectionMethod, ds.ReconstructionMethod = "model", "OSEM 3i 24s"
        ds.FrameReferenceTime, ds.ActualFrameDuration = "90000", "180000"
        ds.ImageIndex = number
        ds.RadiopharmaceuticalInformationSequence = Sequence(
            [_isotope("Fluorodeoxyglucose F^18^", code("C-111A1", "SRT", "^18^Fluorine"), visit.time)]
        )
        ds.PatientOrientationCodeSequence = Sequence([code("F-10450", "SRT", "recumbent")])
        ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = Sequence(
            [code("F-10340", "SRT", "supine")]
        )
        ds.PatientGantryRelationshipCodeSequence = Sequence([code("F-10470", "SRT", "headfirst")])
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1.0", "BQML"
        ds.WindowCenter, ds.WindowWidth = "3500", "7000"
        plane = tracers.pet_plane(tracers.PET_PLANES - number)
        set_pixels(ds, np.rint(plane * 1000), stored=16, signed=True)
        yield Instance(visit, ds)
