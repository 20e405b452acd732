"""Sends the planted corpus through both passes and says what of each identifier is still there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydicom.dataset import Dataset

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.deid.profile import Pass
from gateway.deid.scope import Scope
from gateway.dicom.part10 import read_header
from gateway.errors import Withheld
from gateway.evidence.corpus import Specimen
from gateway.evidence.planter import Place, Plant
from gateway.evidence.search import Haystack, walk

TEST_KEY: Final = bytes(range(32))
"""No secret: it is fixed so that the report is the same byte for byte everywhere."""
YEAR: Final = 2026
"""The year ages are counted from in the report."""
BINDING: Final = "evidence"

FIRST_PASS_EXCEPTIONS: Final = ("StationName", "InstitutionName")
"""Beside all UIDs: what the reference system's first pass keeps, and so does ours."""
CHARACTERISTICS: Final = ("PatientSize", "PatientWeight")
"""None of the eighteen; uptake values are computed from them."""


def report_engines(profiles: Path) -> dict[Pass, Engine]:
    """Return the engines of the shipped profiles with the test key.

    Raises:
        ConfigurationError: a profile is not usable.
    """
    keys = Keys.from_bytes(TEST_KEY)
    return {which: Engine(load_plan(profiles / f"{which}-pass.toml", this_year=YEAR), keys) for which in Pass}


def kept_by_design(plant: Plant, which: Pass) -> bool:
    """Tell whether a pass is to keep a planted value, by the exceptions written down here and nowhere else."""
    if plant.place in (Place.PRIVATE, Place.META, Place.CODESTREAM, Place.DRAWING):
        return False
    if plant.keyword in CHARACTERISTICS:
        return True
    exception = plant.vr == "UI" or (plant.keyword in FIRST_PASS_EXCEPTIONS and plant.vr != "SQ")
    return which is Pass.FIRST and exception


@dataclass(frozen=True, slots=True)
class Trace:
    """Where one planted identifier was found: in the file as it came, and in what each pass made of it."""

    plant: Plant
    raw: bool
    left: frozenset[Pass]

    def leaked(self, which: Pass) -> bool:
        """Tell whether a pass let it through that was to remove it."""
        return which in self.left and not kept_by_design(self.plant, which)

    def kept(self, which: Pass) -> bool:
        """Tell whether a pass kept it on purpose."""
        return which in self.left and kept_by_design(self.plant, which)


@dataclass(frozen=True)
class Measured:
    """One file of the corpus, what each pass made of it, and the trace of every identifier."""

    specimen: Specimen
    outputs: dict[Pass, bytes]
    withheld: dict[Pass, str] = field(default_factory=dict)
    traces: tuple[Trace, ...] = ()

    @cached_property
    def raw(self) -> Dataset:
        """The file as it came, as pydicom reads it."""
        return _dataset(self.specimen.data)

    @cached_property
    def parsed(self) -> dict[Pass, Dataset]:
        """What each pass made of it, as pydicom reads it."""
        return {which: _dataset(data) for which, data in self.outputs.items()}

    @cached_property
    def tags(self) -> dict[Pass, frozenset[str]]:
        """The tags at any level of what each pass made of it."""
        return {which: frozenset(tag for tag, _, _ in walk(dataset)) for which, dataset in self.parsed.items()}

    @cached_property
    def left(self) -> frozenset[tuple[str, Pass]]:
        """The keywords of the attributes of which something is left, by pass."""
        return frozenset((trace.plant.keyword, which) for trace in self.traces for which in trace.left)


def measure(
    specimens: Iterable[Specimen], engines: dict[Pass, Engine], progress: Callable[[str], None] | None = None
) -> Iterator[Measured]:
    """Yield every file with its outputs, searched as Part 10 and as DICOM JSON."""
    for specimen in specimens:
        if progress:
            progress(specimen.name)
        outputs: dict[Pass, bytes] = {}
        withheld: dict[Pass, str] = {}
        haystacks: dict[Pass, list[Haystack]] = {}
        for which, engine in engines.items():
            scope = Scope(binding=BINDING) if which is Pass.SECOND else Scope()
            try:
                outputs[which] = engine.instance(specimen.data, scope=scope)
                header = engine.dataset(read_header(specimen.data).json(), scope=scope).json
            except Withheld as error:
                outputs.pop(which, None)
                withheld[which] = str(error)
                continue
            haystacks[which] = [Haystack.of_file(outputs[which]), Haystack(spelt_out(header))]
        original = Haystack.of_file(specimen.data)
        traces = tuple(
            Trace(
                plant,
                original.holds(plant),
                frozenset(which for which, found in haystacks.items() if any(hay.holds(plant) for hay in found)),
            )
            for plant in specimen.plants
        )
        yield Measured(specimen, outputs, withheld, traces)


def _dataset(data: bytes) -> Dataset:
    found = Haystack.of_file(data).dataset
    return Dataset() if found is None else found


def spelt_out(header: Any) -> bytes:
    """Return DICOM JSON as text, its inline binary decoded behind it."""
    return json.dumps(header, ensure_ascii=False).encode() + b"".join(_binary(header))


def _binary(node: Any) -> Iterator[bytes]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "InlineBinary":
                yield b" " + base64.b64decode(value)
            else:
                yield from _binary(value)
    elif isinstance(node, list):
        for value in node:
            yield from _binary(value)
