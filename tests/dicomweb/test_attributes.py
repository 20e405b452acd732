import pytest

from gateway.dicomweb.attributes import is_private, keyword_of, label, parse_path, tag_of, vr


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("PatientName", ("00100010",)),
        ("00100010", ("00100010",)),
        ("0020000d", ("0020000D",)),
        ("RequestAttributesSequence.ScheduledProcedureStepID", ("00400275", "00400009")),
        ("00400275.RequestedProcedureID", ("00400275", "00401001")),
        ("00091001", ("00091001",)),
    ],
)
def test_keywords_and_tags_name_the_same_path(text: str, path: tuple[str, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["", ".", "PatientNam", "patientname", "0010001", "0010,0010", "00100010.", ".00100010", "x.y", "00100010 "]
)
def test_what_is_neither_is_refused(text: str) -> None:
    assert parse_path(text) is None


def test_a_path_deeper_than_any_real_one_is_refused() -> None:
    assert parse_path(".".join(["00400275"] * 9)) is None


def test_vrs() -> None:
    assert vr("00100010") == "PN"
    assert vr("00280106") == "US"
    assert vr("60003000") == "OW"
    assert vr("60004000") == "LT"
    assert {vr(tag) for tag in ("00091001", "00090010", "00181234", "00100000")} == {"UN"}


def test_labels_hold_keywords_only() -> None:
    assert label(("00400275", "00400009")) == "RequestAttributesSequence.ScheduledProcedureStepID"
    assert label(("00091001",)) == "private"
    assert keyword_of("00091001") == ""
    assert tag_of("PatientName") == "00100010"
    assert tag_of("NobodysName") == ""
    assert is_private("00091001")
    assert not is_private("00100010")
