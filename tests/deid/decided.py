"""What the shipped profiles decide, written down: a change of a profile shows in a review as a change of this.

`python -m tests.deid.decided` writes the files anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary

from gateway.deid.actions import Action
from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.dicom.dictionary import hex_tag, keyword_of, vr_of
from tests.deid.shipped import NAMES, plan

FOLDER = Path(__file__).parent / "decisions"


def recorded(name: str) -> Path:
    return FOLDER / f"{name}-pass.txt"


def decided(compiled: Plan) -> Iterator[str]:
    """Yield a line for every VR, every attribute of PS3.6 that is not left to its VR, every mask and allow-list."""
    for vr, rule in sorted(compiled.defaults.items()):
        yield f"{vr} {told(rule)}"
    for tag in sorted(tag for tag in DicomDictionary if tag >> 16 >= 0x0008):
        vr = vr_of(tag)
        rule = compiled.decide(tag, vr)
        if rule.origin != "vr":
            yield f"{hex_tag(tag)} {vr} {keyword_of(tag)} {told(rule)}"
    for mask in compiled.masks:
        yield f"{mask.value:08X}/{mask.bits:08X} {'+'.join(sorted(mask.vrs))} {told(mask.rule)}"
    for (creator, group, element), (vr, rule) in sorted(compiled.private.items()):
        yield f"{group:04X}xx{element:02X} {vr} {creator} {told(rule)}"
    for uid in sorted(compiled.sop_classes):
        yield f"SOP class {UID_dictionary[uid][0]}"
    for uid, only in sorted(compiled.allow_lists.items()):
        tags = " ".join(map(hex_tag, sorted(only.tags)))
        masks = " ".join(f"{mask.value:08X}/{mask.bits:08X}" for mask in only.masks)
        yield f"only {UID_dictionary[uid][0]}: {tags} {masks}".rstrip()


def told(rule: Rule) -> str:
    parts = [rule.action.value, rule.section.name if rule.section else "", rule.text]
    if rule.action not in (Action.DROP, Action.EMPTY, Action.DUMMY):
        parts.append(f"otherwise {rule.otherwise}")
    return " ".join(filter(None, parts))


if __name__ == "__main__":
    for name in NAMES:
        recorded(name).write_text("\n".join(decided(plan(name))) + "\n", encoding="utf-8")
