"""Plants identifiers where a hospital has them: in what a plausible instance says about people, places and dates."""

from __future__ import annotations

from typing import Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from gateway.evidence.planter import Place, Planter

_TEXT: Final = frozenset(("LO", "SH", "ST", "LT", "UT", "UC", "PN", "AE", "DA", "DT", "TM"))
_CLASSES: Final = ("SOPClassUID", "ReferencedSOPClassUID")
_WELL_KNOWN: Final = "1.2.840.10008."
_NAMED_BESIDE: Final = frozenset(("TextValue", "UnformattedTextValue", "PersonName"))
_WORDS: Final = {
    "StudyDescription": "Abdomen with contrast",
    "SeriesDescription": "axial venous phase",
    "ProtocolName": "Routine abdomen",
    "TextValue": "Lesion in the liver",
    "UnformattedTextValue": "Lesion",
}


def make_clinical(dataset: Dataset, tags: frozenset[str], planter: Planter) -> None:
    """Replace the value of each attribute among `tags`, at any depth, and every UID by planted ones."""
    for element, depth in _walk(dataset, 0):
        place = Place.NESTED if depth else Place.ROOT
        tag = f"{int(element.tag):08X}"
        if element.VR == "UI":
            _plant_uid(element, tag, place, planter)
        elif (
            element.VR in _TEXT
            and element.value
            and (tag in tags or element.VR == "PN" or element.keyword in _NAMED_BESIDE)
        ):
            element.value = planter.value(element.VR, element.keyword, tag, place, said=_WORDS.get(element.keyword, ""))
    if "PatientAge" in dataset:
        dataset.PatientAge = planter.value("AS", "PatientAge", "00101010", Place.ROOT)


def _plant_uid(element: DataElement, tag: str, place: Place, planter: Planter) -> None:
    if element.value and element.keyword not in _CLASSES and not str(element.value).startswith(_WELL_KNOWN):
        element.value = planter.uid_for(str(element.value), element.keyword, tag, place)


def _walk(dataset: Dataset, depth: int) -> list[tuple[DataElement, int]]:
    found: list[tuple[DataElement, int]] = []
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value or ():
                found += _walk(item, depth + 1)
        else:
            found.append((element, depth))
    return found
