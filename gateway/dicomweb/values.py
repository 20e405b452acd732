"""The test that one key makes of one attribute's values, by the attribute's VR (PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gateway.dicom.uid import is_uid
from gateway.dicomweb.names import name_test
from gateway.dicomweb.temporal import Range, Span, parse_date, parse_datetime, parse_range, parse_time
from gateway.dicomweb.wildcards import has_wildcard, wildcard

Test = Callable[[object], bool]
"""Tells whether one value matches."""

_NUMBERS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
_TEXTS = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT"})
_UNDIVIDED = frozenset({"LT", "ST", "UT", "UR"})
_MULTIPLE = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})

_AGE = re.compile(r"\d{3}[DWMY]", re.ASCII)
_ATTRIBUTE_TAG = re.compile(r"[0-9A-Fa-f]{8}")

PARSERS: dict[str, Callable[[str], Span | None]] = {
    "DA": parse_date,
    "TM": parse_time,
    "DT": parse_datetime,
}


class Malformed(ValueError):
    """A key that no value of its VR could match; the text says what the VR takes."""


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of a search that change what a key means (PS3.18 §8.3.4.2, .5, .6)."""

    fuzzy: bool = False
    empty: bool = False
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the tests of its alternatives, and whether every one or any one must find a value."""

    tests: tuple[Test, ...]
    every: bool

    def matches(self, values: list[object]) -> bool:
        """Tell whether the values of an attribute match."""
        found = (any(test(value) for value in values) for test in self.tests)
        return all(found) if self.every else any(found)


def universal(vr: str, text: str) -> bool:
    """Tell whether `text` matches everything, an absent attribute too (PS3.4 C.2.2.2.3, C.2.2.2.4)."""
    return not text or (set(text) == {"*"} and (vr in _TEXTS or vr == "PN"))


def is_text(vr: str) -> bool:
    """Tell whether values of `vr` are text that takes wild cards (PN apart)."""
    return vr in _TEXTS


def alternatives(vr: str, text: str) -> list[str]:
    """Return the values of a key: "\\" stands between them, or "," where no value can hold one (UI, CS)."""
    if vr in _UNDIVIDED:
        return [text]
    return re.split(r"[,\\]" if vr in ("UI", "CS") else r"\\", text)


def parse_key(vr: str, text: str, options: Options) -> Key:
    """Parse a key that is neither universal nor a date, time or date-time.

    Several values of a key are alternatives, "\\\\" between them, or "," where no value can hold one (UI, CS);
    with `options.multiple` each must be found (PS3.4 C.2.2.2.8).

    Raises:
        Malformed: when `text` is not a value of `vr`.
    """
    parts = alternatives(vr, text)
    every = options.multiple and vr in _MULTIPLE and len(parts) > 1
    return Key(tuple(_test(vr, part, options) for part in parts), every)


def parse_moments(vr: str, text: str) -> Range:
    """Parse a key of VR DA, TM or DT.

    Raises:
        Malformed: when it is neither a value of `vr` nor a range of two that runs forwards.
    """
    found = parse_range(text, PARSERS[vr])
    if found is None:
        raise Malformed(f"takes a value of VR {vr}, or a range a-b, a- or -b")
    return found


def _test(vr: str, text: str, options: Options) -> Test:
    if vr == "PN":
        return name_test(text, fuzzy=options.fuzzy)
    if vr in _TEXTS:
        return _text_test(text)
    if vr in _NUMBERS:
        return _number_test(text)
    if vr == "UI":
        return _same(text.strip(), is_uid, "takes UIDs, separated by commas")
    if vr == "AS":
        return _same(text.strip(), _AGE.fullmatch, "takes an age such as 045Y")
    if vr == "AT":
        return _same(text.strip().upper(), _ATTRIBUTE_TAG.fullmatch, "takes a tag such as 00100010")
    if vr == "UR":
        return _same(text.strip(), bool, "takes a URI")
    raise Malformed("cannot be searched for")


def _text_test(text: str) -> Test:
    wanted = text.strip()
    if not has_wildcard(wanted):
        return lambda value: isinstance(value, str) and value.strip() == wanted
    pattern = wildcard(wanted)
    return lambda value: isinstance(value, str) and pattern.fullmatch(value.strip()) is not None


def _number_test(text: str) -> Test:
    wanted = _number(text)
    if wanted is None:
        raise Malformed("takes a number")
    return lambda value: _number(value) == wanted


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _same(wanted: str, valid: Callable[[str], object], takes: str) -> Test:
    if not valid(wanted):
        raise Malformed(takes)
    return lambda value: isinstance(value, str) and value.strip(" \0") == wanted
