"""The model of the original anonymizer, against what its documentation and source say that it does."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.deid import legacy
from gateway.deid.mirc.functions import SIGNATURES
from gateway.deid.mirc.interpreter import interpret
from gateway.dicom.dataset import JsonDataset
from tests.deid.mirc.samples import script

DATASET: JsonDataset = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 100"]},
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    "00080018": {"vr": "UI", "Value": ["1.2.3.4"]},
    "00080020": {"vr": "DA", "Value": ["20190314"]},
    "00080050": {"vr": "SH", "Value": ["12345"]},
    "00081140": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2.3.4"]}, "0008103E": {"vr": "LO"}}]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^John^Q"}]},
    "00100020": {"vr": "LO", "Value": ["12345"]},
    "00101010": {"vr": "AS", "Value": ["094Y"]},
    "00180050": {"vr": "DS", "Value": [5]},
    "00190010": {"vr": "LO", "Value": ["CTP"]},
    "00191010": {"vr": "LO", "Value": ["project"]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3.5"]},
    "0020000E": {"vr": "UI", "Value": ["1.2.3.6"]},
    "00280010": {"vr": "US", "Value": [16]},
    "50000022": {"vr": "LO", "Value": ["curve"]},
    "60000022": {"vr": "LO", "Value": ["overlay"]},
}
FUNCTIONS = [
    ("always", "00100020", "@always()x", ["x"]),
    ("append", "00100020", "@append(){x}", ["12345", "x"]),
    ("blank", "00100020", "@blank(4)", None),
    ("contents", "00100020", "@contents(PatientName)", ["Doe^John^Q"]),
    ("contents", "00100020", '@contents(this,"[135]")', ["24"]),
    ("contents", "00100020", r'@contents(this,"(\d)\d","$1-")', ["1-3-5"]),
    ("empty", "00100020", "@empty()", None),
    ("hash", "00080050", "@hash(this,16)", ["1734476027734280"]),
    ("hash", "00100020", "@hash(StationName)", "gone"),
    ("hashdate", "00080020", "@hashdate(this,PatientID)",
     [legacy.increment_date("20190314", legacy.hash_days("12345"))]),
    ("hashname", "00100010", "@hashname(this,6,2)", [{"Alphabetic": "767339"}]),
    ("hashptid", "00100020", "@hashptid(@SITE,this,10)", ["1562138257"]),
    ("hashuid", "00080018", "@hashuid(@ROOT,this)", ["9999.133452017418128156145788163593446716929"]),
    ("if", "00100020", '@if(Modality,exists){a}{@if(PatientName,contains,"DOE"){b}{c}}', ["b"]),
    ("if", "00100020", "@if(PatientID,equals,12345){a}{b}", ["a"]),
    ("if", "00100020", '@if(this,matches,"[0-9]+"){a}{b}', ["a"]),
    ("if", "00100020", "@if(PatientAge,greaterthan,90){a}{b}", ["a"]),
    ("if", "00100020", "@if(StationName,isblank){a}{b}", ["a"]),
    ("incrementdate", "00080020", "@incrementdate(this,@INC)", ["20181028"]),
    ("incrementdate", "00100010", "@incrementdate(this,@INC)", None),
    ("initials", "00100020", "@initials(PatientName)", ["JQD"]),
    ("keep", "00100020", "@keep()", ["12345"]),
    ("lowercase", "00100020", "@lowercase(PatientName)", ["doe^john^q"]),
    ("modifydate", "00080020", "@modifydate(this,*,1,2)", ["20190102"]),
    ("param", "00100020", "@param(@SITE)", ["99"]),
    ("process", "00100020", "@process()", ["12345"]),
    ("remove", "00100020", "x@remove()", "gone"),
    ("require", "00100020", "@require(PatientName)", ["12345"]),
    ("round", "00101010", "@round(this,5)", ["95Y"]),
    ("select", "00100020", "@select(){root}{item}", ["root"]),
    ("time", "00100020", "x@time()", ["x"]),
    ("truncate", "00100020", "@truncate(this,2)", ["12"]),
    ("truncate", "00100020", "@truncate(this,-2)", ["45"]),
    ("uppercase", "00100020", "@uppercase(PatientName)", ["DOE^JOHN^Q"]),
    ("value", "00100020", '@value(StationName,"none")', ["none"]),
]  # fmt: skip


def run(*elements: tuple[str, str], **kept: tuple[str, ...]) -> JsonDataset:
    result = interpret(script(*elements, **kept), DATASET)
    assert result is not None
    return result


@pytest.mark.parametrize(("tag", "text", "values"), [example[1:] for example in FUNCTIONS])
def test_functions_do_what_they_do_there(tag: str, text: str, values: Any) -> None:
    result = run((tag, text))
    if values == "gone":
        assert tag not in result
    elif text.startswith("@round"):
        assert result[tag]["Value"] == ["095Y"]  # an age over 89, rounded to another one
    else:
        assert result[tag].get("Value") == values


def test_every_function_but_those_of_now_and_of_tables_is_run() -> None:
    assert SIGNATURES.keys() - {example[0] for example in FUNCTIONS} == {"date", "dateinterval", "quarantine"}


@pytest.mark.parametrize("text", ["@if(this,exists){@quarantine()}{x}", "@dateinterval(StudyDate,key,PatientID)"])
def test_an_instance_that_is_quarantined_leaves_nothing(text: str) -> None:
    assert interpret(script(("00100020", text)), DATASET) is None


def test_what_is_not_mentioned_stays_whole() -> None:
    assert run(("00100020", "@remove()")) == {tag: value for tag, value in DATASET.items() if tag != "00100020"}


def test_unspecified_elements_go_but_for_the_image_and_three_uids() -> None:
    result = run(("00100020", "@keep()"), keep=("0018",), remove=("unspecifiedelements", "overlays", "curves"))
    assert result.keys() == {"00080016", "00080018", "00100020", "00180050", "0020000D", "00280010"}


def test_unspecified_overlays_and_curves_stay_unless_they_are_named() -> None:
    result = run(("00100020", "@keep()"), remove=("unspecifiedelements",))
    assert {"50000022", "60000022"} <= result.keys()


def test_overlays_go_even_when_they_are_scripted() -> None:
    assert "60000022" not in run(("60000022", "@keep()"), remove=("overlays",))


def test_removing_curves_alone_does_nothing() -> None:
    assert "50000022" in run(("00100020", "@keep()"), remove=("curves",))


def test_private_elements_go_when_asked_for_but_for_those_that_are_scripted() -> None:
    result = run(("0019[ctp]10", "@keep()"), remove=("privategroups",))
    assert "00190010" not in result
    assert result["00191010"] == DATASET["00191010"]


def test_items_are_processed_only_when_asked_for() -> None:
    scripted = ("00081155", "@hashuid(@ROOT,this)")
    assert run(scripted)["00081140"] == DATASET["00081140"]
    (item,) = run(scripted, ("00081140", "@process()"))["00081140"]["Value"]
    assert item["00081155"]["Value"] == [legacy.hash_uid("9999", "1.2.3.4")]


def test_elements_are_made_at_the_root_when_they_are_to_be_always_there() -> None:
    result = run(("00120062", "@always()YES"), ("00120063", "not there"), ("00081140", "@process()"))
    assert result["00120062"] == {"vr": "CS", "Value": ["YES"]}
    assert "00120063" not in result
    assert "00120062" not in result["00081140"]["Value"][0]


def test_a_replacement_that_does_not_fit_leaves_the_original() -> None:
    assert run(("00280010", "none"))["00280010"] == DATASET["00280010"]


def test_a_value_that_looks_like_a_function_does_nothing() -> None:
    dataset = DATASET | {"00100020": {"vr": "LO", "Value": ["@remove()"]}}
    result = interpret(script(("00080050", "@contents(PatientID)")), dataset)
    assert result is not None
    assert result["00080050"]["Value"] == ["@remove()"]
