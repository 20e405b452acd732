"""A three-way comparison of headers as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.deid.compare import Comparison, Done, Line
from gateway.dicom.vr import VRS

_WIDE: Final = 26
_NAME: Final = 34


def as_text(comparison: Comparison) -> str:
    """Return one line for each element, then the counts."""
    return "\n".join(_rows(comparison)) + "\n"


def _rows(comparison: Comparison) -> Iterator[str]:
    yield _row("element", "raw", "first pass", "second pass")
    yield _row(*("─" * width for width in (_NAME + 14, _WIDE, _WIDE, _WIDE)))
    for line in comparison.lines:
        yield _row(_name(line), _value(line.raw), _stage(line.first), _stage(line.second))
    yield ""
    for title, every in (("at the root", False), ("at every level", True)):
        raw, first, second = comparison.count(every_level=every)
        yield f"Elements {title}: {raw} raw → {first} after the first pass → {second} after the second."
    for name, counted in zip(("First", "Second"), comparison.outcomes(), strict=True):
        yield f"{name} pass: " + ", ".join(f"{count} {outcome.value}" for outcome, count in sorted(counted.items()))


def _row(name: str, *values: str) -> str:
    cells = (f"{_cut(value, _WIDE):<{_WIDE}}" for value in values)
    return f"{_cut(name, _NAME + 14):<{_NAME + 14}}  {'  '.join(cells)}".rstrip()


def _name(line: Line) -> str:
    depth = line.path.count(".")
    tag = line.path.rpartition(".")[2]
    vr = line.vr if line.vr in VRS else "??"
    return f"{'  ' * depth}{tag} {vr} {line.keyword or 'private'}"


def _value(value: str | None) -> str:
    return "–" if value is None else value or "(empty)"


def _stage(done: Done) -> str:
    if done.value is None:
        return f"– {done.action}" if done.action else "–"
    return f"{_value(done.value)}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
