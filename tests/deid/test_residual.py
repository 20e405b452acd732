from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deid.identifiers import Hint, name_parts, spelt_dates
from gateway.deid.residual import Identifiers
from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset
from gateway.dicom.json_model import encode_dataset, encode_element
from tests.deid.shipped import CT, KEYS, engine, identity

ORIGINAL: JsonDataset = {
    "00080020": {"vr": "DA", "Value": ["20190312"]},
    "0008002A": {"vr": "DT", "Value": ["20190514101112.5"]},
    "00080050": {"vr": "SH", "Value": ["ACC0815"]},
    "00080070": {"vr": "LO", "Value": ["Siemens"]},
    "00080080": {"vr": "LO", "Value": ["Sankt Zita Spital, Zollikofen"]},
    "00080081": {"vr": "ST", "Value": ["Gartenweg 12\r\n3052 Zollikofen"]},
    "00080090": {"vr": "PN", "Value": [{"Alphabetic": "Überweiser^Jean-Luc^^Dr"}]},
    "00081010": {"vr": "SH", "Value": ["ZITACT1"]},
    "00081155": {"vr": "UI", "Value": ["1.2.276.0.7230010.3.1.4.99"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Änne", "Ideographic": "山田^太郎"}]},
    "00100020": {"vr": "LO", "Value": ["0047110815"]},
    "00100030": {"vr": "DA", "Value": ["19470328"]},
    "00102154": {"vr": "SH", "Value": ["+41 31 555 01 99"]},
    "0020000D": {"vr": "UI", "Value": ["1.2.276.0.7230010.3.1.2.1"]},
    "00200010": {"vr": "SH", "Value": ["S42"]},
    "0040A730": {"vr": "SQ", "Value": [{"0040A123": {"vr": "PN", "Value": [{"Alphabetic": "Befunder^Zoé"}]}}]},
}
IDENTIFIERS = Identifiers.of(ORIGINAL)


def kinds(data: bytes, of: Identifiers = IDENTIFIERS) -> set[Hint]:
    return {hit.kind for hit in of.search(b"\0" * 8 + data + b"  " + b"\0" * 8)}


CODINGS = ["utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso8859-2", "iso8859-15"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("text", ["Müller", "MÜLLER", "müller", "Muller", "MUELLER", "x Befunder, y", "(jean)"])
def test_a_name_is_found_in_every_encoding_and_spelling(text: str, coding: str) -> None:
    assert kinds(text.encode(coding)) == {Hint.NAME}


@pytest.mark.parametrize("coding", ["utf-8", "utf-16-le", "shift_jis", "euc_jp", "gb18030", "iso2022_jp"])
def test_a_name_of_other_scripts_is_found(coding: str) -> None:
    assert kinds("山田".encode(coding)) == {Hint.NAME}


def test_a_korean_name_is_found_behind_its_escape_sequence() -> None:
    of = Identifiers.of({"00100010": {"vr": "PN", "Value": [{"Ideographic": "金喜^吉洞", "Phonetic": "김희^길동"}]}})
    assert kinds(b"\x1b$)C" + "길동".encode("euc_kr"), of) == {Hint.NAME}


DAYS = ["19470328", "1947-03-28", "28.03.1947", "28/03/1947", "03/28/1947", "3/28/1947", "28-3-1947", "28031947"]
WORDS = ["28 Mar 1947", "28-MAR-1947", "March 28, 1947", "28. März 1947", "28 mars 1947"]


@pytest.mark.parametrize("text", [*DAYS, *WORDS, "19470328101500", "20190514", "12.03.2019"])
def test_a_day_is_found_however_it_is_written(text: str) -> None:
    assert kinds(text.encode()) == {Hint.DATE}


@pytest.mark.parametrize("text", ["0047110815", "47110815", "acc0815", "ACC0815.", "+41 31 555 01 99", "41315550199"])
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert kinds(text.encode()) == {Hint.ID}
    assert kinds(text.encode("utf-16-le")) == {Hint.ID}


@pytest.mark.parametrize("text", ["1.2.276.0.7230010.3.1.2.1", "1.2.276.0.7230010.3.1.4.99.5.1"])
def test_a_uid_is_found_and_so_is_one_below_it(text: str) -> None:
    assert kinds(text.encode()) == {Hint.UID}


@pytest.mark.parametrize("text", ["SANKT ZITA SPITAL", "zollikofen", "Gartenweg 12", "ZITACT1"])
def test_a_place_is_found(text: str) -> None:
    assert kinds(text.encode()) == {Hint.PLACE}


HARMLESS = [
    "Mullerian duct",
    "Jeans",
    "19470327",
    "119470328",
    "1.194703281",
    "147110815",
    "47110815.5",
    "1.2.276.0.7230010.3.1.2.10",
    "2.25.19470328471108151947032847110815",
    "1947",
    "Siemens",
    "S421",
    "Dr",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_is_no_hit(text: str) -> None:
    assert kinds(text.encode()) == set()


def test_a_name_is_found_at_the_end_of_an_element() -> None:
    # The group number of the next element reads "p" and "2": neither belongs to the name.
    for group in (0x0070, 0x0032):
        data = encode_element(0x00081030, "LO", ["CT BEFUNDER "]).rstrip() + group.to_bytes(2, "little") + b"\x01\0"
        assert kinds(data) == {Hint.NAME}


def test_a_short_id_counts_where_it_is_a_whole_text() -> None:
    assert kinds(encode_element(0x00200010, "SH", ["S42"])) == {Hint.ID}
    assert kinds(encode_element(0x00081030, "LO", ["Coil S42 left"])) == set()


def test_a_short_number_may_be_a_measurement() -> None:
    of = Identifiers.of({"00100020": {"vr": "LO", "Value": ["12345"]}})
    assert kinds(encode_element(0x00181152, "IS", [12345]), of) == set()
    assert kinds(encode_element(0x00280030, "DS", ["0.5", "12345"]), of) == set()
    assert kinds(encode_element(0x00081030, "LO", ["CT 12345"]), of) == {Hint.ID}


@pytest.mark.parametrize("value", ["1", "42", "CT", "ANONYMOUS", "unknown", "000000", ""])
def test_ids_that_say_nothing_are_not_searched(value: str) -> None:
    of = Identifiers.of({"00100020": {"vr": "LO", "Value": [value]}, "00200010": {"vr": "SH", "Value": [value]}})
    assert of.needles == ()


def test_the_year_that_a_pass_writes_is_no_hit() -> None:
    of = Identifiers.of({"00080020": {"vr": "DA", "Value": ["20190101"]}})
    assert kinds(b"20190101", of) == set()
    assert kinds(b"01.01.2019", of) == {Hint.DATE}


def test_own_pseudonyms_are_known_by_their_code_only() -> None:
    first = engine("first").dataset(IdentifiedDataset(identity(CT) | ORIGINAL)).json
    name = first["00100010"]["Value"][0]["Alphabetic"]
    assert list(name_parts(name)) == [name.removeprefix("Teaching^")]
    of = Identifiers.of(first)
    assert kinds(b"Teaching File Gateway", of) == set()
    assert kinds(name.encode(), of) == {Hint.NAME}


def test_a_patient_called_like_a_word_is_found_all_the_same() -> None:
    of = Identifiers.of({"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Chest^John"}]}})
    assert kinds(encode_element(0x00180015, "CS", ["CHEST"]), of) == {Hint.NAME}


def test_a_hit_and_the_identifiers_show_no_value() -> None:
    assert "ller" not in repr(IDENTIFIERS).casefold()
    assert "ller" not in repr(IDENTIFIERS.search("Müller".encode())).casefold()


def test_the_second_pass_leaves_nothing_of_its_input() -> None:
    source = identity(CT) | ORIGINAL
    written = engine("second").dataset(IdentifiedDataset(source), scope=Scope("case")).json
    assert Identifiers.of(source).search(encode_dataset(written)) == []


def test_the_first_pass_leaves_what_it_must_and_no_more() -> None:
    source = identity(CT) | ORIGINAL
    written = engine("first").dataset(IdentifiedDataset(source)).json
    assert {hit.kind for hit in Identifiers.of(source).search(encode_dataset(written))} == {Hint.UID, Hint.PLACE}


VALUES: dict[str, list[Any]] = {
    "00100010": [{"Alphabetic": "Zqnachname^Zqvor"}],
    "00100020": ["ZQ4711"],
    "00100030": ["19470328"],
    "00081010": ["ZQSTATION"],
    "0020000D": ["1.2.3.4711.19470328"],
}
SPELT = ["zqnachname", "ZQ4711", "28.03.1947", "zqstation", "1.2.3.4711.19470328"]


@pytest.mark.parametrize(("needle", "coding"), list(product(SPELT, ["ascii", "utf-16-le"])))
@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_nothing_around_it_hides_it(needle: str, coding: str, before: bytes, after: bytes) -> None:
    if needle[0].isdigit() and "." in needle and coding == "utf-16-le" and needle.startswith("1.2"):
        return  # a UID is ASCII by definition
    vrs = {"00100010": "PN", "00100020": "LO", "00100030": "DA", "00081010": "SH", "0020000D": "UI"}
    of = Identifiers.of({tag: {"vr": vrs[tag], "Value": value} for tag, value in VALUES.items()})
    edge = " ".encode(coding)
    assert of.search(before + edge + needle.encode(coding) + edge + after)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_searched(data: bytes) -> None:
    assert {hit.kind for hit in IDENTIFIERS.search(memoryview(data))} <= set(Hint)


def test_impossible_dates_are_no_dates() -> None:
    for value in ("", "19470231", "Zqname", "2019", "00000000"):
        assert list(spelt_dates(value)) == []
    assert KEYS.is_pseudonym("x") is False
