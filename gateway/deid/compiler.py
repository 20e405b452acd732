"""From a profile to a plan: precedence, the floor of Table E.1-1, and the proof that nothing is left open."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydicom._dicom_dict import DicomDictionary

from gateway.deid.actions import Action
from gateway.deid.markers import MARKERS
from gateway.deid.plan import PRIVATE, Mask, Only, Plan
from gateway.deid.profile import Dates, Profile, ProfileRule, load_profile
from gateway.deid.rules import Rule
from gateway.deid.table import RESOLVED, Option, Row
from gateway.deid.vocabulary import Section
from gateway.dicom.uid import UID
from gateway.dicom.vr import TEXT, VRS
from gateway.errors import ConfigurationError

_OLDEST_AGE: Final = 88
"""Ages over 89 are not shown; a plan that is compiled in December still holds in the year after."""

_FORMAL: Final = frozenset(("CS", "DS", "IS", "UI"))
"""Text VRs whose form leaves little room for a name."""

_INSTANCE: Final = frozenset((0x00080016, 0x00080018, 0x0020000D, 0x0020000E))
"""What every instance must say of itself: its SOP class and its three UIDs (PS3.5 §9, PS3.18 §6)."""
_ALLOWED: Final = Rule(Action.KEEP, "On the allow-list.", "allow")

# What a profile may do where the table demands something; anything else is an exception, and must say so.
_REMOVING: Final = frozenset((Action.DROP, Action.EMPTY, Action.DUMMY, Action.REPLACE))
_WITHIN: Final = {
    "K": frozenset(Action) - {Action.LEGACY_MD5},
    "C": frozenset(Action) - {Action.KEEP, Action.LEGACY_MD5},
    "U": _REMOVING | {Action.UID},
    "X/Z/U*": _REMOVING | {Action.WALK, Action.UID},
    "D": _REMOVING | {Action.PSEUDONYM, Action.WALK},
    "Z": _REMOVING,
    "X": _REMOVING,
    "X/Z": _REMOVING,
}


def load_plan(path: Path, *, this_year: int | None = None) -> Plan:
    """Read and compile a profile.

    `this_year` is the year ages are counted from, today's unless given.

    Raises:
        ConfigurationError: the profile is not usable; the message names the file and the key.
    """
    return compile_plan(load_profile(path), this_year=this_year)


def compile_plan(profile: Profile, *, this_year: int | None = None) -> Plan:
    """Compile a profile.

    Raises:
        ConfigurationError: a rule weakens the table without `exception`, two rules speak of the same thing, a VR
            has no default, or a claim is not true of the options.
    """
    _check_claims(profile)
    _check_legacy(profile)
    return _Compiler(profile, (this_year or date.today().year) - _OLDEST_AGE).plan()


def permits(demand: str, action: Action) -> bool:
    """Tell whether an action does all that a code of Table E.1-1 demands ("K" for what is not in the table)."""
    return action in _WITHIN.get(demand, _WITHIN["D"])


K_ = TypeVar("K_")


class _Spoken(Generic[K_]):
    """What rules have spoken of: a file overrides those it includes, and contradicts itself never."""

    def __init__(self) -> None:
        self.all: dict[K_, Rule] = {}
        self._rank: dict[K_, int] = {}

    def add(self, key: K_, name: str, written: ProfileRule, rule: Rule) -> None:
        if self._rank.get(key) == written.rank:
            raise ConfigurationError(f"{written.where}: another rule of the same file speaks of {name}.")
        self.all[key] = rule
        self._rank[key] = written.rank


class _Compiler:
    def __init__(self, profile: Profile, oldest: int) -> None:
        self._profile = profile
        self._oldest = oldest

    def plan(self) -> Plan:
        rows = {row.tag: row for row in self._profile.table}
        patterns = self._patterns()
        table = {int(tag, 16): self._from_table(row) for tag, row in rows.items() if "X" not in tag}
        attributes = self._attributes(rows)
        private, creators = self._private()
        return Plan(
            profile=self._profile,
            exact=patterns | table | attributes,
            masks=self._masks(rows),
            private=private,
            creators=creators,
            defaults=self._defaults(),
            allow_lists=self._allow_lists(),
        )

    def _rule(self, written: ProfileRule, origin: str) -> Rule:
        return Rule(
            action=written.action,
            why=written.why,
            origin=origin,
            otherwise=written.otherwise,
            text=written.text,
            section=written.section,
            legacy=written.legacy,
            oldest=self._oldest,
        )

    def _attributes(self, rows: dict[str, Row]) -> dict[int, Rule]:
        rules = _Spoken[int]()
        for written in self._profile.rules:
            for tag in written.tags:
                name = f"{tag:08X}"
                self._check_floor(written, rows.get(name), name)
                rules.add(tag, name, written, self._rule(written, "attribute"))
        return rules.all

    def _check_floor(self, written: ProfileRule, row: Row | None, tag: str) -> None:
        demand = row.demand(self._profile.options) if row is not None else "K"
        if not permits(demand, written.action) and not written.exception:
            raise ConfigurationError(
                f"{written.where}: {written.action} does less for {tag} than PS3.15 Table E.1-1 demands ({demand}). "
                "Select the option that allows it, or say exception = true."
            )

    def _patterns(self) -> dict[int, Rule]:
        rules: dict[int, Rule] = {}
        for written in self._profile.rules:
            for pattern in written.keywords:
                found = [tag for tag, entry in DicomDictionary.items() if fnmatchcase(entry[4], pattern)]
                if not found:
                    raise ConfigurationError(f"{written.where}: no keyword of PS3.6 matches {pattern!r}.")
                rules |= dict.fromkeys(found, self._rule(written, "keyword"))
        return rules

    def _masks(self, rows: dict[str, Row]) -> tuple[Mask, ...]:
        rules = _Spoken[tuple[str, frozenset[str]]]()
        of_table = [row for row in rows.values() if "X" in row.tag]
        for written in self._profile.rules:
            for mask in written.masks:
                for row in of_table:
                    if _overlap(mask, row.tag):
                        self._check_floor(written, row, mask)
                rules.add((mask, frozenset(written.vrs)), mask, written, self._rule(written, "mask"))
        masks = {(row.tag, frozenset[str]()): self._from_table(row) for row in of_table} | rules.all
        # The most digits win, and among equals the one that is narrowed to VRs.
        ordered = sorted(masks.items(), key=lambda item: (item[0][0].count("X"), not item[0][1], item[0][0]))
        return tuple(Mask(*_bits(mask), vrs, rule) for (mask, vrs), rule in ordered)

    def _private(self) -> tuple[dict[tuple[str, int, int], tuple[str, Rule]], Rule]:
        rules = _Spoken[tuple[str, int, int]]()
        vrs: dict[tuple[str, int, int], str] = {}
        for written in self._profile.rules:
            if written.private and Option.RETAIN_SAFE_PRIVATE not in self._profile.options:
                raise ConfigurationError(f"{written.where}: private elements need the option retain-safe-private.")
            for element in written.private:
                key = (element.creator, element.group, element.element)
                name = f"{element.creator} {element.group:04X}xx{element.element:02X}"
                rules.add(key, name, written, self._rule(written, "private"))
                vrs[key] = element.vr
        if not rules.all:
            return {}, PRIVATE
        names = Section("creators", exact=frozenset(creator for creator, _, _ in rules.all))
        why = "The creator of private elements that the profile keeps."
        creators = Rule(Action.CLEAN, why, "private", section=names)
        return {key: (vrs[key], rule) for key, rule in rules.all.items()}, creators

    def _defaults(self) -> dict[str, Rule]:
        rules = _Spoken[str]()
        for written in self._profile.rules:
            for vr in () if written.masks else written.vrs:
                if written.action is Action.KEEP and vr in TEXT - _FORMAL:
                    raise ConfigurationError(f"{written.where}: {vr} can hold free text and is never kept by default.")
                rules.add(vr, vr, written, self._rule(written, "vr"))
        left = sorted(VRS.keys() - rules.all.keys())
        if left:
            raise ConfigurationError(f"{self._profile.name}: no rule for the VR {', '.join(left)}.")
        return rules.all

    def _allow_lists(self) -> dict[UID, Only]:
        """Return the union of the allow-lists of each class; what every instance must say is on all of them."""
        lists: dict[UID, Only] = {}
        for written in self._profile.allow_lists:
            masks = tuple(Mask(*_bits(mask), frozenset(), _ALLOWED) for mask in written.masks)
            for uid in written.sop_classes:
                so_far = lists.get(uid, Only(MARKERS | _INSTANCE, ()))
                lists[uid] = Only(so_far.tags | written.tags, so_far.masks + masks)
        return lists

    def _from_table(self, row: Row) -> Rule:
        demand = row.demand(self._profile.options)
        otherwise = RESOLVED[row.basic]
        if otherwise not in (Action.DROP, Action.EMPTY, Action.DUMMY):
            otherwise = Action.DROP
        action = self._kept(row) if demand == "K" else self._cleaned(row) if demand == "C" else RESOLVED[demand]
        if action is Action.DUMMY and row.vr == "SQ":
            action = Action.WALK
        if action is Action.DUMMY and row.vr == "UI":
            action = Action.UID
        return Rule(
            action=action or otherwise,
            why=f"PS3.15 Table E.1-1: {row.basic}" + (f", {demand} by option" if demand in ("K", "C") else ""),
            origin="table",
            otherwise=otherwise,
            section=self._profile.descriptors if action is Action.CLEAN else None,
            oldest=self._oldest,
        )

    def _kept(self, row: Row) -> Action:
        return {"SQ": Action.WALK, "AS": Action.AGE}.get(row.vr, Action.KEEP)

    def _cleaned(self, row: Row) -> Action | None:
        """Return how C is carried out in a VR; None where there is no way, and the basic code stands."""
        if row.vr in ("DA", "DT", "TM"):
            return Action.SHIFT if self._profile.dates is Dates.SHIFT else Action.YEAR
        if row.vr == "SQ":
            return Action.WALK
        return Action.CLEAN if row.vr in ("LO", "SH", "ST", "LT", "UT", "UC", "CS") else None


def _check_claims(profile: Profile) -> None:
    for claim in profile.claims:
        if claim.option is not None and claim.option not in profile.options:
            raise ConfigurationError(f"{profile.name}: claims {claim.code}, but {claim.option} is not selected.")
    if not profile.claims or profile.claims[0].code != "113100":
        raise ConfigurationError(f"{profile.name}: the first claim must be 113100, the basic profile.")


def _check_legacy(profile: Profile) -> None:
    for rule in profile.rules:
        if rule.legacy is not None and not profile.legacy_md5:
            raise ConfigurationError(f"{rule.where}: legacy-md5 is weak; to use it say legacy-md5 = true in [profile].")


def _bits(mask: str) -> tuple[int, int]:
    bits = int("".join("0" if digit == "X" else "F" for digit in mask), 16)
    return bits, int(mask.replace("X", "0"), 16)


def _overlap(one: str, other: str) -> bool:
    return all("X" in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))
