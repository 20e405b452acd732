from __future__ import annotations

from gateway.deid.mirc.findings import Finding, Severity
from gateway.deid.mirc.report import report


def test_the_lint_is_told_line_by_line() -> None:
    findings = [
        Finding(0, Severity.OPEN, "curves", "They stay."),
        Finding(7, Severity.OPEN, "(0008,0050) AccessionNumber", "It stays."),
        Finding(3, Severity.WEAK, "(0010,0020) PatientID", "It can be undone."),
    ]
    lines = report(findings).splitlines()
    assert lines[0].startswith("open (2): The script lets identifiers through")
    assert lines[1] == "  not in the script: curves: They stay."
    assert lines[2] == "  line 7: (0008,0050) AccessionNumber: It stays."
    assert lines[4].startswith("weak (1)")


def test_a_long_finding_is_wrapped() -> None:
    text = report([Finding(1, Severity.OPEN, "Table E.1-1", "AccessionNumber, " * 50)])
    assert max(map(len, text.splitlines())) <= 118
