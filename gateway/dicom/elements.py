"""Where the elements of a data set lie in its bytes (PS3.5 §7.1), and what a header may cost."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter, lt
from typing import Final, NamedTuple

from gateway.dicom.dictionary import display_tag
from gateway.errors import Reason, Withheld

Buffer = bytes | bytearray

UNDEFINED: Final = 0xFFFFFFFF
PIXEL_DATA: Final = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD

# `Element.form`: how the bytes differ from Explicit VR Little Endian.
SAME: Final = 0
VALUE_SAME: Final = 1  # the value may be copied, the header must be written anew
SWAPPED: Final = 2  # the value is big endian
FRAGMENTS: Final = 3  # encapsulated pixels inside an item: there is no single value


class Element(NamedTuple):
    """Where one element lies in its buffer: header at `start`, value at `offset`, next element at `end`.

    A sequence has `items` and ends behind its delimiter. Pixel Data at the root has no value here: `end` equals
    `offset`, and its declared length is the scanner's `pixel_length`.
    """

    tag: int
    vr: str
    start: int
    offset: int
    end: int
    form: int
    items: tuple[tuple[Element, ...], ...] | None


Elements = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a header may cost us.

    `depth`: SR trees of real reports stay below 20 levels. `elements`: an enhanced object of 4,000 frames has
    about 300,000. `header`: bytes before Pixel Data; waveforms and point clouds are the largest.
    """

    depth: int = 32
    elements: int = 500_000
    header: int = 64 << 20


LIMITS: Final = Limits()
_tag = itemgetter(0)


def malformed(tag: int, what: str) -> Withheld:
    """Return the error for an element that breaks PS3.5 §7; `what` names the fault without a value."""
    return Withheld(Reason.MALFORMED, f"{display_tag(tag)}: {what}")


def find(elements: Sequence[Element], tag: int) -> Element | None:
    """Return the element of one data set, in order as the scanner gives it, that has `tag`, or None."""
    at = bisect_left(elements, tag, key=_tag)
    return elements[at] if at < len(elements) and elements[at][0] == tag else None


def ordered(elements: list[Element]) -> Elements:
    """Return the elements of one data set by ascending tag.

    Raises:
        Withheld: MALFORMED when a tag stands twice.
    """
    tags = list(map(_tag, elements))
    if all(map(lt, tags, tags[1:])):
        return tuple(elements)
    elements = sorted(elements, key=_tag)
    for one, two in pairwise(elements):
        if one.tag == two.tag:
            raise malformed(one.tag, "it stands twice in one data set")
    return tuple(elements)
