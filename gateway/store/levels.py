"""Rows of the Patient/Study and Series levels, built from the instances below them (PS3.18 §10.6.3.3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gateway.dicom.dataset import JsonDataset, JsonElement, first_text
from gateway.dicom.uid import UID
from gateway.dicomweb.levels import PATIENT_GROUPS, SERIES_TAGS, STUDY_TAGS

LAST: Final = 2**31
"""Sorts after every value an IS can have: what has no number comes last."""

COMPUTED: Final = frozenset({"00080061", "00080062", "00201206", "00201208", "00201209"})
"""What only the whole study or series tells: modalities, SOP classes and numbers of related resources."""

_MAX_ROW_ELEMENT: Final = 512
"""Values, or items, above which an element is left out of search rows (per-frame functional groups, for one)."""

_DATE_DIGITS: Final = 8


def searchable(dataset: JsonDataset) -> JsonDataset:
    """Return what of an instance's data set belongs into a search row: neither bulk data nor very long elements."""
    return {
        tag: element
        for tag, element in dataset.items()
        if "InlineBinary" not in element
        and "BulkDataURI" not in element
        and len(element.get("Value", ())) <= _MAX_ROW_ELEMENT
    }


def series_row(first: JsonDataset, *, series: UID, instances: int) -> JsonDataset:
    """Return the row of a series of `instances` instances whose first one is `first`."""
    row = {tag: element for tag, element in first.items() if tag in SERIES_TAGS}
    row["0020000E"] = _element("UI", series)
    row["00080056"] = _element("CS", "ONLINE")
    row["00201209"] = _element("IS", instances)
    return row


def study_row(
    first: JsonDataset, *, study: UID, series: Collection[JsonDataset], sop_classes: Collection[str]
) -> JsonDataset:
    """Return the row of a study whose first instance is `first` and whose series have the rows `series`."""
    row = {tag: element for tag, element in first.items() if tag in STUDY_TAGS or tag.startswith(PATIENT_GROUPS)}
    row["0020000D"] = _element("UI", study)
    row["00080056"] = _element("CS", "ONLINE")
    modalities = sorted({first_text(one, "00080060") for one in series} - {""})
    if modalities:  # an attribute without a value makes OHIF fail
        row["00080061"] = _element("CS", *modalities)
    if any(sop_classes):
        row["00080062"] = _element("UI", *sorted(filter(None, sop_classes)))
    row["00201206"] = _element("IS", len(series))
    row["00201208"] = _element("IS", sum(int(first_text(one, "00201209")) for one in series))
    return row


def rank(study: JsonDataset) -> int:
    """Return a number that sorts studies by date, the newest first and those without a date last."""
    date = first_text(study, "00080020")
    valid = len(date) == _DATE_DIGITS and date.isascii() and date.isdigit()
    return 99_999_999 - int(date) if valid else 100_000_000


def number(dataset: JsonDataset, tag: str) -> int:
    """Return the IS value of `tag` as a sort key."""
    try:
        value = int(first_text(dataset, tag))
    except ValueError:
        return LAST
    return value if abs(value) < LAST else LAST


def _element(vr: str, *values: str | int) -> JsonElement:
    return {"vr": vr, "Value": list(values)}
