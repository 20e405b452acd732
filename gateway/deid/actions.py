"""What can be done to one element, on its values as text. A rule is data; these functions are the mechanism.

Each takes the values of one element (PN as `alphabetic=ideographic=phonetic`) and returns the values it is to
have, or None when it cannot be carried out: then the rule's `otherwise` decides, never the original value.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pydicom._uid_dict import UID_dictionary

from gateway.deid.keys import Kind
from gateway.deid.scope import Bound
from gateway.dicom.vr import valid

Values = list[str]


class Action(StrEnum):
    """What a rule does."""

    KEEP = "keep"
    DROP = "drop"
    EMPTY = "empty"
    DUMMY = "dummy"
    REPLACE = "replace"
    UID = "uid"
    PSEUDONYM = "pseudonym"
    YEAR = "year"
    SHIFT = "shift"
    AGE = "age"
    CLEAN = "clean"
    WALK = "walk"
    LEGACY_MD5 = "legacy-md5"

    @property
    def plain(self) -> str:
        """What happens, in words for `gateway explain`."""
        return _PLAIN[self]


_PLAIN = {
    Action.KEEP: "kept when its value has the form its VR demands",
    Action.DROP: "removed",
    Action.EMPTY: "present without a value",
    Action.DUMMY: "replaced by a constant that is valid for its VR",
    Action.REPLACE: "replaced by a constant of the profile",
    Action.UID: "well-known UIDs kept, all others replaced by keyed ones, the same everywhere",
    Action.PSEUDONYM: "replaced by a keyed pseudonym",
    Action.YEAR: "reduced to 1 January of its year; times to midnight",
    Action.SHIFT: "moved by the patient's number of days",
    Action.AGE: "kept up to 89 years, above that 090Y",
    Action.CLEAN: "reduced to the words of the vocabulary",
    Action.WALK: "a sequence, each item de-identified by the same rules",
    Action.LEGACY_MD5: "replaced by an unkeyed function of the MIRC / CTP anonymizer, which is weak: it can be undone",
}

# What stands in where PS3.3 demands a value. Each is valid for its VR, says what it is, and survives the pass
# that wrote it. A Long Code Value (UC) must have more than 16 characters (PS3.3 §8.1).
_DUMMY: Final = {
    "AE": "REMOVED",
    "AS": "000Y",
    "CS": "REMOVED",
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101",
    "IS": "0",
    "LO": "REMOVED",
    "LT": "REMOVED",
    "PN": "Removed",
    "SH": "REMOVED",
    "ST": "REMOVED",
    "TM": "000000",
    "UC": "REMOVED BY DE-IDENTIFICATION",
    "UR": "urn:removed",
    "UT": "REMOVED",
}
_LONGEST_NUMBER: Final = 5
"""Digits in a row that a Code String may hold: context and template identifiers have up to five, a date eight."""
_OLDEST: Final = 90


def dummy(vr: str) -> Values | None:
    """Return the stand-in of a VR, or None for one that holds no text."""
    text = _DUMMY.get(vr)
    return None if text is None else [text]


def keep(values: Values, vr: str) -> Values | None:
    """Return the values when every one has the form of its VR."""
    if all(valid(vr, value) or (vr == "IS" and valid("DS", value)) for value in values):
        return None if vr == "CS" and any(map(_is_numbered, values)) else values
    return None


def _is_numbered(code: str) -> bool:
    """Tell whether a Code String holds a number long enough to name somebody."""
    run = 0
    for character in code:
        run = run + 1 if character.isdigit() else 0
        if run > _LONGEST_NUMBER:
            return True
    return False


def map_uids(values: Values, vr: str, bound: Bound) -> Values | None:
    """Replace instance UIDs value by value; UIDs of PS3.6 Annex A stay."""
    if vr != "UI" or not all(valid("UI", value) for value in values):
        return None
    return [value if not value or value in UID_dictionary else bound.keys.uid(value) for value in values]


def pseudonymise(values: Values, vr: str, bound: Bound) -> Values | None:
    """Replace names (PN) and IDs (any other text) by keyed pseudonyms; an empty value stays empty."""
    kind = Kind.NAME if vr == "PN" else Kind.ID
    if vr == "PN":
        # Empty groups at the end say nothing, and the DICOM JSON Model has no place for them.
        values = [value.rstrip("=") for value in values]
    made = [bound.keys.pseudonym(kind, value, bound.scope.binding) if value.strip("^= ") else "" for value in values]
    return made if all(valid(vr, value) for value in made) else None


def year(values: Values, vr: str, oldest: int) -> Values | None:
    """Reduce dates to 1 January of their year; years before `oldest` would reveal an age and are not shown."""
    if vr not in ("DA", "DT") or not all(valid(vr, value) for value in values):
        return None
    if any(value and int(value[:4]) < oldest for value in values):
        return None
    return [value and f"{value[:4]}0101" for value in values]


def shift(values: Values, vr: str, oldest: int, bound: Bound) -> Values | None:
    """Move dates by the patient's shift, so that intervals stay; times of day are left as they are."""
    if vr == "TM":
        return keep(values, vr)
    if vr not in ("DA", "DT") or not all(valid(vr, value) for value in values) or not bound.scope.patient:
        return None
    days = timedelta(days=bound.keys.shift(bound.scope.patient))
    try:
        moved = [_shifted(value, days) if value else "" for value in values]
    except (ValueError, OverflowError):
        return None
    return None if any(value and int(value[:4]) < oldest for value in moved) else moved


def _shifted(value: str, days: timedelta) -> str:
    """Move one DA or DT; a DT of less than a day's precision counts from its first day."""
    digits = value[:8] if value[:8].isdigit() else value.partition("+")[0].partition("-")[0]
    full = digits + "0101"[len(digits) - 4 :]
    moved = date(int(full[:4]), int(full[4:6]), int(full[6:])) - days
    return moved.isoformat().replace("-", "")[: len(digits)] + value[len(digits) :]


def age(values: Values, vr: str) -> Values | None:
    """Keep ages up to 89 years; PS3.5 writes months and weeks with three digits, so only years exceed that."""
    if vr != "AS" or not all(valid("AS", value) for value in values):
        return None
    return ["090Y" if value.endswith("Y") and int(value[:3]) >= _OLDEST else value for value in values]
