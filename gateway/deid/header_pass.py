"""The plan applied to the elements of one data set, bytes to bytes; the JSON twin is `json_engine`.

A kept element whose bytes already are what goes out is not copied alone: neighbours are cut out of the input in
one slice. Everything else is encoded anew, in Explicit VR Little Endian and UTF-8.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from operator import itemgetter
from typing import Final

from gateway.deid.actions import Action
from gateway.deid.plan import NO_PART, Plan
from gateway.deid.rules import Rule
from gateway.deid.scope import Bound, Scope
from gateway.dicom.charset import SPECIFIC_CHARACTER_SET, UTF8_TERM, Charset, charset_of
from gateway.dicom.dictionary import display_tag, hex_tag
from gateway.dicom.elements import FRAGMENTS, PIXEL_DATA, SAME, Element, Elements, find
from gateway.dicom.json_model import encode_dataset, encode_element, encode_item, raw_value
from gateway.dicom.values import encode_header, read_text
from gateway.dicom.vr import RAW, TEXT, VRS, Kind, valid
from gateway.errors import Reason, Withheld

_STRUCTURAL: Final = frozenset((SPECIFIC_CHARACTER_SET, 0xFFFCFFFC))
"""What no rule is asked about: the character set, which is always UTF-8, and Data Set Trailing Padding."""
_KEEP, _DROP = Action.KEEP, Action.DROP
_SHARED: Final = 1 << 14
_LONGEST_SHARED: Final = 128
# A Code String with a long number is left to the rule, which may see more in it than its form.
_PLAIN: Final = {vr: pattern.fullmatch for vr, pattern in RAW.items()} | {
    "CS": re.compile(rb"(?!.*[0-9]{6})(?:" + RAW["CS"].pattern + rb")").fullmatch
}
_WIDTH: Final = {vr: facts.width for vr, facts in VRS.items() if facts.kind is Kind.NUMBER} | {"AT": 4}
_UTF8: Final = encode_element(SPECIFIC_CHARACTER_SET, "CS", [UTF8_TERM])


@lru_cache(maxsize=64)
def _insertions(plan: Plan, scope: Scope) -> dict[int, bytes]:
    """Return the encoded elements that every root is to have, and room for its character set."""
    inserted = plan.insertions(scope)
    own = {int(name, 16): encode_dataset({name: element}) for name, element in inserted.items()}
    return dict(sorted((own | {SPECIFIC_CHARACTER_SET: b""}).items()))


@lru_cache(maxsize=8)
def _rules(_plan: Plan) -> dict[tuple[int, str, str], Rule]:
    """Return the decisions of a plan as they are made, so that the loop below asks a dictionary."""
    return {}


@lru_cache(maxsize=8)
def _outcomes(_plan: Plan, _bound: Bound) -> dict[tuple[int, str, bytes], bytes]:
    """Return the encoded outcomes of rules on short ASCII values.

    Neighbours in a series share nearly all of them. Originals stay in memory no longer than in the caches of
    `Keys`: both are bounded.
    """
    return {}


class HeaderPass:
    """Rewrites the data sets of one buffer. `actions` collects what was done, by path, when it is given."""

    __slots__ = ("_actions", "_bound", "_data", "_outcomes", "_plan", "_rules", "non_ascii")

    def __init__(self, plan: Plan, bound: Bound, data: bytes, actions: dict[str, str] | None = None) -> None:
        self._plan = plan
        self._bound = bound
        self._rules = _rules(plan)
        self._outcomes = _outcomes(plan, bound)
        self._data = data
        self._actions = actions
        self.non_ascii = False

    def root(self, elements: Elements, charset: Charset) -> bytes:
        """Return the data set at the root, with the plan's insertions in place of whatever it had there.

        Raises:
            Withheld: RULE_FAILED when the outcome of a rule is not valid for its VR.
        """
        pieces: list[bytes] = []
        at = 0
        for tag, encoded in _insertions(self._plan, self._bound.scope).items():
            stop = bisect_left(elements, tag, lo=at, key=itemgetter(0))
            pieces += self._pieces(elements[at:stop], charset, "")
            pieces.append(encoded)
            at = stop + 1 if stop < len(elements) and elements[stop].tag == tag else stop
        pieces += self._pieces(elements[at:], charset, "")
        if self.non_ascii or find(elements, SPECIFIC_CHARACTER_SET) is not None:
            pieces[pieces.index(b"")] = _UTF8  # the only empty piece is the room for the character set
        return b"".join(pieces)

    def rest(self, elements: Elements, charset: Charset) -> bytes:
        """Return the elements that follow Pixel Data."""
        return b"".join(self._pieces(elements, charset, ""))

    def _pieces(self, elements: Elements, charset: Charset, path: str) -> list[bytes]:
        data, rules, actions = self._data, self._rules, self._actions
        pieces: list[bytes] = []
        creators: dict[int, str] = {}
        run_start = run_end = 0  # what is to be cut out of the input next
        for element in elements:
            tag, vr, start, offset, end, form, _ = element
            if tag & 0x10000:
                creator = creators.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF, "")
                if tag & 0xFFFF < 0x100 and vr in TEXT:
                    creators[tag] = "".join((read_text(vr, raw_value(data, element), charset) or [])[:1])
            else:
                creator = ""
            rule = rules.get((tag, vr, creator)) or self._decide(tag, vr, creator)
            if actions is not None:
                actions[path + hex_tag(tag)] = rule.action
            action = rule.action
            if action is _DROP:
                continue
            if action is _KEEP and form == SAME:
                plain = _PLAIN.get(vr)
                if plain is not None:
                    kept = plain(data, offset, end) is not None
                elif vr in _WIDTH:
                    kept = not (end - offset) % _WIDTH[vr]
                else:
                    kept = vr != "SQ" and tag not in PIXEL_DATA
                if kept:
                    if start != run_end:
                        if run_end > run_start:
                            pieces.append(data[run_start:run_end])
                        run_start = start
                    run_end = end
                    continue
            piece = self._changed(element, rule, charset, path)
            if piece:
                if run_end > run_start:
                    pieces.append(data[run_start:run_end])
                    run_start = run_end
                pieces.append(piece)
        if run_end > run_start:
            pieces.append(data[run_start:run_end])
        return pieces

    def _decide(self, tag: int, vr: str, creator: str) -> Rule:
        rule = NO_PART if tag in _STRUCTURAL else self._plan.decide(tag, vr, creator)
        if len(self._rules) < _SHARED:
            self._rules[tag, vr, creator] = rule
        return rule

    def _changed(self, element: Element, rule: Rule, charset: Charset, path: str) -> bytes:
        """Return an element that cannot be cut out of the input as it is; b"" when it is dropped."""
        tag, vr, form = element.tag, element.vr, element.form
        if form == FRAGMENTS or tag in PIXEL_DATA:
            return b""
        if element.items is not None:
            return self._sequence(element, rule, charset, path)
        raw = raw_value(self._data, element)
        if vr in TEXT:
            if rule.keeps and _PLAIN[vr](raw):
                return encode_header(tag, vr, len(raw)) + raw
            if tag & 0x10000 or len(raw) > _LONGEST_SHARED or not raw.isascii() or b"\x1b" in raw:
                return self._text(tag, vr, rule, read_text(vr, raw, charset) or [])
            outcome = self._outcomes.get((tag, vr, raw))
            if outcome is None:
                outcome = self._text(tag, vr, rule, read_text(vr, raw, charset) or [])
                if len(self._outcomes) < _SHARED and not self.non_ascii:
                    self._outcomes[tag, vr, raw] = outcome
            return outcome
        if rule.keeps:
            # A field that is no whole number of values says nothing that could be read: present, empty.
            field = b"" if len(raw) % _WIDTH.get(vr, 1) else raw
        elif rule.apply([], vr, self._bound) is not None:
            field = b""
        else:
            return b""
        return encode_header(tag, vr, len(field)) + field

    def _text(self, tag: int, vr: str, rule: Rule, texts: list[str]) -> bytes:
        values = rule.apply(texts, vr, self._bound)
        if values is None:
            return b""
        if not any(values):
            return encode_header(tag, vr, 0)
        if not all(valid(vr, value) or (vr == "IS" and valid("DS", value)) for value in values):
            raise Withheld(Reason.RULE_FAILED, f"{display_tag(tag)}: the outcome is not a valid {vr}")
        self.non_ascii = self.non_ascii or not all(map(str.isascii, values))
        return encode_element(tag, vr, values)

    def _sequence(self, element: Element, rule: Rule, charset: Charset, path: str) -> bytes:
        tag, items = element.tag, element.items or ()
        if not rule.walks:
            return b"" if rule.apply([], "SQ", self._bound) is None else encode_header(tag, "SQ", 0)
        inside = ""
        field = bytearray()
        for number, item in enumerate(items):
            if self._actions is not None:
                inside = f"{path}{hex_tag(tag)}[{number}]."
            own = charset_of(self._data, item, charset)
            field += encode_item(b"".join(self._pieces(item, own, inside)))
        return encode_header(tag, "SQ", len(field)) + field
