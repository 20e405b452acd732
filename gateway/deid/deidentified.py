"""What the engine gives out. Only `gateway.deid` makes these types; `gateway.web` and the archive accept no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.dicom.dataset import JsonDataset
from gateway.dicom.uid import UID


class _Seal:
    """Held by the engine only (`tests/test_layers.py` checks who imports it)."""


SEAL: Final = _Seal()


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass did: how many elements per action. Tags and actions only, never a value."""

    profile: str
    profile_hash: str
    actions: dict[str, str] = field(default_factory=dict)
    """Tag path ("00100010", "00081140[0].00081155") to the name of the action."""


@dataclass(frozen=True, slots=True, repr=False)
class DeidentifiedDataset:
    """A data set in the DICOM JSON Model that went through a pass."""

    seal: _Seal
    json: JsonDataset
    report: Report | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DeidentifiedHeader:
    """Facts of one de-identified instance, known as soon as its header went through."""

    seal: _Seal
    sop_class: UID
    study: UID
    series: UID
    instance: UID
    transfer_syntax: UID
    report: Report | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DeidentifiedBytes:
    """A piece of a de-identified representation: bytes of an instance, a frame or one bulk data value."""

    seal: _Seal
    data: bytes
