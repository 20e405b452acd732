"""Counts: identifiers by kind of file, by category and by place, and elements before and after."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.deid.profile import Pass
from gateway.evidence.passes import Measured, Trace
from gateway.evidence.search import walk


@dataclass(frozen=True, slots=True)
class Count:
    """How many identifiers were planted, found in the raw files, left by each pass, and kept by it on purpose."""

    planted: int
    raw: int
    first: int
    first_kept: int
    second: int
    second_kept: int

    @property
    def leaked(self) -> int:
        """How many either pass let through that it was to remove."""
        return self.first + self.second


def count(traces: Iterable[Trace]) -> Count:
    """Count traces."""
    found = tuple(traces)
    return Count(
        len(found),
        sum(trace.raw for trace in found),
        sum(trace.leaked(Pass.FIRST) for trace in found),
        sum(trace.kept(Pass.FIRST) for trace in found),
        sum(trace.leaked(Pass.SECOND) for trace in found),
        sum(trace.kept(Pass.SECOND) for trace in found),
    )


Key = TypeVar("Key", bound=Hashable)


def counts_by(measured: Iterable[Measured], key: Callable[[Measured, Trace], Key]) -> dict[Key, Count]:
    """Count the traces of all files by a key, in the order in which the keys occur."""
    groups: dict[Key, list[Trace]] = {}
    for one in measured:
        for trace in one.traces:
            groups.setdefault(key(one, trace), []).append(trace)
    return {name: count(traces) for name, traces in groups.items()}


@dataclass(frozen=True, slots=True)
class Elements:
    """How many elements a clinical file has: at the root, and at every level."""

    kind: str
    root: tuple[int, int, int]
    """Raw, after the first pass, after the second."""
    every: tuple[int, int, int]


def elements(measured: Sequence[Measured]) -> list[Elements]:
    """Count the elements of the clinical files, file meta left out; a withheld file has none."""
    counted = []
    for one in measured:
        if one.specimen.saturated:
            continue
        stages = [one.raw, *(one.parsed.get(which) for which in Pass)]
        root = tuple(0 if stage is None else len(stage) for stage in stages)
        every = tuple(0 if stage is None else sum(1 for _ in walk(stage)) for stage in stages)
        counted.append(Elements(one.specimen.kind, (root[0], root[1], root[2]), (every[0], every[1], every[2])))
    return counted
