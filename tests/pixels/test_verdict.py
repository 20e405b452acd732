from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from gateway.pixels.rules import Rules, Verdict, load_rules
from gateway.pixels.verdict import judge
from gateway.settings import packaged
from tests.pixels.images import pixel_files

TAGS = {
    "sop": "00080016", "modality": "00080060", "type": "00080008", "burned": "00280301", "photometric": "00280004",
    "conversion": "00080064", "rows": "00280010",
}  # fmt: skip
ROOT = "1.2.840.10008.5.1.4.1.1."
CT = {
    "sop": ROOT + "2",
    "modality": "CT",
    "type": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "photometric": "MONOCHROME2",
    "rows": 512,
}
NO_PIXELS = {"photometric": None, "rows": None, "type": None}


@cache
def rules() -> Rules:
    return load_rules((packaged("profiles") / "pixel-rules.toml").read_text())


def verdict(**values: Any) -> str:
    json_dataset = {
        TAGS[name]: {"vr": "CS", "Value": value if isinstance(value, list) else [value]}
        for name, value in values.items()
        if value is not None
    }
    return judge(json_dataset, rules()).verdict


@pytest.mark.parametrize(
    ("change", "want"),
    [
        ({}, "clear"),
        ({"burned": "NO"}, "clear"),
        ({"burned": "YES"}, "review"),
        ({"burned": "yes "}, "review"),
        ({"burned": "PERHAPS"}, "review"),
        ({"type": ["DERIVED", "PRIMARY", "MPR"]}, "clear"),
        ({"type": ["DERIVED", "SECONDARY", "MPR"]}, "review"),
        ({"type": ["ORIGINAL", "PRIMARY", "SCREEN SAVE"]}, "review"),
        ({"type": ["ORIGINAL", "PRIMARY", "DOSE_INFO"]}, "review"),
        ({"type": ["PRIMARY", "ORIGINAL"]}, "review"),
        ({"type": None}, "review"),
        ({"photometric": "RGB"}, "review"),
        ({"photometric": None}, "review"),
        ({"conversion": "WSD"}, "review"),
        ({"modality": "US"}, "review"),
        ({"modality": "XX"}, "review"),
        ({"modality": None}, "review"),
        ({"sop": ROOT + "2.1"}, "clear"),
        ({"sop": ROOT + "4", "modality": "MR"}, "clear"),
        ({"sop": ROOT + "1", "modality": "CR", "photometric": "MONOCHROME1"}, "clear"),
        ({"sop": ROOT + "1.1", "modality": "DX"}, "clear"),
        ({"sop": ROOT + "1.2", "modality": "MG"}, "clear"),
        ({"sop": ROOT + "128", "modality": "PT"}, "clear"),
        ({"sop": ROOT + "20", "modality": "NM"}, "clear"),
        ({"sop": ROOT + "7", "modality": "CT"}, "review"),
        ({"sop": ROOT + "7.4", "modality": "OT"}, "review"),
        ({"sop": ROOT + "6.1", "modality": "CT"}, "review"),
        ({"sop": ROOT + "3.1", "modality": "US", "burned": "NO"}, "review"),
        ({"sop": ROOT + "12.1", "modality": "XA"}, "review"),
        ({"sop": ROOT + "12.1", "modality": "XA", "burned": "NO"}, "clear"),
        ({"sop": ROOT + "12.2", "modality": "RF", "burned": "NO", "type": ["DERIVED", "SECONDARY"]}, "review"),
        ({"sop": ROOT + "77.1.1", "modality": "ES"}, "review"),
        ({"sop": ROOT + "77.1.4", "modality": "XC", "burned": "NO"}, "review"),
        ({"sop": ROOT + "77.1.1.1", "modality": "ES"}, "blocked"),
        ({"sop": ROOT + "77.1.6", "modality": "SM", "type": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]}, "blocked"),
        ({"sop": ROOT + "77.1.6", "modality": "SM", "type": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]}, "review"),
        ({"sop": ROOT + "66.4", "modality": "SEG", "type": ["DERIVED", "PRIMARY"]}, "clear"),
        ({"sop": ROOT + "481.2", "modality": "RTDOSE", "type": None}, "clear"),
        ({"sop": ROOT + "481.2", "modality": "RTDOSE", "photometric": "RGB"}, "review"),
        ({"sop": ROOT + "88.33", "modality": "SR", **NO_PIXELS}, "clear"),
        ({"sop": ROOT + "88.59", "modality": "KO", **NO_PIXELS}, "clear"),
        ({"sop": ROOT + "11.1", "modality": "PR", **NO_PIXELS}, "clear"),
        ({"sop": ROOT + "481.3", "modality": "RTSTRUCT", **NO_PIXELS}, "clear"),
        ({"sop": ROOT + "88.33", "modality": "SR"}, "review"),
        ({"sop": ROOT + "104.1", "modality": "DOC", **NO_PIXELS}, "review"),
        ({"sop": "1.2.3.4", "modality": "CT"}, "review"),
        ({"sop": None, "modality": None, **NO_PIXELS}, "review"),
    ],
)
def test_the_packaged_rules(change: dict[str, Any], want: str) -> None:
    assert verdict(**{**CT, **change}) == want


def test_a_judgement_says_why_and_by_which_rule() -> None:
    known = judge({"00080060": {"vr": "CS", "Value": ["US"]}}, rules())
    assert (known.verdict, known.rule) == (Verdict.REVIEW, "ultrasound")
    assert known.why.endswith(".")
    unknown = judge({}, rules())
    assert (unknown.verdict, unknown.rule, unknown.boxes) == (Verdict.REVIEW, "", ())
    assert "a person must look" in unknown.why


def test_the_first_rule_decides_and_brings_its_boxes() -> None:
    text = """
    format = 1
    [[rule]]
    name = "mine"
    why = "Only the banner holds text."
    verdict = "clear"
    match = { Modality = "US", Rows = 480, Columns = 640 }
    box = [{ x = 0, y = 0, width = 640, height = 40 }]
    [[rule]]
    name = "all"
    why = "Everything else."
    verdict = "blocked"
    match = { Modality = "US" }
    """
    own = load_rules(text)
    json_dataset: dict[str, Any] = {"00080060": {"vr": "CS", "Value": ["US"]}}
    assert judge(json_dataset, own).verdict is Verdict.BLOCKED
    json_dataset |= {"00280010": {"vr": "US", "Value": [480]}, "00280011": {"vr": "US", "Value": [640]}}
    mine = judge(json_dataset, own)
    assert (mine.verdict, mine.rule, mine.boxes[0].width) == (Verdict.CLEAR, "mine", 640)


@pytest.mark.parametrize("name", pixel_files())
def test_nothing_risky_among_the_bundled_files_is_clear(name: str) -> None:
    file = pixel_files()[name]
    found = judge(file.json, rules())
    kinds = [str(value) for value in file.dataset.get("ImageType") or []]
    risky = file.dataset.get("Modality") in ("US", "OT", None) or "SECONDARY" in kinds
    if risky or "Secondary Capture" in file.dataset.SOPClassUID.name:
        assert found.verdict is Verdict.REVIEW
    assert found.why
