"""Settings: one table of name, default and meaning. The README's table is generated from it and tested."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PACKAGE = Path(__file__).resolve().parent


def packaged(name: str) -> Path:
    """Return the folder `name` that ships with the gateway: beside the package in a checkout, in it when installed."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


class Auth(StrEnum):
    """How a client proves who it is."""

    TOKEN = "token"  # noqa: S105 -- the name of a mode, not a secret
    NONE = "none"


class Settings(BaseSettings):
    """Every setting, read from `GATEWAY_*` variables, then from the TOML file that `GATEWAY_CONFIG` names."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", env_ignore_empty=True, extra="forbid", frozen=True)

    pacs_url: SecretStr = Field(
        SecretStr("sample:"),
        description="Where studies come from: `https://user:password@pacs/dicom-web` (DICOMweb), "
        "`file:///folder` (Part 10 files, read-only) or `sample:` (a generated sample PACS)",
    )
    pacs_token: SecretStr | None = Field(None, description="Bearer token for a DICOMweb PACS")
    pacs_client_cert: Path | None = Field(None, description="Client certificate (PEM) for mutual TLS to the PACS")
    pacs_client_key: Path | None = Field(None, description="Its private key (PEM)")
    pacs_ca_file: Path | None = Field(None, description="CA certificates (PEM) that sign the PACS's certificate")
    archive_url: SecretStr = Field(
        SecretStr(""),
        description="The teaching archive: `file:///folder` or `https://…/dicom-web` (STOW-RS); "
        "empty: `{data}/archive`",
    )
    archive_token: SecretStr | None = Field(None, description="Bearer token for a DICOMweb archive")
    database_url: SecretStr = Field(
        SecretStr(""),
        description="`sqlite:///path` or `postgresql://user:password@host/name`; empty: `{data}/gateway.db`",
    )
    workspace_url: str = Field("", description="Working copies: `file:///folder`; empty: `{data}/workspace`")
    quarantine_dir: Path | None = Field(
        None, description="Where originals that STOW-RS refuses are kept, identified as they are; unset: nowhere"
    )
    data_dir: Path = Field(Path("data"), description="Where the embedded defaults live")
    profiles_dir: Path = Field(packaged("profiles"), description="De-identification profiles and pixel rules")
    viewer_dir: Path = Field(packaged("viewer"), description="The viewer's static files")
    key_file: Path | None = Field(
        None, description="The archive key, mode 0600, made on first run; empty: `{data}/archive.key`"
    )
    auth: Auth = Field(Auth.TOKEN, description="`token`, or `none` (refused unless bound to loopback)")
    token: SecretStr | None = Field(None, description="Bearer token for `AUTH=token`; generated and printed when unset")
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8080, description="Port to listen on", ge=0, le=65535)
    workers: int = Field(1, description="Server processes", ge=1, le=64)
    public_url: str = Field(
        "", description="The URL clients use when a proxy stands in front; empty: taken from each request"
    )
    cors_origins: str = Field(
        "", description="Web origins (comma list) whose pages may call the gateway, such as an OHIF elsewhere"
    )
    search_limit: int = Field(1000, description="Most rows one search answers; more are announced by a Warning", ge=1)
    stow_max_bytes: int = Field(
        8 * 2**30, description="Largest STOW-RS body, and largest single instance, in bytes", ge=1024
    )

    @model_validator(mode="after")
    def _no_open_door(self) -> Self:
        if self.auth is Auth.NONE and not is_loopback(self.host):
            raise ValueError(
                "GATEWAY_AUTH=none is only allowed on loopback; set GATEWAY_AUTH=token or GATEWAY_HOST=127.0.0.1"
            )
        if self.token is not None and len(self.token.get_secret_value()) < 16:
            raise ValueError("GATEWAY_TOKEN must have at least 16 characters")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the TOML file named by GATEWAY_CONFIG."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=os.environ.get("GATEWAY_CONFIG"))
        return init_settings, env_settings, toml


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load() -> Settings:
    """Read the settings.

    Raises:
        SystemExit: naming each wrong setting, never its value.
    """
    config = os.environ.get("GATEWAY_CONFIG")
    if config and not Path(config).is_file():
        raise SystemExit("GATEWAY_CONFIG names a file that does not exist.")
    try:
        settings = Settings()
    except ValidationError as error:
        raise SystemExit("Settings are not valid:\n  " + "\n  ".join(map(_plain, error.errors()))) from None
    known = {f"GATEWAY_{name.upper()}" for name in Settings.model_fields} | {"GATEWAY_CONFIG"}
    unknown = sorted(name for name in os.environ if name.startswith("GATEWAY_") and name not in known)
    if unknown:
        raise SystemExit("Unknown settings:\n  " + "\n  ".join(_guess(name, known) for name in unknown))
    return settings


def _plain(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    return f"GATEWAY_{'.'.join(map(str, error['loc'])).upper()}: {message}" if error["loc"] else message


def _guess(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.8)
    return f"{name}: " + (f"did you mean {near[0]}?" if near else "the README's table of settings has no such name.")
