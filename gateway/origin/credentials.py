"""What proves to an origin server who we are. None of it can be printed."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from gateway.errors import ConfigurationError


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A user with a password, or a bearer token; a client certificate with its key; whom to trust in TLS.

    `authorities` is a PEM file of CA certificates; without it the system's are trusted.
    """

    user: str = ""
    password: str = ""
    token: str = ""
    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None

    def __post_init__(self) -> None:
        if self.user and self.token:
            raise ConfigurationError("Give an origin a user in its URL or a bearer token, not both.")
        if self.key and not self.certificate:
            raise ConfigurationError("A client key needs its client certificate beside it.")
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise ConfigurationError("The bearer token of an origin has characters that no token can have.")

    def authorization(self) -> str:
        """Return the value of the Authorization header, "" for none."""
        if self.token:
            return f"Bearer {self.token}"
        if self.user:
            return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        return ""

    def tls(self) -> ssl.SSLContext:
        """Return how to speak TLS with the origin.

        Raises:
            ConfigurationError: a certificate, key or CA file is missing or not valid.
        """
        try:
            context = ssl.create_default_context(cafile=self.authorities)
        except (OSError, ValueError):
            raise ConfigurationError("The CA file of the origin is missing or holds no PEM certificate.") from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password=_no_password)
            except (OSError, ValueError):
                raise ConfigurationError(
                    "The client certificate and key for the origin are missing, encrypted, or no pair of PEM files."
                ) from None
        return context


def separate(url: str, credentials: Credentials) -> tuple[str, Credentials]:
    """Return the root URL of DICOMweb services without user and password, and the credentials with them.

    Raises:
        ConfigurationError: it is no http or https URL of such a root. The URL is not repeated.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError("The URL of an origin is not valid.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("The URL of a DICOMweb origin must read https://host/path or http://host/path.")
    if parts.query or parts.fragment or any(step in (".", "..") for step in parts.path.split("/")):
        raise ConfigurationError("The URL of a DICOMweb origin ends with the path of its services, without ? and #.")
    if parts.username:
        user, password = unquote(parts.username), unquote(parts.password or "")
        credentials = replace(credentials, user=user, password=password)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme, address, parts.path.rstrip("/"), "", "")), credentials


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal.
    return ""
