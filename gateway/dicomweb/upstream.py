"""Keys as an origin gets them: never narrower than what the client asked for.

Every row is matched again on its way out, so a key may be widened wherever origins disagree: several do not
percent-decode values, split text at commas, compare times as strings, or ignore accents, groups of a name and
trailing empty components. What cannot be widened is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gateway.dicomweb.attributes import vr
from gateway.dicomweb.matching import Match, time_of
from gateway.dicomweb.temporal import Form, Span, parse_date, parse_datetime, parse_range, parse_time
from gateway.dicomweb.values import Options, alternatives, is_text, universal

_UNSAFE = re.compile(r"[^A-Za-z0-9._~^*?-]+")
_WORD = re.compile(r"[A-Za-z0-9]+")
_PLAIN_VRS = frozenset({"AS", "AT", "DS", "FD", "FL", "IS", "SL", "SS", "SV", "UI", "UL", "US", "UV"})
# Letters that carry a mark in some Latin spelling; one position of a pattern takes either.
_MARKABLE = str.maketrans(dict.fromkeys("aAcCdDeEgGiIlLnNoOrRsStTuUyYzZ", "?"))


def key_params(matches: Sequence[Match], options: Options) -> list[tuple[str, str]]:
    """Return tag paths and values for an origin, made only of characters that need no percent-encoding."""
    params = []
    for match in matches:
        value = _widened(match, matches, options)
        if value:
            params.append((".".join(match.path), value))
    return params


def _widened(match: Match, others: Sequence[Match], options: Options) -> str:
    """Return a value that matches at least what `match` does; "" when only leaving it out does."""
    kind, text = vr(match.path[-1]), match.value
    if universal(kind, text) or (options.empty and text == '""'):
        return ""
    if kind == "DA":
        return re.sub(r"[.\s]", "", text)
    if kind == "TM":
        return "" if _is_combined(match, others) else _time_range(text)
    if kind == "DT":
        found = parse_range(text, parse_datetime)
        naive = found is not None and all(span.offset is None for span in (found.low, found.high) if span)
        return re.sub(r"\s", "", text) if naive else ""
    widen: Callable[[str], str]
    if kind == "PN":
        widen = _fuzzy_name if options.fuzzy else _name
    elif is_text(kind):
        widen = _text
    elif kind in _PLAIN_VRS:
        widen = str.strip
    else:
        return ""
    parts = [widen(part) for part in alternatives(kind, text)]
    usable = all(part.strip("*") and not _UNSAFE.search(part) for part in parts)
    return ",".join(parts) if usable else ""


def _text(part: str) -> str:
    return _UNSAFE.sub("*", part.strip())


def _name(part: str) -> str:
    return re.sub(r"\*+", "*", _text(part).rstrip("*^?") + "*")


def _fuzzy_name(part: str) -> str:
    word = max(_WORD.findall(part), key=len, default="").translate(_MARKABLE)
    return f"*{word}*" if word.strip("?") else ""


def _is_combined(match: Match, others: Sequence[Match]) -> bool:
    dates = [other for other in others if (*other.path[:-1], time_of(other.path[-1])) == match.path]
    forms = [found.form for other in dates if (found := parse_range(other.value, parse_date)) is not None]
    return any(form is not Form.SINGLE for form in forms)


def _time_range(text: str) -> str:
    found = parse_range(text, parse_time)
    if found is None:
        return ""
    return f"{_clock(found.low, 'first')}-{_clock(found.high, 'last')}"


def _clock(span: Span | None, end: str) -> str:
    if span is None:
        return ""
    seconds, fraction = divmod(span.first if end == "first" else span.last, 1_000_000)
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}{minutes % 60:02}{second:02}"
    return f"{text}.{fraction:06}" if fraction else text
