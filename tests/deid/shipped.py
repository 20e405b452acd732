"""The shipped profiles, compiled once for all tests, with a key that is no secret."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.deid.plan import Plan
from gateway.deid.scope import Bound, Scope
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset

PROFILES = Path(__file__).parents[2] / "profiles"
NAMES = ("first", "second")
KEYS = Keys.from_bytes(bytes(range(32)))
CASE = Scope(binding="case-1")
CT, SR, CR = ("1.2.840.10008.5.1.4.1.1." + tail for tail in ("2", "88.33", "1"))


@cache
def plan(name: str) -> Plan:
    return load_plan(PROFILES / f"{name}-pass.toml", this_year=2026)


@cache
def engine(name: str) -> Engine:
    return Engine(plan(name), KEYS)


def scope_of(name: str) -> Scope:
    return CASE if name == "second" else Scope()


def bound(name: str = "first") -> Bound:
    return Bound(KEYS, scope_of(name))


def identity(sop_class: str = SR) -> JsonDataset:
    """Return the least that an instance must say of itself."""
    uids = {"00080016": sop_class, "00080018": "1.2.3.4.5", "0020000D": "1.2.3.4.6", "0020000E": "1.2.3.4.7"}
    return {tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()}


def through(name: str, dataset: JsonDataset, *, sop_class: str = SR, row: bool = False) -> JsonDataset:
    """Send a data set through a pass, as an instance of a SOP class that no allow-list narrows."""
    source = dataset if row else identity(sop_class) | dataset
    return engine(name).dataset(IdentifiedDataset(source), scope=scope_of(name), row=row).json
