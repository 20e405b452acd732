"""One instruction of a script against the floor: the rule it becomes, and what there is to say about it.

The floor is a compiled profile of the gateway. What a script removes beyond it is removed; what a script would keep
beyond it is not kept, and every such line is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gateway.deid.actions import Action
from gateway.deid.compiler import permits
from gateway.deid.legacy import Form, Legacy
from gateway.deid.markers import MARKERS
from gateway.deid.mirc.findings import Finding, Severity
from gateway.deid.mirc.meaning import Fate, Outcome
from gateway.deid.mirc.script import Instruction
from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.dicom.charset import SPECIFIC_CHARACTER_SET
from gateway.dicom.dictionary import hex_tag, keyword_of, vr_of
from gateway.dicom.vr import TEXT, valid

_REMOVING: Final = (Action.DROP, Action.EMPTY, Action.DUMMY)
_PROSE: Final = frozenset(("LO", "SH", "ST", "LT", "UT", "UC"))
_ROOMY: Final = _PROSE - {"SH"} | {"PN"}
"""VRs in which a pseudonym has room."""
_DATES: Final = (Form.HASHDATE, Form.INCREMENTDATE)
_CLASSES: Final = ("ClassUID", "SyntaxUID", "SchemeUID", "MappingResourceUID")

IDENTITY: Final = frozenset((0x00080018, 0x0020000D, 0x0020000E))
"""The three UIDs of an instance."""
NEEDED: Final = frozenset((
    0x00080016,
    *(0x00280000 | element for element in (0x02, 0x04, 0x06, 0x08, 0x10, 0x11, 0x100, 0x101, 0x102, 0x103)),
    *(0x7FE00000 | element for element in (0x08, 0x09, 0x10)),
))  # fmt: skip
"""The SOP class and what PS3.3 C.7.6.3 needs to read the pixels."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule of a profile that an instruction becomes."""

    action: Action
    otherwise: Action = Action.DROP
    text: str = ""
    vocabulary: str = ""
    legacy: Legacy | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`decision` is None where the floor already does what is to be done."""

    decision: Decision | None = None
    findings: tuple[Finding, ...] = ()


def removal(rule: Rule) -> Action:
    """Return how the value of an attribute goes away without making an IOD invalid."""
    return rule.action if rule.action in _REMOVING else rule.otherwise


def demand(plan: Plan, tag: int) -> str:
    """Return what Table E.1-1 demands of an attribute under the plan's options; "K" when it is not in the table."""
    digits = hex_tag(tag)
    for row in plan.profile.table:
        if all(mine in ("X", theirs) for mine, theirs in zip(row.tag, digits, strict=True)):
            return row.demand(plan.profile.options)
    return "K"


def judge(instruction: Instruction, outcome: Outcome, plan: Plan, *, legacy_md5: bool) -> Judgement:
    """Return what becomes of one instruction."""
    judging = _Judging(instruction, outcome, plan, legacy_md5)
    if instruction.address.private:
        return judging.private()
    return judging.special() or judging.ordinary()


