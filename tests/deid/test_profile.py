from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.deid.actions import Action
from gateway.deid.compiler import compile_plan, load_plan
from gateway.deid.plan import Plan
from gateway.deid.profile import Profile, load_profile
from gateway.deid.rules import Rule
from gateway.deid.scope import Bound, Scope
from gateway.deid.table import Option, load_table
from gateway.dicom.dictionary import keyword_of, vr_of
from gateway.dicom.vr import VRS
from gateway.errors import ConfigurationError
from tests.deid.decided import decided, recorded
from tests.deid.shipped import KEYS, NAMES, PROFILES, plan

MINIMAL = """
[profile]
id = "mine"
title = "Mine"
why = "a test"
pass = "second"
table = "ps3.15-table-e.1-1.csv"
vocabulary = "vocabulary.toml"
descriptors = "descriptor"
options = []
dates = "year"
claims = ["113100"]

[sop-classes]
why = "a test"
allow = ["CTImageStorage"]

[[rule]]
vrs = ["PN", "LO", "SH", "ST", "LT", "UT", "UC", "UR", "AE", "DA", "DT", "TM", "UN", "OB", "OW", "OL", "OV", "AS"]
action = "drop"
why = "a test"

[[rule]]
vrs = ["OF", "OD", "US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "DS", "IS", "AT", "CS"]
action = "keep"
why = "a test"

[[rule]]
vrs = ["SQ"]
action = "walk"
why = "a test"

[[rule]]
vrs = ["UI"]
action = "uid"
why = "a test"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of profiles with all the shipped files in it."""
    for path in PROFILES.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path


def load(folder: Path, text: str) -> Plan:
    (folder / "mine.toml").write_text(text)
    return load_plan(folder / "mine.toml")


def rule(selector: str, action: str = 'action = "drop"', why: str = 'why = "a test"') -> str:
    return f"{MINIMAL}\n[[rule]]\n{selector}\n{action}\n{why}\n"


def test_the_minimal_profile_loads(folder: Path) -> None:
    made = load(folder, MINIMAL)
    assert (made.id, made.which) == ("mine", "second")
    assert made.decide(0x00100010, "PN").action is Action.EMPTY


