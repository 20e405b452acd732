"""The plan applied to a data set in the DICOM JSON Model (PS3.18 Annex F): QIDO rows and metadata.

What the origin's JSON says about itself is not trusted: an element whose value is not what its VR promises is
judged as text of unknown meaning, which no rule keeps.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from gateway.deid.actions import Action, Values
from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.deid.scope import Bound
from gateway.dicom.charset import SPECIFIC_CHARACTER_SET, UTF8_TERM
from gateway.dicom.dataset import JsonDataset, JsonElement, first_text
from gateway.dicom.dictionary import creator_tag, display_tag, hex_tag, vr_of
from gateway.dicom.elements import LIMITS, PIXEL_DATA
from gateway.dicom.values import json_number, person_name
from gateway.dicom.vr import VRS, Kind, valid
from gateway.errors import Reason, Withheld

_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_CHARACTER_SET: Final = hex_tag(SPECIFIC_CHARACTER_SET)
_PN_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_INTEGERS: Final = {
    "US": (0, 0xFFFF),
    "SS": (-0x8000, 0x7FFF),
    "UL": (0, 0xFFFFFFFF),
    "SL": (-0x80000000, 0x7FFFFFFF),
    "UV": (0, 0xFFFFFFFFFFFFFFFF),
    "SV": (-0x8000000000000000, 0x7FFFFFFFFFFFFFFF),
}
_TOO_LARGE: Final = 10**308
_NOT_FINITE: Final = frozenset(("NaN", "inf", "-inf", "Infinity", "-Infinity"))


@dataclass(slots=True)
class JsonRewriter:
    """Applies one plan in one scope to data sets; `actions` collects what was done, by path, when it is given."""

    plan: Plan
    bound: Bound
    actions: dict[str, str] | None = None
    _non_ascii: bool = field(default=False, init=False)

    def root(self, dataset: JsonDataset, insertions: JsonDataset) -> JsonDataset:
        """Return the de-identified data set with `insertions` in place of whatever it had there.

        Raises:
            Withheld: MALFORMED when it is no data set, TOO_DEEP when sequences nest deeper than the limit.
        """
        self._non_ascii = False
        result = self._dataset(dataset, "", 0) | insertions
        if _CHARACTER_SET in dataset or self._non_ascii:
            result[_CHARACTER_SET] = {"vr": "CS", "Value": [UTF8_TERM]}
        return dict(sorted(result.items()))

    def _dataset(self, dataset: Any, path: str, depth: int) -> JsonDataset:
        if depth > LIMITS.depth:
            raise Withheld(Reason.TOO_DEEP, f"limit {LIMITS.depth} levels")
        if not isinstance(dataset, dict):
            raise Withheld(Reason.MALFORMED, "a data set is not a JSON object")
        result: JsonDataset = {}
        for given in sorted(dataset):
            tag, name = _tag(given)
            if tag == SPECIFIC_CHARACTER_SET:
                continue
            creator = ""
            if tag & 0x10000 and self.plan.private:
                creator = first_text(dataset, hex_tag(creator_tag(tag)))
            inside = "" if self.actions is None else path + name
            kept = self._element(tag, dataset[given], creator, inside, depth)
            if kept is not None:
                result[name] = kept
        return result

    def _element(self, tag: int, element: Any, creator: str, path: str, depth: int) -> JsonElement | None:
        if not isinstance(element, dict):
            raise Withheld(Reason.MALFORMED, f"{display_tag(tag)}: an element is not a JSON object")
        vr = element.get("vr") or vr_of(tag, creator)
        facts = VRS.get(vr) if isinstance(vr, str) else None
        rule = self.plan.decide(tag, vr, creator) if facts is not None else None
        if self.actions is not None:
            self.actions[path] = rule.action if rule is not None else Action.DROP
        if facts is None or rule is None or rule.action is Action.DROP or (depth and tag in PIXEL_DATA):
            return None
        if facts.kind is Kind.SEQUENCE:
            return self._sequence(element, rule, path, depth)
        if facts.kind is Kind.TEXT:
            return self._text(tag, vr, element, rule)
        if rule.keeps:
            kept = _binary(tag, element) if facts.kind is Kind.BYTES else _numbers(tag, vr, element)
            if kept is not None:
                return {"vr": vr, **kept}
        return None if rule.refuse(vr) is None else {"vr": vr}

    def _sequence(self, element: JsonElement, rule: Rule, path: str, depth: int) -> JsonElement | None:
        if not rule.walks:
            return None if rule.refuse("SQ") is None else {"vr": "SQ"}
        items = element.get("Value") or []
        if not isinstance(items, list):
            raise Withheld(Reason.MALFORMED, "the value of a sequence is not an array")
        done = [self._dataset(item or {}, f"{path}[{number}].", depth + 1) for number, item in enumerate(items)]
        return {"vr": "SQ", "Value": done} if done else {"vr": "SQ"}

    def _text(self, tag: int, vr: str, element: JsonElement, rule: Rule) -> JsonElement | None:
        found = element.get("Value") or []
        texts = _texts(vr, found) if "BulkDataURI" not in element and "InlineBinary" not in element else None
        values = rule.refuse(vr) if texts is None else rule.apply(texts, vr, self.bound)
        if values is None:
            return None
        if not any(values):
            return {"vr": vr}
        # A rule that keeps has looked at the form of every value.
        if values is not texts and not all(valid(vr, value) for value in values):
            raise Withheld(Reason.RULE_FAILED, f"{display_tag(tag)}: the outcome is not a valid {vr}")
        self._non_ascii = self._non_ascii or not all(map(str.isascii, values))
        return {"vr": vr, "Value": [_json_value(vr, value) for value in values]}


@lru_cache(1 << 13)
def _tag(name: str) -> tuple[int, str]:
    """Return the tag that a name in a data set stands for, and how it is written."""
    if _TAG.fullmatch(name) is None:
        raise Withheld(Reason.MALFORMED, "a name in a data set is not eight hexadecimal digits")
    return int(name, 16), name.upper()


def _texts(vr: str, values: Any) -> Values | None:
    """Return the values of a text element as text without padding, or None when one is not what it should be."""
    if not isinstance(values, list):
        return None
    texts = [_one_text(vr, value) for value in values]
    return None if None in texts else [text for text in texts if text is not None]


def _one_text(vr: str, value: Any) -> str | None:
    match value:
        case None:
            return ""
        case str():
            return value.strip(" \0") if VRS[vr].multi else value.rstrip(" \0")
        case dict() if vr == "PN":
            groups = [value.get(group) or "" for group in _PN_GROUPS]
            return "=".join(groups).rstrip("=") if all(isinstance(group, str) for group in groups) else None
        case bool():
            return None
        case int() | float() if vr in ("DS", "IS") and abs(value) < _TOO_LARGE:
            return repr(value)
    return None


def _json_value(vr: str, text: str) -> Any:
    if vr == "PN":
        return person_name(text) or {"Alphabetic": ""}
    if not text:
        return None  # PS3.18 §F.2.5
    return json_number(vr, text) if vr in ("DS", "IS") else text


def _numbers(tag: int, vr: str, element: JsonElement) -> JsonElement | None:
    """Return the parts of a binary number or tag element that may stay, or None when they are not what they say."""
    if "BulkDataURI" in element or "InlineBinary" in element:
        return _binary(tag, element)
    values = element.get("Value") or []
    if not isinstance(values, list) or not all(_is_number(vr, value) for value in values):
        return None
    return {"Value": values} if values else {}


def _is_number(vr: str, value: Any) -> bool:
    if vr == "AT":
        return isinstance(value, str) and valid("AT", value)
    if isinstance(value, str):
        # PS3.18 §F.2.2 writes what JSON numbers cannot hold as text.
        if vr in _INTEGERS:
            return valid("IS", value) and _is_number(vr, int(value))
        return value in _NOT_FINITE or (valid("DS", value) and math.isfinite(float(value)))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = _INTEGERS.get(vr, (-_TOO_LARGE, _TOO_LARGE))
    return low <= value <= high and (vr not in _INTEGERS or float(value).is_integer())


def _binary(tag: int, element: JsonElement) -> JsonElement | None:
    """Return InlineBinary or the marker of bulk data of a kept element; the web layer writes our own URI there.

    The origin's URI goes: it names the origin, and may name the patient.
    """
    if "Value" in element:
        return None
    inline, uri = element.get("InlineBinary"), element.get("BulkDataURI")
    if inline is None:
        return {} if uri is None else {"BulkDataURI": hex_tag(tag)} if isinstance(uri, str) else None
    try:
        base64.b64decode(inline, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    return {"InlineBinary": inline}
