"""The Range header of a request for one bulk data value (RFC 9110 §14)."""

from __future__ import annotations

import re

from gateway.errors import RangeNotSatisfiable

_SINGLE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.IGNORECASE)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the bytes asked for of `size` as (start, stop), or None when the whole value is to be sent.

    A malformed header, another unit and several ranges are ignored, as a server may (RFC 9110 §14.2).

    Raises:
        RangeNotSatisfiable: when the range lies outside the value.
    """
    match = _SINGLE.fullmatch(header or "")
    first, last = match.groups() if match else ("", "")
    if not first and not last:
        return None
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise RangeNotSatisfiable(size)
    return start, stop
