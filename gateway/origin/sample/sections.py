"""CT of the abdomen, MR of the head as classic series and as one enhanced multi-frame instance."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1

from gateway.origin.sample import abdomen, head
from gateway.origin.sample.identity import code
from gateway.origin.sample.patients import VISITS
from gateway.origin.sample.writing import Instance, Instances, Series, begin, planes, set_pixels, uid

CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_MR: Final = "1.2.840.10008.5.1.4.1.1.4"

CT_SERIES: Final = Series(2, "CT", "Abdomen venous 3 mm", "Tomograph & Sons", "Spirale 64", "ABDOMEN")
CT_SLICES: Final = 64
CT_STEP: Final = 3.0
CT_TOP: Final = 95.0
_MR_SLICES: Final = 24
_MR_STEP: Final = 5.0
_MR_BOTTOM: Final = -52.0


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
        for number in range(1, _MR_SLICES + 1):
            z = _MR_BOTTOM + _MR_STEP * (number - 1)
            ds = begin(visit, series, number, _MR)
            _geometry(ds, z, head.SPACING, head.SIZE, _MR_STEP)
            ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
            ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "SE", "SK" if echo == "98" else "NONE", ""
            ds.MRAcquisitionType = "2D"
            ds.EchoTime, ds.RepetitionTime, ds.EchoTrainLength = echo, repetition, "1" if echo == "12" else "15"
            ds.MagneticFieldStrength, ds.FlipAngle = "1.5", "90"
            ds.SpacingBetweenSlices = _MR_STEP
            ds.AcquisitionNumber = 1
            ds.WindowCenter, ds.WindowWidth = "480", "920"
            ds.PatientOrientation = ["L", "P"]
            set_pixels(ds, skull.plane(z, contrast), stored=12)
            yield Instance(visit, ds, syntax)


def enhanced_magnetic_resonance() -> Instances:
    """Yield a FLAIR stack as one Enhanced MR instance with functional groups (PS3.3 A.36)."""
    visit = VISITS["mr-head"]
    series = Series(5, "MR", "FLAIR axial enhanced", "Magnetica", "Tesora 1.5", "HEAD")
    ds = begin(visit, series, 1, "1.2.840.10008.5.1.4.1.1.4.1")
    skull = head.Head()
    levels = [_MR_BOTTOM + _MR_STEP * n for n in range(_MR_SLICES)]
    set_pixels(ds, planes([skull.plane(z, head.FLAIR) for z in levels]), stored=12)
    del ds.BodyPartExamined
    ds.PatientPosition = "HFS"
    ds.FrameOfReferenceUID = uid(ds.StudyInstanceUID, "frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "T2", "NONE"]
    ds.AcquisitionNumber = 1
    ds.AcquisitionDateTime = f"{visit.date}{visit.time}"
    ds.AcquisitionDuration = 214.0
    ds.ContentQualification = "PRODUCT"
    ds.ResonantNucleus, ds.KSpaceFiltering, ds.MagneticFieldStrength = "1H", "NONE", 1.5
    ds.ApplicableSafetyStandardAgency = "IEC"
    ds.PulseSequenceName = "FLAIR2D"
    ds.EchoPulseSequence, ds.MultipleSpinEcho, ds.MultiPlanarExcitation = "SPIN", "YES", "NO"
    ds.PhaseContrast, ds.TimeOfFlightContrast, ds.SteadyStatePulseSequence = "NO", "NO", "NONE"
    ds.EchoPlanarPulseSequence, ds.SaturationRecovery, ds.SpectrallySelectedSuppression = "NO", "NO", "NONE"
    ds.MRAcquisitionType = "2D"
    ds.OversamplingPhase, ds.GeometryOfKSpaceTraversal = "NONE", "RECTILINEAR"
    ds.RectilinearPhaseEncodeReordering, ds.SegmentedKSpaceTraversal = "LINEAR", "SINGLE"
    ds.NumberOfKSpaceTrajectories = 1
    ds.ImagesInAcquisition = _MR_SLICES
    ds.BurnedInAnnotation, ds.LossyImageCompression, ds.PresentationLUTShape = "NO", "00", "IDENTITY"
    ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    ds.PixelPresentation, ds.ComplexImageComponent, ds.AcquisitionContrast = (
        "MONOCHROME",
        "MAGNITUDE",
        "FLUID_ATTENUATED",
    )
    ds.AcquisitionContextSequence = Sequence([])
    _dimensions(ds)
    ds.SharedFunctionalGroupsSequence = Sequence([_shared()])
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        [_per_frame(n, z, visit.date + visit.time) for n, z in enumerate(levels, 1)]
    )
    yield Instance(visit, ds)


def _dimensions(ds: Dataset) -> None:
    organization = uid(ds.SOPInstanceUID, "dimensions")
    ds.DimensionOrganizationSequence = Sequence([_item(DimensionOrganizationUID=organization)])
    ds.DimensionOrganizationType = "3D"
    pointers = ((0x00209056, "Stack ID"), (0x00209057, "In-Stack Position Number"))
    ds.DimensionIndexSequence = Sequence(
        [
            _item(
                DimensionOrganizationUID=organization,
                DimensionIndexPointer=pointer,
                FunctionalGroupPointer=0x00209111,
                DimensionDescriptionLabel=label,
            )
            for pointer, label in pointers
        ]
    )


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _group(**attributes: object) -> Sequence:
    return Sequence([_item(**attributes)])


def _shared() -> Dataset:
    """Return the functional groups that hold for every frame (PS3.3 A.36.2.4)."""
    coil = {"ReceiveCoilName": "HEAD 12", "ReceiveCoilManufacturerName": "", "ReceiveCoilType": "MULTICOIL"}
    return _item(
        PixelMeasuresSequence=_group(
            PixelSpacing=[head.SPACING, head.SPACING], SliceThickness=_MR_STEP, SpacingBetweenSlices=_MR_STEP
        ),
        PlaneOrientationSequence=_group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        FrameAnatomySequence=_group(
            FrameLaterality="U", AnatomicRegionSequence=Sequence([code("T-A0100", "SRT", "Brain")])
        ),
        PixelValueTransformationSequence=_group(RescaleIntercept="0", RescaleSlope="1", RescaleType="US"),
        FrameVOILUTSequence=_group(WindowCenter="480", WindowWidth="920"),
        MRImageFrameTypeSequence=_group(
            FrameType=["ORIGINAL", "PRIMARY", "T2", "NONE"],
            PixelPresentation="MONOCHROME",
            VolumetricProperties="VOLUME",
            VolumeBasedCalculationTechnique="NONE",
            ComplexImageComponent="MAGNITUDE",
            AcquisitionContrast="FLUID_ATTENUATED",
        ),
        MRTimingAndRelatedParametersSequence=_group(
            RepetitionTime="9000",
            FlipAngle="90",
            EchoTrainLength="16",
            RFEchoTrainLength=16,
            GradientEchoTrainLength=0,
            SpecificAbsorptionRateSequence=_group(
                SpecificAbsorptionRateDefinition="IEC_HEAD", SpecificAbsorptionRateValue=1.1
            ),
            GradientOutputType="DB_DT",
            GradientOutput=31.0,
            OperatingModeSequence=_group(OperatingModeType="STATIC FIELD", OperatingMode="IEC_NORMAL"),
        ),
        MRFOVGeometrySequence=_group(
            InPlanePhaseEncodingDirection="ROW",
            MRAcquisitionFrequencyEncodingSteps=256,
            MRAcquisitionPhaseEncodingStepsInPlane=256,
            MRAcquisitionPhaseEncodingStepsOutOfPlane=1,
            PercentSampling="100",
            PercentPhaseFieldOfView="100",
        ),
        MREchoSequence=_group(EffectiveEchoTime=114.0),
        MRModifierSequence=_group(
            InversionRecovery="YES",
            InversionTimes=[2500.0],
            FlowCompensation="NONE",
            Spoiling="NONE",
            T2Preparation="NO",
            SpectrallySelectedExcitation="NONE",
            SpatialPresaturation="NONE",
            PartialFourier="NO",
            ParallelAcquisition="NO",
        ),
        MRImagingModifierSequence=_group(
            MagnetizationTransfer="NONE",
            BloodSignalNulling="NO",
            Tagging="NONE",
            TransmitterFrequency=63.8,
            PixelBandwidth="190",
        ),
        MRReceiveCoilSequence=_group(
            **coil,
            QuadratureReceiveCoil="NO",
            MultiCoilDefinitionSequence=_group(MultiCoilElementName="H1", MultiCoilElementUsed="YES"),
        ),
        MRTransmitCoilSequence=_group(
            TransmitCoilName="BODY", TransmitCoilManufacturerName="", TransmitCoilType="BODY"
        ),
        MRAveragesSequence=_group(NumberOfAverages=1.0),
    )


def _per_frame(number: int, z: float, moment: str) -> Dataset:
    corner = round(-(head.SIZE - 1) / 2 * head.SPACING, 4)
    return _item(
        FrameContentSequence=_group(
            FrameAcquisitionNumber=1,
            FrameReferenceDateTime=moment,
            FrameAcquisitionDateTime=moment,
            FrameAcquisitionDuration=9000.0,
            StackID="1",
            InStackPositionNumber=number,
            DimensionIndexValues=[1, number],
        ),
        PlanePositionSequence=_group(ImagePositionPatient=[corner, corner, z]),
    )
