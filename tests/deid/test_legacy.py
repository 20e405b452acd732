from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.deid import legacy
from gateway.deid.actions import Action
from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.legacy import Form, Legacy
from gateway.deid.plan import Plan
from gateway.deid.scope import Scope
from gateway.errors import ConfigurationError
from tests.builders import planted
from tests.deid.shipped import KEYS, PROFILES, plan

HASHED = """
[[rule]]
attributes = ["PatientID"]
action = "legacy-md5"
legacy = { function = "hashptid", prefix = "99", length = 10 }
exception = true
why = "a test"
"""
SCOPE = Scope(binding="case-1", patient="12345")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in PROFILES.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path


def load(folder: Path, rules: str, *, allowed: bool = True) -> Plan:
    """Return the shipped second pass with rules of a site in it."""
    text = (folder / "second-pass.toml").read_text()
    if allowed:
        text = text.replace("[profile]", "[profile]\nlegacy-md5 = true", 1)
    (folder / "mine.toml").write_text(text + rules)
    return load_plan(folder / "mine.toml", this_year=2026)


def test_the_published_vectors_are_met() -> None:
    assert legacy.hash_text("12345", 16) == "1734476027734280"
    assert legacy.hash_patient("99", "12345", 10) == "1562138257"
    assert legacy.hash_name("Doe^John^Q", 6, 2) == "767339"
    assert legacy.hash_uid("9999", "1.2.3.4") == "9999.133452017418128156145788163593446716929"
    assert legacy.increment_date("20190314", -137) == "20181028"


def test_names_are_hashed_without_case_and_punctuation() -> None:
    assert legacy.hash_name("o'DOE, ^joHN^Quincy", 6, 2) == legacy.hash_name("Odoe^John", 6)
    assert legacy.hash_name("Doe^John^Q") != legacy.hash_name("Doe^John")


def test_a_root_may_end_in_a_dot_and_a_uid_is_cut_to_64_characters() -> None:
    assert legacy.hash_uid("9999.", "1.2.3.4") == legacy.hash_uid("9999", "1.2.3.4")
    assert len(legacy.hash_uid("1.2.3456789.1234567890.1234567890.1234567890", "1.2.3.4")) == 64


def test_uids_are_hashed_value_by_value_but_for_those_that_everybody_knows() -> None:
    rule = Legacy(Form.HASHUID, "9999")
    well_known = "1.2.840.10008.5.1.4.1.1.2"
    made = rule.apply(["1.2.3.4", "", well_known], "UI", oldest=1938, patient="")
    assert made == [legacy.hash_uid("9999", "1.2.3.4"), "", well_known]
    assert rule.apply(["Doe"], "UI", oldest=1938, patient="") is None
    assert rule.apply(["1.2.3.4"], "LO", oldest=1938, patient="") is None


def test_dates_move_by_the_hash_of_the_patient() -> None:
    rule = Legacy(Form.HASHDATE)
    days = legacy.hash_days("12345")
    assert -3650 < days < 0
    assert rule.apply(["20190314"], "DA", oldest=1938, patient="12345") == [legacy.increment_date("20190314", days)]
    assert rule.apply(["20190314"], "DA", oldest=1938, patient="") is None


@pytest.mark.parametrize(
    ("rule", "values", "vr"),
    [
        (Legacy(Form.HASH), ["12345"], "SH"),  # 39 digits in 16 characters
        (Legacy(Form.HASH, of_patient=True), ["x"], "LO"),  # of a patient who is not known
        (Legacy(Form.INCREMENTDATE, days=-1), ["2019-03-14"], "DA"),
        (Legacy(Form.INCREMENTDATE, days=-1), ["20190314101112"], "DT"),
        (Legacy(Form.INCREMENTDATE, days=-400), ["19381231"], "DA"),  # a year that reveals an age over 89
        (Legacy(Form.INCREMENTDATE, days=10**9), ["20190314"], "DA"),
    ],
)
def test_what_cannot_be_replaced_is_left_to_the_fallback(rule: Legacy, values: list[str], vr: str) -> None:
    assert rule.apply(values, vr, oldest=1938, patient="") is None


def test_a_profile_must_allow_it(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="legacy-md5 = true"):
        load(folder, HASHED, allowed=False)


def test_a_rule_must_say_that_it_is_an_exception(folder: Path) -> None:
    for attribute in ("PatientID", "StudyDate", "ContrastBolusRoute"):
        with pytest.raises(ConfigurationError, match="exception = true"):
            load(folder, HASHED.replace("exception = true\n", "").replace("PatientID", attribute))


@pytest.mark.parametrize("wrong", ['{ function = "md5" }', '{ function = "hash", length = true }', "{ length = 1 }"])
def test_its_arguments_are_strict(folder: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError):
        load(folder, HASHED.replace('{ function = "hashptid", prefix = "99", length = 10 }', wrong))


def test_an_instance_gets_their_pseudonym_and_does_not_claim_to_be_anonymous(folder: Path) -> None:
    engine = Engine(load(folder, HASHED), KEYS)
    found = dcmread(io.BytesIO(engine.instance(planted(PatientID="12345"), scope=SCOPE)))
    assert found.PatientID == "1562138257"
    assert found.PatientIdentityRemoved == "NO"
    assert engine.plan.decide_tag(0x00100020).action is Action.LEGACY_MD5
    assert "weak" in Action.LEGACY_MD5.plain


def test_it_is_read_back_as_it_was_written(folder: Path) -> None:
    engine = Engine(load(folder, HASHED), KEYS)
    once = engine.instance(planted(PatientID="12345"), scope=SCOPE)
    assert dcmread(io.BytesIO(engine.reader().instance(once))).PatientID == "1562138257"


def test_no_shipped_profile_uses_it() -> None:
    for name in ("first", "second"):
        assert not plan(name).profile.legacy_md5
        assert all(rule.legacy is None for rule in plan(name).profile.rules)
