"""Values as the original anonymizer sees them: one text per element, and what its functions make of dates and ages."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from gateway.deid.legacy import increment_date
from gateway.dicom.dataset import JsonDataset, JsonElement
from gateway.dicom.dictionary import hex_tag
from gateway.dicom.values import person_name


def text_of(dataset: JsonDataset, tag: int) -> str:
    """Return the values of an element joined by backslashes, "" when there are none."""
    return "\\".join(_one(value) for value in dataset.get(hex_tag(tag), {}).get("Value") or [])


def _one(value: Any) -> str:
    if isinstance(value, dict):
        groups = [str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    return "" if value is None else str(value)


def element_with(vr: str, text: str) -> JsonElement:
    """Return an element with the values of a text that a function made."""
    if not text or vr == "SQ":
        return {"vr": vr}
    values = text.split("\\")
    return {"vr": vr, "Value": [person_name(value) for value in values] if vr == "PN" else values}


def is_field(text: str) -> bool:
    """Tell whether an argument sets a year, month or day; anything else leaves it as it is."""
    return re.fullmatch(r"[0-9]{1,4}", text) is not None


def rounded(value: str, width: int) -> str:
    """Round an age to a multiple of `width`; an odd length gets a leading zero."""
    digits = re.sub(r"\D", "", value)
    if not digits or not width:
        return ""
    result = f"{int(int(digits) / width + 0.5) * width}{re.sub(r'[0-9]', '', value)}"
    return result if len(result) % 2 == 0 else f"0{result}"


def moved(value: str, days: int) -> str:
    """Move every date of a text.

    Raises:
        ValueError, OverflowError: one is no date.
    """
    return "\\".join(increment_date(part, days) for part in value.split("\\"))


def modified(value: str, fields: list[str]) -> str:
    """Set year, month and day of every date of a text; a field that is no number stays.

    Raises:
        ValueError: one is no date.
    """
    return "\\".join(_modified_one(part, fields) for part in value.split("\\"))


def _modified_one(value: str, fields: list[str]) -> str:
    own = (value[:4], value[4:6], value[6:8])
    year, month, day = (int(field if is_field(field) else mine) for field, mine in zip(fields, own, strict=True))
    return f"{date(year, month, day):%Y%m%d}{value[8:]}"


def initials(name: str) -> str:
    """Return the initials of a name, that of the family name last, "X" when there is none."""
    words = name.replace("^", " ").split()
    return "".join(word[0] for word in (*words[1:], *words[:1])).upper() or "X"
