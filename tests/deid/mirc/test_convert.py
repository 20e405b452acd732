"""What a script becomes: the rules, what the lint says, and what the profile does to real Part 10 bytes."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from gateway.deid import legacy
from gateway.deid.actions import Action
from gateway.deid.engine import Engine
from gateway.deid.mirc.convert import Conversion, convert
from gateway.deid.mirc.findings import Severity
from gateway.deid.scope import Scope
from gateway.dicom.dictionary import tag_of
from tests.builders import CANARIES_AFTER_SECOND, found_canaries, planted
from tests.deid.mirc.samples import converted, first_line, loaded, said, script
from tests.deid.shipped import PROFILES, plan

OPEN, WEAK, CHANGED, IGNORED = Severity
SCOPE = Scope(binding="case-1", patient="12345")
UIDS = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.5", "SOPInstanceUID": "1.2.3.6"}
"""The same each time, so that no canary turns up in a replacement by chance."""
REST = ("privategroups", "unspecifiedelements", "overlays", "curves")


def through(conversion: Conversion, folder: Path, **overrides: Any) -> Dataset:
    """Send a planted CT through the converted profile; nothing planted may be left."""
    return sent(loaded(conversion, folder), **overrides)


def sent(engine: Engine, **overrides: Any) -> Dataset:
    data = engine.instance(planted(**UIDS | overrides), scope=SCOPE)
    assert found_canaries(data, CANARIES_AFTER_SECOND) == []
    return dcmread(io.BytesIO(data))


CASES = [
    # element, expression, action of the profile, severities of the lint, one thing about the outcome
    ("AccessionNumber", "@remove()", Action.EMPTY, [CHANGED], lambda ds: ds.AccessionNumber == ""),
    ("BodyPartExamined", "@remove()", Action.EMPTY, [CHANGED], lambda ds: ds.BodyPartExamined == ""),
    ("SliceThickness", "@remove()", Action.DROP, [], lambda ds: "SliceThickness" not in ds),
    ("StationName", "@remove()", Action.DROP, [], lambda ds: "StationName" not in ds),
    ("SliceThickness", "@empty()", Action.EMPTY, [], lambda ds: ds["SliceThickness"].value is None),
    ("ContrastBolusRoute", "@blank(4)", Action.EMPTY, [], lambda ds: ds.ContrastBolusRoute == ""),
    ("StudyDescription", "Case", Action.REPLACE, [], lambda ds: ds.StudyDescription == "Case"),
    ("StudyID", "@param(@SITE)", Action.REPLACE, [], lambda ds: ds.StudyID == "99"),
    ("PatientSex", "unknown", Action.EMPTY, [CHANGED], lambda ds: ds.PatientSex == ""),
    ("Rows", "12", Action.KEEP, [IGNORED], lambda ds: ds.Rows == 16),
    ("StudyDate", "@modifydate(this,2000,1,2)", Action.REPLACE, [], lambda ds: ds.StudyDate == "20000102"),
    ("StudyDate", "@modifydate(this,*,1,1)", Action.YEAR, [], lambda ds: ds.StudyDate == "20240101"),
    ("StudyDate", "@modifydate(this,*,*,1)", Action.YEAR, [OPEN], lambda ds: ds.StudyDate == "20240101"),
    ("StudyDate", "@date()", Action.EMPTY, [CHANGED], lambda ds: ds.StudyDate == ""),
    ("StudyDate", "@keep()", Action.YEAR, [OPEN], lambda ds: ds.StudyDate == "20240101"),
    ("StudyDate", "@incrementdate(this,@INC)", Action.SHIFT, [WEAK], lambda ds: ds.StudyDate[4:] != "0101"),
    ("StudyDate", "@hashdate(this,PatientID)", Action.SHIFT, [WEAK], lambda ds: ds.StudyDate < "20240229"),
    ("StudyDate", "@dateinterval(this,a,PatientID,20000101)", Action.SHIFT, [WEAK], lambda ds: ds.StudyDate),
    ("AcquisitionDateTime", "@incrementdate(this,@INC)", Action.YEAR, [WEAK],
     lambda ds: ds.get("AcquisitionDateTime", "20240101") == "20240101"),
    ("PatientBirthDate", "@incrementdate(this,@INC)", None, [WEAK], lambda ds: ds.PatientBirthDate in ("", "19470101")),
    ("StudyDescription", "@hashdate(this,PatientID)", Action.EMPTY, [CHANGED], lambda ds: ds.StudyDescription == ""),
    ("PatientID", "@hashptid(@SITE,this,10)", Action.PSEUDONYM, [WEAK], lambda ds: ds.PatientID.startswith("TF-")),
    ("PatientName", "@hashname(this,6,2)", Action.PSEUDONYM, [WEAK], lambda ds: "Teaching" in ds.PatientName),
    ("PatientName", "@hashptid(@SITE,PatientID)", Action.PSEUDONYM, [WEAK], lambda ds: "Teaching" in ds.PatientName),
    ("AccessionNumber", "@hash(this,16)", Action.EMPTY, [WEAK], lambda ds: ds.AccessionNumber == ""),
    ("ClinicalTrialSubjectID", "@hash(this)", Action.PSEUDONYM, [WEAK],
     lambda ds: ds.ClinicalTrialSubjectID.startswith("TF-")),
    ("StudyInstanceUID", "@hashuid(@ROOT,this)", Action.UID, [], lambda ds: ds.StudyInstanceUID.startswith("2.25.")),
    ("StudyInstanceUID", "@keep()", Action.UID, [OPEN], lambda ds: ds.StudyInstanceUID.startswith("2.25.")),
    ("StudyInstanceUID", "@remove()", Action.UID, [IGNORED], lambda ds: ds.StudyInstanceUID.startswith("2.25.")),
    ("SOPClassUID", "@keep()", None, [], lambda ds: ds.SOPClassUID.keyword == "CTImageStorage"),
    ("StationName", "@keep()", Action.DROP, [OPEN], lambda ds: "StationName" not in ds),
    ("StudyDescription", "@keep()", Action.CLEAN, [OPEN], lambda ds: ds.StudyDescription == "CT Abdomen"),
    ("ContrastBolusRoute", "@keep()", Action.CLEAN, [OPEN], lambda ds: ds.ContrastBolusRoute == "oral"),
    ("SliceThickness", "@keep()", Action.KEEP, [], lambda ds: ds.SliceThickness == 5),
    ("Modality", "@require(this,\"CT\")", Action.KEEP, [IGNORED], lambda ds: ds.Modality == "CT"),
    ("SliceThickness", "@truncate(this,1)", Action.DROP, [CHANGED], lambda ds: "SliceThickness" not in ds),
    ("StudyDescription", "@truncate(this,9)", Action.CLEAN, [OPEN], lambda ds: ds.StudyDescription == "CT Abdomen"),
    ("StudyDescription", '@contents(this,"[a-z]")', Action.CLEAN, [OPEN],
     lambda ds: ds.StudyDescription == "CT Abdomen"),
    ("StudyDescription", "@uppercase(this)", Action.CLEAN, [OPEN, CHANGED],
     lambda ds: ds.StudyDescription == "CT Abdomen"),
    ("StudyDescription", "@contents(PatientName)", Action.EMPTY, [OPEN, CHANGED],
     lambda ds: ds.StudyDescription == ""),
    ("OtherPatientNames", "@initials(PatientName)", Action.DROP, [OPEN, CHANGED],
     lambda ds: "OtherPatientNames" not in ds),
    ("PatientName", "@initials(this)", Action.PSEUDONYM, [OPEN], lambda ds: "Teaching" in ds.PatientName),
    ("PatientAge", "@round(this,5)", Action.AGE, [CHANGED], lambda ds: ds.PatientAge == "077Y"),
    ("PatientAge", "@keep()", Action.AGE, [OPEN], lambda ds: ds.PatientAge == "077Y"),
    ("StudyDescription", "@append(){x}", Action.CLEAN, [OPEN, CHANGED],
     lambda ds: ds.StudyDescription == "CT Abdomen"),
    ("StudyDescription", "@if(Modality,equals,CT){@keep()}{@remove()}", Action.EMPTY, [CHANGED, CHANGED],
     lambda ds: ds.StudyDescription == ""),
    ("RequestAttributesSequence", "@remove()", Action.DROP, [], lambda ds: "RequestAttributesSequence" not in ds),
    ("ReferencedImageSequence", "@process()", Action.WALK, [],
     lambda ds: ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")),
    ("ReferencedImageSequence", "@keep()", Action.WALK, [OPEN],
     lambda ds: ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")),
    ("ReferencedImageSequence", "@empty()", Action.EMPTY, [], lambda ds: len(ds.ReferencedImageSequence) == 0),
    ("PatientIdentityRemoved", "@always()NO", None, [IGNORED], lambda ds: ds.PatientIdentityRemoved == "YES"),
    ("SpecificCharacterSet", "@keep()", None, [], lambda ds: ds.SpecificCharacterSet == "ISO_IR 192"),
    ("SpecificCharacterSet", "ISO_IR 6", None, [IGNORED], lambda ds: ds.SpecificCharacterSet == "ISO_IR 192"),
    ("TransferSyntaxUID", "@remove()", None, [IGNORED], lambda ds: ds.file_meta.TransferSyntaxUID),
    ("PixelData", "@remove()", Action.KEEP, [IGNORED], lambda ds: len(ds.PixelData) == 512),
]  # fmt: skip


def referenced() -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5"
    return item


@pytest.mark.parametrize(
    ("keyword", "text", "action", "severities", "holds"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES]
)
def test_an_instruction_becomes_the_nearest_safe_rule(
    tmp_path: Path, keyword: str, text: str, action: Action | None, severities: list[Severity], holds: Any
) -> None:
    tag = f"{tag_of(keyword):08X}"
    conversion = converted(script((tag, text)))
    assert sorted(said(conversion, tag)) == sorted(severities)
    engine = loaded(conversion, tmp_path)
    if action is not None:
        assert engine.plan.decide_tag(int(tag, 16)).action is action
    result = sent(
        engine,
        SliceThickness="5",
        ContrastBolusRoute="oral Zqnachname",
        ClinicalTrialSubjectID="ZQID4711",
        ReferencedImageSequence=[referenced()],
    )
    assert holds(result)


def test_findings_name_the_line() -> None:
    conversion = converted(script(("00080050", "@remove()"), ("00081010", "@keep()")))
    lines = {finding.subject.split()[-1]: finding.line for finding in conversion.findings if finding.line}
    assert lines == {"AccessionNumber": first_line(), "StationName": first_line() + 1}
    assert f"line {first_line() + 1}: open: (0008,1010) StationName:" in "\n".join(map(str, conversion.findings))


def test_a_value_that_looks_like_a_function_is_a_value(tmp_path: Path) -> None:
    conversion = converted(script(("00081030", "@keep()"), ("00200010", "@contents(StudyDescription)")))
    result = through(conversion, tmp_path, StudyDescription="@keep() chest", PatientID="@remove()")
    assert result.StudyDescription == "chest"
    assert result.PatientID.startswith("TF-")
    assert result.StudyID == ""


def test_a_dot_of_text_in_a_constant_survives_as_toml(tmp_path: Path) -> None:
    text = r'Zoë "quoted" ünd \\ more'.replace("\\\\", "/")
    result = through(converted(script(("00081030", text))), tmp_path)
    assert result.StudyDescription == text


def test_without_removals_the_lint_says_all_that_stays() -> None:
    conversion = converted(script(("00100010", "@remove()"), ("00100020", "@remove()")))
    subjects = {finding.subject: finding.text for finding in conversion.findings if not finding.line}
    assert subjects.keys() == {
        "Table E.1-1", "other text", "private elements", "overlays", "curves", "sequences",
    }  # fmt: skip
    assert "AccessionNumber" in subjects["Table E.1-1"]
    assert "PatientName," not in subjects["Table E.1-1"]
    assert all(finding.severity is OPEN for finding in conversion.findings if not finding.line)


def test_with_all_removals_only_the_kept_groups_are_open() -> None:
    conversion = converted(script(("00100010", "@remove()"), keep=("0018",), remove=REST))
    subjects = {finding.subject: finding.text for finding in conversion.findings if not finding.line}
    assert subjects.keys() == {"Table E.1-1", "other text"}
    assert "ProtocolName" in subjects["Table E.1-1"]
    assert "AccessionNumber" not in subjects["Table E.1-1"]


def test_removing_curves_alone_removes_none() -> None:
    conversion = converted(script(("00100010", "@remove()"), remove=("curves",)))
    assert any("does nothing" in finding.text for finding in conversion.findings)
    conversion = converted(script(("00100010", "@remove()"), remove=("curves", "unspecifiedelements")))
    assert not any("does nothing" in finding.text for finding in conversion.findings)


def test_a_kept_private_group_is_open() -> None:
    conversion = converted(script(("00100010", "@remove()"), keep=("0019",), remove=REST))
    assert any(finding.subject == "group 0019" and finding.severity is OPEN for finding in conversion.findings)


def test_unspecified_elements_are_removed_where_an_image_does_without(tmp_path: Path) -> None:
    made = script(("00100020", "@hash(this)"), ("00181040", "@keep()"), remove=REST)
    result = through(
        converted(made),
        tmp_path,
        ContrastBolusRoute="oral",
        KVP="120",
        PatientSex="F",
        SliceThickness="5",
        EchoTime="9",
    )
    assert result.PatientName == result.StudyDescription == result.PatientSex == ""
    assert "PatientAge" not in result
    assert result.ContrastBolusRoute == "oral"  # scripted, so on the list
    assert "EchoTime" not in result  # a number, but on no list
    assert result.Modality == "CT"


def test_what_an_iod_demands_stays_as_the_floor_makes_it(tmp_path: Path) -> None:
    made = script(("00100020", "@hash(this)"), ("0040A730", "@remove()"), remove=REST)
    conversion = converted(made)
    decide = loaded(conversion, tmp_path).plan.decide_tag
    for keyword in ("ImageLaterality", "Manufacturer", "ManufacturerModelName", "ContentSequence"):
        tag = tag_of(keyword) or 0
        assert decide(tag).action is plan("second").decide_tag(tag).action
    assert said(conversion, "0040A730") == [CHANGED]


def test_a_kept_group_is_on_the_list(tmp_path: Path) -> None:
    made = script(("00100020", "@hash(this)"), keep=("0018",), remove=REST)
    result = through(converted(made), tmp_path, EchoTime="9", AcquisitionDeviceProcessingCode="ZQCODE")
    assert result.EchoTime == 9
    assert "AcquisitionDeviceProcessingCode" not in result


def test_what_a_script_leaves_alone_stays_if_it_is_harmless(tmp_path: Path) -> None:
    result = through(converted(script(("00100020", "@hash(this)"))), tmp_path, EchoTime="9")
    assert result.EchoTime == 9
    assert result.StudyDescription == "CT Abdomen"
    assert "StationName" not in result


def private(dataset: Dataset) -> list[int]:
    return [element.tag for element in dataset if element.tag.is_private]


@pytest.mark.parametrize("text", ["@keep()", "CTP", "@remove()", "@always()x", "@date()"])
def test_private_elements_go(tmp_path: Path, text: str) -> None:
    conversion = converted(script(("0019[ZQPRIVAT 1.0]01", text), ("00190010", "@keep()")))
    assert private(through(conversion, tmp_path)) == []


def test_safe_private_elements_stay_when_they_are_asked_for(tmp_path: Path) -> None:
    """They are those of PS3.15 Table E.3.10-1; the script may still remove one."""
    made = script(
        ("00100020", "@hash(this)"), ("0019[SIEMENS MR HEADER]0D", "@remove()"), keep=("safeprivateelements",)
    )
    engine = loaded(converted(made), tmp_path)
    assert engine.plan.decide(0x0019100C, "IS", "SIEMENS MR HEADER").action is Action.KEEP
    assert engine.plan.decide(0x0019100D, "CS", "SIEMENS MR HEADER").action is Action.DROP
    assert engine.plan.decide(0x00191001, "LO", "ZQPRIVAT 1.0").action is Action.DROP
    codes = [claim.code for claim in engine.plan.profile.claims]
    assert "113111" in codes


LEGACY = (
    ("00100010", "@hashname(this,6,2)"),
    ("00100020", "@hashptid(@SITE,this,10)"),
    ("00080050", "@hash(this,16)"),
    ("0020000D", "@hashuid(@ROOT,this)"),
    ("00080020", "@incrementdate(this,@INC)"),
    ("00080021", "@hashdate(this,PatientID)"),
    ("00120040", "@hashptid(@SITE,PatientID,10)"),
)


def test_legacy_md5_reproduces_the_vectors_on_an_instance(tmp_path: Path) -> None:
    conversion = converted(script(*LEGACY), legacy_md5=True)
    result = through(
        conversion, tmp_path,
        PatientName="Doe^John^Q", PatientID="12345", AccessionNumber="12345", StudyInstanceUID="1.2.3.4",
        StudyDate="20190314", ClinicalTrialSubjectID="x",
    )  # fmt: skip
    assert result.PatientName == "767339"
    assert result.PatientID == result.ClinicalTrialSubjectID == "1562138257"
    assert result.AccessionNumber == "1734476027734280"
    assert result.StudyInstanceUID == "9999.133452017418128156145788163593446716929"
    assert result.StudyDate == "20181028"
    assert result.SOPInstanceUID.startswith("2.25.")  # not scripted


def test_references_stay_whole_when_uids_are_hashed_in_the_old_way(tmp_path: Path) -> None:
    """The script names the instance only, and not those who refer to it."""
    item = referenced()
    item.ReferencedSOPInstanceUID = UIDS["SOPInstanceUID"]
    conversion = converted(script(("00080018", "@hashuid(@ROOT,this)")), legacy_md5=True)
    result = through(
        conversion, tmp_path, ReferencedImageSequence=[item], RelatedFrameOfReferenceUID=UIDS["SOPInstanceUID"]
    )
    hashed = legacy.hash_uid("9999", UIDS["SOPInstanceUID"])
    assert result.SOPInstanceUID == result.ReferencedImageSequence[0].ReferencedSOPInstanceUID == hashed
    assert result.get("RelatedFrameOfReferenceUID", hashed) == hashed
    assert result.SOPClassUID == result.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert any(finding.subject == "UIDs" for finding in conversion.findings)


def test_legacy_md5_says_that_it_is_weak(tmp_path: Path) -> None:
    conversion = converted(script(*LEGACY), legacy_md5=True)
    for tag, _ in LEGACY:
        assert said(conversion, tag) == [WEAK]
    engine = loaded(conversion, tmp_path)
    assert "WEAK" in engine.plan.profile.why
    assert "WEAK" in engine.plan.decide_tag(0x00100020).why
    result = sent(engine, PatientID="12345")
    assert result.PatientIdentityRemoved == "NO"
    assert "weak" in result.DeidentificationMethod


def test_without_being_asked_for_nothing_is_hashed_without_the_key(tmp_path: Path) -> None:
    engine = loaded(converted(script(*LEGACY)), tmp_path)
    assert not engine.plan.profile.legacy_md5
    assert all(rule.legacy is None for rule in engine.plan.profile.rules)


def test_a_second_script_may_be_imported_above_an_imported_profile(tmp_path: Path) -> None:
    first = converted(script(*LEGACY, keep=("safeprivateelements",)), legacy_md5=True)
    floor = loaded(first, tmp_path).plan
    second = script(("00081030", "Case"), keep=("safeprivateelements",))
    conversion = convert(second, floor, tomllib.loads(first.profile), name="other.script")
    engine = loaded(conversion, tmp_path)
    assert engine.plan.decide_tag(0x00081030).action is Action.REPLACE
    assert engine.plan.decide_tag(0x00100020).action is Action.LEGACY_MD5


def test_a_name_with_line_breaks_stays_a_comment() -> None:
    base = tomllib.loads((PROFILES / "second-pass.toml").read_text())
    made = script(("00100020", "@hash(this)"))
    conversion = convert(made, plan("second"), base, name='a\n[profile]\nid = "evil"')
    assert tomllib.loads(conversion.profile)["profile"]["id"] == "imported-script"


def test_what_the_floor_says_of_sop_classes_stays() -> None:
    base = tomllib.loads((PROFILES / "second-pass.toml").read_text())
    base["sop-classes"] = {"why": "a test", "allow": ["CTImageStorage"]}
    conversion = convert(script(("00100020", "@hash(this)")), plan("second"), base, name="site.script")
    assert tomllib.loads(conversion.profile)["sop-classes"] == base["sop-classes"]
