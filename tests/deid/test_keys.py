from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.deid.keys import KEY_SIZE, Keys, Kind
from gateway.dicom.uid import is_uid
from gateway.dicom.vr import valid
from gateway.errors import ConfigurationError

KEYS = Keys.from_bytes(bytes(range(32)))
OTHER = Keys.from_bytes(bytes(range(1, 33)))


def test_the_same_key_gives_the_same_in_any_process() -> None:
    # Pinned: an upgrade that changes these cuts a site's archive off from its new exports.
    assert KEYS.uid("1.2.3") == "2.25.323208961630152073077901537594917788276"
    assert KEYS.pseudonym(Kind.ID, "12345") == "TF-KF79VHYHM87P-WWVDPF01"
    assert KEYS.pseudonym(Kind.NAME, "Doe^John") == "Teaching^B85WZTKEZPAG-S275Q141"
    assert KEYS.shift("12345") == 1673


def test_another_key_gives_something_else() -> None:
    assert KEYS.uid("1.2.3") != OTHER.uid("1.2.3")
    assert KEYS.pseudonym(Kind.ID, "1") != OTHER.pseudonym(Kind.ID, "1")
    assert KEYS.shift("1") != OTHER.shift("1")


def test_replacements_are_valid_for_their_vr() -> None:
    for number in range(500):
        assert is_uid(KEYS.uid(f"1.2.{number}"), strict=True)
        assert valid("LO", KEYS.pseudonym(Kind.ID, str(number), "case"))
        assert valid("PN", KEYS.pseudonym(Kind.NAME, str(number), "case"))


def test_domains_do_not_meet() -> None:
    code = KEYS.pseudonym(Kind.ID, "x").removeprefix(Kind.ID.value)
    assert code != KEYS.pseudonym(Kind.NAME, "x").removeprefix(Kind.NAME.value)
    assert code != KEYS.pseudonym(Kind.ID, "x", "case").removeprefix(Kind.ID.value)


@pytest.mark.parametrize("spelling", ["DOE^JOHN", "Doe^John^^", " doe^john ", "Doe ^ John", "Doe^John^^^", "Doe^John="])
def test_spellings_of_one_name_are_one_person(spelling: str) -> None:
    assert KEYS.pseudonym(Kind.NAME, spelling.rstrip("=")) == KEYS.pseudonym(Kind.NAME, "Doe^John")


def test_an_own_pseudonym_is_recognised_and_stays_as_it_is() -> None:
    for kind in Kind:
        own = KEYS.pseudonym(kind, "12345")
        assert KEYS.is_pseudonym(own)
        assert not OTHER.is_pseudonym(own)
        assert KEYS.pseudonym(kind, own) == own


@pytest.mark.parametrize("text", ["", "TF-", "12345", "TF-000000000000-00000000", "Teaching^000000000000-00000000"])
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert not KEYS.is_pseudonym(text)


def test_the_second_pass_gives_the_same_before_and_after_the_first() -> None:
    for kind in Kind:
        first = KEYS.pseudonym(kind, "Doe^John")
        assert KEYS.pseudonym(kind, first, "case-1") == KEYS.pseudonym(kind, "Doe^John", "case-1")


def test_two_cases_of_one_patient_are_not_linkable() -> None:
    assert KEYS.pseudonym(Kind.ID, "12345", "case-1") != KEYS.pseudonym(Kind.ID, "12345", "case-2")


def test_the_shift_of_a_patient_survives_the_first_pass() -> None:
    assert KEYS.shift(KEYS.pseudonym(Kind.ID, "12345")) == KEYS.shift("12345")
    assert {1 <= KEYS.shift(str(number)) <= 3650 for number in range(300)} == {True}


def test_nothing_of_the_key_can_be_seen_or_sent_away() -> None:
    assert repr(KEYS) == "Keys(…)"
    with pytest.raises(TypeError):
        pickle.dumps(KEYS)


def test_the_first_run_makes_a_private_key_file(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "archive.key"
    made = Keys.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == KEY_SIZE
    assert list(path.parent.iterdir()) == [path]
    assert Keys.load_or_create(path).uid("1.2") == made.uid("1.2")


def test_a_key_file_that_others_may_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.key"
    Keys.load_or_create(path)
    for mode in (0o640, 0o604, 0o620, 0o660):
        path.chmod(mode)
        with pytest.raises(ConfigurationError, match="chmod 600"):
            Keys.load_or_create(path)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_file_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "archive.key"
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="must hold 32 bytes"):
        Keys.load_or_create(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Keys.load_or_create(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be read or made"):
        Keys.load_or_create(tmp_path / "file" / "archive.key")


@pytest.mark.parametrize("size", [0, 16, 64])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ConfigurationError):
        Keys.from_bytes(bytes(size))


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "archive.key"
    start = tmp_path / "go"
    script = (
        "import sys, time, pathlib\n"
        "from gateway.deid.keys import Keys\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.001)\n"
        "print(Keys.load_or_create(sys.argv[1]).uid('1.2'))\n"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(start)], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(6)
    ]
    start.touch()
    answers = {racer.communicate(timeout=60)[0] for racer in racers}
    assert len(answers) == 1
    assert answers != {b""}
