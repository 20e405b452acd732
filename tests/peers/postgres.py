"""A real PostgreSQL server; every test gets an empty database of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.peers.need import need, postgres_programs
from tests.peers.programs import User, running

_ACCOUNT = User("postgres")
"""PostgreSQL refuses to run as root; Debian's package makes this account."""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a server, without a database name."""
    need("postgres")
    programs = postgres_programs()
    assert programs is not None
    password = secrets.token_urlsafe(12)
    # pytest keeps its folders to the user; the server's own account must get in.
    folder = Path("/tmp") / f"gateway-postgres-{uuid.uuid4().hex}"
    folder.mkdir(mode=0o700)
    log = tmp_path_factory.mktemp("postgres") / "postgres.log"
    try:
        _initialise(programs, folder, password)

        def url(port: int) -> str:
            return f"postgresql://gateway:{password}@127.0.0.1:{port}"

        def command(port: int) -> list[str]:
            settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "fsync": "off"}
            options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
            return [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), *options]

        def ready(port: int) -> bool:
            try:
                psycopg.connect(f"{url(port)}/postgres", connect_timeout=5).close()
            except psycopg.OperationalError:
                return False
            return True

        # SIGTERM would wait for clients; SIGINT ends their sessions.
        with running(command, ready=ready, log=log, user=_ACCOUNT, stop=signal.SIGINT) as port:
            yield url(port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield f"{postgres_server}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def _initialise(programs: Path, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    account: dict[str, object] = {}
    if os.getuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, _ACCOUNT.name, _ACCOUNT.name)
        account = {"user": _ACCOUNT.name, "group": _ACCOUNT.name, "extra_groups": []}
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "gateway", "-A", "scram-sha-256"]
    command += [f"--pwfile={secret}", "-E", "UTF8", "--no-sync"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=folder, **account)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr.decode(errors="replace")
