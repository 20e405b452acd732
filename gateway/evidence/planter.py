"""Identifiers that occur nowhere else, each made once, so that a leak names the attribute it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from gateway.evidence.hipaa import Identifier, identifier_of, in_passing
from gateway.origin.sample.writing import uid

_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no token is a word
_LENGTH: Final = 6
TOKEN: Final = f"ZQ[{_LETTERS}]{{{_LENGTH}}}"
"""A regular expression for what identifies in text."""
_STRIDE: Final = 48_271  # coprime to 20 ** 6 and to 10 ** 7: neighbours differ in every place
_OLD_YEAR: Final = "1925"
_FIRST_DAY: Final = date(1961, 1, 2)
_DAYS: Final = 20_000
_DAY_STRIDE: Final = 7_919
_LONG: Final = frozenset(("LO", "ST", "LT", "UT", "UC"))


class Place(StrEnum):
    """Where in a file an identifier is planted."""

    ROOT = "root"
    NESTED = "five sequences deep"
    ITEM = "item of its own sequence"
    PRIVATE = "private element"
    UNKNOWN = "VR UN"
    META = "preamble and file meta"
    BEHIND = "behind Pixel Data"
    DRAWING = "overlay, curve, icon"
    CODESTREAM = "comment in the JPEG stream"


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted identifier: `needle` is what a search for it looks for."""

    identifier: Identifier
    place: Place
    tag: str
    keyword: str
    vr: str
    needle: str
    number: bool = False
    """Whether it is digits and must stand alone to count."""


