from __future__ import annotations

import pytest

from gateway.deid.legacy import Form, Legacy
from gateway.deid.mirc.functions import SIGNATURES
from gateway.deid.mirc.meaning import Fate, Outcome, meaning
from gateway.deid.mirc.names import Address
from tests.deid.mirc.samples import script

NAME, DATE, AGE = "00100010", "00080020", "00101010"

EXAMPLES = [
    ("always", NAME, "@always()x", Fate.CONSTANT),
    ("append", NAME, "@append(){x}", Fate.KEPT),
    ("blank", NAME, "@blank(5)", Fate.EMPTY),
    ("contents", NAME, "@contents(this)", Fate.KEPT),
    ("contents", NAME, '@contents(this,"[A-Z]")', Fate.DERIVED),
    ("contents", NAME, '@contents(this,"[A-Z]","x")', Fate.DERIVED),
    ("contents", NAME, "@contents(PatientID)", Fate.COPIED),
    ("date", DATE, "@date()", Fate.TODAY),
    ("dateinterval", DATE, "@dateinterval(this,key,PatientID)", Fate.DERIVED),
    ("dateinterval", DATE, "@dateinterval(this,key,PatientID,20000101)", Fate.SHIFTED),
    ("empty", NAME, "@empty()", Fate.EMPTY),
    ("hash", NAME, "@hash(this,8)", Fate.HASHED),
    ("hashdate", DATE, "@hashdate(this,PatientID)", Fate.SHIFTED),
    ("hashname", NAME, "@hashname(this,6,2)", Fate.HASHED),
    ("hashptid", NAME, "@hashptid(@SITE,PatientID,8)", Fate.HASHED),
    ("hashuid", "00080018", "@hashuid(@ROOT,this)", Fate.UID),
    ("if", NAME, "@if(this,isblank){@remove()}{@hash(this)}", Fate.HASHED),
    ("incrementdate", DATE, "@incrementdate(this,@INC)", Fate.SHIFTED),
    ("incrementdate", DATE, "@incrementdate(StudyTime,@INC)", Fate.COPIED),
    ("initials", NAME, "@initials(this)", Fate.INITIALS),
    ("keep", NAME, "@keep()", Fate.KEPT),
    ("lowercase", NAME, "@lowercase(this)", Fate.KEPT),
    ("modifydate", DATE, "@modifydate(this,*,1,1)", Fate.YEAR),
    ("modifydate", DATE, "@modifydate(this,*,*,1)", Fate.DATED),
    ("modifydate", DATE, "@modifydate(this,2000,*,*)", Fate.COPIED),
    ("modifydate", DATE, "@modifydate(this,2000,1,2)", Fate.CONSTANT),
    ("param", NAME, "@param(@SITE)", Fate.CONSTANT),
    ("process", "00081140", "@process()", Fate.WALKED),
    ("quarantine", NAME, "@if(this,isblank){@remove()}{@quarantine()}x", Fate.QUARANTINED),
    ("remove", NAME, "@remove()", Fate.REMOVED),
    ("require", NAME, '@require(PatientID,"x")', Fate.KEPT),
    ("round", AGE, "@round(this,5)", Fate.ROUNDED),
    ("select", NAME, "@select(){@keep()}{@remove()}", Fate.REMOVED),
    ("time", "00080030", '@time(":")', Fate.TODAY),
    ("truncate", NAME, "@truncate(this,3)", Fate.DERIVED),
    ("truncate", NAME, "@truncate(PatientID,-3)", Fate.COPIED),
    ("uppercase", NAME, "@uppercase(this)", Fate.KEPT),
    ("value", NAME, '@value(this,"x")', Fate.KEPT),
]


def means(tag: str, text: str) -> Outcome:
    made = script((tag, text))
    return meaning(made, made.instructions[Address(int(tag, 16))])


