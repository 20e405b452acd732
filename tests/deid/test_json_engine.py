from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.deid.engine import Engine
from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset, JsonElement
from gateway.dicom.elements import LIMITS
from gateway.dicom.uid import UID, InstanceRef, SeriesRef, StudyRef
from gateway.dicom.vr import TEXT, VRS, Kind
from gateway.errors import Reason, Withheld
from tests.deid.shipped import CR, CT, KEYS, NAMES, SR, engine, identity, plan, scope_of, through

STUDY, SERIES, INSTANCE = UID("1.2.3.4.6"), UID("1.2.3.4.7"), UID("1.2.3.4.5")


def pass_through(name: str, dataset: JsonDataset, **options: Any) -> JsonDataset:
    return engine(name).dataset(IdentifiedDataset(dataset), scope=scope_of(name), **options).json


def refused(dataset: JsonDataset, **options: Any) -> Reason:
    with pytest.raises(Withheld) as caught:
        pass_through("first", dataset, **options)
    return caught.value.reason


def canary(vr: str, text: str) -> JsonElement:
    if vr == "PN":
        return {"vr": vr, "Value": [{"Alphabetic": text}]}
    if VRS[vr].kind is Kind.BYTES:
        return {"vr": vr, "InlineBinary": base64.b64encode(text.encode()).decode()}
    return {"vr": vr, "Value": [text]}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("vr", sorted(TEXT | {"UN", "OB", "OW", "OL", "OV"}))
def test_a_name_goes_from_every_vr_at_every_depth_and_from_private_elements(name: str, vr: str) -> None:
    text = "Zqname^Zqvorname"
    planted: JsonDataset = {
        "00100021": canary(vr, text),
        "00F20002": canary(vr, text),
        "00190010": {"vr": "LO", "Value": ["ZQCREATOR"]},
        "00191001": canary(vr, text),
        "00191002": {"vr": "SQ", "Value": [{"00100010": canary(vr, text)}]},
    }
    for _ in range(5):
        planted = {**planted, "0040A730": {"vr": "SQ", "Value": [planted]}}
    out = json.dumps(through(name, planted)).casefold()
    assert "zqname" not in out
    assert "zqcreator" not in out
    assert base64.b64encode(text.encode()).decode().casefold() not in out


