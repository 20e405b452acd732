"""How many planted identifiers a MIRC / CTP script leaves where it runs, and how many the profile it became leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from gateway.deid.engine import Engine
from gateway.deid.mirc.interpreter import interpret
from gateway.deid.mirc.script import Script
from gateway.deid.profile import Pass
from gateway.deid.scope import Scope
from gateway.dicom.dataset import JsonDataset, first_text
from gateway.dicom.dictionary import is_private
from gateway.dicom.part10 import read_header
from gateway.errors import Withheld
from gateway.evidence.corpus import Specimen
from gateway.evidence.passes import BINDING, kept_by_design, spelt_out
from gateway.evidence.planter import Plant
from gateway.evidence.search import Haystack

_TEMPORAL: Final = frozenset(("DA", "DT", "TM"))


@dataclass(frozen=True, slots=True)
class Score:
    """Of the identifiers `planted` in headers, those that are left, each by its file and attribute.

    `withheld` names the files that the profile does not let out at all.
    """

    planted: int
    by_script: tuple[str, ...]
    by_profile: tuple[str, ...]
    withheld: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the score as text."""
        yield (
            f"Of {self.planted} planted identifiers the script leaves {len(self.by_script)}, "
            f"the profile {len(self.by_profile)}."
        )
        yield from (f"  left by the profile: {found}" for found in self.by_profile)
        yield from (f"  withheld by the profile: {found}" for found in self.withheld)


def score(
    script: Script, engine: Engine, specimens: Iterable[Specimen], progress: Callable[[str], None] | None = None
) -> Score:
    """Run a script, and the engine of the profile it became, over the planted corpus.

    The script is run by a model of the original, which reads the elements before Pixel Data: what is planted
    elsewhere does not count.
    """
    planted = 0
    by_script: list[str] = []
    by_profile: list[str] = []
    withheld: list[str] = []
    for specimen in specimens:
        if progress:
            progress(specimen.name)
        original = read_header(specimen.data).json().json
        before = _Found(original, Haystack(spelt_out(original)))
        plants = [plant for plant in specimen.plants if before.holds(plant) and not kept_by_design(plant, Pass.SECOND)]
        planted += len(plants)
        result = interpret(script, original)
        if result is not None:
            after = _Found(result, Haystack(spelt_out(result)))
            by_script += [_named(specimen, plant) for plant in plants if after.holds(plant)]
        scope = Scope(binding=BINDING, patient=first_text(original, "00100020"))
        try:
            data = engine.instance(specimen.data, scope=scope)
        except Withheld as error:
            withheld.append(f"{specimen.name}: {error}")
            continue
        after = _Found(read_header(data).json().json, Haystack.of_file(data))
        by_profile += [_named(specimen, plant) for plant in plants if after.holds(plant)]
    return Score(planted, tuple(by_script), tuple(by_profile), tuple(withheld))


@dataclass(frozen=True)
class _Found:
    """What is found in one representation."""

    dataset: JsonDataset
    haystack: Haystack

    def holds(self, plant: Plant) -> bool:
        """Tell whether an identifier is left; a moved date may equal one planted in another attribute."""
        if plant.vr not in _TEMPORAL:
            return self.haystack.holds(plant)
        own = self._dates.get(plant.tag, "")
        return plant.needle in own or self._undated.holds(plant)

    @cached_property
    def _dates(self) -> dict[str, str]:
        """The values of dates and times at every level, one a line, by attribute."""
        dates: dict[str, list[str]] = {}
        _collect(self.dataset, dates)
        return {tag: "\n".join(values) for tag, values in dates.items()}

    @cached_property
    def _undated(self) -> Haystack:
        return Haystack(spelt_out(_without_dates(self.dataset)))


def _collect(dataset: JsonDataset, dates: dict[str, list[str]]) -> None:
    for name, element in dataset.items():
        values: list[Any] = element.get("Value") or []
        if element["vr"] == "SQ":
            for item in values:
                _collect(item, dates)
        elif element["vr"] in _TEMPORAL:
            dates.setdefault(name, []).extend(map(str, values))


def _without_dates(dataset: JsonDataset) -> JsonDataset:
    """Return a data set without the dates of attributes that are no private ones."""
    return {
        name: element | {"Value": [_without_dates(item) for item in element.get("Value") or []]}
        if element["vr"] == "SQ"
        else element
        for name, element in dataset.items()
        if element["vr"] not in _TEMPORAL or is_private(int(name, 16))
    }


def _named(specimen: Specimen, plant: Plant) -> str:
    return f"{specimen.name}: {plant.keyword or plant.tag} ({plant.place})"
