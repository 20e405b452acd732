"""The plan applied to the elements of one data set, bytes to bytes; the JSON twin is `json_engine`.

A kept element whose bytes already are what goes out is not copied alone: neighbours are cut out of the input in
one slice. Everything else is encoded anew, in Explicit VR Little Endian and UTF-8.

First the elements are judged, which gives steps; then the steps are taken. For a layout that is known the steps
are known, and only values are looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from operator import itemgetter
from typing import Final

from gateway.deid.actions import Action
from gateway.deid.memory import SHARED, Check, Known, Program, Step, memory
from gateway.deid.plan import NO_PART, Plan
from gateway.deid.rules import Rule
from gateway.deid.scope import Bound
from gateway.dicom.charset import SPECIFIC_CHARACTER_SET, UTF8_TERM, Charset, charset_of
from gateway.dicom.dictionary import creator_tag, display_tag, hex_tag, is_private, is_private_creator
from gateway.dicom.elements import FRAGMENTS, PIXEL_DATA, SAME, Element, Elements, find
from gateway.dicom.json_model import encode_element, encode_item, raw_value
from gateway.dicom.layout import Layout
from gateway.dicom.values import encode_header, read_text
from gateway.dicom.vr import RAW, TEXT, VRS, Kind, valid
from gateway.errors import Reason, Withheld

_STRUCTURAL: Final = frozenset((SPECIFIC_CHARACTER_SET, 0xFFFCFFFC))
"""What no rule is asked about: the character set, which is always UTF-8, and Data Set Trailing Padding."""
_KEEP, _DROP = Action.KEEP, Action.DROP
_LONGEST_SHARED: Final = 128
# A Code String with a long number is left to the rule, which may see more in it than its form.
_PLAIN: Final[Mapping[str, Check]] = {vr: pattern.fullmatch for vr, pattern in RAW.items()} | {
    "CS": re.compile(rb"(?!.*[0-9]{6})(?:" + RAW["CS"].pattern + rb")").fullmatch
}
_WIDTH: Final = {vr: facts.width for vr, facts in VRS.items() if facts.kind is Kind.NUMBER} | {"AT": 4}
_UTF8: Final = encode_element(SPECIFIC_CHARACTER_SET, "CS", [UTF8_TERM])


class HeaderPass:
    """Rewrites the data sets of one buffer. `actions` collects what was done, by path, when it is given."""

    __slots__ = ("_actions", "_bound", "_data", "_known", "_memory", "_plan", "non_ascii")

    def __init__(self, plan: Plan, bound: Bound, data: bytes, actions: dict[str, str] | None = None) -> None:
        self._plan = plan
        self._bound = bound
        self._memory = memory(plan, bound)
        self._data = data
        self._actions = actions
        self._known: Known | None = None
        self.non_ascii = False

    def root(self, elements: Elements, charset: Charset, layout: Layout | None = None) -> bytes:
        """Return the data set at the root, with the plan's insertions in place of whatever it had there.

        `layout` is the one that `elements` are taken from, if they are.

        Raises:
            Withheld: RULE_FAILED when the outcome of a rule is not valid for its VR.
        """
        # With private rules a decision depends on the value of a private creator.
        if layout is not None and self._actions is None and not self._plan.private:
            self._known = self._memory.known(layout)
        pieces: list[bytes] = []
        for program, encoded in self._root_programs(elements, charset):
            pieces += self._pieces(program, charset, "")
            pieces.append(encoded)
        if self.non_ascii or find(elements, SPECIFIC_CHARACTER_SET) is not None:
            pieces[pieces.index(b"")] = _UTF8  # the first empty piece is the room for the character set
        return b"".join(pieces)

    def rest(self, elements: Elements, charset: Charset) -> bytes:
        """Return the elements that follow Pixel Data."""
        return b"".join(self._pieces(self._judge(elements, charset, ""), charset, ""))

    def _root_programs(self, elements: Elements, charset: Charset) -> list[tuple[Program, bytes]]:
        """Return what comes between the insertions, each with the insertion that follows."""
        if self._known is not None and self._known.root is not None:
            return self._known.root
        programs = []
        at = 0
        for tag, encoded in self._memory.insertions.items():
            stop = bisect_left(elements, tag, lo=at, key=itemgetter(0))
            programs.append((self._judge(elements[at:stop], charset, ""), encoded))
            at = stop + 1 if stop < len(elements) and elements[stop].tag == tag else stop
        programs.append((self._judge(elements[at:], charset, ""), b""))
        if self._known is not None:
            self._known.root = programs
        return programs

    def _judge(self, elements: Elements, charset: Charset, path: str) -> Program:
        """Decide on every element; what is dropped whatever its value has no step."""
        rules, actions = self._memory.rules, self._actions
        program: Program = []
        creators: dict[int, str] = {}
        always_end = -1  # where the last step ends, when it keeps its bytes unseen
        for element in elements:
            tag, vr, start, offset, end, form, _ = element
            creator = ""
            if is_private(tag):
                creator = creators.get(creator_tag(tag), "")
                if is_private_creator(tag) and vr in TEXT:
                    creators[tag] = "".join((read_text(vr, raw_value(self._data, element), charset) or [])[:1])
            rule = rules.get((tag, vr, creator)) or self._decide(tag, vr, creator)
            action = rule.action
            if actions is not None:
                actions[path + hex_tag(tag)] = action
            if action is _DROP:
                continue
            check: Check | None = _never
            if action is _KEEP and form == SAME and vr != "SQ" and tag not in PIXEL_DATA:
                check = _PLAIN.get(vr) or (_never if (end - offset) % _WIDTH.get(vr, 1) else None)
            if check is None and start == always_end:
                program[-1] = program[-1]._replace(end=end)
            else:
                program.append(Step(start, offset, end, check, element, rule))
            always_end = end if check is None else -1
        return program

    def _pieces(self, program: Program, charset: Charset, path: str) -> list[bytes]:
        data = self._data
        pieces: list[bytes] = []
        run_start = run_end = 0  # what is to be cut out of the input next
        for start, offset, end, check, element, rule in program:
            if check is None or check(data, offset, end):
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
        if len(self._memory.rules) < SHARED:
            self._memory.rules[tag, vr, creator] = rule
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
            if rule.keeps and form != SAME and _PLAIN[vr](raw, 0, len(raw)):
                return encode_header(tag, vr, len(raw)) + raw
            return self._outcome(tag, vr, raw, rule, charset)
        if rule.keeps:
            # A field that is no whole number of values says nothing that could be read: present, empty.
            field = b"" if len(raw) % _WIDTH.get(vr, 1) else raw
        elif rule.refuse(vr) is not None:
            field = b""
        else:
            return b""
        return encode_header(tag, vr, len(field)) + field

    def _outcome(self, tag: int, vr: str, raw: bytes, rule: Rule, charset: Charset) -> bytes:
        """Return a text element as its rule leaves it; for short ASCII values that was mostly seen before."""
        if is_private(tag) or len(raw) > _LONGEST_SHARED or not raw.isascii() or b"\x1b" in raw:
            return self._text(tag, vr, raw, rule, charset)
        outcomes = self._memory.outcomes
        outcome = outcomes.get((tag, vr, raw))
        if outcome is None:
            outcome = self._text(tag, vr, raw, rule, charset)
            if len(outcomes) < SHARED and not self.non_ascii:
                outcomes[tag, vr, raw] = outcome
        return outcome

    def _text(self, tag: int, vr: str, raw: bytes, rule: Rule, charset: Charset) -> bytes:
        values = rule.apply(read_text(vr, raw, charset) or [], vr, self._bound)
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
            return b"" if rule.refuse("SQ") is None else encode_header(tag, "SQ", 0)
        inside = ""
        field = bytearray()
        for number, item in enumerate(items):
            if self._actions is not None:
                inside = f"{path}{hex_tag(tag)}[{number}]."
            own = charset_of(self._data, item, charset)
            field += encode_item(b"".join(self._pieces(self._item_program(item, own, inside), own, inside)))
        return encode_header(tag, "SQ", len(field)) + field

    def _item_program(self, item: Elements, charset: Charset, path: str) -> Program:
        if self._known is None:
            return self._judge(item, charset, path)
        program = self._known.programs.get(id(item))
        if program is None:
            program = self._known.programs[id(item)] = self._judge(item, charset, path)
        return program


def _never(_data: bytes, _offset: int, _end: int) -> bool:
    return False
