"""Where two profiles differ: the attributes for which their plans decide differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom._dicom_dict import DicomDictionary

from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.dicom.dictionary import display_tag, keyword_of, vr_of
from gateway.dicom.vr import VRS


@dataclass(frozen=True, slots=True)
class Difference:
    """What two plans do to one attribute, or to all attributes of a VR that no rule names (`tag` is None then)."""

    tag: int | None
    vr: str
    one: Rule
    other: Rule

    @property
    def name(self) -> str:
        """The tag and the keyword of the attribute."""
        if self.tag is None:
            return f"any other attribute of VR {self.vr}"
        return f"{display_tag(self.tag)} {keyword_of(self.tag) or 'unknown attribute'}"


def differences(one: Plan, other: Plan) -> Iterator[Difference]:
    """Yield every attribute of PS3.6, or named by either profile, whose action differs; first the defaults by VR."""
    for vr in VRS:
        if _differ(one.defaults[vr], other.defaults[vr]):
            yield Difference(None, vr, one.defaults[vr], other.defaults[vr])
    for tag in sorted(DicomDictionary.keys() | one.exact.keys() | other.exact.keys()):
        vr = vr_of(tag)
        rules = one.decide(tag, vr), other.decide(tag, vr)
        by_default = {rule.origin for rule in rules} == {"vr"}
        if _differ(*rules) and not by_default:
            yield Difference(tag, vr, *rules)
    for creator, group, element in sorted(one.private.keys() | other.private.keys()):
        tag = group << 16 | 0x1000 | element
        vr = (one.private.get((creator, group, element)) or other.private[creator, group, element])[0]
        rules = one.decide(tag, vr, creator), other.decide(tag, vr, creator)
        if _differ(*rules):
            yield Difference(tag, vr, *rules)


def _differ(one: Rule, other: Rule) -> bool:
    return _effect(one) != _effect(other)


def _effect(rule: Rule) -> tuple[object, ...]:
    return rule.action, rule.text, rule.section, rule.otherwise
