import dataclasses

import pytest

from gateway.dicom.uid import UID
from gateway.dicomweb.query import Level, Match, Query, parse_query, to_params
from gateway.errors import BadQuery

SECRET = "Zebra"


def test_keywords_and_tags_are_one() -> None:
    by_keyword = parse_query(Level.STUDY, params=[("PatientName", "Doe*"), ("StudyDate", "20240101-")])
    by_tag = parse_query(Level.STUDY, params=[("00100010", "Doe*"), ("00080020", "20240101-")])
    assert by_keyword == by_tag
    assert by_keyword.keys() == {"00100010", "00080020"}


def test_everything_parsed() -> None:
    query = parse_query(
        Level.INSTANCE,
        study=UID("1.2"),
        series=UID("1.2.3"),
        params=[
            ("RequestAttributesSequence.ScheduledProcedureStepID", "A"),
            ("includefield", "StudyDescription,00080060"),
            ("includefield", "00091001"),
            ("limit", "10"),
            ("offset", "020"),
            ("fuzzymatching", "true"),
            ("emptyvaluematching", "false"),
            ("multiplevaluematching", "TRUE"),
            ("accept", "application/dicom+json"),
            ("charset", "utf-8"),
        ],
    )
    assert query == Query(
        level=Level.INSTANCE,
        study=UID("1.2"),
        series=UID("1.2.3"),
        matches=(Match(("00400275", "00400009"), "A"),),
        include=(("00081030",), ("00080060",), ("00091001",)),
        limit=10,
        offset=20,
        fuzzy=True,
        multiple=True,
    )
    assert query.keys() == {"00400275", "00400009"}


def test_nothing_asked_for() -> None:
    assert parse_query(Level.STUDY) == Query(level=Level.STUDY)
    assert parse_query(Level.STUDY, params=[("includefield", "all")]).include_all
    assert parse_query(Level.STUDY, params=[("limit", "0")]).limit == 0


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ([("PatientNam", SECRET)], "Parameter 1"),
        ([("limit", "5"), ("StudyDat", SECRET)], "Parameter 2"),
        ([("00091001", SECRET)], "private"),
        ([("PixelData", SECRET)], "PixelData"),
        ([("TransferSyntaxUID", "1.2")], "TransferSyntaxUID"),
        ([("PatientName.PatientID", SECRET)], "Parameter 1"),
        ([("RequestAttributesSequence", SECRET)], "RequestAttributesSequence"),
        ([("PatientID", SECRET), ("00100020", "B")], "PatientID is given twice"),
        ([("StudyDate", SECRET)], "StudyDate takes"),
        ([("StudyDate", "20240131-20240101")], "StudyDate takes"),
        ([("StudyDate", "2024*")], "StudyDate takes"),
        ([("StudyTime", "2500")], "StudyTime takes"),
        ([("StudyInstanceUID", "1.2,Zebra")], "StudyInstanceUID takes UIDs"),
        ([("StudyInstanceUID", "1.2.*")], "StudyInstanceUID takes UIDs"),
        ([("NumberOfStudyRelatedSeries", SECRET)], "NumberOfStudyRelatedSeries takes a number"),
        ([("PatientAge", SECRET)], "PatientAge takes an age"),
        ([("SpecificCharacterSet", "ISO_IR 100")], "SpecificCharacterSet is never matched"),
        ([("TimezoneOffsetFromUTC", "+0100")], "TimezoneOffsetFromUTC"),
        ([("Modality", "CT")], "ModalitiesInStudy"),
        ([("SOPInstanceUID", "1.2")], "search /instances"),
        ([("Manufacturer", SECRET)], "Manufacturer tells series apart: search /series by it"),
        ([("StationName", SECRET)], "search /series"),
        ([("ImageComments", SECRET)], "search /instances"),
        ([("limit", "-1")], "limit must be"),
        ([("limit", "ten")], "limit must be"),
        ([("limit", "1"), ("limit", "2")], "limit is given twice"),
        ([("limit", "9" * 10)], "limit must be"),
        ([("offset", "")], "offset must be"),
        ([("offset", "²")], "offset must be"),
        ([("fuzzymatching", SECRET)], "fuzzymatching must be"),
        ([("includefield", "PatientNam")], "Parameter 1: includefield"),
        ([("StudyID", "1")] * 257, "at most 256"),
        ([("", SECRET)], "Parameter 1"),
        ([("Limit", "3")], "Parameter 1"),
    ],
)
def test_refusals_tell_what_and_repeat_no_value(params: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse_query(Level.STUDY, params=params)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "PatientNam " not in str(caught.value)


def test_no_query_holds_a_value_its_vr_does_not_allow() -> None:
    with pytest.raises(BadQuery):
        Query(level=Level.STUDY, matches=(Match(("00080020",), "yesterday"),))
    valid = Query(level=Level.STUDY, matches=(Match(("00080020",), "20240101"),))
    with pytest.raises(BadQuery):
        dataclasses.replace(valid, matches=(Match(("7FE00010",), "x"),))


def test_values_are_not_printed() -> None:
    query = parse_query(Level.STUDY, params=[("PatientName", SECRET), ("PatientID", SECRET)])
    assert SECRET not in repr(query)
    assert SECRET not in repr(query.matches)
    assert "00100010" in repr(query)


def test_keys_of_a_level_are_allowed_below_it() -> None:
    for level in (Level.SERIES, Level.INSTANCE):
        parse_query(level, params=[("PatientID", "1"), ("StudyDate", "2024" + "0101"), ("Modality", "CT")])
    parse_query(Level.STUDY, params=[("EthnicGroup", "A"), ("AdmissionID", "A"), ("StudyDescription", "A")])
    parse_query(Level.INSTANCE, params=[("SOPClassUID", "1.2"), ("ImageComments", "A")])
    for keyword in ("SOPClassUID", "ImageComments", "SliceThickness"):
        with pytest.raises(BadQuery, match="search /instances by it"):
            parse_query(Level.SERIES, params=[(keyword, "1.2")])


def test_an_empty_key_only_asks_for_the_attribute() -> None:
    query = parse_query(Level.STUDY, params=[("Modality", ""), ("StudyDescription", ""), ("StudyDate", "")])
    assert query.accepts({})
    assert to_params(query, limit=None, offset=0) == [
        ("includefield", "00080060"),
        ("includefield", "00081030"),
        ("includefield", "00080020"),
    ]


def test_rows_outside_the_studys_url_are_refused() -> None:
    query = parse_query(Level.SERIES, study=UID("1.2"))
    row = {"0020000D": {"vr": "UI", "Value": ["1.2"]}}
    other = {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}}
    assert query.accepts(row)
    assert not query.accepts(other)
    assert not query.accepts({})
    assert query.accepts({}, trusting={"0020000D"})
    assert not query.accepts(other, trusting={"0020000D"})


