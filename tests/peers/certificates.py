"""Certificates of an invented authority, made once a session."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.need import need


@dataclass(frozen=True, slots=True)
class Certificates:
    """Paths of PEM files: the authority, a server's pair for 127.0.0.1 and localhost, a client's pair."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate that signed the others."""
        return self.folder / "authority.pem"

    @property
    def server(self) -> tuple[Path, Path]:
        """A server's certificate and key."""
        return self.folder / "server.pem", self.folder / "server.key"

    @property
    def client(self) -> tuple[Path, Path]:
        """A client's certificate and key."""
        return self.folder / "client.pem", self.folder / "client.key"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Give an authority, a server's and a client's certificate."""
    need("nginx")
    folder = tmp_path_factory.mktemp("certificates")
    _openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority "
        "-addext keyUsage=critical,keyCertSign -keyout authority.key -out authority.pem",
    )
    for name, extensions in (
        ("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"),
        ("client", "extendedKeyUsage=clientAuth\n"),
    ):
        (folder / f"{name}.ext").write_text(extensions)
        _openssl(
            folder,
            f"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} "
            f"-keyout {name}.key -out {name}.csr",
        )
        _openssl(
            folder,
            f"x509 -req -days 2 -in {name}.csr -CA authority.pem -CAkey authority.key "
            f"-CAcreateserial -extfile {name}.ext -out {name}.pem",
        )
    return Certificates(folder)


def _openssl(folder: Path, arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments.split()], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
