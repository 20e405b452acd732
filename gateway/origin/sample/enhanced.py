"""MR of the head as one enhanced multi-frame instance."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.origin.sample import head
from gateway.origin.sample.identity import code
from gateway.origin.sample.patients import VISITS
from gateway.origin.sample.sections import MR_BOTTOM, MR_SLICES, MR_STEP
from gateway.origin.sample.writing import Instance, Instances, Series, begin, planes, set_pixels, uid

_ENHANCED_MR: Final = "1.2.840.10008.5.1.4.1.1.4.1"


def enhanced_magnetic_resonance() -> Instances:
    """Yield a FLAIR stack as one Enhanced MR instance with functional groups (PS3.3 A.36)."""
    visit = VISITS["mr-head"]
    series = Series(5, "MR", "FLAIR axial enhanced", "Magnetica", "Tesora 1.5", "HEAD")
    ds = begin(visit, series, 1, _ENHANCED_MR)
    skull = head.Head()
    levels = [MR_BOTTOM + MR_STEP * n for n in range(MR_SLICES)]
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
    ds.ImagesInAcquisition = MR_SLICES
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
            PixelSpacing=[head.SPACING, head.SPACING], SliceThickness=MR_STEP, SpacingBetweenSlices=MR_STEP
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
