"""What a script leaves open without saying so: all that it does not mention and does not remove at large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pydicom._dicom_dict import DicomDictionary

from gateway.deid.mirc.findings import Finding, Severity
from gateway.deid.mirc.script import Removal, Script
from gateway.deid.plan import Plan
from gateway.dicom.dictionary import keyword_of
from gateway.dicom.vr import TEXT

_LAST_META_GROUP: Final = 0x0007
_PIXELS: Final = 0x7FE0
IMAGE: Final = 0x0028
"""The group that the original never removes unasked, beside the pixels."""
_EXAMPLES: Final = 8


def left_open(script: Script, plan: Plan) -> Iterator[Finding]:
    """Yield what the script lets through because it does not speak of it."""
    unspecified = Removal.UNSPECIFIED in script.removals
    yield from _attributes(script, plan, unspecified)
    yield from _at_large(script, unspecified)
    if not unspecified:
        text = "Sequences that the script does not name stay whole, with all that stands in their items."
        yield _finding("sequences", text)


def _attributes(script: Script, plan: Plan, unspecified: bool) -> Iterator[Finding]:
    groups = {IMAGE, *script.groups}
    scripted = {address.tag for address in script.instructions}
    table = {int(row.tag, 16) for row in plan.profile.table if "X" not in row.tag}
    others = {tag for tag, entry in DicomDictionary.items() if entry[0] in TEXT} - table
    for tags, subject in ((table, "Table E.1-1"), (others, "other text")):
        left = [
            tag
            for tag in sorted(tags - scripted)
            if _LAST_META_GROUP < tag >> 16 != _PIXELS
            and (not unspecified or tag >> 16 in groups)
            and not plan.decide_tag(tag).keeps
        ]
        if left:
            names = _names(left if tags is table else left[:_EXAMPLES])
            more = "" if tags is table or len(left) <= _EXAMPLES else " …"
            yield _finding(subject, f"{len(left)} attributes are not scripted and stay as they are: {names}{more}.")


def _at_large(script: Script, unspecified: bool) -> Iterator[Finding]:
    removals, groups = script.removals, script.groups
    if Removal.PRIVATE not in removals and not unspecified:
        yield _finding("private elements", "They stay, unless they are scripted one by one.")
    for group in sorted(group for group in groups if group & 1):
        yield Finding(groups[group], Severity.OPEN, f"group {group:04x}", "A whole private group stays.")
    if Removal.OVERLAYS not in removals:
        yield _finding("overlays", "They stay, with their descriptions and whatever is drawn in them.")
    if Removal.CURVES not in removals:
        yield _finding("curves", "They stay, with their descriptions and labels.")
    elif not unspecified:
        text = "Without the removal of unspecified elements this instruction does nothing: curves stay."
        yield Finding(removals[Removal.CURVES], Severity.OPEN, "curves", text)


def _names(tags: Iterable[int]) -> str:
    return ", ".join(keyword_of(tag) or f"{tag:08X}" for tag in tags)


def _finding(subject: str, text: str) -> Finding:
    return Finding(0, Severity.OPEN, subject, text)
