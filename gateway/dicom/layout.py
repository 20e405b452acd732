"""Neighbours in a series mostly have the same header but for some values of equal length: a walk need not be repeated.

A walk is decided by the bytes between the values (headers, item headers, delimiters) and by nothing else. Where these
are the same at the same places, the elements are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from gateway.dicom.elements import SAME, VALUE_SAME, Elements
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import TransferSyntax

LARGEST: Final = 2000
"""Values of a header that is remembered; larger ones are rare and cost memory."""
_ITEM: Final = b"\xfe\xff\x00\xe0"


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the elements before Pixel Data lie in a file whose data set begins at `start`."""

    start: int
    elements: Elements
    position: int
    pixel_length: int
    _cut: Callable[[bytes], tuple[bytes, ...]]
    _between: tuple[bytes, ...]

    def fits(self, data: bytes, start: int) -> bool:
        """Tell whether a walk of `data` from `start` would find the same elements."""
        last = self._between[-1]
        return (
            self.start == start
            and data[self.position - len(last) : self.position] == last
            and self._cut(data) == self._between
        )


def may_be_remembered(syntax: TransferSyntax) -> bool:
    """Tell whether only the bytes between values decide a walk; Implicit VR looks at private creators."""
    return not (syntax.implicit or syntax.big_endian or syntax.deflated)


def layout_of(data: bytes, start: int, scanner: Scanner) -> Layout | None:
    """Return the layout that `scanner` found from `start` of `data`, or None where a value had a say in it.

    The transfer syntax is one that `may_be_remembered`.
    """
    if scanner.pixel_length is None:
        return None
    values = sorted(_values(data, tuple(scanner.elements[:-1])))
    if not 1 < len(values) <= LARGEST or values[0][0] < 0:
        return None
    starts = [start, *(end for _, end in values)]
    ends = [*(begin for begin, _ in values), scanner.position]
    cut = itemgetter(*(slice(begin, end) for begin, end in zip(starts, ends, strict=True)))
    return Layout(start, tuple(scanner.elements), scanner.position, scanner.pixel_length, cut, cut(data))


def _values(data: bytes, elements: Elements) -> Iterator[tuple[int, int]]:
    """Yield where values lie that have no say in the walk; (-1, -1) when one may have."""
    for element in elements:
        if element.items is not None:
            if element.form != SAME:
                yield (-1, -1)  # it may have been an UN that held an Implicit VR sequence
            for item in element.items:
                yield from _values(data, item)
        elif element.form == SAME and element.vr != "UN":
            yield (element.offset, element.end)
        elif element.form == VALUE_SAME or element.vr == "UN":
            # An UN is looked into for items: its first bytes belong to what must be the same.
            begin = min(element.offset + len(_ITEM), element.end)
            yield (-1, -1) if data[element.offset : begin] == _ITEM else (begin, element.end)
        else:
            yield (-1, -1)
