from __future__ import annotations

from pathlib import Path

from gateway.dicom.part10 import read_header
from gateway.errors import Reason
from gateway.services.local_files import deidentify_file, files_in
from tests.builders import CANARIES_AFTER_SECOND, found_canaries, planted
from tests.deid.shipped import engine


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "b.dcm").write_bytes(planted("CT"))
    (folder / "deep" / "a.dcm").write_bytes(planted("MR"))
    (folder / ".hidden" / "c.dcm").write_bytes(planted("CT"))
    return folder


def test_folders_are_walked_and_hidden_files_left_out(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    single = tmp_path / "one.dcm"
    assert [path.name for path in files_in([single, folder])] == ["one.dcm", "b.dcm", "a.dcm"]


def test_a_result_is_named_by_its_new_uid_and_holds_nobody(tmp_path: Path) -> None:
    source = _folder(tmp_path) / "b.dcm"
    outcome = deidentify_file(engine("second"), source, tmp_path / "out")
    assert outcome.target is not None
    data = outcome.target.read_bytes()
    assert outcome.target.name == f"{read_header(data).text(0x00080018)}.dcm"
    assert read_header(source).text(0x00080018) not in outcome.target.name
    assert found_canaries(data, CANARIES_AFTER_SECOND) == []


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    outcome = deidentify_file(engine("first"), folder / "b.dcm", None)
    assert outcome.target is None
    assert outcome.actions["pseudonym"] >= 2
    assert outcome.actions["drop"] > 10
    assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_judged_is_withheld(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Zqnachname came by")
    outcome = deidentify_file(engine("first"), text, tmp_path / "out")
    assert outcome.withheld is not None
    assert outcome.target is None
    missing = deidentify_file(engine("first"), tmp_path / "missing.dcm", tmp_path / "out")
    assert missing.withheld is not None
    assert missing.withheld.reason is Reason.UNREADABLE
    assert not (tmp_path / "out").exists()
