"""The commands that work on files of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from tests.builders import CANARIES_AFTER_SECOND, found_canaries, planted
from tests.deid.shipped import PROFILES


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the archive key of these commands in a folder of the test."""
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_headers_are_masked_unless_asked_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.dcm"
    file.write_bytes(planted("CR"))
    assert main(["headers", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "StationName" in shown
    assert "Elements at the root:" in shown
    assert found_canaries(shown.encode()) == []
    assert main(["headers", "--json", "--raw", str(file)]) == 0
    lines = {line["path"]: line for line in json.loads(capsys.readouterr().out)["lines"]}
    assert lines["00100020"]["raw"] == "ZQID4711"
    assert lines["00100020"]["second"]["action"] == "pseudonym"
    assert lines["00100020"]["second"]["why"]


def test_a_folder_is_de_identified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(planted("CT"))
    (folder / "b.dcm").write_bytes(planted("MR"))
    assert main(["deid", "--output", str(out), str(folder)]) == 0
    assert "2 de-identified, 0 withheld." in capsys.readouterr().out
    results = sorted(out.iterdir())
    assert len(results) == 2
    assert all(found_canaries(path.read_bytes(), CANARIES_AFTER_SECOND) == [] for path in results)
    (folder / "notes.txt").write_text("Zqnachname")
    assert main(["deid", "--dry-run", "--pass", "first", str(folder)]) == 1
    told = capsys.readouterr()
    assert "2 de-identified, 1 withheld; nothing was written." in told.out
    assert "pseudonym" in told.out
    assert "notes.txt: withheld (" in told.err
    assert sorted(out.iterdir()) == results


def test_pixels_that_may_show_names_are_pointed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.dcm").write_bytes(planted("US"))
    assert main(["deid", str(tmp_path / "a.dcm"), "--output", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert "look at its pixels" in shown.err
    assert "1 may show names" in shown.out


def test_what_cannot_be_opened_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PACS_URL", (tmp_path / "nowhere").as_uri())
    monkeypatch.setenv("GATEWAY_PORT", "0")
    assert main(["serve"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "gateway: PACS_URL names a folder that does not exist.\n"
    assert "opens at" not in shown.out


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GATEWAY_HOST", "192.0.2.1", "HOST must be an address of this machine"),
        ("GATEWAY_DATA_DIR", "/dev/null/data", "DATA_DIR /dev/null/data cannot be made"),
        ("GATEWAY_PROFILES_DIR", "/nowhere", "/nowhere/first-pass.toml cannot be read (No such file or directory)."),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    name: str,
    value: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("GATEWAY_PACS_URL", tmp_path.as_uri())
    monkeypatch.setenv("GATEWAY_PORT", "0")
    monkeypatch.setenv(name, value)
    assert main(["serve"]) == 1
    assert told in capsys.readouterr().err


def test_two_profiles_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(PROFILES / f"{name}-pass.toml") for name in ("first", "second")]
    assert main(["diff-profiles", *names]) == 0
    told = capsys.readouterr().out
    assert "(0008,1010) StationName\n  first-pass.toml: keep." in told
    assert "attributes differ." in told
    assert main(["diff-profiles", names[0], names[0]]) == 0
    assert capsys.readouterr().out.endswith("0 attributes differ.\n")
