from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deid import actions
from gateway.deid.actions import Action
from gateway.deid.rules import Rule
from gateway.deid.scope import Bound, Scope
from gateway.dicom.vr import TEXT, VRS, valid
from tests.deid.shipped import KEYS, NAMES, bound, plan

OLDEST = 1938


@pytest.mark.parametrize("vr", sorted(TEXT - {"UI"}))
def test_the_stand_in_of_a_vr_is_valid_for_it(vr: str) -> None:
    values = actions.dummy(vr)
    assert values is not None
    assert all(valid(vr, value) for value in values)


@pytest.mark.parametrize(
    ("values", "vr", "outcome"),
    [
        (["20240229"], "DA", ["20240101"]),
        (["20240229", "", "19990101"], "DA", ["20240101", "", "19990101"]),
        (["20240229101112.5+0100"], "DT", ["20240101"]),
        (["2024"], "DT", ["20240101"]),
        (["202402-0500"], "DT", ["20240101"]),
        (["101112"], "TM", None),
        (["19371231"], "DA", None),
        (["19380101"], "DA", ["19380101"]),
        (["20240229", "19300101"], "DA", None),
        (["2024-02-29"], "DA", None),
        (["20240229"], "LO", None),
        (["Zqname"], "DA", None),
    ],
)
def test_of_a_date_only_the_year_stays_and_no_year_that_reveals_an_age_over_89(
    values: list[str], vr: str, outcome: list[str] | None
) -> None:
    assert actions.year(values, vr, OLDEST) == outcome


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        (["089Y"], ["089Y"]),
        (["090Y"], ["090Y"]),
        (["091Y"], ["090Y"]),
        (["120Y"], ["090Y"]),
        (["999M"], ["999M"]),
        (["003D"], ["003D"]),
        (["91"], None),
        (["Zqnm"], None),
    ],
)
def test_ages_are_told_up_to_89(values: list[str], outcome: list[str] | None) -> None:
    assert actions.age(values, "AS") == outcome


def test_uids_are_mapped_value_by_value_and_well_known_ones_stay() -> None:
    mapped = actions.map_uids(["1.2.840.10008.5.1.4.1.1.2", "1.2.3", "", "1.2.3"], "UI", bound())
    assert mapped == ["1.2.840.10008.5.1.4.1.1.2", KEYS.uid("1.2.3"), "", KEYS.uid("1.2.3")]
    assert actions.map_uids(["Zqname"], "UI", bound()) is None
    assert actions.map_uids(["1.2.840.10008.Zqname"], "UI", bound()) is None
    unlisted = "1.2.840.10008.19470328.4711"
    assert actions.map_uids([unlisted], "UI", bound()) == [KEYS.uid(unlisted)]


def test_an_empty_name_stays_empty() -> None:
    assert actions.pseudonymise(["", "^^", "="], "PN", bound()) == ["", "", ""]


def test_a_pseudonym_that_does_not_fit_is_none() -> None:
    assert actions.pseudonymise(["4711"], "SH", bound()) is None


@pytest.mark.parametrize("code", ["ZQ19470328", "4711471", "A123456"])
def test_a_code_string_that_holds_a_number_is_text(code: str) -> None:
    assert actions.keep([code], "CS") is None
    assert actions.keep(["ORIGINAL", "PRIMARY", "T12345"], "CS") == ["ORIGINAL", "PRIMARY", "T12345"]


def test_a_whole_number_written_as_decimal_is_still_a_number() -> None:
    assert actions.keep(["1.0"], "IS") == ["1.0"]
    assert actions.keep(["1,0"], "IS") is None
    assert actions.keep(["Zq"], "DS") is None


SHIFTED = Bound(KEYS, Scope(patient="4711"))


def test_a_shift_keeps_intervals_and_precision() -> None:
    before, after = ["20240229", "20240312"], actions.shift(["20240229", "20240312"], "DA", OLDEST, SHIFTED)
    assert after is not None
    assert not set(before) & set(after)
    moved = actions.shift(["20240229101112.5+0100", "2024", "202403"], "DT", OLDEST, SHIFTED)
    assert moved is not None
    assert [len(value) for value in moved] == [len("20240229101112.5+0100"), 4, 6]
    assert moved[0][:8] == after[0]
    assert moved[0][8:] == "101112.5+0100"
    assert actions.shift(["101112"], "TM", OLDEST, SHIFTED) == ["101112"]


def test_a_shift_needs_to_know_whose() -> None:
    assert actions.shift(["20240229"], "DA", OLDEST, Bound(KEYS)) is None
    assert actions.shift(["20240230"], "DA", OLDEST, SHIFTED) is None
    assert actions.shift(["00010101"], "DA", OLDEST, SHIFTED) is None


@given(st.dates(min_value=actions.date(1960, 1, 1)), st.dates(min_value=actions.date(1960, 1, 1)))
def test_all_dates_of_a_patient_move_alike(one: actions.date, other: actions.date) -> None:
    moved = actions.shift([f"{one:%Y%m%d}", f"{other:%Y%m%d}"], "DA", 0, SHIFTED)
    assert moved is not None
    first, second = (actions.date(int(day[:4]), int(day[4:6]), int(day[6:])) for day in moved)
    assert first - second == one - other


@pytest.mark.parametrize("fallback", [Action.DROP, Action.EMPTY, Action.DUMMY])
@pytest.mark.parametrize("vr", sorted(VRS))
def test_what_cannot_be_done_never_leaves_the_value(fallback: Action, vr: str) -> None:
    for action in (Action.KEEP, Action.UID, Action.YEAR, Action.SHIFT, Action.AGE, Action.CLEAN):
        rule = Rule(action, "a test", "attribute", otherwise=fallback, oldest=OLDEST)
        outcome = rule.apply(["\x07Zqname\\"], vr, bound())
        assert outcome is None or "\x07Zqname\\" not in outcome
        assert (outcome is None) == (fallback is Action.DROP)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("vr", sorted(TEXT))
@given(value=st.text(max_size=20))
def test_doing_it_twice_changes_nothing_more(name: str, vr: str, value: str) -> None:
    compiled = plan(name) if name == "first" else plan(name).for_reading()
    for tag in (0x00100010, 0x00100020, 0x00081030, 0x00080020, 0x00080030, 0x00101010, 0x00080018, 0x0040A160):
        once = plan(name).decide(tag, vr).apply([value.strip()], vr, bound(name))
        if once is not None and all(valid(vr, text) for text in once):
            assert compiled.decide(tag, vr).apply(once, vr, bound("first")) == once


def test_every_action_says_what_it_does() -> None:
    assert len({action.plain for action in Action}) == len(Action)


def test_empty_groups_at_the_end_of_a_name_make_no_other_pseudonym() -> None:
    keyed = Bound(KEYS)
    assert actions.pseudonymise(["Zqnachna="], "PN", keyed) == actions.pseudonymise(["Zqnachna"], "PN", keyed)
