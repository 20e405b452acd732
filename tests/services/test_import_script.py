from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.deid.compiler import load_plan
from gateway.errors import ConfigurationError
from gateway.services.import_script import import_script
from tests.deid.shipped import PROFILES
from tests.evidence.small import SMALL

SCRIPT = b"""<script>
<p t="SITE">99</p>
<e en="T" t="00100020" n="PatientID">@hashptid(@SITE,this,10)</e>
<e en="T" t="00081010" n="StationName">@keep()</e>
</script>
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.script").write_bytes(SCRIPT)
    return tmp_path / "site.script"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))


def test_the_profile_leaves_nothing_of_what_the_script_leaves(site: Path) -> None:
    named: list[str] = []
    found = import_script(site, PROFILES).score(SMALL[:1], named.append)
    assert len(found.by_script) > found.planted * 0.99
    assert found.by_profile == ()
    assert named == ["MR, clinical", "MR, every attribute"]


def test_the_command_prints_the_lint_and_writes_a_profile_that_loads(
    site: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = site.parent / "profiles"
    folder.mkdir()
    for path in PROFILES.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    target = folder / "site.toml"
    assert main(["import-script", str(site), "--no-score", "--output", str(target)]) == 0
    printed = capsys.readouterr().out
    assert "line 4: (0008,1010) StationName: The script would keep it; here it is removed." in printed
    assert load_plan(target).id == "imported-script"


def test_the_command_writes_nothing_over(site: Path, environment: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-script", str(site), "--no-score", "--output", str(site)]) == 1
    assert site.read_bytes() == SCRIPT
    assert "cannot be written" in capsys.readouterr().err


def test_the_command_reproduces_weak_hashes_only_when_asked(site: Path, environment: None) -> None:
    for arguments, weak in (([], False), (["--legacy-md5"], True)):
        target = site.parent / f"{weak}.toml"
        assert main(["import-script", str(site), "--no-score", "--output", str(target), *arguments]) == 0
        assert ('action = "legacy-md5"' in target.read_text()) is weak


def test_a_script_that_cannot_be_imported_gives_no_profile(
    site: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_bytes(SCRIPT.replace(b"@keep()", b"@lookup(this,key)"))
    target = site.parent / "out.toml"
    assert main(["import-script", str(site), "--no-score", "--output", str(target)]) == 1
    assert not target.exists()
    assert "line 4: @lookup: refused" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.script"):
        import_script(tmp_path / "none.script", PROFILES)
