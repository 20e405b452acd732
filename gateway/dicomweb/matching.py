"""Whether a row of an answer matches a search: the keys compiled to one test of a JSON data set (PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.dicom.dataset import JsonDataset
from gateway.dicomweb.attributes import BULK_VRS, TagPath, keyword_of, label, tag_of, vr
from gateway.dicomweb.temporal import Form, Range, Span, combined, parse_offset
from gateway.dicomweb.values import PARSERS, Malformed, Options, parse_key, parse_moments, universal
from gateway.errors import BadQuery

TIMEZONE = "00080201"
_FIRST_KEY = "00080000"  # the groups before it belong to commands, files and directories

_UNMATCHED = {
    "00080005": "SpecificCharacterSet is never matched: send the search in UTF-8.",
    TIMEZONE: "TimezoneOffsetFromUTC cannot be searched for; give DT values with their offset.",
}


@dataclass(frozen=True, slots=True)
class Match:
    """One attribute and the value it is to match; "" matches everything and only asks for the attribute."""

    path: TagPath
    value: str

    def __repr__(self) -> str:
        return f"Match(path={self.path!r})"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a test needs to know beside the item it looks at.

    `trusting` holds tags whose absence counts as a match; `zone` is the row's own offset from UTC.
    """

    trusting: frozenset[str]
    zone: int | None


Predicate = Callable[[JsonDataset, Scope], bool]


def compile_matches(matches: Iterable[Match], options: Options) -> Predicate:
    """Compile `matches` to one test, in which all must hold.

    Raises:
        BadQuery: naming the keyword, when a value is malformed for its VR.
    """
    return _compile([(match, 0) for match in matches], options)


def row_zone(row: JsonDataset) -> int | None:
    """Return the offset from UTC that `row` states for its dates and times, in microseconds."""
    found = values_of(row, TIMEZONE)
    return parse_offset(found[0]) if found and isinstance(found[0], str) else None


def values_of(item: JsonDataset, tag: str) -> list[object]:
    """Return the non-empty values of `tag`; bulk data counts as none, since nobody looked at it."""
    element = item.get(tag)
    value = element.get("Value") if isinstance(element, dict) else None
    return [v for v in value if v not in (None, "", {})] if isinstance(value, list) else []


def _compile(keys: list[tuple[Match, int]], options: Options) -> Predicate:
    """Compile keys that share their first `depth` tags: those that end here, then one group per sequence."""
    leaves = {match.path[-1]: match for match, depth in keys if len(match.path) == depth + 1}
    inner: dict[str, list[tuple[Match, int]]] = {}
    for match, depth in keys:
        if len(match.path) > depth + 1:
            inner.setdefault(match.path[depth], []).append((match, depth + 1))
    ranges = {tag: _moments(match) for tag, match in leaves.items() if _is_moment(match, options)}
    pairs = combined_pairs(ranges)
    tests = [_pair_test(day, time, ranges[day], ranges[time]) for day, time in pairs.items()]
    tests += [_moment_test(t, wanted) for t, wanted in ranges.items() if t not in {*pairs, *pairs.values()}]
    tests += [_value_test(match, options) for tag, match in leaves.items() if tag not in ranges]
    tests += [_item_test(tag, _compile(group, options)) for tag, group in inner.items()]
    return lambda item, scope: all(test(item, scope) for test in tests)


def combined_pairs(ranges: dict[str, Range]) -> dict[str, str]:
    """Return the dates whose time is asked for by a range of the same form, each with that time's tag.

    Such a pair is matched as one moment (PS3.18 §8.3.4.1.1, PS3.4 C.2.2.2.5.4).
    """
    pairs = {}
    for tag, wanted in ranges.items():
        time = time_of(tag)
        if time in ranges and ranges[time].form is wanted.form is not Form.SINGLE:
            pairs[tag] = time
    return pairs


def _is_moment(match: Match, options: Options) -> bool:
    return _vr(match) in PARSERS and match.value != "" and not _asks_for_empty(match, options)


def _asks_for_empty(match: Match, options: Options) -> bool:
    return options.empty and match.value == '""'


def _moments(match: Match) -> Range:
    try:
        return parse_moments(_vr(match), match.value)
    except Malformed as error:
        raise BadQuery(f"{label(match.path)} {error}.") from None


def _vr(match: Match) -> str:
    found = vr(match.path[-1])
    if found in BULK_VRS or match.path[0] < _FIRST_KEY:
        raise BadQuery(f"{label(match.path)} cannot be searched for: not an attribute of PS3.6 with a plain value.")
    return found


def time_of(tag: str) -> str:
    """Return the tag of the time that belongs to the date `tag`, or ""."""
    keyword = keyword_of(tag)
    return tag_of(keyword.removesuffix("Date") + "Time") if keyword.endswith("Date") else ""


def _pair_test(day_tag: str, time_tag: str, days: Range, times: Range) -> Predicate:
    alone = (_moment_test(day_tag, days), _moment_test(time_tag, times))

    def test(item: JsonDataset, scope: Scope) -> bool:
        day, time = _spans(item, day_tag), _spans(item, time_tag)
        if not day or not time:
            return all(check(item, scope) for check in alone)
        return combined(days, times, day[0], time[0])

    return test


def _moment_test(tag: str, wanted: Range) -> Predicate:
    def test(item: JsonDataset, scope: Scope) -> bool:
        if not values_of(item, tag):
            return tag in scope.trusting
        return any(wanted.holds(span, scope.zone) for span in _spans(item, tag))

    return test


def _spans(item: JsonDataset, tag: str) -> list[Span]:
    parse = PARSERS[vr(tag)]
    found = [parse(value) for value in values_of(item, tag) if isinstance(value, str)]
    return [span for span in found if span is not None]


def _value_test(match: Match, options: Options) -> Predicate:
    tag, kind = match.path[-1], _vr(match)
    if universal(kind, match.value):
        return lambda item, scope: True
    if tag in _UNMATCHED:
        raise BadQuery(_UNMATCHED[tag])
    if kind == "SQ":
        raise BadQuery(f"{label(match.path)} is a sequence: name an attribute in it after a dot.")
    if _asks_for_empty(match, options):
        return lambda item, scope: not values_of(item, tag)
    try:
        key = parse_key(kind, match.value, options)
    except Malformed as error:
        raise BadQuery(f"{label(match.path)} {error}.") from None

    def test(item: JsonDataset, scope: Scope) -> bool:
        values = values_of(item, tag)
        return key.matches(values) if values else tag in scope.trusting

    return test


def _item_test(tag: str, inner: Predicate) -> Predicate:
    def test(item: JsonDataset, scope: Scope) -> bool:
        items = [value for value in values_of(item, tag) if isinstance(value, dict)]
        # Against no item at all, only universal keys and trusted tags can hold.
        return any(inner(each, scope) for each in items) if items else tag in scope.trusting or inner({}, scope)

    return test