@pytest.mark.parametrize("name", NAMES)
def test_at_every_depth_the_outcome_is_the_same(name: str) -> None:
    leaves: JsonDataset = {
        "00080020": {"vr": "DA", "Value": ["20240229"]},
        "00080080": {"vr": "LO", "Value": ["Zq Hospital"]},
        "00081030": {"vr": "LO", "Value": ["CT Zqname"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zqname"}]},
        "00100020": {"vr": "LO", "Value": ["4711"]},
        "00101010": {"vr": "AS", "Value": ["099Y"]},
        "00081155": {"vr": "UI", "Value": ["1.2.3.9"]},
    }
    out = through(name, {**leaves, "0040A730": {"vr": "SQ", "Value": [leaves]}})
    inner = out["0040A730"]["Value"][0]
    assert inner == {tag: out[tag] for tag in inner}
    assert set(inner) == set(leaves) & set(out)


def test_the_same_in_gives_the_same_out_and_the_input_stays() -> None:
    source = identity() | {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zqname"}]}}
    before = json.dumps(source)
    one, other = (json.dumps(pass_through("second", source)) for _ in range(2))
    assert one == other
    assert json.dumps(source) == before


def test_a_study_row_needs_no_sop_class_and_gets_no_markers() -> None:
    row: JsonDataset = {
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00080061": {"vr": "CS", "Value": ["CT", "MR"]},
        "00081190": {"vr": "UR", "Value": ["https://pacs.example.org/studies/1.2"]},
        "0020000D": {"vr": "UI", "Value": ["1.2"]},
        "00201206": {"vr": "IS", "Value": [2]},
        "00201208": {"vr": "IS", "Value": [300]},
    }
    out = pass_through("first", row, row=True)
    assert set(out) == set(row) - {"00081190"}


def test_a_row_of_a_refused_class_is_withheld() -> None:
    row: JsonDataset = {"00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.104.1"]}}
    assert refused(row, row=True) is Reason.SOP_CLASS_REFUSED


def test_the_header_of_an_instance_gets_the_markers() -> None:
    out = pass_through("second", identity(CT) | {"00120062": {"vr": "CS", "Value": ["NO"]}})
    assert out["00120062"]["Value"] == ["YES"]
    assert list(out) == sorted(out)


@pytest.mark.parametrize("tag", ["00080016", "00080018", "0020000D", "0020000E"])
@pytest.mark.parametrize("uid", [[], [""], [None], ["1.2.x"], ["1." * 40]])
def test_an_instance_must_say_which_it_is(tag: str, uid: list[str | None]) -> None:
    assert refused(identity() | {tag: {"vr": "UI", "Value": uid}}) is Reason.MISSING_IDENTITY


@pytest.mark.parametrize(
    "expect",
    [
        StudyRef(UID("9")),
        SeriesRef(STUDY, UID("9")),
        InstanceRef(STUDY, SERIES, UID("9")),
        InstanceRef(UID("9"), SERIES, INSTANCE),
    ],
)
def test_an_instance_that_was_not_asked_for_is_withheld(expect: StudyRef | SeriesRef | InstanceRef) -> None:
    assert refused(identity(), expect=expect) is Reason.IDENTITY_MISMATCH


def test_an_instance_that_was_asked_for_passes() -> None:
    for expect in (StudyRef(STUDY), SeriesRef(STUDY, SERIES), InstanceRef(STUDY, SERIES, INSTANCE)):
        assert pass_through("first", identity(), expect=expect)["00080018"]["Value"] == [INSTANCE]


@pytest.mark.parametrize(
    "dataset",
    [
        {"PatientName": {"vr": "PN"}},
        {"0010001": {"vr": "PN"}},
        {"00100010": "Zqname"},
        {"00100010": None},
        {"0040A730": {"vr": "SQ", "Value": {"00100010": {}}}},
        {"0040A730": {"vr": "SQ", "Value": ["Zqname"]}},
    ],
)
def test_what_is_no_data_set_is_withheld(dataset: JsonDataset) -> None:
    assert refused(identity() | dataset) is Reason.MALFORMED


def test_sequences_that_nest_too_deep_are_withheld() -> None:
    def nested(levels: int) -> JsonDataset:
        dataset: JsonDataset = {}
        for _ in range(levels):
            dataset = {"0040A730": {"vr": "SQ", "Value": [dataset]}}
        return identity() | dataset

    assert pass_through("first", nested(LIMITS.depth))
    assert refused(nested(LIMITS.depth + 1)) is Reason.TOO_DEEP
    assert refused(nested(900)) is Reason.TOO_DEEP


# What an origin may say that is not what it promises.
@pytest.mark.parametrize(
    ("tag", "element"),
    [
        ("00280010", {"vr": "US", "Value": ["Zqname"]}),
        ("00280010", {"vr": "US", "Value": [70000]}),
        ("00280010", {"vr": "US", "Value": [1.5]}),
        ("00280010", {"vr": "US", "Value": [True]}),
        ("00280010", {"vr": "US", "Value": [None]}),
        ("00280010", {"vr": "US", "Value": {"a": "Zqname"}}),
        ("00280010", {"vr": "LO", "Value": ["Zqname"]}),
        ("00280010", {"vr": ["US"], "Value": ["Zqname"]}),
        ("00280010", {"vr": "XX", "Value": ["Zqname"]}),
        ("00280010", {"vr": "US", "InlineBinary": "Zqname"}),
        ("00280010", {"vr": "US", "Value": [1], "InlineBinary": "AAA="}),
        ("00280030", {"vr": "DS", "Value": ["Zqname"]}),
        ("00280030", {"vr": "DS", "Value": [{"Alphabetic": "Zqname"}]}),
        ("00280009", {"vr": "AT", "Value": ["Zqname"]}),
        ("00080008", {"vr": "CS", "Value": ["Zqname"]}),
        ("00080008", {"vr": "CS", "BulkDataURI": "http://zqname"}),
        ("00080018", {"vr": "CS", "Value": ["ZQNAME"]}),
        ("7FE00010", {"vr": "LO", "Value": ["Zqname"]}),
        ("7FE00010", {"vr": "OW", "Value": ["Zqname"]}),
        ("7FE00010", {"vr": "OW", "BulkDataURI": 7}),
        ("00282000", {"vr": "OB", "InlineBinary": "not base64: Zqname"}),
        ("00189073", {"vr": "FD", "Value": ["1e999"]}),
    ],
)
def test_a_value_that_is_not_what_it_promises_goes(tag: str, element: JsonElement) -> None:
    dataset = identity() | {tag: element} if tag != "00080018" else {tag: element}
    out = pass_through("first", dataset, row=True)
    assert "Value" not in out.get(tag, {})
    assert "zqname" not in json.dumps(out).casefold()


@pytest.mark.parametrize(
    ("tag", "element"),
    [
        ("00280010", {"vr": "US", "Value": [512]}),
        ("00280030", {"vr": "DS", "Value": [0.5, 0.5]}),
        ("00200013", {"vr": "IS", "Value": [7]}),
        ("00189073", {"vr": "FD", "Value": [1.5, "NaN"]}),
        ("00280009", {"vr": "AT", "Value": ["00181063"]}),
        ("00080008", {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]}),
        ("7FE00010", {"vr": "OW", "BulkDataURI": "7FE00010"}),
        ("00282000", {"vr": "OB", "InlineBinary": "AAAA"}),
        ("00282000", {"vr": "OB"}),
        ("00080056", {"vr": "CS"}),
    ],
)
def test_what_a_rule_keeps_stays_as_it_is(tag: str, element: JsonElement) -> None:
    assert pass_through("first", {tag: element}, row=True) == {tag: element}


