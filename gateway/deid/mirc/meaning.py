"""What an expression makes of its element, as a type: worked out from the script alone, before any data is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from gateway.deid.legacy import Form, Legacy
from gateway.deid.mirc.expression import Call, Expression, Text
from gateway.deid.mirc.names import Address, element_of
from gateway.deid.mirc.script import Instruction, Script
from gateway.deid.mirc.values import is_field

PATIENT_ID: Final = Address(0x00100020)


class Fate(IntEnum):
    """What is left of the original value, from nothing to everything."""

    REMOVED = 0
    EMPTY = 1
    CONSTANT = 2
    TODAY = 3
    HASHED = 4
    UID = 5
    YEAR = 6
    ROUNDED = 7
    SHIFTED = 8
    DATED = 9
    INITIALS = 10
    COPIED = 11
    DERIVED = 12
    WALKED = 13
    KEPT = 14
    QUARANTINED = 15


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an element.

    `text` is that of a constant. `legacy` is the unkeyed function that reproduces a hash or a shift, where one
    does. `inserts`: the element is made where it is missing. `notes`: what this type does not say.
    """

    fate: Fate
    text: str = ""
    legacy: Legacy | None = None
    inserts: bool = False
    notes: tuple[str, ...] = ()


def meaning(script: Script, instruction: Instruction) -> Outcome:
    """Return what the script makes of an element that is present."""
    return _Reader(script, instruction.address).expression(instruction.expression)


