"""Studies, series and instances: what a row of each holds, and which keys describe which (PS3.18 §10.6)."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """What a row of the answer describes; the value is the last part of the search's URL."""

    STUDY = "studies"
    SERIES = "series"
    INSTANCE = "instances"


STUDY_UID = "0020000D"
SERIES_UID = "0020000E"
INSTANCE_UID = "00080018"

_COMMON = frozenset(
    {
        "00080005",  # SpecificCharacterSet
        "00080056",  # InstanceAvailability
        "00080201",  # TimezoneOffsetFromUTC
        "00081190",  # RetrieveURL
    }
)

# PS3.18 Tables 10.6.3-3, 10.6.3-4 and 10.6.3-5
_RETURNED = {
    Level.STUDY: frozenset(
        {
            "00080020",  # StudyDate
            "00080030",  # StudyTime
            "00080050",  # AccessionNumber
            "00080061",  # ModalitiesInStudy
            "00080090",  # ReferringPhysicianName
            "00100010",  # PatientName
            "00100020",  # PatientID
            "00100030",  # PatientBirthDate
            "00100040",  # PatientSex
            STUDY_UID,
            "00200010",  # StudyID
            "00201206",  # NumberOfStudyRelatedSeries
            "00201208",  # NumberOfStudyRelatedInstances
        }
    ),
    Level.SERIES: frozenset(
        {
            "00080060",  # Modality
            "0008103E",  # SeriesDescription
            SERIES_UID,
            "00200011",  # SeriesNumber
            "00201209",  # NumberOfSeriesRelatedInstances
            "00400244",  # PerformedProcedureStepStartDate
            "00400245",  # PerformedProcedureStepStartTime
            "00400275",  # RequestAttributesSequence
        }
    ),
    Level.INSTANCE: frozenset(
        {
            "00080016",  # SOPClassUID
            INSTANCE_UID,
            "00083002",  # AvailableTransferSyntaxUID
            "00200013",  # InstanceNumber
            "00280008",  # NumberOfFrames
            "00280010",  # Rows
            "00280011",  # Columns
            "00280100",  # BitsAllocated
        }
    ),
}

# Attributes that differ within one study, or within one series: no row above can be matched by them.
_SERIES_ONLY = _RETURNED[Level.SERIES] | {
    "00080021",  # SeriesDate
    "00080031",  # SeriesTime
    "00180015",  # BodyPartExamined
    "00181030",  # ProtocolName
    "00185100",  # PatientPosition
    "00200060",  # Laterality
    "00400254",  # PerformedProcedureStepDescription
}
_INSTANCE_ONLY = _RETURNED[Level.INSTANCE] | {
    "00080008",  # ImageType
    "00080012",  # InstanceCreationDate
    "00080013",  # InstanceCreationTime
    "00080022",  # AcquisitionDate
    "00080023",  # ContentDate
    "0008002A",  # AcquisitionDateTime
    "00080032",  # AcquisitionTime
    "00080033",  # ContentTime
    "00200012",  # AcquisitionNumber
}


def describes(tag: str) -> Level:
    """Return the highest level whose rows can be matched by `tag`; a tag not known to differ is a study's."""
    if tag in _INSTANCE_ONLY:
        return Level.INSTANCE
    return Level.SERIES if tag in _SERIES_ONLY else Level.STUDY


def is_below(level: Level, other: Level) -> bool:
    """Tell whether `level` is nested in `other`."""
    order = list(Level)
    return order.index(level) > order.index(other)


def returned(level: Level, *, within_study: bool, within_series: bool) -> frozenset[str]:
    """Return the attributes of a row when nothing else is asked for (PS3.18 §10.6.3.3).

    What the URL does not fix is told too: a search over all series returns their studies' attributes, one
    over all instances of a study those of their series. The UIDs that name the row are always among them.
    """
    tags = _COMMON | _RETURNED[level]
    if level is Level.STUDY:
        return tags
    tags |= {STUDY_UID, SERIES_UID}
    if not within_study:
        tags |= _RETURNED[Level.STUDY]
    if level is Level.INSTANCE and not within_series:
        tags |= _RETURNED[Level.SERIES]
    return tags