@pytest.mark.parametrize(("tag", "text", "fate"), [example[1:] for example in EXAMPLES])
def test_every_function_has_a_type(tag: str, text: str, fate: Fate) -> None:
    assert means(tag, text).fate is fate


def test_every_known_function_has_an_example() -> None:
    assert {example[0] for example in EXAMPLES} == SIGNATURES.keys()


def test_parameters_and_text_make_one_constant() -> None:
    assert means(NAME, " S-@param(@SITE)-@param(@ROOT) ") == Outcome(Fate.CONSTANT, "S-99-9999")


def test_text_without_a_value_is_empty() -> None:
    assert means(NAME, "").fate is means(NAME, "@always()").fate is Fate.EMPTY


def test_a_removal_anywhere_removes() -> None:
    assert means(NAME, "x@remove()").fate is Fate.REMOVED


def test_the_part_that_leaves_most_decides_and_its_neighbours_are_reported() -> None:
    outcome = means(NAME, "CTP-@hash(this,6)")
    assert outcome.fate is Fate.HASHED
    assert outcome.legacy is None
    assert any("left out" in note for note in outcome.notes)


@pytest.mark.parametrize(
    "text", ["@if(Modality,equals,CT){@keep()}{@remove()}", "@if(Modality,equals,CT){@remove()}{@keep()}"]
)
def test_of_a_condition_the_stricter_branch_is_always_taken(text: str) -> None:
    outcome = means(NAME, text)
    assert outcome.fate is Fate.REMOVED
    assert any("condition" in note for note in outcome.notes)


def test_branches_that_agree_are_no_condition() -> None:
    assert means(NAME, "@if(Modality,equals,CT){@remove()}{@remove()}").notes == ()


def test_a_condition_on_the_presence_of_the_element_itself_is_none() -> None:
    assert means(NAME, "@if(this,exists){@hash(this)}{@remove()}").fate is Fate.HASHED
    assert means(NAME, "@if(this,isblank){@empty()}{Anonymous}") == Outcome(Fate.CONSTANT, "Anonymous")
    assert means(NAME, "@if(this,isblank){Nobody}{@remove()}").notes


def test_a_quarantine_on_a_condition_is_reported() -> None:
    outcome = means("00080008", '@if(ImageType,contains,"SAVE"){@quarantine()}{@keep()}')
    assert outcome.fate is Fate.KEPT
    assert any("quarantine" in note and "pixel-rules" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("tag", "text", "legacy"),
    [
        (NAME, "@hashname(this,6,@WORDS)", Legacy(Form.HASHNAME, length=6, words=2)),
        ("00100020", "@hashptid(@SITE,this,10)", Legacy(Form.HASHPTID, "99", length=10)),
        (NAME, "@hashptid(@SITE,PatientID)", Legacy(Form.HASHPTID, "99", of_patient=True)),
        ("00080050", "@hash(this,16)", Legacy(Form.HASH, length=16)),
        ("00080018", "@hashuid(@ROOT,this)", Legacy(Form.HASHUID, "9999")),
        (DATE, "@incrementdate(this,@INC)", Legacy(Form.INCREMENTDATE, days=-137)),
        (DATE, "@hashdate(this,PatientID)", Legacy(Form.HASHDATE)),
        (NAME, "@hash(AccessionNumber)", None),
        ("00080018", "@hashuid(@ROOT,StudyInstanceUID)", None),
        ("00080018", "@hashuid(@ROOT,this,PatientID)", None),
        (DATE, "@hashdate(this,AccessionNumber)", None),
        (DATE, "@incrementdate(this,PatientID,key)", None),
    ],
)
def test_what_can_be_reproduced_is_known(tag: str, text: str, legacy: Legacy | None) -> None:
    assert means(tag, text).legacy == legacy


def test_what_makes_an_element_that_is_missing_is_known() -> None:
    assert means(NAME, "@always()x").inserts
    assert means(NAME, "@require()").inserts
    assert not means(NAME, "x").inserts
