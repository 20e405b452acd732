"""The peers themselves: they start, answer as the tests expect, and end."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.peers.certificates import Certificates
from tests.peers.need import REQUIRED
from tests.peers.orthanc import Orthanc
from tests.peers.programs import NotReady, listens, running


def test_orthanc_answers_with_its_plugin(orthanc: Orthanc) -> None:
    assert orthanc.json("/plugins/dicom-web")["ID"] == "dicom-web"


def test_two_orthancs_are_apart(orthanc: Orthanc, second_orthanc: Orthanc) -> None:
    assert orthanc.port != second_orthanc.port


def test_postgres_gives_an_empty_database(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row == (0,)


def test_chromium_runs_scripts(chromium: Browser) -> None:
    page = chromium.new_page()
    assert page.evaluate("() => 6 * 7") == 42


def test_nginx_refuses_a_client_without_certificate(
    start_nginx: Callable[..., str], certificates: Certificates, orthanc: Orthanc
) -> None:
    url = start_nginx(f"http://127.0.0.1:{orthanc.port}", certificates=certificates, mutual=True)
    stranger = ssl.create_default_context(cafile=certificates.authority)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(f"{url}/dicom-web/studies", context=stranger)
    known = ssl.create_default_context(cafile=certificates.authority)
    known.load_cert_chain(*certificates.client)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{url}/dicom-web/studies", context=known)


def test_a_program_that_ends_shows_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    with (
        pytest.raises(NotReady, match=r"status 3\nthe reason"),
        running(lambda port: command, ready=listens, log=tmp_path / "log"),
    ):
        pass


def test_a_program_ends_with_its_children(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, http.server\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(child.pid, flush=True)\n"
        "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), None).serve_forever()\n"
    )
    log = tmp_path / "log"
    with running(lambda port: [sys.executable, "-c", script, str(port)], ready=listens, log=log) as port:
        child = int(log.read_text().split()[0])
    assert not listens(port)
    with pytest.raises(ProcessLookupError):
        _wait_for_end(child)


def _wait_for_end(pid: int) -> None:
    for _ in range(500):
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            raise ProcessLookupError
        time.sleep(0.01)


@pytest.mark.parametrize(("required", "outcome"), [("", "1 skipped"), ("required", "1 error")])
def test_a_missing_peer_skips_by_name_or_fails(tmp_path: Path, required: str, outcome: str) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import *\n"
        "from tests.conftest import pytest_runtest_setup\n"
        "from tests.peers.need import PEERS\n"
        "PEERS['nothing'] = (lambda: False, 'nothing at all')\n"
    )
    (tmp_path / "test_it.py").write_text("import pytest\n@pytest.mark.peer('nothing')\ndef test_it(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = peer(name): x\n")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(tmp_path)],
        env=os.environ | {REQUIRED: required, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout
    assert "nothing at all is not installed" in done.stdout
