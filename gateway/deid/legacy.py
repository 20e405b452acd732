"""The unkeyed MD5 replacements of the MIRC / CTP anonymizer, for sites whose archive must stay linked with theirs.

Weak: everybody who knows the function finds a record number of a few digits by trying them all, and a date by
trying the increments. No shipped profile uses them; one that does must say `legacy-md5 = true`, and its instances
do not claim that the identity was removed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from gateway.dicom.vr import valid

_LONGEST_UID: Final = 64
_WELL_KNOWN: Final = "1.2.840.10008."
_LEAST_DATE: Final = 8
_BETWEEN_WORDS: Final = re.compile(r"[\s,'^.]")
_TEN_YEARS: Final = 3650


class Form(StrEnum):
    """Which of their functions is reproduced."""

    HASH = "hash"
    HASHPTID = "hashptid"
    HASHNAME = "hashname"
    HASHUID = "hashuid"
    HASHDATE = "hashdate"
    INCREMENTDATE = "incrementdate"


@dataclass(frozen=True, slots=True)
class Legacy:
    """One of their functions with its arguments.

    `prefix` is the site of `hashptid` or the root of `hashuid`; `length` the most digits that are kept, 0 for
    all; `words` how many components of a name count, 0 for all; `days` the increment of a date. With
    `of_patient` the Patient ID of the instance is hashed instead of the element's own value.
    """

    form: Form
    prefix: str = ""
    length: int = 0
    words: int = 0
    days: int = 0
    of_patient: bool = False

    def apply(self, values: Sequence[str], vr: str, *, oldest: int, patient: str) -> list[str] | None:
        """Return the replacement, or None when it cannot be made or is not valid for the VR.

        `patient` is the instance's Patient ID; a date in a year before `oldest` is not shown.
        """
        if self.form in (Form.HASHDATE, Form.INCREMENTDATE):
            return self._dates(values, vr, oldest, patient)
        if self.form is Form.HASHUID:
            return self._uids(values, vr)
        if self.of_patient and not patient:
            return None
        text = patient if self.of_patient else "\\".join(values)
        match self.form:
            case Form.HASHPTID:
                made = hash_patient(self.prefix, text, self.length)
            case Form.HASHNAME:
                made = hash_name(text, self.length, self.words)
            case _:
                made = hash_text(text, self.length)
        return [made] if valid(vr, made) else None

    def _uids(self, values: Sequence[str], vr: str) -> list[str] | None:
        """Replace value by value, which the original does not, so that references to several instances stay whole."""
        if vr != "UI" or not all(valid("UI", value) for value in values):
            return None
        made = [
            value if not value or value.startswith(_WELL_KNOWN) else hash_uid(self.prefix, value) for value in values
        ]
        return made if all(valid("UI", value) for value in made) else None

    def _dates(self, values: Sequence[str], vr: str, oldest: int, patient: str) -> list[str] | None:
        if vr != "DA" or not all(valid("DA", value) for value in values):
            return None
        if self.form is Form.HASHDATE and not patient:
            return None
        days = hash_days(patient) if self.form is Form.HASHDATE else self.days
        try:
            made = [value and increment_date(value, days) for value in values]
        except (ValueError, OverflowError):
            return None
        return None if any(value and int(value[:4]) < oldest for value in made) else made


def hash_text(text: str, length: int = 0) -> str:
    """Return MD5 as a decimal number, its first `length` digits; characters beyond ASCII count as "?"."""
    digest = hashlib.md5(text.encode("ascii", "replace"), usedforsecurity=False).digest()
    digits = str(int.from_bytes(digest))
    return digits[:length] if length > 0 else digits


def hash_patient(site: str, patient: str, length: int = 0) -> str:
    """Return the hash of a Patient ID within a site."""
    return hash_text(f"[{site.strip()}]{patient.strip()}", length)


def hash_name(name: str, length: int = 0, words: int = 0) -> str:
    """Return the hash of the first `words` components of a name, whatever its case and spacing."""
    components = name.split("^")
    chosen = "".join(components[:words] if words > 0 else components)
    return hash_text(_BETWEEN_WORDS.sub("", chosen).upper(), length)


def hash_uid(root: str, uid: str) -> str:
    """Return a UID below `root`, cut to 64 characters."""
    prefix = root.strip()
    if prefix and not prefix.endswith("."):
        prefix += "."
    digits = hash_text(uid)
    return f"{prefix}{'9' if digits.startswith('0') else ''}{digits}"[:_LONGEST_UID]


def hash_days(text: str) -> int:
    """Return the days by which `hashdate` moves a date: -1 to -3649, from the last four digits of the hash."""
    return -(int(hash_text(text)[-4:]) % _TEN_YEARS) or -1


def increment_date(value: str, days: int) -> str:
    """Move a date YYYYMMDD, whatever follows it left as it is.

    Raises:
        ValueError, OverflowError: it is no date, or the new one is none.
    """
    if len(value) < _LEAST_DATE:
        raise ValueError("a date needs eight digits")
    moved = date(int(value[:4]), int(value[4:6]), int(value[6:8])) + timedelta(days=days)
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}{value[8:]}"
