"""A profile: what a site decided, as strict TOML. It holds no expressions, and every rule carries its `why`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import pydicom.uid

from gateway.deid.actions import Action
from gateway.deid.legacy import Form, Legacy
from gateway.deid.markers import CODES, Claim
from gateway.deid.strict import Table, read_toml
from gateway.deid.table import Option, Row, load_table
from gateway.deid.vocabulary import Section, Vocabulary
from gateway.dicom.dictionary import tag_of
from gateway.dicom.uid import UID
from gateway.dicom.vr import VRS
from gateway.errors import ConfigurationError

_MASK: Final = re.compile(r"[0-9A-FX]{8}")
_OTHERWISE: Final = (Action.DROP, Action.EMPTY, Action.DUMMY)
E_ = TypeVar("E_", bound=StrEnum)


class Pass(StrEnum):
    """Which of the two passes a profile describes."""

    FIRST = "first"
    SECOND = "second"


class Dates(StrEnum):
    """How dates are modified where the profile lets them stay."""

    YEAR = "year"
    SHIFT = "shift"


@dataclass(frozen=True, slots=True)
class PrivateElement:
    """One private element by its creator (PS3.5 §7.8.1), as (gggg,xxee)."""

    creator: str
    group: int
    element: int
    vr: str


@dataclass(frozen=True, slots=True)
class ProfileRule:
    """One rule as written. Exactly one of the selectors is not empty, but `masks` may be narrowed by `vrs`."""

    where: str
    rank: int
    """Rules of a file override those of the files it includes."""
    action: Action
    why: str
    otherwise: Action = Action.DROP
    text: str = ""
    section: Section | None = None
    legacy: Legacy | None = None
    exception: bool = False
    tags: tuple[int, ...] = ()
    keywords: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    private: tuple[PrivateElement, ...] = ()
    vrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AllowList:
    """All that may stay in instances of some SOP classes; whatever stays is still subject to its rule."""

    where: str
    why: str
    sop_classes: frozenset[UID]
    tags: frozenset[int]
    masks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with everything it refers to."""

    id: str
    title: str
    why: str
    which: Pass
    options: frozenset[Option]
    dates: Dates
    claims: tuple[Claim, ...]
    sop_classes: frozenset[UID]
    descriptors: Section
    table: tuple[Row, ...]
    rules: tuple[ProfileRule, ...]
    allow_lists: tuple[AllowList, ...]
    hash: str
    """Over the bytes of the profile, its table and its vocabulary."""
    legacy_md5: bool = False
    """Whether rules may use the weak action `legacy-md5`."""
    name: str = field(default="", compare=False)


def load_profile(path: Path) -> Profile:
    """Read a profile; the files it includes, the table and the vocabulary it names lie in the same directory.

    Raises:
        ConfigurationError: naming the file and the key that is unknown, missing or of the wrong type.
    """
    root = read_toml(path)
    head = root.table("profile")
    included = [path.parent / name for name in head.strings("include", default=())]
    table_path = path.parent / head.text("table")
    vocabulary_path = path.parent / head.text("vocabulary")
    sections = Vocabulary.load(vocabulary_path).sections
    rules: list[ProfileRule] = []
    allow_lists: list[AllowList] = []
    sop_classes: frozenset[UID] = frozenset()
    for rank, file in enumerate((*map(read_toml, included), root)):
        rules += [_rule(rule, sections, rank) for rule in file.array("rule")]
        allow_lists += map(_allow_list, file.array("allow"))
        if file.has("sop-classes"):
            sop_classes = _sop_classes(file.table("sop-classes"))
        file.done()
    profile = Profile(
        id=head.text("id"),
        title=head.text("title"),
        why=head.text("why"),
        which=_member(Pass, head, "pass"),
        options=frozenset(_member_of(Option, head, name) for name in head.strings("options")),
        dates=_member(Dates, head, "dates"),
        claims=tuple(head.one_of(CODES, code) for code in head.strings("claims")),
        descriptors=head.one_of(sections, head.text("descriptors")),
        sop_classes=sop_classes,
        table=load_table(table_path),
        rules=tuple(rules),
        allow_lists=tuple(allow_lists),
        hash=_hash(path, *included, table_path, vocabulary_path),
        legacy_md5=head.flag("legacy-md5"),
        name=path.name,
    )
    head.done()
    return profile


