from __future__ import annotations

import pytest

from gateway.deid.profile import Pass
from gateway.evidence.beyond import beyond
from gateway.evidence.passes import report_engines
from tests.deid.shipped import PROFILES, plan


@pytest.mark.parametrize("which", Pass)
def test_beyond_the_table_only_what_a_profile_names_and_code_strings_are_left(which: Pass) -> None:
    found = {one.vr: one for one in beyond(plan("first").profile.table, report_engines(PROFILES))}
    assert sum(one.planted for one in found.values()) > 1000
    assert found["LO"].left[which] == ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
    assert found["OB"].left[which] == ("ICCProfile",)
    others = {
        vr: one.left[which] for vr, one in found.items() if vr not in ("LO", "OB", "CS", "UI") and one.left[which]
    }
    assert others == {}
    assert not [keyword for keyword in found["UI"].left[which] if "InstanceUID" in keyword]
