from __future__ import annotations

from gateway.deid.profile_diff import differences
from tests.deid.shipped import plan


def test_a_profile_does_not_differ_from_itself() -> None:
    assert list(differences(plan("first"), plan("first"))) == []


def test_the_passes_differ_in_what_the_first_keeps() -> None:
    found = {each.name: each for each in differences(plan("first"), plan("second"))}
    station = found["(0008,1010) StationName"]
    assert (station.one.action, station.other.action) == ("keep", "drop")
    assert station.one.why
    assert found["any other attribute of VR UI"].other.action == "uid"
    assert "(0010,0010) PatientName" not in found


def test_the_other_way_round_tells_the_same() -> None:
    forth = [(each.name, each.one, each.other) for each in differences(plan("first"), plan("second"))]
    back = [(each.name, each.other, each.one) for each in differences(plan("second"), plan("first"))]
    assert forth == back
