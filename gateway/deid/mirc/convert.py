"""From a script to a profile: the floor of a shipped profile, and above it what the script decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import Any, Final

import pydicom.uid

from gateway.deid.actions import Action
from gateway.deid.legacy import Form, Legacy
from gateway.deid.mirc.findings import Finding, Severity
from gateway.deid.mirc.judge import IDENTITY, NEEDED, Decision, judge, removal
from gateway.deid.mirc.lint import IMAGE, left_open
from gateway.deid.mirc.meaning import Fate, meaning
from gateway.deid.mirc.script import Removal, Script
from gateway.deid.mirc.toml_text import write_profile
from gateway.deid.plan import Plan
from gateway.dicom.dictionary import hex_tag, keyword_of, tag_of, vr_of

_CODES: Final = frozenset((0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119))
"""The Code Sequence Macro (PS3.3 §8.8) stands in items only, which the original leaves as they are."""
_COMPUTED: Final = frozenset((Action.PSEUDONYM, Action.CLEAN, Action.AGE, Action.YEAR, Action.SHIFT))
_SAFE_PRIVATE: Final = {"include": "safe-private.toml", "options": "retain-safe-private", "claims": "113111"}
_SOP_INSTANCE: Final = 0x00080018
_FIRST_BLOCK: Final = 0x1000


@dataclass(frozen=True, slots=True)
class Conversion:
    """A profile as TOML, and what the lint found, in the order of lines."""

    profile: str
    findings: tuple[Finding, ...]


def convert(script: Script, plan: Plan, base: Mapping[str, Any], *, name: str, legacy_md5: bool = False) -> Conversion:
    """Convert a script called `name`.

    `plan` is the compiled profile that is the floor, `base` the same profile as read from TOML: the result
    includes what it includes, so it belongs into the same directory.
    """
    name = "".join(character if character.isprintable() else "?" for character in name)
    converting = _Converting(script, plan, legacy_md5)
    converting.run()
    profile = write_profile(_comments(name, base), converting.tables(base, name))
    findings = [*converting.findings, *left_open(script, plan)]
    return Conversion(profile, tuple(sorted(findings, key=lambda finding: (finding.line, finding.severity))))


@dataclass(slots=True)
class _Converting:
    script: Script
    plan: Plan
    legacy_md5: bool
    decided: dict[int, tuple[int, Decision]] = field(default_factory=dict)
    """Tag to the line that decided it and the decision."""
    staying: list[int] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)
    """Safe private elements that the script removes all the same."""
    findings: list[Finding] = field(default_factory=list)
    uids: Decision | None = None
    """What becomes of every UID, unless the keys decide."""

    @property
    def _narrow(self) -> bool:
        return Removal.UNSPECIFIED in self.script.removals

    def run(self) -> None:
        for address, instruction in self.script.instructions.items():
            outcome = meaning(self.script, instruction)
            judgement = judge(instruction, outcome, self.plan, legacy_md5=self.legacy_md5)
            self.findings += judgement.findings
            if address.private:
                if address.creator and outcome.fate in (Fate.REMOVED, Fate.EMPTY):
                    self._drop_private(address.tag, address.creator)
                continue
            if judgement.decision is not None:
                self.decided[address.tag] = (instruction.line, judgement.decision)
            if not self._is_dropped(address.tag):
                self.staying.append(address.tag)
        if self._narrow:
            self._remove_unspecified()
        self._follow_uids()

    def _is_dropped(self, tag: int) -> bool:
        if tag in self.decided:
            return self.decided[tag][1].action is Action.DROP
        return self.plan.decide_tag(tag).drops

    def _drop_private(self, tag: int, creator: str) -> None:
        vr = vr_of(tag | _FIRST_BLOCK, creator)
        if self.script.safe_private and vr != "UN":
            written = f"{tag >> 16:04X}xx{tag & 0xFF:02X}"
            self.dropped.append({"creator": creator, "tag": written, "vr": vr})

    def _remove_unspecified(self) -> None:
        """Remove what the floor would compute from originals that the script does not mention.

        What an image must have to be valid and readable stays as the floor makes it.
        """
        scripted = {address.tag for address in self.script.instructions}
        allowed = frozenset().union(*(only.tags for only in self.plan.allow_lists.values()))
        left: list[int] = []
        for tag in sorted(allowed - scripted - _CODES - IDENTITY - NEEDED):
            if tag >> 16 == IMAGE or tag >> 16 in self.script.groups:
                continue
            rule = self.plan.decide_tag(tag)
            if rule.action in _COMPUTED and removal(rule) is not Action.DUMMY:
                self.decided[tag] = (self.script.removals[Removal.UNSPECIFIED], Decision(removal(rule)))
            elif rule.action not in (Action.DROP, Action.EMPTY, Action.DUMMY):
                left.append(tag)
        names = ", ".join(map(_written, left))
        line = self.script.removals[Removal.UNSPECIFIED]
        text = f"Not scripted, but an image needs them to be valid and readable, so they stay: {names}."
        self.findings.append(Finding(line, Severity.CHANGED, "unspecified elements", text))
        text = "SOP classes without an allow-list keep the numbers and codes that the floor allows."
        self.findings.append(Finding(line, Severity.CHANGED, "unspecified elements", text))

    def _follow_uids(self) -> None:
        """Where SOP Instance UIDs are hashed in the old way, do so with every UID: references stay whole."""
        line, decision = self.decided.get(_SOP_INSTANCE, (0, None))
        if decision is None or decision.legacy is None or decision.legacy.form is not Form.HASHUID:
            return
        self.uids = decision
        for tag in (int(row.tag, 16) for row in self.plan.profile.table if "X" not in row.tag and row.vr == "UI"):
            if tag not in self.decided and self.plan.decide_tag(tag).action is Action.UID:
                self.decided[tag] = (line, decision)
        text = "UIDs that the script does not name are hashed in the same way, so that references stay whole."
        self.findings.append(Finding(line, Severity.CHANGED, "UIDs", text))

    def tables(self, base: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the profile's tables: head, the floor's own rules, the script's rules, the allow-lists."""
        rules = [*self._floor_rules(base), *self._rules(name)]
        tables: dict[str, Any] = {"profile": self._head(base["profile"], name)}
        if "sop-classes" in base:
            tables["sop-classes"] = base["sop-classes"]
        tables["rule"] = rules
        if self._narrow:
            tables["allow"] = [*base.get("allow", ()), self._allow(name)]
        return tables

    def _head(self, base: Mapping[str, Any], name: str) -> dict[str, Any]:
        what = "legacy MD5 (weak)" if self.legacy_md5 else "imported script"
        why = f"Imported from {name} above the floor of {base['id']}."
        head = dict(base) | {"id": "imported-script", "title": f"Teaching File Gateway, {what}", "why": why}
        if self.script.safe_private:
            for key, added in _SAFE_PRIVATE.items():
                head[key] = list(dict.fromkeys([*base.get(key, ()), added]))
        if self.legacy_md5:
            head["legacy-md5"] = True
            head["why"] = f"{why} WEAK: unkeyed hashes are reproduced, which can be undone by trying."
        return head

    def _floor_rules(self, base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rules of the floor's own file, without the attributes that the script decides."""
        for rule in base.get("rule", ()):
            attributes = [name for name in rule.get("attributes", ()) if tag_of(name) not in self.decided]
            if self.uids is not None and "UI" in rule.get("vrs", ()) and "masks" not in rule:
                vrs = [vr for vr in rule["vrs"] if vr != "UI"]
                yield from [dict(rule) | {"vrs": vrs}] if vrs else []
            elif "attributes" not in rule:
                yield dict(rule)
            elif attributes:
                yield dict(rule) | {"attributes": attributes}

    def _rules(self, name: str) -> Iterator[dict[str, Any]]:
        grouped: dict[Decision, list[tuple[int, int]]] = {}
        for tag, (line, decision) in self.decided.items():
            grouped.setdefault(decision, []).append((line, tag))
        for decision, places in grouped.items():
            why = f"{name}, {_lines(line for line, _ in places)}."
            if decision.legacy is not None:
                why += " WEAK: an unkeyed function that can be undone by trying."
            yield _rule(decision, [_written(tag) for _, tag in places], why)
        if self.uids is not None:
            rule = _rule(self.uids, [], f"{name} hashes UIDs. WEAK: an unkeyed function that can be undone by trying.")
            yield {"vrs": ["UI"]} | {key: value for key, value in rule.items() if key != "attributes"}
        if self.dropped:
            yield {"action": "drop", "why": f"{name} removes them.", "private": self.dropped}

    def _allow(self, name: str) -> dict[str, Any]:
        classes = {str(uid) for uid in self.plan.allow_lists}
        masks = sorted(f"{group:04x}xxxx" for group in {IMAGE, *self.script.groups} if not group & 1)
        return {
            "sop-classes": sorted(pydicom.uid.UID(uid).keyword for uid in classes),
            "attributes": [_written(tag) for tag in self.staying],
            "masks": masks,
            "why": f"What {name} lets stay; what becomes of it the rules say.",
        }


def _rule(decision: Decision, attributes: list[str], why: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"attributes": attributes, "action": decision.action.value}
    if decision.otherwise is not Action.DROP:
        rule["otherwise"] = decision.otherwise.value
    if decision.action is Action.REPLACE:
        rule["text"] = decision.text
    if decision.vocabulary:
        rule["vocabulary"] = decision.vocabulary
    if decision.legacy is not None:
        rule |= {"legacy": _legacy(decision.legacy), "exception": True}
    return rule | {"why": why}


def _legacy(legacy: Legacy) -> dict[str, Any]:
    written: dict[str, Any] = {
        "function": legacy.form.value,
        "prefix": legacy.prefix,
        "length": legacy.length,
        "words": legacy.words,
        "days": legacy.days,
        "of-patient": legacy.of_patient,
    }
    return {key: value for key, value in written.items() if value}


def _written(tag: int) -> str:
    keyword = keyword_of(tag)
    return keyword if keyword and tag_of(keyword) == tag else hex_tag(tag)


def _lines(numbers: Iterator[int]) -> str:
    """Return line numbers as people write them: "lines 3, 5-9"."""
    ordered = sorted(set(numbers))
    counter = count()
    runs = [list(run) for _, run in groupby(ordered, key=lambda number: number - next(counter))]
    spans = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"line{'s' if len(ordered) > 1 else ''} {', '.join(spans)}"


def _comments(name: str, base: Mapping[str, Any]) -> list[str]:
    return [
        f"Imported from {name}. The floor is {base['profile']['id']}: nothing beyond it is kept.",
        "To use it, copy the folder of profiles, put this file there as second-pass.toml and point",
        "GATEWAY_PROFILES_DIR to that folder.",
    ]
