"""What rewriters of one plan in one scope share, because neighbours in a series are nearly alike.

Everything is bounded and may be shared between threads: entries are only added, and a tuple is swapped as a whole.
Originals stay in memory no longer than in the caches of `Keys`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.deid.plan import Plan
from gateway.deid.rules import Rule
from gateway.deid.scope import Bound
from gateway.dicom.charset import SPECIFIC_CHARACTER_SET
from gateway.dicom.elements import Element
from gateway.dicom.json_model import encode_dataset
from gateway.dicom.layout import Layout

SHARED: Final = 1 << 14
"""Decisions, and outcomes, that are remembered."""
_LAYOUTS: Final = 16

Check = Callable[[bytes, int, int], object]


class Step(NamedTuple):
    """What is to be done with the bytes from `start` to `end`.

    Without `check` they stay as they are; otherwise when `check(data, offset, end)` says so, and when it does not,
    or is `never`, the rule decides on the element.
    """

    start: int
    offset: int
    end: int
    check: Check | None
    element: Element
    rule: Rule


Program = list[Step]


class Known:
    """What a plan makes of a layout: the steps per data set, by the identity of its elements."""

    __slots__ = ("layout", "programs", "root")

    def __init__(self, layout: Layout) -> None:
        self.layout = layout  # keeps the elements alive, and with them their identity
        self.root: list[tuple[Program, bytes]] | None = None
        self.programs: dict[int, Program] = {}


class Memory:
    """See above."""

    __slots__ = ("_known", "insertions", "layouts", "outcomes", "rules")

    def __init__(self, plan: Plan, bound: Bound) -> None:
        inserted = plan.insertions(bound.scope)
        own = {int(name, 16): encode_dataset({name: element}) for name, element in inserted.items()}
        self.insertions = dict(sorted((own | {SPECIFIC_CHARACTER_SET: b""}).items()))
        self.rules: dict[tuple[int, str, str], Rule] = {}
        self.outcomes: dict[tuple[int, str, bytes], bytes] = {}
        self.layouts: tuple[Layout, ...] = ()
        self._known: dict[Layout, Known] = {}

    def layout(self, data: bytes, start: int) -> Layout | None:
        """Return the layout that `data` has, or None."""
        for layout in self.layouts:
            if layout.fits(data, start):
                return layout
        return None

    def learn(self, layout: Layout | None) -> Layout | None:
        """Remember a layout in place of the oldest."""
        if layout is not None:
            self.layouts = (layout, *self.layouts[: _LAYOUTS - 1])
        return layout

    def known(self, layout: Layout) -> Known:
        """Return what this plan makes of a layout, which is nothing as long as nobody has judged it."""
        known = self._known.get(layout)
        if known is None:
            if len(self._known) >= 2 * _LAYOUTS:
                self._known = {}
            known = self._known[layout] = Known(layout)
        return known


@lru_cache(maxsize=64)
def memory(plan: Plan, bound: Bound) -> Memory:
    """Return what rewriters of this plan in this scope share."""
    return Memory(plan, bound)
