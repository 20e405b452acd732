from __future__ import annotations

import dataclasses

import pytest

from gateway.deid.profile import Pass
from gateway.evidence.hipaa import Identifier
from gateway.evidence.passes import kept_by_design
from gateway.evidence.planter import Place, Plant
from gateway.evidence.search import Haystack
from tests.evidence.small import measured


@pytest.mark.parametrize("which", Pass)
def test_no_planted_identifier_is_left(which: Pass) -> None:
    assert [(one.specimen.name, trace.plant) for one in measured() for trace in one.traces if trace.leaked(which)] == []


def test_nothing_is_withheld() -> None:
    assert [(one.specimen.name, one.withheld) for one in measured() if one.withheld] == []


def test_only_the_three_exceptions_and_characteristics_are_kept() -> None:
    kept = {
        which: {t.plant.keyword for one in measured() for t in one.traces if t.kept(which) and t.plant.vr != "UI"}
        for which in Pass
    }
    assert kept[Pass.FIRST] == {"StationName", "InstitutionName", "PatientSize", "PatientWeight"}
    assert kept[Pass.SECOND] == {"PatientSize", "PatientWeight"}


def test_uids_of_the_first_pass_are_an_exception_and_of_private_elements_are_not() -> None:
    uid = Plant(Identifier.OTHER, Place.ROOT, "00080018", "SOPInstanceUID", "UI", "1.2.3", number=True)
    assert kept_by_design(uid, Pass.FIRST)
    assert not kept_by_design(uid, Pass.SECOND)
    assert not kept_by_design(dataclasses.replace(uid, place=Place.PRIVATE), Pass.FIRST)


@pytest.mark.parametrize("coding", ["ascii", "utf-16-le", "utf-16-be"])
def test_a_token_is_found_in_any_encoding_and_case(coding: str) -> None:
    plant = Plant(Identifier.NAME, Place.ROOT, "00100010", "PatientName", "PN", "ZQBCDFGH")
    assert Haystack(b"x" + "seen by zqBCDfgh today".encode(coding)).holds(plant)
    assert not Haystack(b"x" + "seen by zqBCDfgk today".encode(coding)).holds(plant)


@pytest.mark.parametrize("coding", ["utf-8", "iso2022_jp", "shift_jis", "euc_jp", "gb18030", "utf-16-le"])
def test_a_name_in_another_script_is_found(coding: str) -> None:
    plant = Plant(Identifier.NAME, Place.ROOT, "00100010", "PatientName", "PN", "佐渡島")
    assert Haystack("x=佐渡島^".encode(coding)).holds(plant)


def test_a_number_counts_only_where_it_stands_alone() -> None:
    plant = Plant(Identifier.DATE, Place.ROOT, "00080020", "StudyDate", "DA", "20240229", number=True)
    assert Haystack(b"DA\x08\x0020240229").holds(plant)
    assert Haystack(b"120240229 then 20240229101112").holds(plant)
    assert not Haystack(b"2.25.120240229").holds(plant)
