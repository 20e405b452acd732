import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.uid import UID
from gateway.dicomweb.query import Level, parse_query, to_params
from gateway.dicomweb.wildcards import wildcard


def sent(*params: tuple[str, str], level: Level = Level.STUDY) -> dict[str, str]:
    query = parse_query(level, params=params)
    return {name: value for name, value in to_params(query, limit=None, offset=0) if name != "includefield"}


def test_shape() -> None:
    params = [("PatientName", "Doe*"), ("includefield", "00081030,00080060"), ("fuzzymatching", "false")]
    query = parse_query(Level.STUDY, params=params)
    assert to_params(query, limit=25, offset=50) == [
        ("00100010", "Doe*"),
        ("includefield", "00081030"),
        ("includefield", "00080060"),
        ("includefield", "00100010"),
        ("limit", "25"),
        ("offset", "50"),
    ]


def test_all_is_asked_for_alone() -> None:
    query = parse_query(Level.STUDY, params=[("PatientID", "1"), ("includefield", "all"), ("includefield", "00081030")])
    assert to_params(query, limit=None, offset=0) == [("00100020", "1"), ("includefield", "all")]


def test_the_uids_above_a_row_are_asked_for() -> None:
    query = parse_query(Level.INSTANCE, study=UID("1.2"), series=UID("1.3"))
    assert to_params(query, limit=None, offset=0) == [("includefield", "0020000D"), ("includefield", "0020000E")]


@pytest.mark.parametrize(
    ("key", "value", "upstream"),
    [
        ("StudyInstanceUID", r"1.2\1.3", "1.2,1.3"),
        ("ModalitiesInStudy", r"CT\MR", "CT,MR"),
        ("StudyDate", "20240101 - 20240131", "20240101-20240131"),
        ("StudyDate", "2024.01.01", "20240101"),
        ("StudyTime", "1030", "103000-103059.999999"),
        ("StudyTime", "-10:30", "-103059.999999"),
        ("StudyTime", "10-", "100000-"),
        ("StudyDescription", "Chest CT", "Chest*CT"),
        ("StudyDescription", "Chest, CT", "Chest*CT"),
        ("StudyDescription", "50% & more", "50*more"),
        ("StudyDescription", "Thorax für Ärzte", "Thorax*f*r*rzte"),
        ("PatientName", "Doe", "Doe*"),
        ("PatientName", "Doe^*", "Doe*"),
        ("PatientName", "*Doe*", "*Doe*"),
        ("PatientName", "Müller^Jörg", "M*ller^J*rg*"),
        ("PatientName", "Yamada=山田", "Yamada*"),
        ("NumberOfStudyRelatedSeries", "3", "3"),
    ],
)
def test_values_are_widened_never_narrowed(key: str, value: str, upstream: str) -> None:
    assert list(sent((key, value)).values()) == [upstream]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PatientName", "山田"),
        ("PatientName", "*"),
        ("StudyDescription", "Ä"),
        ("StudyDescription", r"CT\Ä"),
        ("RetrieveURL", "http://x"),
    ],
)
def test_what_cannot_be_sent_is_left_out(key: str, value: str) -> None:
    assert sent((key, value)) == {}


def test_date_times_go_only_without_an_offset() -> None:
    key = "AcquisitionDateTime"
    assert sent((key, "2024-2025"), level=Level.INSTANCE) == {"0008002A": "2024-2025"}
    assert sent((key, "2024+0100"), level=Level.INSTANCE) == {}


def test_the_time_of_a_combined_range_is_left_out() -> None:
    assert sent(("StudyDate", "20240101-20240103"), ("StudyTime", "10-12")) == {"00080020": "20240101-20240103"}
    assert "00080030" in sent(("StudyDate", "20240101"), ("StudyTime", "10-12"))


def test_empty_value_keys_stay_here() -> None:
    assert sent(("PatientID", '""'), ("emptyvaluematching", "true")) == {}


def test_sequence_keys_go_as_dotted_tags() -> None:
    path = "RequestAttributesSequence.ScheduledProcedureStepID"
    assert sent((path, "S1"), level=Level.SERIES) == {"00400275.00400009": "S1"}


@pytest.mark.parametrize(
    ("key", "stored"),
    [("muller jorg", "Müller^Jörg"), ("Doe, John", "Doe^John"), ("lodz", "Łódź^Anna"), ("o'brien", "O'Brien^Pat")],
)
def test_a_fuzzy_name_reaches_upstream_as_a_pattern_that_holds_it(key: str, stored: str) -> None:
    query = parse_query(Level.STUDY, params=[("PatientName", key), ("fuzzymatching", "true")])
    assert query.accepts({"00100010": {"vr": "PN", "Value": [{"Alphabetic": stored}]}})
    pattern = dict(to_params(query, limit=None, offset=0)).get("00100010", "*")
    assert wildcard(pattern.lower()).fullmatch(stored.lower())


@given(
    st.sampled_from(["PatientName", "StudyDescription", "PatientSex"]),
    st.text("aB ^ü*?,%", min_size=1, max_size=8),
    st.text("aB ^,%", min_size=1, max_size=8),
)
def test_what_matches_here_matches_upstream(key: str, wanted: str, stored: str) -> None:
    query = parse_query(Level.STUDY, params=[(key, wanted)])
    (tag,) = query.keys()
    value: object = {"Alphabetic": stored} if key == "PatientName" else stored
    if query.accepts({tag: {"vr": "XX", "Value": [value]}}) and (sent_value := sent((key, wanted)).get(tag)):
        patterns = [wildcard(part.strip().lower()) for part in sent_value.split(",")]
        assert any(pattern.fullmatch(stored.strip().lower()) for pattern in patterns)


def test_nothing_sent_needs_percent_encoding() -> None:
    params = [("PatientName", "A B'&=%#+ü"), ("StudyDescription", "x y/z?"), ("AccessionNumber", "1+1")]
    assert all(re.fullmatch(r"[A-Za-z0-9._~^*?,-]+", value) for value in sent(*params).values())