@dataclass(slots=True)
class Planter:
    """Makes values for attributes and remembers what it planted. The same calls give the same values."""

    plants: list[Plant] = field(default_factory=list)
    _made: int = 0
    _comments: int = 0
    _uids: dict[str, str] = field(default_factory=dict)

    def take(self) -> tuple[Plant, ...]:
        """Return what was planted since the last call."""
        taken = tuple(self.plants)
        self.plants.clear()
        return taken

    def value(self, vr: str, keyword: str, tag: str, place: Place, *, said: str = "") -> str:
        """Return a value that fits `vr` with an identifier in it, and note it; `said` goes before it in free text."""
        identifier = identifier_of(keyword, vr)
        text, needle, number = self._of_vr(vr, identifier, keyword, said)
        if identifier is None:
            identifier = in_passing(self._comments)
            self._comments += 1
        self.plants.append(Plant(identifier, place, tag, keyword, vr, needle, number))
        return text

    def token(self, keyword: str, tag: str, place: Place, identifier: Identifier, vr: str = "") -> str:
        """Return bare letters for a place without a value representation of its own, and note them."""
        needle = self._letters()
        self.plants.append(Plant(identifier, place, tag, keyword, vr, needle))
        return needle

    def uid_for(self, original: str, keyword: str, tag: str, place: Place) -> str:
        """Return the planted UID that stands for `original` in every file of the corpus, and note it."""
        if original not in self._uids:
            self._made += 1
            self._uids[original] = uid("evidence", self._made)
        planted = self._uids[original]
        self.plants.append(Plant(Identifier.OTHER, place, tag, keyword, "UI", planted, number=True))
        return planted

    def spelt(self, name: str, needle: str, tag: str, keyword: str) -> str:
        """Note a part of a name in another script and return the whole name."""
        self.plants.append(Plant(Identifier.NAME, Place.ROOT, tag, keyword, "PN", needle))
        return name

    def year(self, tag: str, keyword: str) -> str:
        """Return a date whose year alone reveals an age over 89, and note the year in place of what stood there."""
        self.plants = [plant for plant in self.plants if plant.tag != tag]
        self.plants.append(Plant(Identifier.DATE, Place.ROOT, tag, keyword, "DA", _OLD_YEAR, number=True))
        return f"{_OLD_YEAR}0714"

    def _of_vr(self, vr: str, identifier: Identifier | None, keyword: str, said: str) -> tuple[str, str, bool]:
        """Return the value, what to search for, and whether that is a number."""
        match vr:
            case "DA":
                day = self._day()
                return day, day, True
            case "DT":
                day = self._day()
                return f"{day}{self._clock()}+0100", day, True
            case "TM":
                clock = self._clock()
                return clock, clock, True
            case "AS":
                self._made += 1
                age = f"{91 + self._made % 9:03d}Y"
                return age, age, True
            case "UI":
                self._made += 1
                planted = uid("evidence", self._made)
                return planted, planted, True
            case "DS" | "IS" | "US":
                number = self._number(vr)
                return number, number, True
        if identifier is None:
            return self._mention(in_passing(self._comments), said)
        if identifier is Identifier.IP_ADDRESS or (identifier in _DIGITS and vr != "SQ"):
            return self._mention(identifier, "") if vr in _LONG else self._bare(identifier)
        token = self._letters()
        if vr == "PN":
            return f"{token}^Planted", token, False
        if vr == "UR":
            return f"http://example.org/{token}", token, False
        return (f"{said} {token}" if said else token), token, False

    def _mention(self, identifier: Identifier, said: str) -> tuple[str, str, bool]:
        if identifier is Identifier.DATE:
            day = self._day()
            needle = f"{day[6:]}.{day[4:6]}.{day[:4]}"
            return f"{said} seen on {needle}".strip(), needle, True
        if identifier in _DIGITS:
            text, needle, number = self._bare(identifier)
            return f"{said} {_SAID[identifier]} {text}".strip(), needle, number
        needle = self._letters()
        return f"{said} {_SAID[identifier].format(needle)}".strip(), needle, False

    def _bare(self, identifier: Identifier) -> tuple[str, str, bool]:
        self._made += 1
        n = self._made * _STRIDE % 10**7
        text = _DIGITS[identifier].format(n // 10_000, n % 10_000, n // 65_536, n // 256 % 256, n % 256)
        return text, text, True

    def _letters(self) -> str:
        self._made += 1
        rest, token = self._made * _STRIDE % len(_LETTERS) ** _LENGTH, "ZQ"
        for _ in range(_LENGTH):
            rest, place = divmod(rest, len(_LETTERS))
            token += _LETTERS[place]
        return token

    def _day(self) -> str:
        self._made += 1
        day = _FIRST_DAY + timedelta(days=self._made * _DAY_STRIDE % _DAYS)
        if (day.month, day.day) == (1, 1):
            return self._day()  # what remains of any date is 1 January of its year
        return f"{day:%Y%m%d}"

    def _clock(self) -> str:
        self._made += 1
        n = self._made * _STRIDE % 86_399 + 1
        return f"{n // 3600:02d}{n // 60 % 60:02d}{n % 60:02d}.{self._made % 999_983:06d}"

    def _number(self, vr: str) -> str:
        self._made += 1
        n = self._made * _STRIDE
        return {"DS": f"{30 + n % 60}.{n % 99_991:05d}7", "IS": f"{10**6 + n % 10**6}", "US": f"{40_000 + n % 20_000}"}[
            vr
        ]


_DIGITS: Final = {
    Identifier.TELEPHONE: "555-{0:03d}-{1:04d}",
    Identifier.FAX: "556-{0:03d}-{1:04d}",
    Identifier.SOCIAL_SECURITY: "9{0:03d}-{1:04d}-11",
    Identifier.IP_ADDRESS: "10.{2}.{3}.{4}",
}
_SAID: Final = {
    Identifier.NAME: "discussed with Dr. {}",
    Identifier.PLACE: "lives in {}",
    Identifier.TELEPHONE: "tel.",
    Identifier.FAX: "fax",
    Identifier.MAIL: "write to {}@example.org",
    Identifier.SOCIAL_SECURITY: "social security",
    Identifier.MEDICAL_RECORD: "record {}",
    Identifier.HEALTH_PLAN: "plan {}",
    Identifier.ACCOUNT: "account {}",
    Identifier.LICENCE: "licence {}",
    Identifier.VEHICLE: "came by car {}",
    Identifier.DEVICE: "pacemaker no. {}",
    Identifier.URL: "see http://example.org/{}",
    Identifier.IP_ADDRESS: "sent from",
    Identifier.BIOMETRIC: "voice print {}",
    Identifier.OTHER: "barcode {}",
}
