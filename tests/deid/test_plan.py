from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deid.actions import Action
from gateway.deid.plan import NO_PART, NO_VR, NOT_ALLOWED, PRIVATE, UNKNOWN
from gateway.deid.profile import Pass
from gateway.deid.scope import Scope
from gateway.dicom.vr import TEXT, VRS
from gateway.errors import Reason, Withheld
from tests.deid.shipped import CR, CT, NAMES, SR, bound, plan

ANY_TAG = st.integers(0, 0xFFFFFFFF)
ANY_VR = st.sampled_from([*VRS, "XX", "", "??"])


@pytest.mark.parametrize("name", NAMES)
@given(tag=ANY_TAG, vr=ANY_VR, creator=st.text(max_size=8))
def test_there_is_an_answer_for_everything(name: str, tag: int, vr: str, creator: str) -> None:
    rule = plan(name).decide(tag, vr, creator)
    assert rule.why
    assert rule is plan(name).decide(tag, vr, creator)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("vr", sorted(TEXT - {"CS", "DS", "IS", "UI"} | {"UN", "OB", "OW", "OL", "OV"}))
def test_an_attribute_nobody_names_keeps_no_text_and_no_bytes(name: str, vr: str) -> None:
    rule = plan(name).defaults[vr]
    assert not rule.keeps
    values = rule.apply(["Zqname"], vr, bound(name)) if vr in TEXT else None
    assert rule.drops or not values or "Zqname" not in values


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tag", [0x00F20002, 0x00080FFF, 0x00100011, 0xFFF00010])
def test_an_attribute_nobody_knows_is_dropped(name: str, tag: int) -> None:
    assert {plan(name).decide(tag, vr) for vr in VRS} == {UNKNOWN}


@pytest.mark.parametrize("name", NAMES)
def test_private_elements_are_dropped_whatever_they_are(name: str) -> None:
    for vr in VRS:
        for creator in ("", "GEMS_PARM_01", "SIEMENS MR HEADER"):
            assert plan(name).decide(0x00191001, vr, creator) is PRIVATE
        assert plan(name).decide(0x00190010, vr) is PRIVATE


@pytest.mark.parametrize("tag", [0x00000002, 0x00020010, 0x00041220, 0x00100000, 0x7FE00000])
def test_what_is_no_part_of_a_data_set_is_dropped(tag: int) -> None:
    for vr in VRS:
        assert plan("first").decide(tag, vr) is NO_PART


@pytest.mark.parametrize("vr", ["XX", "", "pn", "P\0"])
def test_a_vr_that_does_not_exist_is_dropped(vr: str) -> None:
    assert plan("first").decide(0x00280010, vr) is NO_VR


@pytest.mark.parametrize(
    ("tag", "origin"),
    [
        (0x00100010, "attribute"),
        (0x00100040, "attribute"),
        (0x00080030, "table"),
        (0x60003000, "table"),
        (0x60024000, "table"),
        (0x60020022, "mask"),
        (0x50000030, "mask"),
        (0x7F000010, "mask"),
        (0x00280010, "vr"),
    ],
)
def test_the_first_hit_wins(tag: int, origin: str) -> None:
    assert plan("first").decide_tag(tag).origin == origin


@pytest.mark.parametrize("tag", [0x60000010, 0x60FE0022, 0x60003000, 0x50003000, 0x7F000010, 0x7F200010])
@pytest.mark.parametrize("name", NAMES)
def test_overlays_curves_and_variable_pixels_go_as_whole_groups(name: str, tag: int) -> None:
    for vr in ("US", "OW", "OB", "LO", "CS", "SS", "UN"):
        assert plan(name).decide(tag, vr).drops


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tag", [0x00880200, 0xFFFAFFFA, 0x04000550, 0x04000561, 0x04000551, 0x04000402, 0x00101002])
def test_sequences_that_hold_what_was_there_before_go_whole(name: str, tag: int) -> None:
    assert plan(name).decide_tag(tag).drops


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("born", "shown"),
    [("19470328", ["19470101"]), ("19380101", ["19380101"]), ("19371231", []), ("Zqname", []), ("", [""])],
)
def test_of_a_birth_only_the_year_is_shown_and_none_that_reveals_an_age_over_89(
    name: str, born: str, shown: list[str]
) -> None:
    assert plan(name).decide_tag(0x00100030).apply([born], "DA", bound(name)) == shown


# An attribute, the VR of a forged element, and whether anything of a value may stay.
FORGED = [
    (0x00280010, "LO"),  # Rows as text
    (0x00280010, "OB"),
    (0x00280010, "UN"),
    (0x00081010, "LT"),  # StationName, kept as SH only
    (0x00080080, "UN"),
    (0x7FE00010, "LT"),
    (0x00080018, "LO"),  # a UID as text
    (0x00181164, "CS"),  # numbers as a code string
]