REFUSED = {
    "unknown key in the head": (MINIMAL.replace("dates =", "datum ="), "unknown key|dates is missing"),
    "unknown table": (MINIMAL + "\n[extra]\n", "unknown key 'extra'"),
    "unknown key in a rule": (rule('vrs = ["PN"]', 'action = "drop"\ncolour = 1'), "unknown key 'colour'"),
    "unknown keyword": (rule('attributes = ["PatientNam"]'), "'PatientNam' is neither"),
    "unknown action": (rule('attributes = ["PatientName"]', 'action = "anonymise"'), "'anonymise' is unknown"),
    "unknown VR": (rule('vrs = ["XX"]'), "'XX' is unknown"),
    "unknown option": (MINIMAL.replace("options = []", 'options = ["keep-all"]'), "'keep-all' is unknown"),
    "unknown claim": (MINIMAL.replace('["113100"]', '["113100", "1"]'), "'1' is unknown"),
    "unknown pass": (MINIMAL.replace('"second"', '"third"'), "'third' is unknown"),
    "unknown vocabulary": (
        rule('attributes = ["StudyID"]', 'action = "clean"\nvocabulary = "poetry"'),
        "'poetry' is unknown",
    ),
    "unknown SOP class": (MINIMAL.replace("CTImageStorage", "XTImageStorage"), "'XTImageStorage' is not"),
    "SOP class that is none": (MINIMAL.replace("CTImageStorage", "ExplicitVRLittleEndian"), "is not the keyword"),
    "no why": (rule('attributes = ["StudyID"]', why=""), "why is missing"),
    "empty why": (rule('attributes = ["StudyID"]', why='why = " "'), "why must not be empty"),
    "wrong type of why": (rule('attributes = ["StudyID"]', why="why = 3"), "why has the wrong type"),
    "wrong type of attributes": (rule('attributes = "StudyID"'), "attributes has the wrong type"),
    "numbers as attributes": (rule("attributes = [1048592]"), "must be an array of strings"),
    "the same attribute twice": (rule('attributes = ["StudyID", "StudyID"]'), "names something twice"),
    "no selector": (rule(""), "must have exactly one"),
    "two selectors": (rule('attributes = ["StudyID"]\nvrs = ["PN"]'), "must have exactly one"),
    "a mask that masks nothing": (rule('masks = ["00100010"]'), "is not eight hexadecimal digits with x"),
    "a mask of seven": (rule('masks = ["001000x"]'), "is not eight hexadecimal digits with x"),
    "a pattern that matches nothing": (rule('keywords = ["Patiens*"]'), "no keyword of PS3.6 matches"),
    "a default twice": (rule('vrs = ["PN"]'), "another rule of the same file speaks of PN"),
    "a VR without default": (MINIMAL.replace('"AS"]', "]"), "no rule for the VR AS"),
    "free text kept by default": (MINIMAL.replace('"AT", "CS"', '"AT", "CS", "LO"'), "never kept by default"),
    "replace without text": (rule('attributes = ["StudyID"]', 'action = "replace"'), "text is missing"),
    "clean without vocabulary": (rule('attributes = ["StudyID"]', 'action = "clean"'), "vocabulary is missing"),
    "otherwise keep": (
        rule('attributes = ["StudyID"]', 'action = "drop"\notherwise = "keep"'),
        "otherwise must be drop, empty or dummy",
    ),
    "a rule below the floor": (rule('attributes = ["PatientID"]', 'action = "keep"'), "does less for 00100020"),
    "a mask below the floor": (rule('masks = ["60xxxxxx"]', 'action = "keep"'), "does less for 60XXXXXX"),
    "private without the option": (
        rule('private = [{ creator = "A", tag = "0019xx0C", vr = "IS" }]'),
        "need the option retain-safe-private",
    ),
    "private with an even group": (
        rule('private = [{ creator = "A", tag = "0018xx0C", vr = "IS" }]'),
        "a private element is written as",
    ),
    "a claim that is not true": (MINIMAL.replace('["113100"]', '["113100", "113109"]'), "claims 113109, but"),
    "no basic claim": (MINIMAL.replace('["113100"]', "[]"), "the first claim must be 113100"),
    "no table": (MINIMAL.replace("e.1-1.csv", "e.1-2.csv"), "is not PS3.15 Table E.1-1"),
    "no TOML": ("[profile", "cannot be read"),
    "an allow-list without why": (MINIMAL + '\n[[allow]]\nsop-classes = ["CTImageStorage"]\n', "why is missing"),
    "an allow-list with a typo": (
        MINIMAL + '\n[[allow]]\nsop-classes = ["CTImageStorage"]\nattributes = ["Row"]\nwhy = "a test"\n',
        "'Row' is neither",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_broken_profile_is_refused_by_file_and_key(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(folder, text)
    assert re.search(r"mine\.toml|ps3\.15-table", str(caught.value))


def test_an_exception_may_do_less_than_the_table_demands(folder: Path) -> None:
    made = load(folder, rule('attributes = ["StationName"]', 'action = "keep"\nexception = true'))
    assert made.decide(0x00081010, "SH").keeps


def test_a_file_overrides_what_it_includes(folder: Path) -> None:
    text = MINIMAL.replace("options = []", 'options = []\ninclude = ["more.toml"]')
    (folder / "more.toml").write_text('[[rule]]\nattributes = ["StudyID", "Rows"]\naction = "drop"\nwhy = "more"\n')
    made = load(folder, text + '\n[[rule]]\nattributes = ["StudyID"]\naction = "dummy"\nwhy = "mine"\n')
    assert (made.decide(0x00200010, "SH").why, made.decide(0x00280010, "US").why) == ("mine", "more")


def test_an_included_file_is_read_as_strictly(folder: Path) -> None:
    text = MINIMAL.replace("options = []", 'options = []\ninclude = ["more.toml"]')
    (folder / "more.toml").write_text('[profile]\nid = "x"\n')
    with pytest.raises(ConfigurationError, match=r"more\.toml: unknown key 'profile'"):
        load(folder, text)


def test_the_hash_covers_every_file(folder: Path) -> None:
    before = load_plan(folder / "first-pass.toml").hash
    assert before == plan("first").hash
    for name in ("first-pass.toml", "common.toml", "vocabulary.toml", "ps3.15-table-e.1-1.csv"):
        path = folder / name
        original = path.read_bytes()
        path.write_bytes(original + b"\n")
        assert load_plan(folder / "first-pass.toml").hash != before
        path.write_bytes(original)


def test_safe_private_elements_are_a_file_to_include(folder: Path) -> None:
    text = (PROFILES / "second-pass.toml").read_text()
    text = text.replace('include = ["common.toml"]', 'include = ["common.toml", "safe-private.toml"]')
    made = load(folder, text.replace("options = [", 'options = ["retain-safe-private", '))
    assert made.decide(0x0019100C, "IS", "SIEMENS MR HEADER").keeps
    assert made.decide(0x0019120C, "IS", "SIEMENS MR HEADER").keeps
    assert made.decide(0x0019100C, "LO", "SIEMENS MR HEADER").drops
    assert made.decide(0x0019100C, "IS", "SOMEBODY ELSE").drops
    assert made.decide(0x0019100C, "IS").drops
    assert made.decide(0x00190010, "LO").section is not None


def test_a_profile_may_shift_dates_by_patient(folder: Path) -> None:
    text = MINIMAL.replace('dates = "year"', 'dates = "shift"')
    made = load(folder, text.replace("options = []", 'options = ["retain-longitudinal-modified-dates"]'))
    rule = made.decide(0x00080020, "DA")
    assert rule.action is Action.SHIFT
    moved = rule.apply(["20240229"], "DA", Bound(KEYS, Scope(patient="4711")))
    assert moved is not None
    assert moved != ["20240229"]
    assert rule.apply(["20240229"], "DA", Bound(KEYS)) == []  # of whom is not known: type 2, so present and empty
    assert made.for_reading().decide(0x00080020, "DA").keeps
    assert made.insertions()["00280303"]["Value"] == ["MODIFIED"]


@pytest.mark.parametrize(
    ("option", "said"),
    [("retain-longitudinal-full-dates", "UNMODIFIED"), ("retain-uids", "REMOVED")],
)
def test_the_temporal_marker_says_what_the_options_do(folder: Path, option: str, said: str) -> None:
    made = load(folder, MINIMAL.replace("options = []", f'options = ["{option}"]'))
    assert made.insertions()["00280303"]["Value"] == [said]


@pytest.mark.parametrize("option", list(Option))
def test_every_option_of_the_standard_can_be_selected(folder: Path, option: Option) -> None:
    made = load(folder, MINIMAL.replace("options = []", f'options = ["{option}"]'))
    table = load_table(PROFILES / "ps3.15-table-e.1-1.csv")
    changed = [row for row in table if option in row.options and "X" not in row.tag]
    plain = load(folder, MINIMAL)
    different = [row for row in changed if made.exact[int(row.tag, 16)] != plain.exact[int(row.tag, 16)]]
    assert different or option is Option.RETAIN_SAFE_PRIVATE


def without(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """Yield the profile without each of its rules in turn."""
    for number, left_out in enumerate(profile.rules):
        kept = profile.rules[:number] + profile.rules[number + 1 :]
        yield left_out.where, replace(profile, rules=kept)


def decisions(compiled: Plan) -> object:
    return compiled.exact, compiled.masks, compiled.private, compiled.defaults


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_of_a_shipped_profile_is_without_effect(name: str) -> None:
    profile = load_profile(PROFILES / f"{name}-pass.toml")
    whole = decisions(compile_plan(profile, this_year=2026))
    dead = []
    for where, less in without(profile):
        try:
            if decisions(compile_plan(less, this_year=2026)) == whole:
                dead.append(where)
        except ConfigurationError:
            continue  # a VR without a default
    assert dead == []


@pytest.mark.parametrize("name", NAMES)
def test_no_attribute_of_a_shipped_rule_is_without_effect(name: str) -> None:
    profile = load_profile(PROFILES / f"{name}-pass.toml")
    bare = compile_plan(replace(profile, rules=tuple(rule for rule in profile.rules if not rule.tags)), this_year=2026)
    dead = []
    for rule in profile.rules:
        for tag in rule.tags:
            vr = vr_of(tag)
            if differs(bare.decide(tag, vr)) == differs(plan(name).decide(tag, vr)):
                dead.append(keyword_of(tag))
    assert dead == []


def differs(rule: Rule) -> object:
    return (
        rule.action,
        rule.otherwise if rule.action not in (Action.DROP, Action.EMPTY) else None,
        rule.section,
        rule.text,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_profiles_decide_what_is_written_down(name: str) -> None:
    # With the two tests above: taking any rule or attribute out of a shipped profile fails here.
    assert list(decided(plan(name))) == recorded(name).read_text("utf-8").splitlines(), (
        "A profile decides something else now. If that is meant: python -m tests.deid.decided"
    )


def test_every_vr_has_a_default() -> None:
    for name in NAMES:
        assert plan(name).defaults.keys() == VRS.keys()
