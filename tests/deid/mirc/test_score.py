from __future__ import annotations

from pathlib import Path

from gateway.deid.mirc.corpus import planted
from gateway.deid.mirc.findings import Finding, Severity
from gateway.deid.mirc.report import report
from gateway.deid.mirc.score import Score, score
from tests.deid.mirc.samples import converted, loaded, script
from tests.deid.shipped import engine, plan

TABLE = plan("second").profile.table
CAREFUL = (
    ("00100010", "@hashname(this,6,2)"),
    ("00100020", "@hashptid(@SITE,this)"),
    ("00080018", "@hashuid(@ROOT,this)"),
    ("0020000D", "@hashuid(@ROOT,this)"),
    ("0020000E", "@hashuid(@ROOT,this)"),
    ("00080020", "@incrementdate(this,@INC)"),
)
REST = ("privategroups", "unspecifiedelements", "overlays", "curves")


def depth(path: str) -> int:
    return path.count(".")


def test_every_text_attribute_of_the_table_is_planted_at_the_root_and_in_items() -> None:
    cases = list(planted(TABLE))
    paths = [found.path for case in cases for found in case.identifiers]
    texts = [found.text for case in cases for found in case.identifiers]
    assert len(set(texts)) == len(texts) > 1500
    assert {"00100010", "00081030", "00191000"} <= set(paths)
    assert sum(path.endswith(".00100010") for path in paths) == 3


def test_a_script_that_keeps_all_leaves_all_and_its_profile_nothing(tmp_path: Path) -> None:
    made = script(("00080005", "@keep()"))
    result = score(made, loaded(converted(made), tmp_path), planted(TABLE))
    assert len(result.by_script) == result.planted
    assert result.by_profile == ()


def test_a_careful_script_leaves_what_stands_in_the_sequences_it_keeps(tmp_path: Path) -> None:
    made = script(*CAREFUL, ("00081140", "@keep()"), ("00400275", "@process()"), remove=REST)
    result = score(made, loaded(converted(made), tmp_path), planted(TABLE))
    nested = [path for path in result.by_script if depth(path)]
    assert {path[:16] for path in nested if not path.startswith("00081140")} == {"00400275[0].0028"}
    assert sum(path.startswith("00081140") for path in nested) > 400
    assert {path[:4] for path in result.by_script if not depth(path)} == {"0028"}
    assert result.by_profile == ()


def test_keeping_everything_by_name_opens_the_script_and_not_the_profile(tmp_path: Path) -> None:
    """A script that says @keep() of every attribute of the table, and of all groups."""
    tags = [row.tag for row in TABLE if "X" not in row.tag and int(row.tag, 16) >> 16 > 7]
    made = script(*((tag, "@keep()") for tag in tags), keep=("0008", "0010", "0019", "0020", "0040"))
    result = score(made, loaded(converted(made), tmp_path), planted(TABLE))
    assert len(result.by_script) == result.planted
    assert result.by_profile == ()


def test_legacy_hashes_hold_no_identifier_either(tmp_path: Path) -> None:
    made = script(*CAREFUL, remove=REST)
    assert score(made, loaded(converted(made, legacy_md5=True), tmp_path), planted(TABLE)).by_profile == ()


def test_a_profile_that_leaks_would_be_seen() -> None:
    """The first pass keeps UIDs and two names on purpose, and the score finds them."""
    left = score(script(("00100010", "@remove()")), engine("first"), planted(TABLE)).by_profile
    assert {"00080080", "00081010", "0020000D", "00081155"} <= set(left)
    assert "00100010" not in left


def test_the_report_says_it_line_by_line() -> None:
    findings = [
        Finding(0, Severity.OPEN, "curves", "They stay."),
        Finding(7, Severity.OPEN, "(0008,0050) AccessionNumber", "It stays."),
        Finding(3, Severity.WEAK, "(0010,0020) PatientID", "It can be undone."),
    ]
    text = report(findings, Score(100, ("00080050",) * 20, ("00100010",)))
    lines = text.splitlines()
    assert lines[0].startswith("open (2): The script lets identifiers through")
    assert lines[1] == "  not in the script: curves: They stay."
    assert lines[2] == "  line 7: (0008,0050) AccessionNumber: It stays."
    assert "Of 100 planted identifiers the script leaves 20, the profile 1." in lines
    assert lines[-1] == "  left by the profile: 00100010"
