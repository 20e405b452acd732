import pytest

from gateway.dicomweb.query import Level, parse_query
from gateway.errors import BadQuery


def element(vr: str, *values: object) -> dict[str, object]:
    return {"vr": vr, "Value": list(values)}


def accepts(row: dict, *params: tuple[str, str], level: Level = Level.INSTANCE, trusting=()) -> bool:
    return parse_query(level, params=params).accepts(row, trusting=trusting)


@pytest.mark.parametrize(
    ("key", "value", "stored", "found"),
    [
        ("StudyDescription", "Chest CT", "Chest CT", True),
        ("StudyDescription", "Chest CT", "Chest CT  ", True),
        ("StudyDescription", "chest ct", "Chest CT", False),
        ("StudyDescription", "Chest", "Chest CT", False),
        ("StudyDescription", "Chest*", "Chest CT", True),
        ("StudyDescription", "*CT", "Chest CT", True),
        ("StudyDescription", "C?est*", "Chest CT", True),
        ("StudyDescription", "Chest, CT", "Chest, CT", True),
        ("StudyDescription", "Chest, CT", "Chest", False),
        ("StudyDescription", r"Chest\Abdomen", "Abdomen", True),
        ("StudyDescription", "(.*)", "Chest", False),
        ("AccessionNumber", "A*1", "AB1", True),
        ("PatientID", "?", "", False),
        ("PatientSex", "M,F", "F", True),
        ("PatientSex", "M,F", "O", False),
        ("StudyComments", "a*", "a\nb", True),
        ("StudyDate", "20240101", "20240101", True),
        ("StudyDate", "20240101", "2024.01.01", True),
        ("StudyDate", "20240101-20240131", "20240131", True),
        ("StudyDate", "20240101-20240131", "20240201", False),
        ("StudyDate", "20240101-", "20231231", False),
        ("StudyDate", "-20240101", "20231231", True),
        ("StudyDate", "20240101", "someday", False),
        ("StudyTime", "10", "103000", True),
        ("StudyTime", "1030", "103059.999", True),
        ("StudyTime", "1030-", "1029", False),
        ("StudyTime", "-1030", "103030", True),
        ("AcquisitionDateTime", "2024", "20240601120000", True),
        ("AcquisitionDateTime", "202401-202402", "20240229235959", True),
        ("AcquisitionDateTime", "202401010000+0000-", "202401010030+0100", False),
        ("SeriesNumber", "7", 7, True),
        ("SeriesNumber", "007", "7", True),
        ("SeriesNumber", "7", 8, False),
        ("SliceThickness", "1.50", 1.5, True),
        ("SliceThickness", "1e0", "1.0", True),
        ("Rows", "512", 512, True),
        ("Rows", "512", True, False),
        ("Rows", "512", None, False),
        ("SmallestImagePixelValue", "-3", -3, True),
        ("PatientAge", "045Y", "045Y", True),
        ("FrameIncrementPointer", "00181063", "00181063", True),
        ("SOPInstanceUID", "1.2", "1.2", True),
        ("SOPInstanceUID", "1.2", "1.2\0", True),
        ("SOPInstanceUID", "1.2", "1.2.3", False),
        ("SOPInstanceUID", "1.2,1.3", "1.3", True),
        ("SOPInstanceUID", r"1.2\1.3", "1.3", True),
        ("SOPInstanceUID", "1.2, 1.3", "1.3", True),
        ("RetrieveURL", "http://x/*", "http://x/y", False),
        ("RetrieveURL", "http://x/?a,b", "http://x/?a,b", True),
    ],
)
def test_single_values_lists_wildcards_and_ranges(key: str, value: str, stored: object, found: bool) -> None:
    tag = next(iter(parse_query(Level.INSTANCE, params=[(key, value)]).keys()))
    assert accepts({tag: element("XX", stored)}, (key, value)) is found


@pytest.mark.parametrize("key", ["", "*", "**"])
def test_universal_keys_match_absence(key: str) -> None:
    assert accepts({}, ("PatientID", key))
    assert accepts({}, ("PatientName", key))


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"00100020": {"vr": "LO"}},
        {"00100020": element("LO", "")},
        {"00100020": element("LO", None)},
        {"00100020": {"vr": "LO", "Value": "A"}},
        {"00100020": {"vr": "LO", "BulkDataURI": "x"}},
        {"00100020": None},
    ],
)
def test_absence_matches_no_other_key_unless_trusted(row: dict) -> None:
    assert not accepts(row, ("PatientID", "A*"))
    assert not accepts(row, ("PatientID", "A*"), trusting={"00100010"})
    assert accepts(row, ("PatientID", "A*"), trusting={"00100020"})


def test_trust_covers_absence_only() -> None:
    assert not accepts({"00100020": element("LO", "B")}, ("PatientID", "A"), trusting={"00100020"})
    assert accepts({}, ("StudyDate", "20240101"), trusting={"00080020"})
    assert not accepts({"00080020": element("DA", "20230101")}, ("StudyDate", "20240101"), trusting={"00080020"})


