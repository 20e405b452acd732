"""A script of the MIRC / CTP anonymizer, the same for both of its file formats, each part with its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.deid.mirc.expression import Expression
from gateway.deid.mirc.names import Address
from gateway.errors import ConfigurationError

_SHOWN: Final = 100


class Removal(StrEnum):
    """What a script can remove at large."""

    PRIVATE = "privategroups"
    UNSPECIFIED = "unspecifiedelements"
    OVERLAYS = "overlays"
    CURVES = "curves"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named constant."""

    line: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One element as written: its `text` is not parsed yet and starts at `line`."""

    line: int
    address: Address
    name: str
    enabled: bool
    text: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One enabled element with its parsed expression."""

    line: int
    address: Address
    text: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a script cannot be imported."""

    line: int
    reason: str


@dataclass(slots=True)
class Draft:
    """What a reader of one of the two formats found."""

    parameters: list[Parameter] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    groups: dict[int, int] = field(default_factory=dict)
    safe_private: int = 0
    removals: dict[Removal, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, line: int, reason: str) -> None:
        """Note that something cannot be imported."""
        self.problems.append(Problem(line, reason))

    def keep(self, line: int, what: str) -> None:
        """Take an instruction to keep a group, or the safe private elements."""
        if what.lower().startswith("safe"):
            self.safe_private = line
            return
        try:
            group = int(what, 16)
        except ValueError:
            group = -1
        if not 0 <= group <= 0xFFFF:
            self.problem(line, "A group to keep is written as up to four hexadecimal digits.")
        else:
            self.groups[group] = line

    def remove(self, line: int, what: str) -> None:
        """Take an instruction to remove at large."""
        try:
            self.removals[Removal(what)] = line
        except ValueError:
            self.problem(line, f"What is to be removed must be one of: {', '.join(Removal)}.")


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script that can be imported.

    `groups`, `removals`: what is kept or removed at large, with its line. `names`: local names of elements.
    """

    parameters: dict[str, Parameter]
    instructions: dict[Address, Instruction]
    disabled: dict[Address, int]
    groups: dict[int, int]
    safe_private: int
    removals: dict[Removal, int]
    names: dict[str, Address]

    def value(self, argument: str) -> str:
        """Return the value of the parameter that an argument names, or the argument itself."""
        return self.parameters[argument[1:]].value if argument[:1] in ("@", "$") else argument


def refusal(name: str, problems: list[Problem]) -> ConfigurationError:
    """Return the error that lists every problem of a script by its line."""
    lines = [f"  line {problem.line}: {problem.reason}" for problem in sorted(problems, key=lambda found: found.line)]
    more = [f"  and {len(lines) - _SHOWN} more."] if len(lines) > _SHOWN else []
    return ConfigurationError("\n".join([f"{name} cannot be imported.", *lines[:_SHOWN], *more]))
