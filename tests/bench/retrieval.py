"""Study retrieval: the origin direct, through nginx as a plain proxy, and through the gateway, taking turns.

Two origins: a real Orthanc, which is what a site has, and the same study as one prepared multipart body behind an
nginx, which is as fast as an origin can be and so shows what the gateway itself costs.
"""

from __future__ import annotations

import http.client
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from pydicom.uid import generate_uid

from tests.builders import add_pixels, part10, planted_dataset
from tests.peers.need import program
from tests.peers.nginx import running_nginx
from tests.peers.orthanc import running_orthanc
from tests.peers.programs import listens, running

SLICES = int(os.environ.get("BENCH_SLICES", "300"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
TOKEN = "bench-token-0123456789"
BOUNDARY = "bench0123456789"

_STATIC = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr; {user}
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on;
  server {{
    listen 127.0.0.1:{port};
    location = /dicom-web/studies/{study} {{
      default_type 'multipart/related; type="application/dicom"; boundary={boundary}'; alias {body};
    }}
  }}
}}
"""


@dataclass(slots=True)
class Way:
    """One way to the study, and what each retrieval over it took, in seconds."""

    name: str
    root: str
    authorization: str = ""
    seconds: list[float] = field(default_factory=list)
    first_byte: list[float] = field(default_factory=list)
    size: int = 0


def ct_study() -> tuple[str, list[bytes]]:
    """Return the UID and the files of a CT study of 512×512 slices."""
    noise = np.random.default_rng(7)
    study, series = generate_uid(), generate_uid()
    files = []
    for number in range(1, SLICES + 1):
        data = planted_dataset("CT", StudyInstanceUID=study, SeriesInstanceUID=series, InstanceNumber=number)
        add_pixels(data, noise.integers(0, 4096, (1, 512, 512), dtype=np.uint16))
        files.append(part10(data))
    return study, files


@contextmanager
def static_origin(folder: Path, study: str, files: list[bytes]) -> Iterator[str]:
    """Serve the study as one prepared multipart body; yield the root of the server."""
    body, config = folder / "study", folder / "nginx.conf"
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom; transfer-syntax=1.2.840.10008.1.2.1\r\n\r\n".encode()
    body.write_bytes(b"".join(head + file + b"\r\n" for file in files) + f"--{BOUNDARY}--\r\n".encode())

    def command(port: int) -> list[str]:
        user = "user root;" if os.getuid() == 0 else ""
        config.write_text(
            _STATIC.format(folder=folder, port=port, study=study, boundary=BOUNDARY, body=body, user=user)
        )
        return [str(program("nginx")), "-c", str(config), "-p", str(folder), "-e", "stderr"]

    with running(command, ready=listens, log=folder / "log") as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gateway(folder: Path, pacs_url: str) -> Iterator[str]:
    """Run the gateway before a PACS; yield its root."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {"GATEWAY_PACS_URL": pacs_url, "GATEWAY_DATA_DIR": str(folder), "GATEWAY_TOKEN": TOKEN}

    def command(port: int) -> list[str]:
        settings = [f"{name}={value}" for name, value in environment.items() if name.startswith("GATEWAY_")]
        return ["env", *settings, f"GATEWAY_PORT={port}", sys.executable, "-m", "gateway.cli", "serve"]

    with running(command, ready=listens, log=folder / "log") as port:
        yield f"http://127.0.0.1:{port}"


def retrieve(way: Way, study: str) -> None:
    """Retrieve the study once over `way`, and remember how long it took."""
    parts = urlsplit(way.root)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    begun = time.perf_counter()
    headers = {"Accept": ACCEPT} | ({"Authorization": way.authorization} if way.authorization else {})
    connection.request("GET", f"/dicom-web/studies/{study}", headers=headers)
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"{way.name} answered {response.status}: {response.read(500)!r}")
    size = len(response.read(1))
    first = time.perf_counter() - begun
    tail = b""
    while chunk := response.read(1 << 20):
        size += len(chunk)
        tail = chunk[-64:]
    if not tail.rstrip(b"\r\n").endswith(b"--"):
        raise SystemExit(f"{way.name} gave a body without its closing boundary")
    way.seconds.append(time.perf_counter() - begun)
    way.first_byte.append(first)
    way.size = size
    connection.close()


def measure(ways: list[Way], study: str) -> None:
    """Take turns, so that a busy moment of the machine meets every way alike."""
    for way in ways:
        retrieve(way, study)  # caches and connections are warm for all
        way.seconds.clear()
        way.first_byte.clear()
    for turn in range(ROUNDS):
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            retrieve(way, study)


def table(title: str, ways: list[Way]) -> list[str]:
    """Return the lines of a Markdown table; ratios are medians over the rounds, each against the same round."""
    direct, proxy = ways[0], ways[1]
    lines = [
        f"{title}: {SLICES} CT slices, {ways[0].size / 2**20:.0f} MiB, {ROUNDS} rounds in turn",
        "",
        "| way | median s | MiB/s | time against direct | against nginx | first byte ms |",
        "|---|---|---|---|---|---|",
    ]
    for way in ways:
        ratios = [
            statistics.median(a / b for a, b in zip(way.seconds, other.seconds, strict=True))
            for other in (direct, proxy)
        ]
        median = statistics.median(way.seconds)
        first = statistics.median(way.first_byte) * 1000
        lines.append(
            f"| {way.name} | {median:.3f} | {way.size / median / 2**20:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} "
            f"| {first:.0f} |"
        )
    return [*lines, ""]


def main() -> None:
    """Run both comparisons and print their tables."""
    study, files = ct_study()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        bearer = f"Bearer {TOKEN}"
        for kind in ("Orthanc", "prepared body"):
            here = folder / kind.split(maxsplit=1)[0]
            for part in ("origin", "proxy", "gateway"):
                (here / part).mkdir(parents=True)
            if kind == "Orthanc":
                orthanc = stack.enter_context(running_orthanc(here / "origin"))
                orthanc.upload(files)
                root, pacs, basic = orthanc.bare_url.removesuffix("/dicom-web"), orthanc.url, orthanc.authorization
            else:
                root = stack.enter_context(static_origin(here / "origin", study, files))
                pacs, basic = f"{root}/dicom-web", ""
            proxy = stack.enter_context(running_nginx(here / "proxy", root))
            ours = stack.enter_context(gateway(here / "gateway", pacs))
            ways = [Way("direct", root, basic), Way("nginx", proxy, basic), Way("gateway, first pass", ours, bearer)]
            measure(ways, study)
            print("\n".join(table(f"Origin: {kind}", ways)))


if __name__ == "__main__":
    main()
