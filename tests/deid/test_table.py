"""Every row of PS3.15 Table E.1-1, at the root and five levels deep, through both shipped passes."""

from __future__ import annotations

import base64
import json

import pytest

from gateway.deid.table import Option, Row, load_table
from gateway.dicom.dataset import JsonDataset, JsonElement
from gateway.dicom.vr import VRS, Kind, valid
from gateway.errors import ConfigurationError
from tests.deid.shipped import NAMES, PROFILES, through

TABLE = load_table(PROFILES / "ps3.15-table-e.1-1.csv")
DATE, TIME, CANARY, UID = "19470328", "043217", "ZQCANARY", "1.2.3.471147114711"
PLANTED = {"DA": DATE, "TM": TIME, "DT": DATE + TIME, "UI": UID, "AS": "101Y", "UR": "http://zqcanary.example.org"}
NUMBER = 471147.25
# What the mission keeps although the table removes it; each is an exception or an option of the profile.
KEPT = {
    "first": {"StationName", "InstitutionName", "PatientSize", "PatientWeight"},
    "second": {"PatientSize", "PatientWeight"},
}
DEPTH = 5


def planted(row: Row) -> tuple[str, JsonElement]:
    tag = row.tag.replace("X", "0")
    vr = row.vr or ("OW" if tag.endswith("3000") else "LO")
    kind = VRS[vr].kind
    if kind is Kind.SEQUENCE:
        inner = {"00400280": {"vr": "ST", "Value": [CANARY]}, "00080104": {"vr": "LO", "Value": [CANARY]}}
        return tag, {"vr": vr, "Value": [inner]}
    if kind is Kind.BYTES:
        return tag, {"vr": vr, "InlineBinary": base64.b64encode(CANARY.encode()).decode()}
    if kind is Kind.NUMBER:
        return tag, {"vr": vr, "Value": [47]}
    if vr == "PN":
        return tag, {"vr": vr, "Value": [{"Alphabetic": f"{CANARY}^{CANARY}"}]}
    if vr in ("DS", "IS"):
        return tag, {"vr": vr, "Value": [NUMBER if vr == "DS" else int(NUMBER)]}
    return tag, {"vr": vr, "Value": [PLANTED.get(vr, CANARY)]}


def nested(tag: str, element: JsonElement) -> JsonDataset:
    dataset: JsonDataset = {tag: element}
    for _ in range(DEPTH):
        dataset = {"0040A730": {"vr": "SQ", "Value": [dataset]}}
    return dataset


def deepest(dataset: JsonDataset) -> JsonDataset:
    for _ in range(DEPTH):
        dataset = dataset["0040A730"]["Value"][0]
    return dataset


def test_the_table_is_whole() -> None:
    assert len(TABLE) == 620  # 621, and the row for all private attributes
    assert {option for row in TABLE for option in row.options} == set(Option) - {Option.RETAIN_SAFE_PRIVATE}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.keyword or row.tag)
def test_no_row_lets_its_value_through(name: str, row: Row) -> None:
    tag, element = planted(row)
    if tag.startswith(("0000", "0002", "0004")) or tag in ("00080018", "00120062", "00120063", "00120064"):
        return
    out = through(name, {tag: element})
    text = json.dumps(out).casefold()
    numbers = json.dumps(out.get(tag, {}))
    assert CANARY.casefold() not in text or row.keyword in KEPT[name]
    assert base64.b64encode(CANARY.encode()).decode() not in json.dumps(out)
    assert DATE not in text
    assert TIME not in text
    assert str(NUMBER) not in numbers or row.keyword in KEPT[name]
    assert UID not in text or name == "first"
    assert "101y" not in text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.keyword or row.tag)
def test_every_row_is_treated_alike_at_any_depth_and_stays_as_present_as_its_type_needs(name: str, row: Row) -> None:
    tag, element = planted(row)
    root = through(name, {tag: element}).get(tag)
    if tag not in ("0020000D", "0020000E", "00080018"):
        assert deepest(through(name, nested(tag, element))).get(tag) == root
    if row.basic == "Z" and not tag.startswith(("0000", "0002", "0004")):
        assert root is not None
    if "D" in row.basic and name == "first" and row.vr not in ("OB", "UN") and tag != "00420011":
        assert root is not None
        assert root.get("Value"), row
    for value in (root or {}).get("Value", []):
        assert row.vr not in ("LO", "SH", "DA", "DT", "TM", "CS", "AS", "UI", "UC", "UT") or valid(row.vr, value)


@pytest.mark.parametrize("line", ["(0010,001),X,PN,x,Y,X,,,,,,,,,,", '"(0010,0010)",PatientName,PN,x,Y,Q,,,,,,,,,,'])
def test_a_broken_table_is_refused(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    head = (PROFILES / "ps3.15-table-e.1-1.csv").read_text().splitlines()[0]
    path.write_text(f"{head}\n{line}\n")
    with pytest.raises(ConfigurationError, match=r"table\.csv is not PS3.15 Table E.1-1"):
        load_table(path)


def test_an_option_that_keeps_devices_keeps_no_day() -> None:
    row = next(row for row in TABLE if row.keyword == "DateOfLastCalibration")
    assert row.demand(frozenset({Option.RETAIN_DEVICE_IDENTITY})) == "X"
    assert row.demand(frozenset({Option.RETAIN_LONGITUDINAL_MODIFIED_DATES})) == "C"
    assert row.demand(frozenset({Option.RETAIN_LONGITUDINAL_FULL_DATES})) == "K"