@pytest.mark.parametrize(
    ("tag", "vr"), [("7FE00010", "OW"), ("00282000", "OB"), ("00280106", "US"), ("00280009", "AT")]
)
def test_a_uri_of_the_origin_goes_though_what_it_stands_for_stays(tag: str, vr: str) -> None:
    found = pass_through("first", {tag: {"vr": vr, "BulkDataURI": "http://origin/zqname"}}, row=True)
    assert found == {tag: {"vr": vr, "BulkDataURI": tag}}


def test_null_stands_only_between_values_and_never_for_a_name() -> None:
    row: JsonDataset = {
        "00080008": {"vr": "CS", "Value": [None, "PRIMARY"]},
        "00100010": {"vr": "PN", "Value": [None]},
        "00081070": {"vr": "PN", "Value": [None, {"Alphabetic": None}]},
        "0040A123": {"vr": "PN", "Value": [{"Alphabetic": "Zqname"}, None]},
        "00081140": {"vr": "SQ", "Value": [None]},
        "00080061": {"vr": "CS", "Value": [None]},
    }
    out = pass_through("first", row, row=True)
    assert out["00080008"]["Value"] == [None, "PRIMARY"]  # PS3.18 §F.2.5
    assert out["00081140"]["Value"] == [{}]
    assert all(out[tag] == {"vr": row[tag]["vr"]} for tag in ("00100010", "00081070", "00080061"))
    assert None not in out["0040A123"]["Value"]


