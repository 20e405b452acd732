"""Studies, series and instances: what a row of each holds, and which keys describe which (PS3.18 §10.6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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

_COLLECTED = frozenset({"00080062"})  # SOPClassesInStudy

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


def _tags(group: str, elements: str) -> frozenset[str]:
    return frozenset(group + element for element in elements.split())


PATIENT_GROUPS: Final = ("0010", "0012", "0032", "0038")
STUDY_TAGS: Final = _tags(
    "0008",
    "0020 0030 0050 0051 0090 0096 009C 009D 0201 1030 1032 1048 1049 1060 1062 1080 1084 1110 1120",
) | _tags("0020", "000D 0010")
SERIES_TAGS: Final = (
    _tags(
        "0008",
        "0021 0031 0060 0064 0068 0070 0080 0081 0082 1010 103E 103F 1040 1050 1052 1070 1072 1090 1111",
    )
    | _tags("0018", "0010 0015 1000 1020 1030 5100")
    | _tags("0020", "000E 0011 0052 0060 1040")
    | _tags("0040", "0244 0245 0250 0251 0253 0254 0260 0275 0280 0555")
)
"""What is the same for all instances of a study, with all tags of `PATIENT_GROUPS`, or of a series (PS3.3 §A.1.2)."""


def describes(tag: str) -> Level:
    """Return the highest level whose rows can be matched by `tag`.

    A tag not known to be the same throughout a study or series is an instance's: a row above would tell the value
    of one of its instances only.
    """
    if tag.startswith(PATIENT_GROUPS) or tag in STUDY_TAGS | _COMMON | _RETURNED[Level.STUDY] | _COLLECTED:
        return Level.STUDY
    return Level.SERIES if tag in SERIES_TAGS | _RETURNED[Level.SERIES] else Level.INSTANCE


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