@dataclass(frozen=True, slots=True)
class _Reader:
    script: Script
    this: Address

    def expression(self, parts: Expression) -> Outcome:
        always = [part for part in parts if isinstance(part, Call) and part.name == "always"]
        outcomes = [self._part(part) for part in parts if part not in always]
        outcome = _joined([found for found in outcomes if found.fate is not Fate.CONSTANT or found.text.strip()])
        return replace(outcome, inserts=True) if always else outcome

    def _part(self, part: Text | Call) -> Outcome:
        if isinstance(part, Text):
            return Outcome(Fate.CONSTANT, part.text)
        match part.name:
            case "keep":
                return Outcome(Fate.KEPT)
            case "remove":
                return Outcome(Fate.REMOVED)
            case "empty" | "blank":
                return Outcome(Fate.EMPTY)
            case "process":
                return Outcome(Fate.WALKED)
            case "require":
                return Outcome(Fate.KEPT, inserts=True)
            case "param":
                return Outcome(Fate.CONSTANT, self._value(part, 0))
            case "date" | "time":
                return Outcome(Fate.TODAY)
            case "quarantine":
                return Outcome(Fate.QUARANTINED)
            case "if":
                return self._if(part)
            case "select":
                root, item = map(self.expression, part.bodies)
                return _stricter(root, item, "It differs between the root and items")
            case "append":
                return Outcome(Fate.KEPT, notes=("The text that is appended is left out.",))
        return self._derived(part)

    def _derived(self, part: Call) -> Outcome:
        """Return what a function makes out of the value of an element."""
        place = 1 if part.name in ("hashptid", "hashuid") else 0
        source = self._element(part, place)
        if part.name in ("hash", "hashptid", "hashname"):
            return Outcome(Fate.HASHED, legacy=self._hash(part, source))
        if part.name == "hashuid":
            own = source == self.this and len(part.arguments) == 2
            return Outcome(Fate.UID, legacy=Legacy(Form.HASHUID, self._value(part, 0)) if own else None)
        if source != self.this:
            return Outcome(Fate.COPIED, notes=(f"It is made out of {source.display}.",))
        match part.name:
            case "contents" if len(part.arguments) > 1:
                return Outcome(Fate.DERIVED)
            case "contents" | "value":
                return Outcome(Fate.KEPT)
            case "lowercase" | "uppercase":
                return Outcome(Fate.KEPT, notes=("The case of letters is left as it is.",))
            case "incrementdate" | "hashdate":
                return Outcome(Fate.SHIFTED, legacy=self._shift(part))
            case "dateinterval" if len(part.arguments) > 3:
                return Outcome(Fate.SHIFTED)
            case "modifydate":
                return self._modifydate(part)
            case "round":
                return Outcome(Fate.ROUNDED)
            case "initials":
                return Outcome(Fate.INITIALS)
        return Outcome(Fate.DERIVED)

    def _hash(self, part: Call, source: Address) -> Legacy | None:
        if source not in (self.this, PATIENT_ID):
            return None
        of_patient = source != self.this
        match part.name:
            case "hash":
                return Legacy(Form.HASH, length=self._number(part, 1), of_patient=of_patient)
            case "hashptid":
                site = self._value(part, 0)
                return Legacy(Form.HASHPTID, site, length=self._number(part, 2), of_patient=of_patient)
        length, words = self._number(part, 1), self._number(part, 2)
        return Legacy(Form.HASHNAME, length=length, words=words, of_patient=of_patient)

    def _shift(self, part: Call) -> Legacy | None:
        if part.name == "hashdate":
            return Legacy(Form.HASHDATE) if self._element(part, 1) == PATIENT_ID else None
        return Legacy(Form.INCREMENTDATE, days=int(self._value(part, 1))) if len(part.arguments) == 2 else None

    def _modifydate(self, part: Call) -> Outcome:
        """A field that is no number stays as it is; only the year may stay here."""
        year, month, day = (self._value(part, place).strip() for place in (1, 2, 3))
        sets_year, sets_month, sets_day = map(is_field, (year, month, day))
        if not (sets_month and sets_day):
            return Outcome(Fate.COPIED if sets_year else Fate.DATED)
        if sets_year:
            return Outcome(Fate.CONSTANT, f"{int(year):04d}{int(month):02d}{int(day):02d}")
        exact = (int(month), int(day)) == (1, 1)
        return Outcome(Fate.YEAR, notes=() if exact else ("It becomes 1 January of its year.",))

    def _if(self, part: Call) -> Outcome:
        true, false = map(self.expression, part.bodies)
        operator, own = part.arguments[1], self._element(part, 0) == self.this
        if own and operator == "exists":
            return true
        if own and operator == "isblank":
            note = "An element without a value stays without one."
            return replace(false, notes=(*false.notes, note)) if true.fate is Fate.CONSTANT else false
        return _stricter(true, false, "It depends on a condition")

    def _element(self, part: Call, place: int) -> Address:
        found = element_of(part.arguments[place], self.this, self.script.names)
        return self.this if found is None else found  # `check` has refused what names no element

    def _value(self, part: Call, place: int) -> str:
        return self.script.value(part.arguments[place])

    def _number(self, part: Call, place: int) -> int:
        return max(int(self._value(part, place)), 0) if len(part.arguments) > place else 0


def _joined(parts: Sequence[Outcome]) -> Outcome:
    """Return what is left of a text that is put together out of parts."""
    if not parts:
        return Outcome(Fate.EMPTY)
    if len(parts) == 1:
        return replace(parts[0], text=parts[0].text.strip())
    if all(part.fate is Fate.CONSTANT for part in parts):
        return Outcome(Fate.CONSTANT, "".join(part.text for part in parts).strip())
    notes = tuple(note for part in parts for note in part.notes)
    if any(part.fate is Fate.REMOVED for part in parts):
        return Outcome(Fate.REMOVED, notes=notes)
    most = max(parts, key=lambda part: part.fate)
    return Outcome(most.fate, notes=(*notes, "The text around the value is left out."))


def _stricter(one: Outcome, other: Outcome, why: str) -> Outcome:
    """Return the outcome that leaves less of the original."""
    if one == other:
        return one
    less, more = sorted((one, other), key=lambda outcome: outcome.fate)
    if more.fate is Fate.QUARANTINED:
        note = f"{why}; that it may quarantine the instance is not carried over, pixel-rules.toml can."
    else:
        note = f"{why}; the stricter of both is always done."
    if less.fate is Fate.QUARANTINED:
        less = Outcome(Fate.REMOVED)
    return replace(less, notes=(*less.notes, *more.notes, note), inserts=one.inserts or other.inserts)
