from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.deid.profile import Pass
from gateway.evidence.report_html import to_html
from gateway.evidence.report_json import to_json
from gateway.evidence.scripts import Score, score
from tests.deid.mirc.samples import converted, loaded, script
from tests.deid.shipped import engine, plan
from tests.evidence.small import specimens
from tests.evidence.test_report import small

FEW = tuple(one for one in specimens() if one.kind in ("MR", "SR"))
TABLE = plan("second").profile.table
REST = ("privategroups", "unspecifiedelements", "overlays", "curves")
CAREFUL = (
    ("00100010", "@hashname(this,6,2)"),
    ("00100020", "@hashptid(@SITE,this)"),
    ("00080018", "@hashuid(@ROOT,this)"),
    ("0020000D", "@hashuid(@ROOT,this)"),
    ("00080020", "@incrementdate(this,@INC)"),
)


def attributes(found: tuple[str, ...]) -> set[str]:
    """Return the keywords in the names of what is left."""
    return {name.split(": ")[1].split(" ")[0] for name in found}


def test_a_script_that_keeps_all_leaves_all_and_its_profile_nothing(tmp_path: Path) -> None:
    made = script(("00080005", "@keep()"))
    result = score(made, loaded(converted(made), tmp_path), FEW)
    assert len(result.by_script) == result.planted > 5_000
    assert result.by_profile == result.withheld == ()


def test_keeping_everything_by_name_opens_the_script_and_not_the_profile(tmp_path: Path) -> None:
    """A script that says @keep() of every attribute of the table, and of the groups that hold the rest."""
    tags = [row.tag for row in TABLE if "X" not in row.tag and int(row.tag, 16) >> 16 > 7]
    made = script(*((tag, "@keep()") for tag in tags), keep=("0008", "0010", "0029", "0040"), remove=REST)
    result = score(made, loaded(converted(made), tmp_path), FEW)
    assert {"PatientName", "AccessionNumber", "StudyDate"} <= attributes(result.by_script)
    assert result.by_profile == result.withheld == ()


def test_a_careful_script_leaves_what_it_cannot_see(tmp_path: Path) -> None:
    made = script(*CAREFUL, ("00081140", "@keep()"), remove=REST)
    result = score(made, loaded(converted(made), tmp_path), FEW)
    assert 0 < len(result.by_script) < result.planted / 10
    assert result.by_profile == result.withheld == ()


def test_legacy_hashes_hold_no_identifier_either(tmp_path: Path) -> None:
    made = script(*CAREFUL, remove=REST)
    result = score(made, loaded(converted(made, legacy_md5=True), tmp_path), FEW)
    assert result.by_profile == result.withheld == ()


def test_the_report_says_that_a_profile_is_weak(tmp_path: Path) -> None:
    weak = loaded(converted(script(*CAREFUL), legacy_md5=True), tmp_path).plan.profile
    found = replace(small(), profiles=small().profiles | {Pass.SECOND: weak})
    for text in (to_html(found), to_json(found)):
        assert "The profile imported-script is weak" in text
    for text in (to_html(small()), to_json(small())):
        assert "is weak" not in text


def test_what_a_profile_leaks_is_seen() -> None:
    """The first pass keeps UIDs and two names on purpose."""
    left = attributes(score(script(("00100010", "@remove()")), engine("first"), FEW).by_profile)
    assert {"InstitutionName", "StationName", "StudyInstanceUID"} <= left
    assert "PatientName" not in left


def test_the_score_is_told_in_words() -> None:
    lines = list(Score(100, ("a",) * 20, ("CT, clinical: PatientID (root)",), ("SR: refused",)).lines())
    assert lines == [
        "Of 100 planted identifiers the script leaves 20, the profile 1.",
        "  left by the profile: CT, clinical: PatientID (root)",
        "  withheld by the profile: SR: refused",
    ]
