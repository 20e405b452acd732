from __future__ import annotations

from typing import Any

from gateway.deid.compare import MASK, Comparison, Line, Outcome, compare
from gateway.deid.compare_text import as_text
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset
from gateway.dicom.part10 import read_header
from tests.builders import found_canaries, planted
from tests.deid.shipped import CT, engine, identity, plan, scope_of


def _compared(raw: JsonDataset, *, show_raw: bool = False) -> Comparison:
    after = {
        name: engine(name).dataset(IdentifiedDataset(raw), scope=scope_of(name)).json for name in ("first", "second")
    }
    return compare(raw, (after["first"], plan("first")), (after["second"], plan("second")), show_raw=show_raw)


def _lines(**elements: Any) -> dict[str, Line]:
    raw = identity(CT) | {name.removeprefix("t"): element for name, element in elements.items()}
    return {line.path: line for line in _compared(raw, show_raw=True).lines}


def test_each_element_says_what_became_of_it_and_why() -> None:
    lines = _lines(
        t00080080={"vr": "LO", "Value": ["Zqinstitut"]},
        t00080050={"vr": "SH", "Value": ["ZQACC0815"]},
        t00100010={"vr": "PN", "Value": [{"Alphabetic": "Zqnachname^Zqvorname"}]},
    )
    institution = lines["00080080"]
    assert institution.raw == institution.first.value == "Zqinstitut"
    assert (institution.first.outcome, institution.second.outcome) == (Outcome.KEPT, Outcome.REMOVED)
    assert institution.first.action == "keep"
    assert "Exception 2" in institution.first.why
    assert lines["00080050"].first.outcome is Outcome.EMPTIED
    assert lines["00080050"].first.value == ""
    name = lines["00100010"]
    assert (name.first.outcome, name.second.outcome) == (Outcome.CHANGED, Outcome.CHANGED)
    assert name.raw == "Zqnachname^Zqvorname"
    assert name.first.value != name.second.value


def test_markers_are_added() -> None:
    lines = _lines()
    assert lines["00120063"].raw is None
    assert lines["00120063"].first.outcome is Outcome.ADDED
    assert "00120062" in lines


def test_items_are_compared_at_every_level() -> None:
    inner = {"00081155": {"vr": "UI", "Value": ["1.2.3.9"]}, "00080080": {"vr": "LO", "Value": ["Zq"]}}
    lines = _lines(t00082112={"vr": "SQ", "Value": [inner]}, t00081110={"vr": "SQ", "Value": [inner]})
    reference = lines["00082112[0].00081155"]
    assert reference.first.value == "1.2.3.9"
    assert reference.second.outcome is Outcome.CHANGED
    assert lines["00082112"].raw == "1 item"


def test_what_lies_below_a_removed_sequence_says_so() -> None:
    lines = _lines(t00100050={"vr": "SQ", "Value": [{"00080104": {"vr": "LO", "Value": ["Zq"]}}]})
    assert lines["00100050"].first.outcome is Outcome.REMOVED
    below = lines["00100050[0].00080104"]
    assert (below.first.outcome, below.first.origin) == (Outcome.REMOVED, "above")


def test_private_elements_are_judged_by_their_creator() -> None:
    lines = _lines(t00190010={"vr": "LO", "Value": ["ZQ 1.0"]}, t00191001={"vr": "LO", "Value": ["Zqprivat"]})
    assert lines["00191001"].keyword == ""
    assert lines["00191001"].first.outcome is Outcome.REMOVED
    assert lines["00191001"].first.origin == "private"


def test_raw_values_are_masked_unless_they_may_be_seen() -> None:
    raw = read_header(planted("CT")).json().json
    masked = _compared(raw)
    assert masked.masked
    assert {line.raw for line in masked.lines} == {MASK, None}
    for shown in (str(masked.json()), as_text(masked)):
        assert found_canaries(shown.encode()) == []
    assert found_canaries(str(_compared(raw, show_raw=True).json()).encode())


def test_counts_are_those_of_the_data_sets() -> None:
    raw = read_header(planted("CT")).json().json
    compared = _compared(raw)
    before, first, second = compared.count()
    assert before == len(raw)
    assert before > first > second
    assert compared.count(every_level=True)[0] > before
    outcomes, _ = compared.outcomes()
    assert sum(outcomes.values()) == len(compared.lines)
    assert f"Elements at the root: {before} raw → {first}" in as_text(compared)


def test_long_and_binary_values_are_not_spelt_out() -> None:
    lines = _lines(
        t00204000={"vr": "LT", "Value": ["liver\r\n" * 100]},
        t00281201={"vr": "OW", "InlineBinary": "AAAA"},
        t00281202={"vr": "OW", "BulkDataURI": "https://pacs.example.org/1"},
    )
    shown = lines["00204000"].raw
    assert shown is not None
    assert len(shown) == 120
    assert "\n" not in shown
    assert lines["00281201"].raw == "binary"
    assert lines["00281202"].raw == "bulk data"
