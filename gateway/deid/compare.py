"""The three-way comparison of headers: every element at every level, raw → first pass → second pass, and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.dicom.dataset import JsonDataset, JsonElement, first_text
from gateway.dicom.dictionary import creator_tag, is_private, keyword_of, vr_of
from gateway.dicom.elements import LIMITS
from gateway.errors import Reason, Withheld

MASK: Final = "•••"
"""What stands for a raw value that the reader may not see. Of one length, so that it says nothing."""
_LONGEST: Final = 120
_ADDED: Final = "Says what was done to the instance (PS3.15 §E.3)."
_ABOVE: Final = "Its sequence was removed."


class Outcome(StrEnum):
    """What became of one element in one pass."""

    KEPT = "kept"
    CHANGED = "changed"
    EMPTIED = "emptied"
    REMOVED = "removed"
    ADDED = "added"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Done:
    """What one pass made of an element: its value (None when it is not there), and by which rule."""

    value: str | None
    outcome: Outcome
    action: str
    origin: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One element. `path` is as in a report: "00081140[0].00081155"; `raw` is None when a pass added it."""

    path: str
    keyword: str
    vr: str
    raw: str | None
    first: Done
    second: Done


@dataclass(frozen=True, slots=True)
class Comparison:
    """The headers of one instance side by side. With raw values in it, it is protected health information."""

    lines: tuple[Line, ...]
    masked: bool

    def count(self, *, every_level: bool = False) -> tuple[int, int, int]:
        """Return how many elements there are raw, after the first and after the second pass."""
        lines = [line for line in self.lines if every_level or "." not in line.path]
        return (
            sum(line.raw is not None for line in lines),
            sum(line.first.value is not None for line in lines),
            sum(line.second.value is not None for line in lines),
        )

    def outcomes(self) -> tuple[Counter[Outcome], Counter[Outcome]]:
        """Return how many elements met which outcome in the first and in the second pass, at every level."""
        return Counter(line.first.outcome for line in self.lines), Counter(line.second.outcome for line in self.lines)

    def json(self) -> dict[str, Any]:
        """Return the comparison for machines."""
        first, second = self.outcomes()
        return {
            "masked": self.masked,
            "elements": {"root": list(self.count()), "every_level": list(self.count(every_level=True))},
            "outcomes": {
                "first": {outcome.value: count for outcome, count in sorted(first.items())},
                "second": {outcome.value: count for outcome, count in sorted(second.items())},
            },
            "lines": [
                {
                    "path": line.path,
                    "keyword": line.keyword,
                    "vr": line.vr,
                    "raw": line.raw,
                    "first": _done_json(line.first),
                    "second": _done_json(line.second),
                }
                for line in self.lines
            ],
        }


def compare(
    raw: JsonDataset,
    first: tuple[JsonDataset, Plan],
    second: tuple[JsonDataset, Plan],
    *,
    show_raw: bool,
) -> Comparison:
    """Compare the header of an instance with what either pass, by its plan, made of it.

    Raw values are masked unless `show_raw`: only who may see the original may ask for them.

    Raises:
        Withheld: SOP_CLASS_REFUSED when a plan refuses the class; TOO_DEEP.
    """
    sop_class = first_text(raw, "00080016")
    passes = [(after, plan.of_class(sop_class)) for after, plan in (first, second)]
    return Comparison(tuple(_lines(raw, passes[0], passes[1], show_raw=show_raw)), masked=not show_raw)


_Side = tuple[JsonDataset | None, Plan]


def _lines(
    raw: JsonDataset, first: _Side, second: _Side, *, show_raw: bool, path: str = "", depth: int = 0
) -> Iterator[Line]:
    if depth > LIMITS.depth:
        raise Withheld(Reason.TOO_DEEP, f"limit {LIMITS.depth} levels")
    after_first, after_second = first[0] or {}, second[0] or {}
    for name in sorted(raw.keys() | after_first.keys() | after_second.keys()):
        tag = int(name, 16)
        before = raw.get(name)
        creator = first_text(raw, f"{creator_tag(tag):08X}") if is_private(tag) else ""
        declared = before or after_first.get(name) or after_second.get(name) or {}
        vr = declared.get("vr") or vr_of(tag, creator)
        one, two = (_done(tag, vr, creator, before, side) for side in (first, second))
        shown = None if before is None else _shown(before) if show_raw else MASK
        yield Line(path + name, keyword_of(tag), vr, shown, one, two)
        for number, item in enumerate(_items(before)):
            sides = [(_item((after or {}).get(name), number), plan) for after, plan in (first, second)]
            inside = f"{path}{name}[{number}]."
            yield from _lines(item, sides[0], sides[1], show_raw=show_raw, path=inside, depth=depth + 1)


def _done(tag: int, vr: str, creator: str, before: JsonElement | None, side: _Side) -> Done:
    after, plan = side
    element = None if after is None else after.get(f"{tag:08X}")
    value = None if element is None else _shown(element)
    if before is None:
        if element is None:
            return Done(None, Outcome.ABSENT, "", "", "")
        return Done(value, Outcome.ADDED, "insert", "profile", _ADDED)
    if after is None:
        return Done(None, Outcome.REMOVED, "drop", "above", _ABOVE)
    rule: Rule = plan.decide(tag, vr, creator)
    return Done(value, _outcome(before, element), rule.action.value, rule.origin, rule.why)


def _outcome(before: JsonElement, after: JsonElement | None) -> Outcome:
    if after is None:
        return Outcome.REMOVED
    if _content(before) == _content(after):
        return Outcome.KEPT
    return Outcome.CHANGED if _content(after) else Outcome.EMPTIED


def _content(element: JsonElement) -> Any:
    return element.get("Value") or element.get("InlineBinary") or element.get("BulkDataURI") or None


def _items(element: JsonElement | None) -> list[JsonDataset]:
    if element is None or element.get("vr") != "SQ":
        return []
    return [item or {} for item in element.get("Value") or []]


def _item(element: JsonElement | None, number: int) -> JsonDataset | None:
    items = _items(element)
    return items[number] if number < len(items) else None


def _shown(element: JsonElement) -> str:
    """Return a value as one line of text; what is not text is only described."""
    if element.get("vr") == "SQ":
        count = len(_items(element))
        return f"{count} item{'s' * (count != 1)}"
    if "InlineBinary" in element:
        return "binary"
    if "BulkDataURI" in element:
        return "bulk data"
    text = "\\".join(map(_one, element.get("Value") or ()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _one(value: Any) -> str:
    match value:
        case None:
            return ""
        case dict():
            groups = (str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic"))
            return "=".join(groups).rstrip("=")
        case str():
            return " ".join(value.split())
    return json.dumps(value)


def _done_json(done: Done) -> dict[str, Any]:
    return {
        "value": done.value,
        "outcome": done.outcome.value,
        "action": done.action,
        "rule": done.origin,
        "why": done.why,
    }