def test_an_element_without_vr_is_taken_by_the_dictionary() -> None:
    assert pass_through("first", {"00280010": {"Value": [5]}}, row=True) == {"00280010": {"vr": "US", "Value": [5]}}
    assert pass_through("first", {"00F20002": {"Value": ["Zqname"]}}, row=True) == {}


def test_pixels_of_nested_images_go() -> None:
    inner: JsonDataset = {"7FE00010": {"vr": "OW", "InlineBinary": "AAAA"}, "00280010": {"vr": "US", "Value": [2]}}
    out = through("first", {"00209116": {"vr": "SQ", "Value": [inner]}})
    assert out["00209116"]["Value"] == [{"00280010": {"vr": "US", "Value": [2]}}]


def test_the_character_set_is_utf_8_where_one_is_said_or_needed() -> None:
    latin: JsonDataset = {"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}}
    assert pass_through("first", latin, row=True)["00080005"]["Value"] == ["ISO_IR 192"]
    place: JsonDataset = {"00080080": {"vr": "LO", "Value": ["Zürich"]}}
    assert pass_through("first", place, row=True)["00080005"]["Value"] == ["ISO_IR 192"]
    assert "00080005" not in pass_through("first", {"00080080": {"vr": "LO", "Value": ["Bern"]}}, row=True)
    assert "00080005" not in through("first", {"0040A730": {"vr": "SQ", "Value": [latin]}})["0040A730"]["Value"][0]


def test_a_report_names_paths_and_actions_and_no_value() -> None:
    source = identity() | {"0040A730": {"vr": "SQ", "Value": [{"00100010": canary("PN", "Zqname")}]}}
    report = engine("first").dataset(IdentifiedDataset(source), report=True).report
    assert report is not None
    assert report.actions["0040A730[0].00100010"] == "pseudonym"
    assert report.actions["00080018"] == "keep"
    assert (report.profile, report.profile_hash) == ("first-pass", plan("first").hash)
    assert "zqname" not in repr(report).casefold()


def test_references_stay_whole_across_instances_in_any_order() -> None:
    image = pass_through("second", identity(CT))
    for _ in range(2):
        key_object = through("second", {"00081155": {"vr": "UI", "Value": [INSTANCE]}}, sop_class=SR)
        assert key_object["00081155"] == image["00080018"]
        assert image["00080018"]["Value"] == [KEYS.uid(INSTANCE)]


def test_a_uid_that_names_a_kind_of_thing_stays() -> None:
    private_class = {"vr": "UI", "Value": ["1.3.12.2.1107.5.9.1"]}
    out = through("second", {"00081150": private_class, "00081155": private_class})
    assert out["00081150"] == private_class
    assert out["00081155"]["Value"] == [KEYS.uid("1.3.12.2.1107.5.9.1")]


def test_what_the_second_pass_wrote_is_read_as_it_is() -> None:
    second = engine("second")
    planted = identity(CR) | {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zqname"}]},
        "00100020": {"vr": "LO", "Value": ["4711"]},
        "00080020": {"vr": "DA", "Value": ["20240229"]},
        "00081030": {"vr": "LO", "Value": ["Chest Zqname"]},
        "00280301": {"vr": "CS", "Value": ["NO"]},
    }
    written = second.dataset(IdentifiedDataset(planted), scope=Scope("case", pixels_cleared=True)).json
    assert second.reader().dataset(IdentifiedDataset(written)).json == written


def test_reading_lets_nothing_else_through() -> None:
    tampered = identity(CR) | {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zqname"}]},
        "00080080": {"vr": "LO", "Value": ["Zq Hospital"]},
        "00080020": {"vr": "DA", "Value": ["20240229"]},
    }
    read = engine("second").reader().dataset(IdentifiedDataset(tampered)).json
    assert "zq" not in json.dumps(read).casefold()
    assert read["00080020"]["Value"] == ["20240101"]


def test_the_engine_shows_no_key() -> None:
    assert "keys" not in repr(Engine(plan("first"), KEYS)).casefold()
