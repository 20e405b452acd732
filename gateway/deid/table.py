"""PS3.15 Table E.1-1 and its options: what each attribute demands under the options a profile selects."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.deid.actions import Action
from gateway.errors import ConfigurationError

_TAG: Final = re.compile(r"\(([0-9A-FX]{4}),([0-9A-FX]{4})\)")
_PRIVATE: Final = "(GGGG,EEEE) WHERE GGGG IS ODD"
_TEMPORAL: Final = frozenset(("DA", "DT", "TM"))


class Option(StrEnum):
    """The options of PS3.15 §E.3 by their standard names."""

    RETAIN_SAFE_PRIVATE = "retain-safe-private"
    RETAIN_UIDS = "retain-uids"
    RETAIN_DEVICE_IDENTITY = "retain-device-identity"
    RETAIN_INSTITUTION_IDENTITY = "retain-institution-identity"
    RETAIN_PATIENT_CHARACTERISTICS = "retain-patient-characteristics"
    RETAIN_LONGITUDINAL_FULL_DATES = "retain-longitudinal-full-dates"
    RETAIN_LONGITUDINAL_MODIFIED_DATES = "retain-longitudinal-modified-dates"
    CLEAN_DESCRIPTORS = "clean-descriptors"
    CLEAN_STRUCTURED_CONTENT = "clean-structured-content"
    CLEAN_GRAPHICS = "clean-graphics"

    @property
    def column(self) -> str:
        """The column of the table."""
        return self.value.replace("-", "_")


_DATES: Final = (Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `tag` as eight digits, X where any digit matches; `basic` and `options` hold PS3.15 codes."""

    tag: str
    keyword: str
    vr: str
    basic: str
    options: dict[Option, str] = field(default_factory=dict)

    def demand(self, selected: frozenset[Option]) -> str:
        """Return K, C, or the basic code, whichever the selected options make of this row (PS3.15 §E.3).

        Only the two longitudinal options may keep a date or time: an option that keeps devices does not keep
        the day on which one was calibrated.
        """
        chosen = [
            code
            for option, code in self.options.items()
            if option in selected and (self.vr not in _TEMPORAL or option in _DATES)
        ]
        return "K" if "K" in chosen else "C" if "C" in chosen else self.basic


def load_table(path: Path) -> tuple[Row, ...]:
    """Read the table of PS3.15 as CSV; the row for all private attributes is left to the private default.

    Raises:
        ConfigurationError: when a row cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            records = list(csv.DictReader(file))
        return tuple(_row(record) for record in records if record["tag"] != _PRIVATE)
    except (OSError, UnicodeDecodeError, KeyError, ValueError, csv.Error) as error:
        raise ConfigurationError(f"{path.name} is not PS3.15 Table E.1-1 as CSV: {error}") from error


def _row(record: dict[str, str]) -> Row:
    match = _TAG.fullmatch(record["tag"])
    if match is None:
        raise ValueError(f"tag {record['tag']!r}")
    options = {option: record[option.column] for option in Option if record[option.column]}
    if not set(options.values()) <= {"K", "C"} or record["basic"] not in RESOLVED:
        raise ValueError(f"code in row {record['tag']}")
    return Row(match[1] + match[2], record["keyword"], record["vr"], record["basic"], options)


# The codes of PS3.15 §E.3 leave a choice to whoever knows whether the IOD demands a value. The stricter removal
# would break some IOD, so the weaker demand wins: a present element stays present, its value does not.
RESOLVED: Final = {
    "X": Action.DROP,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.UID,
    "K": Action.KEEP,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "X/Z/U*": Action.WALK,
}
