"""A data set in the DICOM JSON Model (PS3.18 Annex F), and the types that keep identified ones inside.

A JSON data set is `{"GGGGEEEE": {"vr": "PN", "Value": [...]}, ...}` with upper-case tags, as orjson reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JsonElement = dict[str, Any]
JsonDataset = dict[str, JsonElement]


@dataclass(frozen=True, slots=True, repr=False)
class IdentifiedDataset:
    """A data set as it came from an origin. It may not reach `gateway.web`; only the engine reads it."""

    json: JsonDataset


def first_text(dataset: JsonDataset, tag: str) -> str:
    """Return the first value of `tag` as text, or "" when it is absent or empty.

    A PN value gives its alphabetic component group.
    """
    value = dataset.get(tag, {}).get("Value") or [""]
    first = value[0]
    if isinstance(first, dict):
        first = first.get("Alphabetic", "")
    return "" if first is None else str(first)
