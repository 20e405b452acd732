"""What identifies somebody in one original data set, and how it would be spelt if it had survived a pass.

Written apart from the engine on purpose: it shares no rule, no vocabulary and no value function with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Any, Final

from gateway.dicom.dataset import JsonDataset
from gateway.dicom.dictionary import keyword_of
from gateway.dicom.normal_form import normalized


class Hint(StrEnum):
    """What kind of identifier a text is."""

    NAME = "name"
    ID = "id"
    DATE = "date"
    UID = "uid"
    PLACE = "place"


_LETTERS: Final = 3  # of a name part; "Ng" and "Li" occur in any text
_SHORTEST_ID: Final = 3  # "1" is the Study ID of half the world
_PHRASE: Final = 4  # characters of a place or a telephone number
_WELL_KNOWN: Final = "1.2.840.10008."
_MAKERS: Final = ("00080070", "00081090")
_NOT_AN_INSTANCE: Final = re.compile(r"SOPClass|TransferSyntax|CodingSchemeUID|ContextUID|MappingResourceUID")
_PLACES: Final = re.compile(r"Institution|Address|Station|AETitle|Organization|Location|Department|Residence")
_NUMBERS: Final = re.compile(
    r"(?:ID|IDs|Identifier|Identification|Number|Numbers|Locator|Telecom\w*)$|^Accession|SerialNumber|Telephone"
)
_NO_NUMBERS: Final = re.compile(r"^(?:CodeValue|.*Trial.*Protocol.*|IssuerOf.*|TypeOf.*|Context\w+|Template\w+)$")
_ID_VRS: Final = frozenset(("LO", "SH", "AE", "UC", "UT", "LT", "ST"))
_WORD: Final = re.compile(r"[^\W\d_]+")
_PSEUDONYM: Final = re.compile(r"(?:Teaching\^|TF-)([0-9A-Z]{12}-[0-9A-Z]{8})")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Parts of names that every second name has, and what people write who have nothing to say.
_PARTICLES: Final = _words(
    "von van der den del della dos das des mac mrs miss prof phd med herr frau jun sen the and iii dipl ing"
)
_EMPTY_WORDS: Final = _words(
    "none unknown unspecified anonymous anonymized anonymised anon removed empty null undefined default "
    "test patient name physician doctor operator technologist"
)
_MONTHS: Final = (
    ("january", "januar", "janvier"),
    ("february", "februar", "février"),
    ("march", "märz", "mars"),
    ("april", "avril", "abril"),
    ("may", "mai", "mayo"),
    ("june", "juni", "juin"),
    ("july", "juli", "juillet"),
    ("august", "août", "agosto"),
    ("september", "septembre", "septiembre"),
    ("october", "oktober", "octobre"),
    ("november", "novembre", "noviembre"),
    ("december", "dezember", "décembre"),
)


def name_parts(name: str) -> Iterator[str]:
    """Yield the parts of a person's name "A=I=P" that could be recognised in a text, in several spellings."""
    own = _PSEUDONYM.fullmatch(name)
    if own:
        yield own[1]
        return
    for number, group in enumerate(name.split("=")):
        for word in _WORD.findall(normalized("NFC", group)):
            ideographic = number == 1 or (not word.isascii() and unicodedata.category(word[0]) == "Lo")
            if word.casefold() in _PARTICLES | _EMPTY_WORDS or len(word) < (2 if ideographic else _LETTERS):
                continue
            yield from _spellings(word)


def _spellings(word: str) -> Iterator[str]:
    yield word
    if word.isascii():
        return
    plain = "".join(sign for sign in normalized("NFD", word) if not unicodedata.combining(sign))
    yield plain
    yield normalized("NFD", word)
    german = word.casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "oe"), ("å", "aa")):
        german = german.replace(umlaut, letters)
    yield german


def spelt_dates(value: str) -> Iterator[str]:
    """Yield how a DA or DT value is written by people and machines, year-only spellings left out.

    1 January is what a pass writes for any day of a year, so its plain form proves nothing.
    """
    digits = value.replace(".", "")[:8]
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return
    y, m, d = f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
    if (day.month, day.day) != (1, 1):
        yield y + m + d
        yield f"{y}-{m}-{d}"
    for joint in ".-/ ":
        yield f"{d}{joint}{m}{joint}{y}"
        yield f"{m}{joint}{d}{joint}{y}"
        yield f"{day.day}{joint}{day.month}{joint}{y}"
        yield f"{day.month}{joint}{day.day}{joint}{y}"
        if joint in "./":
            yield f"{y}{joint}{m}{joint}{d}"
    yield d + m + y
    yield m + d + y
    for month in _MONTHS[day.month - 1]:
        for spelt in {month, month[:3]}:
            for one in (str(day.day), d):
                yield f"{one} {spelt} {y}"
                yield f"{one}-{spelt}-{y}"
                yield f"{one}. {spelt} {y}"
                yield f"{spelt} {one}, {y}"
                yield f"{spelt} {one} {y}"


def spelt_number(value: str) -> Iterator[str]:
    """Yield the spellings of an ID or a telephone number."""
    own = _PSEUDONYM.fullmatch(value)
    text = own[1] if own else value.strip()
    if len(text) < _SHORTEST_ID or len(set(text)) == 1 or text.casefold() in _EMPTY_WORDS:
        return
    if len(text) == _SHORTEST_ID and text.isalpha():
        return
    yield text
    bare = text.lstrip("0")
    if bare.isdigit() and len(bare) > _PHRASE and bare != text:
        yield bare
    digits = re.sub(r"[\s()+./-]", "", text)
    if digits.isdigit() and len(digits) > _PHRASE and digits != text:
        yield digits


def found_in(dataset: JsonDataset) -> Iterator[tuple[Hint, str]]:
    """Yield every identifier of a data set, at every depth, with what it is.

    A place whose name is part of the name of the machine or its maker is not told apart from it, and is none.
    """
    makers = [_text(value) for tag in _MAKERS for value in dataset.get(tag, {}).get("Value") or ()]
    made_by = " ".join(makers).casefold()
    for kind, text in _walk(dataset):
        if kind is not Hint.PLACE or text.casefold() not in made_by:
            yield kind, text


def _walk(dataset: JsonDataset) -> Iterator[tuple[Hint, str]]:
    for name, element in dataset.items():
        keyword = keyword_of(int(name, 16))
        vr = element.get("vr", "")
        for value in element.get("Value") or ():
            if vr == "SQ" and isinstance(value, dict):
                yield from _walk(value)
            else:
                yield from _identifiers(keyword, vr, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "=".join(str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return "" if value is None else str(value).strip()


def _identifiers(keyword: str, vr: str, text: str) -> Iterator[tuple[Hint, str]]:
    if not text:
        return
    if vr == "PN":
        yield from ((Hint.NAME, part) for part in name_parts(text))
    elif vr == "UI":
        if not text.startswith(_WELL_KNOWN) and not _NOT_AN_INSTANCE.search(keyword):
            yield Hint.UID, text
    elif vr in ("DA", "DT"):
        yield from ((Hint.DATE, spelt) for spelt in spelt_dates(text))
    elif vr in _ID_VRS and _NUMBERS.search(keyword) and not _NO_NUMBERS.search(keyword):
        yield from ((Hint.ID, spelt) for spelt in spelt_number(text))
    elif vr in _ID_VRS and _PLACES.search(keyword):
        for line in re.split(r"[\r\n,;]+", text):
            place = line.strip()
            if len(place) >= _PHRASE and place.casefold() not in _EMPTY_WORDS:
                yield Hint.PLACE, place
