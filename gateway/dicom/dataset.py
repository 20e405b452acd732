"""A data set in the DICOM JSON Model (PS3.18 Annex F), and the types that keep identified ones inside.

A JSON data set is `{"GGGGEEEE": {"vr": "PN", "Value": [...]}, ...}` with upper-case tags, as orjson reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JsonElement = dict[str, Any]
JsonDataset = dict[str, JsonElement]
_LARGEST = 1 << 64
"""No integer of DICOM reaches this, and Python writes no longer ones as text than it likes."""


@dataclass(frozen=True, slots=True, repr=False)
class IdentifiedDataset:
    """A data set as it came from an origin. It may not reach `gateway.web`; only the engine reads it."""

    json: JsonDataset


def first_text(dataset: JsonDataset, tag: str) -> str:
    """Return the first value of `tag` as text, or "" when it is absent, empty or not what the JSON Model says.

    A PN value gives its alphabetic component group.
    """
    element: object = dataset.get(tag)
    value = element.get("Value") if isinstance(element, dict) else None
    first = value[0] if isinstance(value, list) and value else ""
    if isinstance(first, dict):
        first = first.get("Alphabetic", "")
    return str(first) if isinstance(first, str | float) or (isinstance(first, int) and abs(first) < _LARGEST) else ""