@dataclass(frozen=True, slots=True)
class _Judging:
    instruction: Instruction
    outcome: Outcome
    plan: Plan
    legacy_md5: bool

    @property
    def _tag(self) -> int:
        return self.instruction.address.tag

    @property
    def _vr(self) -> str:
        return vr_of(self._tag)

    def _say(self, severity: Severity, text: str, decision: Decision | None = None) -> Judgement:
        subject = self.instruction.address.display
        return Judgement(decision, (Finding(self.instruction.line, severity, subject, text),))

    def private(self) -> Judgement:
        """Private elements go, whatever the script says; the standard's list of safe ones is another matter."""
        if self.outcome.fate in (Fate.REMOVED, Fate.EMPTY):
            return Judgement()
        if self.outcome.fate in (Fate.CONSTANT, Fate.TODAY):
            return self._say(Severity.IGNORED, "Private elements are not written; it is removed.")
        text = "The script lets a private element stay; here only those stay that PS3.15 lists as safe, if asked for."
        return self._say(Severity.OPEN, text)

    def special(self) -> Judgement | None:
        """Return the judgement of what no profile decides."""
        tag, fate = self._tag, self.outcome.fate
        if tag == SPECIFIC_CHARACTER_SET:
            return Judgement() if fate is Fate.KEPT else self._say(Severity.IGNORED, "It is always UTF-8.")
        if tag in MARKERS:
            return self._say(Severity.IGNORED, "The gateway says this itself, computed from what happened.")
        if tag >> 16 <= 0x0007:
            return self._say(Severity.IGNORED, "The file meta information is always written anew.")
        if tag in NEEDED and fate is not Fate.KEPT:
            return self._say(Severity.IGNORED, "Without it an instance cannot be read; it stays.")
        if tag in IDENTITY and fate not in (Fate.KEPT, Fate.UID, Fate.HASHED):
            return self._say(Severity.IGNORED, "Every instance needs its own; it is replaced by a keyed UID.")
        return None

    def ordinary(self) -> Judgement:
        judgement = self._by_fate()
        findings = list(judgement.findings)
        subject, line = self.instruction.address.display, self.instruction.line
        findings += [Finding(line, Severity.CHANGED, subject, note) for note in self.outcome.notes]
        if self.outcome.inserts:
            text = "An element that is missing is not made; one that is there is treated as here."
            findings.append(Finding(line, Severity.IGNORED, subject, text))
        return replace(judgement, findings=tuple(findings))

    def _by_fate(self) -> Judgement:
        rule = self.plan.decide_tag(self._tag)
        match self.outcome.fate:
            case Fate.REMOVED:
                return self._removed(rule)
            case Fate.EMPTY:
                return self._emptied(rule)
            case Fate.CONSTANT:
                return self._constant(rule)
            case Fate.TODAY:
                return self._gone(rule, Severity.CHANGED, "The day of processing is not written; the value is removed.")
            case Fate.HASHED | Fate.UID:
                return self._hashed(rule)
            case Fate.SHIFTED:
                return self._shifted(rule)
            case Fate.YEAR | Fate.DATED:
                return self._year(rule)
            case Fate.ROUNDED:
                return self._rounded(rule)
            case Fate.INITIALS:
                return self._initials(rule)
            case Fate.COPIED:
                return self._gone(rule, Severity.OPEN, "The script copies a value that may identify; it is removed.")
            case Fate.DERIVED if rule.keeps:
                text = "What the script cuts out of the value is not computed here; the value is removed."
                return self._gone(rule, Severity.CHANGED, text)
            case Fate.WALKED if self._vr == "SQ":
                return Judgement() if rule.walks else self._floor(rule, Severity.CHANGED, "process its items")
        return self._kept(rule)

    def _removed(self, rule: Rule) -> Judgement:
        if rule.drops:
            return Judgement()
        if rule.walks and removal(rule) is Action.DUMMY:
            return self._say(Severity.CHANGED, "An IOD demands items; they stay, each judged by the same rules.")
        decision = None if rule.action in _REMOVING else Decision(removal(rule))
        if removal(rule) is Action.DROP:
            return Judgement(decision)
        return self._say(Severity.CHANGED, "It stays without its value, because an IOD demands it.", decision)

    def _emptied(self, rule: Rule) -> Judgement:
        if rule.action in (Action.EMPTY, Action.DUMMY):
            return Judgement()
        return Judgement(Decision(Action.DUMMY if removal(rule) is Action.DUMMY else Action.EMPTY))

    def _constant(self, rule: Rule) -> Judgement:
        vr, text = self._vr, self.outcome.text
        if vr in TEXT and valid(vr, text):
            return Judgement(Decision(Action.REPLACE, text=text))
        return self._gone(rule, Severity.CHANGED, f"The text is no valid {vr}; the value is removed.")

    def _gone(self, rule: Rule, severity: Severity, text: str) -> Judgement:
        """Remove a value that nothing here can stand in for."""
        return self._say(severity, text, None if rule.action in _REMOVING else Decision(removal(rule)))

    def _legacy(self, rule: Rule) -> Judgement | None:
        legacy, vr = self.outcome.legacy, self._vr
        if not self.legacy_md5 or legacy is None or vr not in TEXT or (legacy.form in _DATES and vr != "DA"):
            return None
        decision = Decision(Action.LEGACY_MD5, removal(rule), legacy=legacy)
        return self._say(Severity.WEAK, "Reproduced as asked for; it can be undone by trying.", decision)

    def _hashed(self, rule: Rule) -> Judgement:
        legacy = self._legacy(rule)
        if legacy is not None:
            return legacy
        if self._vr == "UI":
            kept = rule.action in (Action.UID, *_REMOVING)
            return Judgement(None if kept else Decision(Action.UID, removal(rule)))
        weak = "An unkeyed hash is found by trying all record numbers; here "
        if rule.action is Action.PSEUDONYM:
            return self._say(Severity.WEAK, weak + "a keyed pseudonym stands in.")
        if self._vr in _ROOMY and permits(demand(self.plan, self._tag), Action.PSEUDONYM):
            decision = Decision(Action.PSEUDONYM, removal(rule))
            return self._say(Severity.WEAK, weak + "a keyed pseudonym stands in.", decision)
        text = weak + "the value is removed, since Table E.1-1 allows no pseudonym or its VR has no room for one."
        return self._gone(rule, Severity.WEAK, text)

    def _shifted(self, rule: Rule) -> Judgement:
        legacy = self._legacy(rule)
        if legacy is not None:
            return legacy
        if self._vr not in ("DA", "DT", "TM"):
            return self._gone(rule, Severity.CHANGED, "It is no date; the value is removed.")
        if self._vr == "DA" and permits(demand(self.plan, self._tag), Action.SHIFT):
            text = "The increment can be worked out; here a keyed one of each patient is used."
            return self._say(Severity.WEAK, text, Decision(Action.SHIFT, removal(rule)))
        return self._floor(rule, Severity.WEAK, "move it by an increment that can be worked out")

    def _year(self, rule: Rule) -> Judgement:
        if self._vr not in ("DA", "DT"):
            return self._gone(rule, Severity.CHANGED, "It is no date; the value is removed.")
        if self.outcome.fate is Fate.YEAR and rule.action is Action.YEAR:
            return Judgement()
        severity = Severity.CHANGED if self.outcome.fate is Fate.YEAR else Severity.OPEN
        return self._floor(rule, severity, "keep a part of the date")

    def _rounded(self, rule: Rule) -> Judgement:
        if rule.action is Action.AGE:
            text = "Ages are not rounded: up to 89 years they stay as they are, above that they become 090Y."
            return self._say(Severity.CHANGED, text)
        return self._gone(rule, Severity.CHANGED, "It is no age that may stay; the value is removed.")

    def _initials(self, rule: Rule) -> Judgement:
        if rule.action is Action.PSEUDONYM:
            return self._say(Severity.OPEN, "Initials are part of a name; here a keyed pseudonym stands in.")
        return self._gone(rule, Severity.OPEN, "Initials are part of a name; the value is removed.")

    def _kept(self, rule: Rule) -> Judgement:
        if rule.keeps or (self._vr == "UI" and keyword_of(self._tag).endswith(_CLASSES)):
            return Judgement()
        if rule.walks:
            return self._say(Severity.OPEN, "The script keeps its items whole; here each is judged by the same rules.")
        if rule.drops and rule.origin == "vr" and self._vr in _PROSE:
            decision = Decision(Action.CLEAN, vocabulary=self.plan.profile.descriptors.name)
            text = "The script keeps free text; here only words of the vocabulary stay."
            return self._say(Severity.OPEN, text, decision)
        return self._floor(rule, Severity.OPEN, "keep it")

    def _floor(self, rule: Rule, severity: Severity, wish: str) -> Judgement:
        return self._say(severity, f"The script would {wish}; here it is {rule.action.plain}.")
