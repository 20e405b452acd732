"""What the original anonymizer makes of a data set with a script, to count what it leaves: never used to de-identify.

It models the decisions, in their order, and the functions. Results are typed here, so a value that looks like a
function does nothing; a replacement that the element cannot hold leaves the original, as it does there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from gateway.deid import legacy
from gateway.deid.mirc.expression import Call, Expression, Text
from gateway.deid.mirc.names import Address, element_of
from gateway.deid.mirc.script import Instruction, Removal, Script
from gateway.deid.mirc.values import element_with, initials, modified, moved, rounded, text_of
from gateway.dicom.dataset import JsonDataset, JsonElement
from gateway.dicom.dictionary import hex_tag, is_private, is_private_creator, vr_of
from gateway.dicom.vr import TEXT

_UNASKED: Final = frozenset((0x00080016, 0x00080018, 0x0020000D))
_KEPT_GROUPS: Final = frozenset((0x0002, 0x0028, 0x7FE0))


class Special(Enum):
    """What a result can be other than text."""

    KEEP = "keep"
    REMOVE = "remove"


class Quarantined(Exception):
    """The original would not let the instance out."""


Result = str | Special


def interpret(script: Script, dataset: JsonDataset) -> JsonDataset | None:
    """Return what the original would write, None when it would quarantine the instance."""
    try:
        return _Run(script, dataset).processed(dataset, root=True)
    except Quarantined:
        return None


@dataclass(frozen=True, slots=True)
class _Run:
    script: Script
    whole: JsonDataset

    def processed(self, dataset: JsonDataset, *, root: bool) -> JsonDataset:
        """Return a data set after the decisions of the script; what is missing is made at the root only."""
        scripts = self._scripts(dataset)
        done = {name: element for name, element in dataset.items() if self._stays(int(name, 16), scripts)}
        for tag, instruction in scripts.items():
            name = hex_tag(tag)
            if name in done:
                element = self._replaced(dataset, tag, instruction, root)
                if element is None:
                    del done[name]
                else:
                    done[name] = element
            elif root and name not in dataset and instruction.text.startswith("@always()") and vr_of(tag) != "SQ":
                result = self._evaluate(instruction.expression, dataset, tag, root)
                if not isinstance(result, Special):
                    done[name] = element_with(vr_of(tag), result)
        return dict(sorted(done.items()))

    def _scripts(self, dataset: JsonDataset) -> dict[int, Instruction]:
        """Return the instructions by tag, those of private creators where their blocks are in this data set."""
        found: dict[int, Instruction] = {}
        for address, instruction in self.script.instructions.items():
            tag = _located(address, dataset)
            if tag is not None:
                found[tag] = instruction
        return found

    def _stays(self, tag: int, scripts: dict[int, Instruction]) -> bool:
        group, removals = tag >> 16, self.script.removals
        overlay, curve = group >> 8 == 0x60, group >> 8 == 0x50
        if overlay and Removal.OVERLAYS in removals:
            return False
        if tag in scripts:
            return True
        kept = (
            group in self.script.groups
            or group in _KEPT_GROUPS
            or tag in _UNASKED
            or (bool(self.script.safe_private) and is_private_creator(tag))
        )
        if is_private(tag) and Removal.PRIVATE in removals and not kept:
            return False
        return kept or overlay or (curve and Removal.CURVES not in removals) or Removal.UNSPECIFIED not in removals

    def _replaced(self, dataset: JsonDataset, tag: int, instruction: Instruction, root: bool) -> JsonElement | None:
        element = dataset[hex_tag(tag)]
        vr = str(element["vr"])
        calls = [part.name for part in instruction.expression if isinstance(part, Call)]
        if "process" in calls and vr == "SQ":
            items = [self.processed(item, root=False) for item in element.get("Value") or []]
            return {"vr": vr, "Value": items}
        result = self._evaluate(instruction.expression, dataset, tag, root)
        if result is Special.REMOVE:
            return None
        if isinstance(result, Special) or (result and vr not in TEXT and not re.fullmatch(r"[0-9.eE+-]+", result)):
            return element
        return element_with(vr, result)

    def _evaluate(self, expression: Expression, dataset: JsonDataset, tag: int, root: bool) -> Result:
        """Return the text of all parts, unless one removes the element or the only one keeps it."""
        parts = [self._part(part, dataset, tag, root) for part in expression]
        if Special.REMOVE in parts:
            return Special.REMOVE
        said = [part for part in parts if part != ""]
        if said == [Special.KEEP]:
            return Special.KEEP
        return "".join(part for part in said if isinstance(part, str)).strip()

    def _part(self, part: Text | Call, dataset: JsonDataset, tag: int, root: bool) -> Result:
        if isinstance(part, Text):
            return part.text
        match part.name:
            case "keep" | "process":
                return Special.KEEP
            case "remove":
                return Special.REMOVE
            case "quarantine":
                raise Quarantined
            case "param":
                return self._value(part, 0)
            case "date":
                return date.today().strftime("%Y%m%d")
            case "if":
                return self._evaluate(part.bodies[not self._holds(part, dataset, tag)], dataset, tag, root)
            case "select":
                return self._evaluate(part.bodies[not root], dataset, tag, root)
            case "append":
                return self._appended(part, dataset, tag, root)
            case "require":
                return self._required(part, dataset, tag)
            case "blank" | "empty" | "always" | "time":
                return ""
        return self._derived(part, dataset, tag)

    def _appended(self, part: Call, dataset: JsonDataset, tag: int, root: bool) -> Result:
        added = self._evaluate(part.bodies[0], dataset, tag, root)
        value = text_of(dataset, tag)
        return f"{value}\\{added}" if value and isinstance(added, str) else added

    def _required(self, part: Call, dataset: JsonDataset, tag: int) -> Result:
        if hex_tag(tag) in dataset:
            return Special.KEEP
        if not part.arguments:
            return ""
        value = self._of(part, 0, dataset, tag)
        return value if value is not None else part.arguments[1] if len(part.arguments) > 1 else ""

    def _derived(self, part: Call, dataset: JsonDataset, tag: int) -> Result:
        value = self._of(part, 1 if part.name in ("hashptid", "hashuid") else 0, dataset, tag)
        match part.name:
            case "contents":
                pattern, text = [*part.arguments[1:], "", ""][:2]
                return re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", text), value or "") if pattern else value or ""
            case "value":
                return value or (part.arguments[1] if len(part.arguments) > 1 else "")
            case "truncate":
                length = int(part.arguments[1])
                return (value or "")[:length] if length >= 0 else (value or "").strip()[length:]
            case "lowercase":
                return (value or "").lower()
            case "uppercase":
                return (value or "").upper()
            case "initials":
                return initials(value or "")
            case "hashptid":
                return legacy.hash_patient(self._value(part, 0), value or "null", self._number(part, 2))
            case "hashname":
                return legacy.hash_name(value or "", self._number(part, 1), self._number(part, 2))
            case "round":
                return rounded(value or "", self._number(part, 1))
            case "dateinterval":
                raise Quarantined  # its table of originals is never there
        return Special.REMOVE if value is None else self._hash_or_date(part, value, dataset, tag)

    def _hash_or_date(self, part: Call, value: str, dataset: JsonDataset, tag: int) -> Result:
        try:
            match part.name:
                case "hash":
                    return legacy.hash_text(value, self._number(part, 1))
                case "hashuid":
                    return legacy.hash_uid(self._value(part, 0), value)
                case "hashdate":
                    other = self._of(part, 1, dataset, tag)
                    return Special.REMOVE if other is None else moved(value, legacy.hash_days(other))
                case "incrementdate":
                    return moved(value, int(self._value(part, 1))) if len(part.arguments) == 2 else ""
                case "modifydate":
                    return modified(value, [self._value(part, place).strip() for place in (1, 2, 3)])
        except (ValueError, OverflowError):
            return ""
        return ""

    def _holds(self, part: Call, dataset: JsonDataset, tag: int) -> bool:
        value, operator = self._of(part, 0, dataset, tag), part.arguments[1]
        if operator == "isblank":
            return not (value or "").strip()
        if operator == "exists" or value is None:
            return value is not None
        wanted = self._value(part, 2)
        match operator:
            case "contains":
                return wanted.lower() in value.lower()
            case "equals":
                return wanted.lower() == value.lower()
            case "matches":
                return re.fullmatch(wanted.strip(), value) is not None
        return int(re.sub(r"[^0-9]", "", value) or 0) > int(re.sub(r"[^0-9]", "", wanted) or 0)

    def _of(self, part: Call, place: int, dataset: JsonDataset, tag: int) -> str | None:
        address = element_of(part.arguments[place], Address(tag), self.script.names)
        found = None if address is None else _located(address, dataset)
        return None if found is None or hex_tag(found) not in dataset else text_of(dataset, found)

    def _value(self, part: Call, place: int) -> str:
        return self.script.value(part.arguments[place])

    def _number(self, part: Call, place: int) -> int:
        return int(self._value(part, place)) if len(part.arguments) > place else 0


def _located(address: Address, dataset: JsonDataset) -> int | None:
    """Return the tag of an element in a data set, None when nobody reserved its block."""
    if not address.creator:
        return address.tag
    for name in dataset:
        tag = int(name, 16)
        if tag >> 16 != address.group or not is_private_creator(tag):
            continue
        if text_of(dataset, tag).strip().upper() == address.creator.upper():
            return tag & 0xFFFF0000 | (tag & 0xFF) << 8 | address.tag & 0xFF
    return None
