"""Dates, times and date-times of a search, single or as a range (PS3.4 C.2.2.2.5, PS3.5 §6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum

_DATE = re.compile(r"(\d{4})(\.?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d|60)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_DATETIME = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d.*?))?)?)?([+-]\d{4})?", re.ASCII)
_OFFSET = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)", re.ASCII)

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


class Form(Enum):
    """How a key states what it wants."""

    SINGLE = "single"
    CLOSED = "closed"
    FROM = "from"
    UNTIL = "until"


@dataclass(frozen=True, slots=True)
class Span:
    """A moment as precisely as it was written: the first and the last instant it can mean."""

    first: int
    last: int
    offset: int | None = None
    """Microseconds east of UTC; None when none was written."""

    def utc(self, fallback: int | None = None) -> Span | None:
        """Return the span moved to UTC, or None when no offset is known."""
        offset = fallback if self.offset is None else self.offset
        return None if offset is None else Span(self.first - offset, self.last - offset, 0)


@dataclass(frozen=True, slots=True)
class Range:
    """What a key accepts; a missing bound is open."""

    form: Form
    low: Span | None
    high: Span | None

    def holds(self, moment: Span, zone: int | None = None) -> bool:
        """Tell whether `moment` lies within the range.

        Offsets count when the key and the value both have one, the value's being `zone` where it states
        none; otherwise the clocks' faces are compared.
        """
        low, high = self.low, self.high
        bounds = [span.utc() for span in (low, high) if span is not None]
        there = moment.utc(zone)
        if there is not None and None not in bounds:
            moment = there
            low, high = low and low.utc(), high and high.utc()
        return (low is None or low.first <= moment.first) and (high is None or moment.first <= high.last)


def parse_date(text: str) -> Span | None:
    """Return DA `text` (also the dotted form of ACR-NEMA) as the number YYYYMMDD, or None.

    A day up to 31 passes in every month: searches for whole months are written so.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    number = int(match[1] + match[3] + match[4])
    return Span(number, number)


def parse_time(text: str) -> Span | None:
    """Return TM `text` (also with colons) in microseconds since midnight, or None."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    first = (int(hour) * 3600 + int(minute or 0) * 60 + int(second or 0)) * _SECOND
    if fraction is not None:
        first += int(fraction.ljust(6, "0"))
        return Span(first, first + 10 ** (6 - len(fraction)) - 1)
    width = _SECOND if second is not None else 60 * _SECOND if minute is not None else 3600 * _SECOND
    return Span(first, first + width - 1)


def parse_datetime(text: str) -> Span | None:
    """Return DT `text` in microseconds of the Gregorian calendar, or None."""
    match = _DATETIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, clock, zone = match.groups()
    offset = None if zone is None else parse_offset(zone)
    if zone is not None and offset is None:
        return None
    try:
        start = date(int(year), int(month or 1), int(day or 1)).toordinal()
    except ValueError:
        return None
    if clock is not None:
        time = parse_time(clock) if ":" not in clock else None
        return time and Span(start * _DAY + time.first, start * _DAY + time.last, offset)
    if day is not None:
        end = start + 1
    elif month is not None:
        end = date(int(year) + int(month) // 12, int(month) % 12 + 1, 1).toordinal() if year != "9999" else start + 31
    else:
        end = start + 366
    return Span(start * _DAY, end * _DAY - 1, offset)


def parse_offset(text: str) -> int | None:
    """Return an offset from UTC "&ZZXX" in microseconds, or None (PS3.3 C.12.1.1.8)."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    size = (int(match[2]) * 60 + int(match[3])) * 60 * _SECOND
    return -size if match[1] == "-" else size


def parse_range(text: str, parse: Callable[[str], Span | None]) -> Range | None:
    """Return what the key `text` accepts, or None when it is malformed or runs backwards.

    "20240101-0500" is one date-time with an offset, not a range that ends in the year 500.
    """
    single = parse(text)
    if single is not None:
        return Range(Form.SINGLE, single, single)
    for at in (at for at, char in enumerate(text) if char == "-"):
        left, right = text[:at].strip(), text[at + 1 :].strip()
        low, high = parse(left), parse(right)
        if (left and low is None) or (right and high is None):
            continue
        if low is not None and high is not None:
            return Range(Form.CLOSED, low, high) if low.first <= high.last else None
        if low is not None:
            return Range(Form.FROM, low, None)
        if high is not None:
            return Range(Form.UNTIL, None, high)
    return None


def combined(dates: Range, times: Range, day: Span, time: Span) -> bool:
    """Match a date and a time as one moment against two ranges of the same form (PS3.4 C.2.2.2.5.4)."""
    moment = (day.first, time.first)
    if dates.low and times.low and moment < (dates.low.first, times.low.first):
        return False
    return not (dates.high and times.high and moment > (dates.high.last, times.high.last))
