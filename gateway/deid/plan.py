"""A compiled plan: for any element of any data set, at any depth, the one rule that applies. Default deny.

A plan narrowed to an allow-list drops first what is not on it. Then, first hit wins: exact tag (the profile's, then
Table E.1-1's, then a keyword pattern's) → masked group → private creator and element → the VR's default. What PS3.6
does not know is dropped unless a rule names it, and so is, before any rule is asked, what is no part of a data set
(command and file meta groups, group lengths).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary

from gateway.deid.actions import Action
from gateway.deid.markers import MARKERS, markers
from gateway.deid.profile import Pass, Profile
from gateway.deid.rules import Rule
from gateway.deid.scope import Scope
from gateway.dicom.dataset import JsonDataset
from gateway.dicom.dictionary import is_private, is_private_creator, vr_of
from gateway.dicom.uid import UID
from gateway.dicom.vr import TEXT, VRS
from gateway.errors import Reason, Withheld

_CACHED: Final = 1 << 16  # distinct (tag, VR); a hostile file may invent billions
_LAST_META_GROUP: Final = 0x0007
_NUMBERS: Final = frozenset(("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "DS", "IS"))
_KEEPING: Final = frozenset((Action.KEEP, Action.UID, Action.SHIFT))
"""What lets a value through, or does so when the plan reads what it wrote."""
_WORDS: Final = frozenset(("OB", "OW"))

NO_PART: Final = Rule(
    Action.DROP, "Command, file meta and group length elements are no part of a data set.", "attribute"
)
NOT_ALLOWED: Final = Rule(Action.DROP, "Not on the allow-list of this SOP class.", "allow")
NO_VR: Final = Rule(Action.DROP, "PS3.5 knows no such VR.", "vr")
UNKNOWN: Final = Rule(Action.DROP, "PS3.6 does not know this attribute, so nobody knows what it says.", "unknown")
PRIVATE: Final = Rule(
    Action.DROP, "A private element may hold anything; none is kept unless a rule names it.", "private"
)
OTHER_VR: Final = "Its VR is not the one of PS3.6, so its value is text of unknown meaning."


@dataclass(frozen=True, slots=True)
class Mask:
    """A rule for all tags that agree with `value` in the bits of `bits`, narrowed to `vrs` unless that is empty."""

    bits: int
    value: int
    vrs: frozenset[str]
    rule: Rule

    def hits(self, tag: int, vr: str) -> bool:
        """Tell whether the rule speaks of this element."""
        return tag & self.bits == self.value and (not self.vrs or vr in self.vrs)


@dataclass(frozen=True, slots=True)
class Only:
    """All that may stay in an instance; nothing is said about what becomes of it."""

    tags: frozenset[int]
    masks: tuple[Mask, ...]

    def allows(self, tag: int) -> bool:
        """Tell whether an attribute is on the list."""
        return tag in self.tags or any(mask.hits(tag, "") for mask in self.masks)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """An immutable compiled profile. `decide` is total: it has an answer for every tag and every VR.

    `only` narrows the plan to an allow-list; `of_class` gives the plan for instances of one SOP class.
    """

    profile: Profile
    exact: dict[int, Rule]
    masks: tuple[Mask, ...]
    private: dict[tuple[str, int, int], tuple[str, Rule]]
    creators: Rule
    defaults: dict[str, Rule]
    allow_lists: dict[UID, Only] = field(default_factory=dict)
    only: Only | None = None
    reading: bool = False
    _cache: dict[tuple[int, str], Rule] = field(default_factory=dict, repr=False)
    _classes: dict[UID, Plan] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """The profile's id."""
        return self.profile.id

    @property
    def hash(self) -> str:
        """The profile's hash: what it covers decides every value, the key and the pass aside."""
        return self.profile.hash

    @property
    def which(self) -> Pass:
        """Which of the two passes this is."""
        return self.profile.which

    def decide(self, tag: int, vr: str, creator: str = "") -> Rule:
        """Return the rule for an element as its data set declares it.

        `creator` is the private creator of a private element ("" when its block is not reserved). For a private
        creator element itself it does not matter.
        """
        if is_private(tag):
            return self._decide_private(tag, vr, creator)
        rule = self._cache.get((tag, vr))
        if rule is None:
            rule = self._decide(tag, vr)
            if len(self._cache) < _CACHED:
                self._cache[tag, vr] = rule
        return rule

    def decide_tag(self, tag: int, creator: str = "") -> Rule:
        """Return the rule for an attribute in the VR that PS3.6 gives it."""
        return self.decide(tag, vr_of(tag, creator), creator)

    def _decide(self, tag: int, vr: str) -> Rule:
        if tag >> 16 <= _LAST_META_GROUP or not tag & 0xFFFF:
            return NO_PART
        if vr not in VRS:
            return NO_VR
        if self.only is not None and not self.only.allows(tag):
            return NOT_ALLOWED
        rule = self.exact.get(tag)
        if rule is None:
            rule = next((mask.rule for mask in self.masks if mask.hits(tag, vr)), None)
        declared = declared_vrs(tag)
        if rule is None:
            rule = self.defaults[vr] if declared else UNKNOWN
        return _in_other_vr(rule, declared, vr)

    def _decide_private(self, tag: int, vr: str, creator: str) -> Rule:
        if is_private_creator(tag):
            return self.creators if vr == "LO" else PRIVATE
        found = self.private.get((creator.rstrip(" "), tag >> 16, tag & 0xFF)) if tag & 0xFFFF > 0xFF else None
        return found[1] if found is not None and found[0] == vr else PRIVATE

    def of_class(self, uid: str) -> Plan:
        """Return the plan for instances of a SOP class: this one, or this one narrowed to the class's allow-list.

        Raises:
            Withheld: SOP_CLASS_REFUSED, naming the class when PS3.6 knows it.
        """
        self.check_sop_class(uid)
        sop_class = UID(uid)
        if self.only is not None or sop_class not in self.allow_lists:
            return self
        plan = self._classes.get(sop_class)
        if plan is None:
            plan = replace(self, only=self.allow_lists[sop_class], _cache={}, _classes={})
            plan = self._classes.setdefault(sop_class, plan)
        return plan

    def check_sop_class(self, uid: str) -> None:
        """Return when instances of this SOP class may pass.

        Raises:
            Withheld: SOP_CLASS_REFUSED, naming the class when PS3.6 knows it.
        """
        if uid not in self.profile.sop_classes:
            name, kind, *_ = UID_dictionary.get(uid, ("", ""))
            raise Withheld(Reason.SOP_CLASS_REFUSED, name if kind == "SOP Class" else "unknown SOP class")

    @property
    def sop_classes(self) -> frozenset[UID]:
        """The SOP classes whose instances may pass."""
        return self.profile.sop_classes

    def insertions(self, scope: Scope | None = None) -> JsonDataset:
        """Return the elements that the root of every instance is to have, whatever it had there before."""
        if self.reading:
            return {}
        profile = self.profile
        return markers(
            profile.claims,
            profile.options,
            f"{profile.title} {profile.hash[:12]}",
            removed=profile.which is Pass.SECOND and not profile.legacy_md5,
            pixels_cleared=scope is not None and scope.pixels_cleared,
        )

    def for_reading(self) -> Plan:
        """Return the plan that reads what this one wrote: it changes nothing in it, and still keeps nothing else.

        UIDs, own pseudonyms, shifted dates and the markers stay; everything else is judged again.
        """
        kept = {tag: Rule(Action.KEEP, "Written by our own pass.", "attribute") for tag in MARKERS}
        kept[0x00120064] = replace(kept[0x00120064], action=Action.WALK)
        return replace(
            self,
            exact={tag: rule.for_reading() for tag, rule in self.exact.items()} | kept,
            masks=tuple(replace(mask, rule=mask.rule.for_reading()) for mask in self.masks),
            private={key: (vr, rule.for_reading()) for key, (vr, rule) in self.private.items()},
            defaults={vr: rule.for_reading() for vr, rule in self.defaults.items()},
            reading=True,
            _cache={},
            _classes={},
        )


def declared_vrs(tag: int) -> frozenset[str]:
    """Return the VRs that PS3.6 allows for an attribute, none when it does not know it."""
    entry = DicomDictionary.get(tag)
    if entry is not None:
        return frozenset(entry[0].split(" or "))
    vr = vr_of(tag)
    return frozenset() if vr == "UN" else frozenset((vr, *(_WORDS if vr in _WORDS else ())))


def _in_other_vr(rule: Rule, declared: frozenset[str], vr: str) -> Rule:
    """Return `rule` unless it would keep or read a value that is not what the attribute's VR promises."""
    if not declared or vr in declared or rule.drops:
        return rule
    for family in (_NUMBERS, _WORDS):
        if vr in family and declared <= family | {"NONE"}:
            return rule
    if vr in TEXT and declared <= TEXT and rule.action not in _KEEPING:
        return rule
    return Rule(rule.otherwise if rule.action is not Action.EMPTY else Action.EMPTY, OTHER_VR, rule.origin)
