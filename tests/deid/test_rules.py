from __future__ import annotations

import pytest

from gateway.deid.actions import Action
from gateway.dicom.dictionary import tag_of
from tests.deid.shipped import bound, plan, through


def test_words_that_fit_no_code_string_fall_back() -> None:
    rule = plan("first").decide(tag_of("ReasonForTheAttributeModification") or 0, "CS")
    assert rule.action is Action.CLEAN
    assert rule.apply(["record of the liver"], "CS", bound()) == rule.apply(["Zqnachname"], "CS", bound())


@pytest.mark.parametrize("name", ["first", "second"])
def test_words_in_a_code_string_do_not_withhold_the_instance(name: str) -> None:
    through(name, {"04000565": {"vr": "CS", "Value": ["record of the liver"]}})


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_number_of_an_order_is_replaced_where_a_value_must_stand(name: str) -> None:
    order = {"00401001": {"vr": "SH", "Value": ["ZQORDER"]}}
    done = through(name, {"00400275": {"vr": "SQ", "Value": [order]}})
    assert done["00400275"]["Value"][0]["00401001"]["Value"] == ["REMOVED"]
