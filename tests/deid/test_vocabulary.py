from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.deid.codes import (
    is_icd_10,
    is_kernel,
    is_listed,
    is_loinc,
    is_meaning,
    is_radlex,
    is_snomed_ct,
    is_snomed_rt,
)
from gateway.deid.vocabulary import Vocabulary
from gateway.errors import ConfigurationError
from tests.deid.shipped import PROFILES

SHIPPED = Vocabulary.load(PROFILES / "vocabulary.toml")
DESCRIPTOR = SHIPPED.sections["descriptor"]
REPORT = SHIPPED.sections["report"]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("CT Thorax/Abdomen with contrast", "CT Thorax/Abdomen with contrast"),
        ("t2_tse_sag", "t2_tse_sag"),
        ("AxT2 FLAIR fs", "AxT2 FLAIR fs"),
        ("HWS seitlich", "HWS seitlich"),
        ("MR Lumbar Spine without contrast", "MR Lumbar Spine without contrast"),
        ("MRA Circle of Willis", "MRA Circle of Willis"),
        ("L4/L5, C7", "L4/L5 C7"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_words_of_the_vocabulary_stay_in_order_and_case(text: str, cleaned: str) -> None:
    assert DESCRIPTOR.clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("CT Abdomen Zqname", "CT Abdomen"),
        ("Zqname^Vorname CT", "CT"),
        ("CT 12.03.2019 MRN 4711", "CT"),
        ("CT_Zqname_Abdomen", "CT Abdomen"),
        ("AbdomenZqname", ""),
        ("CT5551234", ""),
        ("山田 CT", "CT"),
        ("zq@example.org", ""),
    ],
)
def test_anything_else_goes(text: str, cleaned: str) -> None:
    assert DESCRIPTOR.clean(text) == cleaned


@pytest.mark.parametrize("text", ["CT Dr. Head", "CT Prof Thumb Foot", "CT Mr Neck", "CT Frau Hals", "CT by Head Hand"])
def test_a_name_behind_a_title_goes_even_when_it_is_a_word(text: str) -> None:
    assert DESCRIPTOR.clean(text) == "CT"


def test_two_words_may_be_allowed_beside_each_other_only() -> None:
    assert DESCRIPTOR.clean("Long axis cine") == "Long axis cine"
    assert DESCRIPTOR.clean("Long cine") == "cine"


def test_a_sentence_of_clinical_words_stays_readable() -> None:
    sentence = "There is no evidence of acute fracture or dislocation"
    assert REPORT.clean(sentence + ".") == sentence


@settings(deadline=None)  # the first use reads the concepts of PS3.16
@given(st.text(max_size=60), st.sampled_from(sorted(SHIPPED.sections)))
def test_cleaning_twice_changes_nothing_more(text: str, section: str) -> None:
    once = SHIPPED.sections[section].clean(text)
    assert SHIPPED.sections[section].clean(once) == once


WORDS = st.sampled_from([*sorted(DESCRIPTOR.words)[:400], *sorted(DESCRIPTOR.titles), "Zqname", "4711", "T2", "AxT2"])
JOINTS = st.sampled_from([" ", "-", "/", "_", ", ", ". ", "  ", "^"])


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, JOINTS), max_size=12))
def test_cleaning_sentences_twice_changes_nothing_more(parts: list[tuple[str, str]]) -> None:
    once = DESCRIPTOR.clean("".join(word + joint for word, joint in parts))
    assert DESCRIPTOR.clean(once) == once
    assert "zqname" not in once.casefold()
    assert "4711" not in once


def test_no_word_is_a_number() -> None:
    for section in SHIPPED.sections.values():
        assert not [word for word in section.words if word.isdigit()]


def test_check_digits_tell_published_codes_from_numbers() -> None:
    assert is_snomed_ct("363698007")
    assert not any(is_snomed_ct(str(number)) for number in range(1234567, 1234600))
    assert not is_snomed_ct("363698006")
    assert is_loinc("18748-4")
    assert not is_loinc("18748-5")
    assert is_snomed_rt("T-D4000")
    assert is_radlex("RID1301")
    assert is_icd_10("C34.1")
    assert is_kernel("Br40d")
    assert is_listed("113100")
    assert is_meaning("findings") == is_meaning("Findings")
    for check in (is_snomed_ct, is_loinc, is_snomed_rt, is_radlex, is_icd_10, is_kernel, is_listed, is_meaning):
        assert not check("ZQCANARY")
        assert not check("")
        assert not check("19470328")


BROKEN = {
    'titles = "dr"\n[words]\na = "x"\n[sections.s]\nwords = ["b"]\nwhy = "w"': "'b' is unknown",
    'titles = "dr"\n[words]\n[sections.s]\nforms = ["b"]\nwhy = "w"': "'b' is unknown",
    'titles = "dr"\n[words]\n[sections.s]\nexact = ["b"]': "why is missing",
    'titles = "dr"\n[words]\n[sections.s]\nexakt = ["b"]\nwhy = "w"': "unknown key 'exakt'",
    'titles = "dr"\n[words]\na = ["x"]\n[sections]': "wrong type",
    "[words]\n[sections]": "titles is missing",
    "titles = ": "cannot be read",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items())
def test_a_broken_vocabulary_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "vocabulary.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        Vocabulary.load(path)
    assert "vocabulary.toml" in str(caught.value)


def test_a_text_too_long_to_be_read_leaves_nothing() -> None:
    assert REPORT.clean("chest " * 5000)
    begun = time.process_time()
    assert REPORT.clean("chest " * 2_000_000) == ""
    assert time.process_time() - begun < 0.1