def _rule(table: Table, sections: dict[str, Section], rank: int) -> ProfileRule:
    action = _member(Action, table, "action")
    rule = ProfileRule(
        where=table.where,
        rank=rank,
        action=action,
        why=table.text("why"),
        otherwise=_member(Action, table, "otherwise") if table.has("otherwise") else Action.DROP,
        text=table.text("text") if action is Action.REPLACE else "",
        section=table.one_of(sections, table.text("vocabulary")) if action is Action.CLEAN else None,
        legacy=_legacy(table.table("legacy")) if action is Action.LEGACY_MD5 else None,
        exception=table.flag("exception"),
        tags=tuple(_tag(table, name) for name in table.strings("attributes", default=())),
        keywords=table.strings("keywords", default=()),
        masks=tuple(_mask(table, mask) for mask in table.strings("masks", default=())),
        private=tuple(map(_private, table.array("private"))),
        vrs=tuple(table.one_of({vr: vr for vr in VRS}, vr) for vr in table.strings("vrs", default=())),
    )
    table.done()
    if rule.otherwise not in _OTHERWISE:
        raise ConfigurationError(f"{table.where}: otherwise must be drop, empty or dummy.")
    selectors = [bool(chosen) for chosen in (rule.tags, rule.keywords, rule.masks, rule.private, rule.vrs)]
    if sum(selectors) != 1 and not (rule.masks and rule.vrs and sum(selectors) == len((rule.masks, rule.vrs))):
        raise ConfigurationError(
            f"{table.where} must have exactly one of: attributes, keywords, masks (which vrs may narrow), private, vrs."
        )
    return rule


def _legacy(table: Table) -> Legacy:
    legacy = Legacy(
        form=_member(Form, table, "function"),
        prefix=table.text("prefix", default=""),
        length=table.number("length"),
        words=table.number("words"),
        days=table.number("days"),
        of_patient=table.flag("of-patient"),
    )
    table.done()
    return legacy


def _member(kind: type[E_], table: Table, key: str) -> E_:
    return _member_of(kind, table, table.text(key))


def _member_of(kind: type[E_], table: Table, name: str) -> E_:
    return table.one_of({member.value: member for member in kind}, name)


def _tag(table: Table, name: str) -> int:
    tag = tag_of(name)
    if tag is None:
        raise ConfigurationError(f"{table.where}: {name!r} is neither a keyword of PS3.6 nor eight hexadecimal digits.")
    return tag


def _mask(table: Table, mask: str) -> str:
    upper = mask.upper()
    if _MASK.fullmatch(upper) is None or "X" not in upper:
        raise ConfigurationError(f"{table.where}: {mask!r} is not eight hexadecimal digits with x for any digit.")
    return upper


def _private(table: Table) -> PrivateElement:
    creator, tag, vr = table.text("creator"), table.text("tag"), table.text("vr")
    match = re.fullmatch(r"([0-9A-Fa-f]{4})xx([0-9A-Fa-f]{2})", tag)
    if match is None or not int(match[1], 16) & 1 or vr not in VRS:
        raise ConfigurationError(f"{table.where}: a private element is written as tag = 'ggggxxee', gggg odd, and vr.")
    table.done()
    return PrivateElement(creator, int(match[1], 16), int(match[2], 16), vr)


def _sop_classes(table: Table) -> frozenset[UID]:
    table.text("why")
    allowed = frozenset(_sop_class(table, name) for name in table.strings("allow"))
    table.done()
    return allowed


def _allow_list(table: Table) -> AllowList:
    allowed = AllowList(
        where=table.where,
        why=table.text("why"),
        sop_classes=frozenset(_sop_class(table, name) for name in table.strings("sop-classes")),
        tags=frozenset(_tag(table, name) for name in table.strings("attributes", default=())),
        masks=tuple(_mask(table, mask) for mask in table.strings("masks", default=())),
    )
    table.done()
    return allowed


def _sop_class(table: Table, name: str) -> UID:
    uid = getattr(pydicom.uid, name, None)
    if not isinstance(uid, pydicom.uid.UID) or uid.type != "SOP Class":
        raise ConfigurationError(f"{table.where}: {name!r} is not the keyword of a SOP class in PS3.6 Annex A.")
    return UID(str(uid))


def _hash(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        data = path.read_bytes()
        digest.update(f"{path.name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
