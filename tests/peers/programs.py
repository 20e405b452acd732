"""Start a program on a free loopback port, wait until it answers, and end it whatever happens."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS = 3
"""A port that was free may be taken by the time the program binds it, so a failed start is tried again."""

_PR_SET_PDEATHSIG = 1


class NotReady(AssertionError):
    """The program ended or did not answer in time; the message shows the end of its log."""


@dataclass(frozen=True, slots=True)
class User:
    """The account a program runs under when the tests run as root."""

    name: str


def free_port() -> int:
    """Return a loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Tell whether something accepts connections on loopback `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(
    command: Callable[[int], Sequence[str]],
    *,
    ready: Callable[[int], bool],
    log: Path,
    timeout: float = 60,
    user: User | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[int]:
    """Run `command(port)` and yield the port once `ready(port)` holds.

    `ready` must recognise this very program, not any that happens to hold the port. `user` counts only as root.

    Raises:
        NotReady: after every start failed.
    """
    failure: NotReady | None = None
    for _ in range(STARTS):
        port = free_port()
        process = _spawn(command(port), log, user)
        try:
            _await(process, lambda port=port: ready(port), log, timeout)
        except NotReady as error:
            failure = error
            end(process, stop)
            continue
        try:
            yield port
        finally:
            end(process, stop)
        return
    assert failure is not None
    raise failure


def end(process: subprocess.Popen[bytes], stop: signal.Signals = signal.SIGTERM) -> None:
    """End the program and everything it started."""
    for sign, patience in ((stop, 10), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            break
        process.send_signal(sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _spawn(command: Sequence[str], log: Path, user: User | None) -> subprocess.Popen[bytes]:
    account = {"user": user.name, "group": user.name, "extra_groups": []} if user and os.getuid() == 0 else {}
    with log.open("ab") as output:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 -- no thread is running when a fixture starts one
            **account,
        )


def _end_with_parent() -> None:
    # Where prctl is missing the program is still ended by the fixture; this covers a killed test run.
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.05)
    how = "did not answer in time" if process.poll() is None else f"ended with status {process.returncode}"
    raise NotReady(f"{process.args} {how}\n{log.read_text(errors='replace')[-4000:]}")
