"""The lint of a script as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill
from typing import Final

from gateway.deid.mirc.findings import Finding, Severity

_WIDTH: Final = 118


def report(findings: Iterable[Finding]) -> str:
    """Return what a script leaves open, line by line."""
    return "\n".join(_lines(list(findings)))


def _lines(findings: list[Finding]) -> Iterator[str]:
    for severity in Severity:
        found = [finding for finding in findings if finding.severity is severity]
        if found:
            yield f"{severity.value} ({len(found)}): {severity.plain}"
            for finding in found:
                where = f"line {finding.line}" if finding.line else "not in the script"
                text = f"{where}: {finding.subject}: {finding.text}"
                yield fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
            yield ""
