from __future__ import annotations

import pytest

from gateway.deid.compare import MASK
from gateway.dicom.part10 import read_header
from gateway.errors import Reason, Withheld
from gateway.services.headers import three_way
from tests.builders import planted
from tests.deid.shipped import engine


def test_a_header_is_compared_masked_unless_asked_otherwise() -> None:
    raw = read_header(planted("CR")).json()
    masked = three_way(raw, engine("first"), engine("second"))
    assert {line.raw for line in masked.lines} == {MASK, None}
    shown = {line.path: line for line in three_way(raw, engine("first"), engine("second"), show_raw=True).lines}
    assert shown["00081010"].raw == shown["00081010"].first.value == "ZQSTATION7"
    assert shown["00081010"].second.value is None


def test_pseudonyms_of_the_second_pass_belong_to_the_case() -> None:
    raw = read_header(planted("CR")).json()
    ids = set()
    for binding in ("case-1", "case-2", ""):
        compared = three_way(raw, engine("first"), engine("second"), binding=binding)
        ids.add(next(line.second.value for line in compared.lines if line.path == "00100020"))
    assert len(ids) == 3


def test_a_refused_class_is_withheld() -> None:
    raw = read_header(planted("CR", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")).json()
    with pytest.raises(Withheld) as refused:
        three_way(raw, engine("first"), engine("second"))
    assert refused.value.reason is Reason.SOP_CLASS_REFUSED