def test_unanswered_names_the_keys_a_row_does_not_hold() -> None:
    query = parse_query(Level.STUDY, params=[("Occupation", "A"), ("PatientID", "1"), ("StudyDescription", "")])
    assert query.unanswered({"00100020": {"vr": "LO"}}) == {"00102180"}


STUDY = "00080005 00080020 00081190 00100010 0020000D"
ROW = {
    tag: {"vr": vr}
    for tag, vr in {
        "00080005": "CS",
        "00080020": "DA",
        "00080060": "CS",
        "00080070": "LO",
        "00081030": "LO",
        "00081190": "UR",
        "00090010": "LO",
        "00091001": "LO",
        "00100010": "PN",
        "0020000D": "UI",
        "0020000E": "UI",
        "00200013": "IS",
        "00400275": "SQ",
    }.items()
}


@pytest.mark.parametrize(
    ("level", "study", "series", "params", "kept"),
    [
        (Level.STUDY, None, None, [], STUDY),
        (Level.STUDY, None, None, [("includefield", "StudyDescription")], "00081030 " + STUDY),
        (Level.STUDY, None, None, [("StudyDescription", "A")], "00081030 " + STUDY),
        (Level.STUDY, None, None, [("includefield", "00091001")], "00090010 00091001 " + STUDY),
        (Level.SERIES, "1", None, [], "00080005 00080060 00081190 0020000D 0020000E 00400275"),
        (Level.SERIES, None, None, [], "00080005 00080020 00080060 00081190 00100010 0020000D 0020000E 00400275"),
        (Level.INSTANCE, "1", "2", [], "00080005 00081190 0020000D 0020000E 00200013"),
        (Level.INSTANCE, "1", None, [], "00080005 00080060 00081190 0020000D 0020000E 00200013 00400275"),
        (
            Level.INSTANCE,
            None,
            None,
            [],
            "00080005 00080020 00080060 00081190 00100010 0020000D 0020000E 00200013 00400275",
        ),
    ],
)
def test_projection(level, study, series, params, kept) -> None:
    query = parse_query(level, study=study, series=series, params=params)
    assert set(query.project(ROW)) == set(kept.split())


def test_all_keeps_all_and_is_a_copy() -> None:
    projected = parse_query(Level.STUDY, params=[("includefield", "all")]).project(ROW)
    assert projected == ROW
    assert projected is not ROW
