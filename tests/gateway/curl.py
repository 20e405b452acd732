"""curl as a client: it knows nothing of DICOM, and says what it thinks of an answer by its exit status."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from tests.gateway.process import Gateway
from tests.peers.need import program


@dataclass(frozen=True, slots=True)
class Result:
    """What curl printed, and its exit status (18: the body is shorter than announced)."""

    output: bytes
    status: int


def curl(gateway: Gateway, path: str, *options: str) -> Result:
    """Run curl on a path of the gateway, signed in; `options` are passed on."""
    command = [str(program("curl")), "--silent", "--globoff", "--path-as-is", "--max-time", "60"]
    command += ["--header", f"Authorization: Bearer {gateway.token}", *options, gateway.url + path]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return Result(done.stdout, done.returncode)
