"""What the lint says: each finding with the line it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    OPEN = "open"
    WEAK = "weak"
    CHANGED = "changed"
    IGNORED = "ignored"

    @property
    def plain(self) -> str:
        """What findings of this severity have in common."""
        return _PLAIN[self]


_PLAIN = {
    Severity.OPEN: "The script lets identifiers through; the profile does not.",
    Severity.WEAK: "The script replaces identifiers in a way that can be undone.",
    Severity.CHANGED: "The profile does something else than the script, and not less.",
    Severity.IGNORED: "The profile does not do what the script says.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` is 0 for what the script does not say anywhere."""

    line: int
    severity: Severity
    subject: str
    text: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "not in the script"
        return f"{where}: {self.severity}: {self.subject}: {self.text}"
