"""Every row of PS3.15 Table E.1-1: what it demands under a profile's options, and what a pass was seen to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.deid.engine import Engine
from gateway.deid.profile import Pass
from gateway.deid.table import Option, Row
from gateway.evidence.passes import Measured


class Outcome(StrEnum):
    """What became of an attribute, as seen from outside; the weaker comes first."""

    KEPT = "kept"
    REPLACED = "replaced"
    EMPTIED = "emptied"
    REMOVED = "removed"


class Judgement(StrEnum):
    """How an outcome compares with what the table demands."""

    AS_DEMANDED = "as demanded"
    STRICTER = "stricter"
    VALUE_GONE = "value gone, element stays"
    ON_PURPOSE = "kept on purpose"
    NOT_OK = "NOT OK"


PRIVATE_ROW: Final = Row("GGGGEEEE", "", "", "X", {Option.RETAIN_SAFE_PRIVATE: "C"})
"""The row of the table for all private attributes."""

_HEX: Final = re.compile(r"[0-9A-F]{8}")
_ORDER: Final = tuple(Outcome)
_DEMANDED: Final = {
    "X": Outcome.REMOVED,
    "Z": Outcome.REPLACED,
    "D": Outcome.REPLACED,
    "U": Outcome.REPLACED,
    "C": Outcome.REPLACED,
    "K": Outcome.KEPT,
    "X/Z": Outcome.REPLACED,
    "X/D": Outcome.REPLACED,
    "Z/D": Outcome.REPLACED,
    "X/Z/D": Outcome.REPLACED,
    "X/Z/U*": Outcome.REPLACED,
}
"""The weakest outcome that satisfies a code of PS3.15 §E.3: Z allows a dummy; of two codes the weaker may be due."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one pass did with one row, over all files: every outcome that was seen, judged by the weakest."""

    demand: str
    outcomes: tuple[Outcome, ...]
    judgement: Judgement
    why: str


@dataclass(frozen=True, slots=True)
class Swept:
    """One row of the table with the verdict on either pass."""

    row: Row
    verdicts: dict[Pass, Verdict]


def sweep(rows: Sequence[Row], measured: Sequence[Measured], engines: dict[Pass, Engine]) -> list[Swept]:
    """Return the verdict on every row, from the files in which every attribute was planted."""
    saturated = [one for one in measured if one.specimen.saturated]
    return [
        Swept(row, {which: _verdict(row, saturated, which, engine) for which, engine in engines.items()})
        for row in (*rows, PRIVATE_ROW)
    ]


def _verdict(row: Row, measured: Sequence[Measured], which: Pass, engine: Engine) -> Verdict:
    profile = engine.plan.profile
    demand = row.demand(profile.options)
    seen = {_outcome(row, one, which) for one in measured if which in one.outputs}
    outcomes = tuple(outcome for outcome in _ORDER if outcome in seen)
    on_purpose = next((rule.why for rule in reversed(profile.rules) if rule.exception and _tag(row) in rule.tags), "")
    if not outcomes:
        return Verdict(demand, (), Judgement.NOT_OK, "Every file was withheld.")
    weakest = outcomes[0]
    if weakest is Outcome.KEPT and demand != "K":
        judgement = Judgement.ON_PURPOSE if on_purpose else Judgement.NOT_OK
    elif _ORDER.index(weakest) < _ORDER.index(_DEMANDED[demand]):
        judgement = Judgement.VALUE_GONE
    else:
        judgement = Judgement.AS_DEMANDED if _DEMANDED[demand] in outcomes else Judgement.STRICTER
    return Verdict(demand, outcomes, judgement, on_purpose if judgement is Judgement.ON_PURPOSE else "")


def _tag(row: Row) -> int:
    return int(row.tag, 16) if _HEX.fullmatch(row.tag) else -1


def _outcome(row: Row, one: Measured, which: Pass) -> Outcome:
    """Compare what was planted at the root with what is there after the pass."""
    before, after, tag = one.raw, one.parsed[which], _tag(row)
    if tag < 0:
        return Outcome.KEPT if any(map(_mask(row).fullmatch, one.tags[which])) else Outcome.REMOVED
    leaked = (row.keyword, which) in one.left
    if tag not in after:
        return Outcome.KEPT if leaked and tag not in before else Outcome.REMOVED
    value = after[tag].value
    if value is None or not (str(value) if after[tag].VR != "SQ" else value):
        return Outcome.EMPTIED
    if after[tag].VR == "SQ":
        return Outcome.KEPT if leaked else Outcome.REPLACED
    return Outcome.KEPT if tag in before and str(before[tag].value) == str(value) else Outcome.REPLACED


def _mask(row: Row) -> re.Pattern[str]:
    return re.compile(r"...[13579BDF].{4}" if row == PRIVATE_ROW else row.tag.replace("X", "."))
