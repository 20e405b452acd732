"""Settings refuse what is unsafe or unknown, and never repeat a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, is_loopback, load


def test_an_open_gateway_is_only_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_AUTH", "none")
    monkeypatch.setenv("GATEWAY_HOST", "0.0.0.0")
    with pytest.raises(SystemExit, match="loopback"):
        load()
    monkeypatch.setenv("GATEWAY_HOST", "127.0.0.1")
    assert load().auth == "none"


def test_a_misspelt_setting_stops_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PACSURL", "https://secret@pacs/dicom-web")
    with pytest.raises(SystemExit, match=r"GATEWAY_PACSURL: did you mean GATEWAY_PACS_URL\?") as stopped:
        load()
    assert "secret" not in str(stopped.value)


def test_a_wrong_value_is_named_by_its_setting_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "swordfish")
    with pytest.raises(SystemExit, match="GATEWAY_PORT") as stopped:
        load()
    assert "swordfish" not in str(stopped.value)


def test_the_toml_file_counts_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('port = 9001\nhost = "127.0.0.2"\n')
    monkeypatch.setenv("GATEWAY_CONFIG", str(file))
    monkeypatch.setenv("GATEWAY_PORT", "9002")
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.2", 9002)


def test_an_unknown_key_in_the_toml_file_stops_start_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("prot = 9001\n")
    monkeypatch.setenv("GATEWAY_CONFIG", str(file))
    with pytest.raises(SystemExit, match="PROT"):
        load()


def test_secrets_are_not_in_the_repr() -> None:
    settings = Settings(pacs_url="https://user:swordfish@pacs/dicom-web", token="swordfish-swordfish")
    assert "swordfish" not in repr(settings)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.0.0.1", False), ("pacs", False)],
)
def test_loopback_is_known(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
