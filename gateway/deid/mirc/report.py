"""The lint of a script as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill
from typing import Final

from gateway.deid.mirc.findings import Finding, Severity
from gateway.deid.mirc.score import Score

_WIDTH: Final = 118


def report(findings: Iterable[Finding], score: Score) -> str:
    """Return what a script leaves open, line by line, and its score."""
    return "\n".join(_lines(list(findings), score))


def _lines(findings: list[Finding], score: Score) -> Iterator[str]:
    for severity in Severity:
        found = [finding for finding in findings if finding.severity is severity]
        if found:
            yield f"{severity.value} ({len(found)}): {severity.plain}"
            for finding in found:
                where = f"line {finding.line}" if finding.line else "not in the script"
                text = f"{where}: {finding.subject}: {finding.text}"
                yield fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
            yield ""
    yield (
        f"Of {score.planted} planted identifiers the script leaves {len(score.by_script)}, "
        f"the profile {len(score.by_profile)}."
    )
    for path in score.by_profile:
        yield f"  left by the profile: {path}"