@pytest.mark.parametrize(("tag", "vr"), FORGED)
def test_a_value_in_another_vr_is_not_kept(tag: int, vr: str) -> None:
    rule = plan("first").decide(tag, vr)
    assert not rule.keeps
    outcome = rule.apply(["ZQNAME"], vr, bound()) if vr in TEXT else None
    assert not outcome or "ZQNAME" not in outcome


@pytest.mark.parametrize(
    ("tag", "vr"), [(0x00280010, "UL"), (0x00280106, "SS"), (0x00181164, "FD"), (0x00281201, "OB")]
)
def test_numbers_of_another_width_are_still_numbers(tag: int, vr: str) -> None:
    assert plan("first").decide(tag, vr).keeps


@pytest.mark.parametrize(("tag", "vr"), [(0x00100010, "LO"), (0x00100020, "SH"), (0x00080090, "ST")])
def test_text_of_another_vr_is_replaced_all_the_same(tag: int, vr: str) -> None:
    values = plan("first").decide(tag, vr).apply(["Zqname"], vr, bound())
    assert values is not None
    assert "Zqname" not in values


def test_refused_sop_classes_are_named() -> None:
    for uid, name in (
        ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF Storage"),
        ("1.2.840.10008.5.1.4.1.1.104.2", "Encapsulated CDA Storage"),
        ("1.2.840.10008.5.1.4.1.1.9.4.1", "Basic Voice Audio Waveform Storage"),
        ("1.2.840.10008.5.1.4.1.1.66", "Raw Data Storage"),
        ("1.3.12.2.1107.5.9.1", "unknown SOP class"),
        ("1.2.840.10008.1.2.1", "unknown SOP class"),
        ("", "unknown SOP class"),
    ):
        for compiled in (plan("first"), plan("second"), plan("second").for_reading()):
            with pytest.raises(Withheld, match=name) as caught:
                compiled.of_class(uid)
            assert caught.value.reason is Reason.SOP_CLASS_REFUSED
            with pytest.raises(Withheld):
                compiled.check_sop_class(uid)


def test_the_first_pass_says_what_it_is() -> None:
    assert plan("first").which is Pass.FIRST
    said = plan("first").insertions(Scope(pixels_cleared=True))
    assert said["00120062"]["Value"] == ["NO"]
    assert codes(said) == ["113100", "113110"]
    assert said["00280303"]["Value"] == ["MODIFIED"]
    assert "00280301" not in said


def test_the_second_pass_says_what_it_is() -> None:
    said = plan("second").insertions()
    assert said["00120062"]["Value"] == ["YES"]
    assert codes(said) == ["113100", "113105", "113107"]
    assert said["00280303"]["Value"] == ["MODIFIED"]
    assert "00280301" not in said


def test_clean_pixels_are_claimed_when_they_are() -> None:
    said = plan("second").insertions(Scope(pixels_cleared=True))
    assert codes(said) == ["113100", "113101", "113105", "113107"]
    assert said["00280301"]["Value"] == ["NO"]


def codes(said: dict[str, dict[str, list[dict[str, dict[str, list[str]]]]]]) -> list[str]:
    return [item["00080100"]["Value"][0] for item in said["00120064"]["Value"]]


def test_the_method_names_the_profile_and_its_version() -> None:
    method = plan("second").insertions()["00120063"]["Value"][0]
    assert plan("second").hash[:12] in method
    assert len(method) <= 64


def test_a_plain_image_is_narrowed_to_its_allow_list() -> None:
    narrowed = plan("second").of_class(CR)
    assert narrowed is plan("second").of_class(CR)
    assert narrowed.decide(0x00181152, "IS") is NOT_ALLOWED
    assert narrowed.decide(0x00181012, "DA") is NOT_ALLOWED
    assert narrowed.decide(0x00280010, "US").keeps
    assert narrowed.decide(0x00080018, "UI").action is Action.UID
    assert plan("second").of_class(CT).decide(0x00181152, "IS").keeps


def test_other_classes_are_not_narrowed() -> None:
    assert plan("second").of_class(SR) is plan("second")
    assert plan("first").of_class(CR) is plan("first")


def test_an_allow_list_never_keeps_what_a_rule_removes() -> None:
    whole, narrowed = plan("second"), plan("second").of_class(CR)
    assert narrowed.only is not None
    for tag in narrowed.only.tags:
        assert narrowed.decide_tag(tag) == whole.decide_tag(tag)


def test_the_reading_plan_adds_nothing_and_keeps_uids() -> None:
    reading = plan("second").for_reading()
    assert reading.insertions(Scope(pixels_cleared=True)) == {}
    assert reading.decide(0x00080018, "UI").keeps
    assert reading.decide(0x00120063, "LO").keeps
    assert reading.decide(0x00080080, "LO").drops
    assert reading.of_class(CR).decide(0x00181152, "IS") is NOT_ALLOWED


def test_a_hostile_file_does_not_fill_the_memory() -> None:
    compiled = plan("second").for_reading()
    for tag in range(0x00F20001, 0x00F20001 + 70_000):
        compiled.decide(tag << 1 & 0xFFFEFFFF, "US")
    assert len(compiled._cache) <= 1 << 16
