"""What `dciodvfy` of dicom3tools says about a file before and after a pass."""

from __future__ import annotations

import copy
import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom.filewriter import dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from gateway.deid.profile import Pass
from gateway.evidence.passes import Measured

_PROGRAM: Final = "dciodvfy"
_TIMEOUT: Final = 60
_VALUES: Final = re.compile(r'"[^"]*"|(?<== )<[^>]*>|[Vv]alue ?=? ?<[^>]*>|\b\d[\d.]*\b(?![x,])')


@dataclass(frozen=True, slots=True)
class Validity:
    """Errors of one file: in the raw file, and those that were new after each pass."""

    name: str
    raw: int
    new: dict[Pass, tuple[str, ...]]


def installed() -> bool:
    """Tell whether the validator is on this machine."""
    return shutil.which(_PROGRAM) is not None


def validity(measured: Sequence[Measured], progress: Callable[[str], None] | None = None) -> list[Validity]:
    """Validate the clinical files; empty when the validator is not installed."""
    if not installed():
        return []
    checked = []
    for one in measured:
        if one.specimen.saturated:
            continue
        if progress:
            progress(f"dciodvfy {one.specimen.kind}")
        before = _errors(_inflated(one))
        new = {which: tuple(sorted(_errors(data) - before)) for which, data in one.outputs.items()}
        checked.append(Validity(one.specimen.kind, len(before), new))
    return checked


def _inflated(one: Measured) -> bytes:
    """Return the raw file; a deflated one as Explicit VR Little Endian, since the validator does not inflate."""
    if one.raw.file_meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian:
        return one.specimen.data
    plain = copy.deepcopy(one.raw)
    plain.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target = io.BytesIO()
    dcmwrite(target, plain, implicit_vr=False, little_endian=True)
    return target.getvalue()


def _errors(data: bytes) -> frozenset[str]:
    """Return the errors of a file, without the values they quote."""
    program = shutil.which(_PROGRAM)
    if program is None:
        return frozenset()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance.dcm"
        path.write_bytes(data)
        done = subprocess.run([program, str(path)], capture_output=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    lines = (done.stderr + done.stdout).decode("utf-8", "replace").splitlines()
    return frozenset(_VALUES.sub("…", line).strip() for line in lines if line.startswith("Error"))