def test_any_value_of_several_counts() -> None:
    row = {"00080061": element("CS", "CT", "SR")}
    assert accepts(row, ("ModalitiesInStudy", "SR"), level=Level.STUDY)
    assert accepts(row, ("ModalitiesInStudy", "MR,SR"), level=Level.STUDY)
    assert accepts(row, ("ModalitiesInStudy", r"MR\SR"), level=Level.STUDY)
    assert not accepts(row, ("ModalitiesInStudy", "MR,US"), level=Level.STUDY)


def test_multiple_value_matching_needs_every_value() -> None:
    row = {"00080061": element("CS", "CT", "PT", "SR")}
    assert accepts(row, ("ModalitiesInStudy", r"PT\CT"), ("multiplevaluematching", "true"))
    assert not accepts(row, ("ModalitiesInStudy", r"PT\MR"), ("multiplevaluematching", "true"))
    assert accepts(row, ("ModalitiesInStudy", r"PT\MR"))


@pytest.mark.parametrize("key", ["PatientID", "StudyDate", "PatientName", "StudyInstanceUID"])
def test_empty_value_matching(key: str) -> None:
    tag = next(iter(parse_query(Level.STUDY, params=[(key, "")]).keys()))
    asked = ((key, '""'), ("emptyvaluematching", "true"))
    assert accepts({}, *asked)
    assert accepts({tag: {"vr": "XX"}}, *asked)
    assert not accepts({tag: element("XX", "1")}, *asked)


def test_two_quotes_are_text_without_it() -> None:
    assert accepts({"00100020": element("LO", '""')}, ("PatientID", '""'))
    with pytest.raises(BadQuery):
        accepts({}, ("StudyDate", '""'))


ITEMS = {
    "00400275": element(
        "SQ",
        {"00400009": element("SH", "S1"), "00401001": element("SH", "R1")},
        {"00400009": element("SH", "S2"), "00401001": element("SH", "R2")},
    )
}


def test_one_item_must_meet_every_key_of_a_sequence() -> None:
    step, procedure = "RequestAttributesSequence.ScheduledProcedureStepID", "00400275.00401001"
    assert accepts(ITEMS, (step, "S2"))
    assert accepts(ITEMS, (step, "S2"), (procedure, "R2"))
    assert not accepts(ITEMS, (step, "S1"), (procedure, "R2"))
    assert not accepts(ITEMS, (step, "S3"))
    assert not accepts({}, (step, "S1"))
    assert not accepts({"00400275": element("SQ")}, (step, "S1"))
    assert not accepts({"00400275": element("SQ", "S1")}, (step, "S1"))
    assert accepts({}, (step, ""))
    assert accepts({}, ("RequestAttributesSequence", ""))
    assert accepts({}, (step, "S1"), trusting={"00400275"})
    assert not accepts(ITEMS, (step, "S3"), trusting={"00400275"})


def test_sequences_nest() -> None:
    inner = {"00080100": element("SH", "T-1")}
    row = {"00400275": element("SQ", {"00400008": element("SQ", inner)})}
    path = "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue"
    assert accepts(row, (path, "T-*"))
    assert not accepts(row, (path, "X-*"))


def test_date_and_time_ranges_of_one_form_are_one_moment() -> None:
    def row(date: str, time: str) -> dict:
        return {"00080020": element("DA", date), "00080030": element("TM", time)}

    keys = ("StudyDate", "20060705-20060707"), ("StudyTime", "1000-1800")
    assert accepts(row("20060706", "0300"), *keys)
    assert accepts(row("20060705", "1000"), *keys)
    assert accepts(row("20060707", "180059"), *keys)
    assert not accepts(row("20060705", "0959"), *keys)
    assert not accepts(row("20060707", "1801"), *keys)
    assert not accepts({"00080020": element("DA", "20060706")}, *keys)
    assert accepts({"00080020": element("DA", "20060706")}, *keys, trusting={"00080030"})


def test_other_dates_and_times_stay_apart() -> None:
    row = {"00080020": element("DA", "20060706"), "00080030": element("TM", "0300")}
    assert not accepts(row, ("StudyDate", "20060706"), ("StudyTime", "1000-1800"))
    assert not accepts(row, ("StudyDate", "20060705-"), ("StudyTime", "1000-1800"))
    assert accepts(row, ("StudyDate", "20060705-"), ("StudyTime", "1000-"))


def test_the_rows_own_offset_counts_for_its_date_times() -> None:
    key = ("AcquisitionDateTime", "202401011200+0000")
    row = {"0008002A": element("DT", "202401011300")}
    assert not accepts(row, key)
    assert accepts(row | {"00080201": element("SH", "+0100")}, key)


def test_fuzzy_reaches_names_only() -> None:
    row = {"00100010": element("PN", {"Alphabetic": "Doe^John"}), "00081030": element("LO", "Chest CT")}
    assert accepts(row, ("PatientName", "john"), ("fuzzymatching", "true"))
    assert not accepts(row, ("PatientName", "john"), ("fuzzymatching", "false"))
    assert not accepts(row, ("StudyDescription", "chest"), ("fuzzymatching", "true"))
