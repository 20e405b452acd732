"""How many planted identifiers a script leaves where it runs, and how many the profile leaves that it became."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.deid.engine import Engine
from gateway.deid.mirc.corpus import Planted
from gateway.deid.mirc.interpreter import interpret
from gateway.deid.mirc.script import Script
from gateway.deid.scope import Scope
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset, first_text


@dataclass(frozen=True, slots=True)
class Score:
    """Of `planted` identifiers, the paths of those that are left by the script and by the profile."""

    planted: int
    by_script: tuple[str, ...]
    by_profile: tuple[str, ...]


def score(script: Script, engine: Engine, corpus: Iterable[Planted]) -> Score:
    """Run a script and the engine of its profile over a corpus, and look for what was planted.

    Raises:
        Withheld: a data set of the corpus is none that may pass.
    """
    total = 0
    by_script: list[str] = []
    by_profile: list[str] = []
    for case in corpus:
        total += len(case.identifiers)
        by_script += _left(interpret(script, case.dataset), case)
        scope = Scope(binding="score", patient=first_text(case.dataset, "00100020") or "score")
        by_profile += _left(engine.dataset(IdentifiedDataset(case.dataset), scope=scope).json, case)
    return Score(total, tuple(by_script), tuple(by_profile))


def _left(dataset: JsonDataset | None, case: Planted) -> list[str]:
    """Return the paths of the identifiers that are still there: dates and times at their place, others anywhere."""
    values = dict(_values(dataset or {}, ""))
    text = "\n".join(values.values()).casefold()
    return [
        found.path
        for found in case.identifiers
        if (
            values.get(found.path, "").startswith(found.text)
            if found.vr in ("DA", "DT", "TM")
            else found.text.casefold() in text
        )
    ]


def _values(dataset: JsonDataset, path: str) -> Iterator[tuple[str, str]]:
    for name, element in dataset.items():
        for number, value in enumerate(element.get("Value") or []):
            if element["vr"] == "SQ":
                yield from _values(value, f"{path}{name}[{number}].")
            elif number == 0:
                yield path + name, str(value)
