"""The planted corpus: of every kind a plausible instance, and one with every attribute of Table E.1-1 everywhere."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from gateway.deid.table import Row
from gateway.evidence.bases import KINDS, Kind, base
from gateway.evidence.clinical import make_clinical
from gateway.evidence.files import write_file
from gateway.evidence.planter import Plant, Planter
from gateway.evidence.saturation import saturate

SCRIPTS: Final = {
    "XA": (("", "ISO 2022 IR 87"), "佐渡島"),
    "RF": (("", "ISO 2022 IR 149"), "궉채이"),
    "CT": (("ISO_IR 144",), "Жовтобрюх"),
    "US": (("ISO_IR 126",), "Ψαρρός"),
    "MR": (("ISO_IR 192",), "Þórgnýr"),
    "PT": (("GB18030",), "欧阳翀"),
}
"""Kinds whose patient is written in a second script too, in the character set that PACS use for it."""

_OLDEST: Final = "NM"
"""The kind whose patient is so old that the year of birth alone reveals an age over 89."""


@dataclass(frozen=True, slots=True, repr=False)
class Specimen:
    """One file of the corpus with all that was planted in it."""

    kind: str
    saturated: bool
    data: bytes
    plants: tuple[Plant, ...]

    @property
    def name(self) -> str:
        """What it is called in the report."""
        return f"{self.kind}, {'every attribute' if self.saturated else 'clinical'}"


def corpus(rows: Sequence[Row], kinds: Sequence[Kind] = KINDS) -> Iterator[Specimen]:
    """Yield two files of every kind, the plausible one first. The same bytes each time, on every machine."""
    planter = Planter()
    tags = frozenset(row.tag for row in rows)
    for kind in kinds:
        drawn = base(kind)
        for saturated in (False, True):
            dataset = copy.deepcopy(drawn)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom remarks on values that are planted to be remarkable
                make_clinical(dataset, tags, planter)
                if saturated:
                    planter.take()
                    saturate(dataset, rows, planter)
                else:
                    _write_names(dataset, kind.name, planter)
                    if kind.name == _OLDEST:
                        dataset.PatientBirthDate = planter.year("00100030", "PatientBirthDate")
                data = write_file(dataset, kind.syntax, planter)
            yield Specimen(kind.name, saturated, data, planter.take())


def _write_names(dataset: Dataset, kind: str, planter: Planter) -> None:
    """Write the patient's name in a second script, for the kinds that have one."""
    if kind not in SCRIPTS:
        return
    charset, name = SCRIPTS[kind]
    dataset.SpecificCharacterSet = list(charset) if len(charset) > 1 else charset[0]
    latin = str(dataset.PatientName).partition("=")[0]
    dataset.PatientName = planter.spelt(f"{latin}={name}", name, "00100010", "PatientName")
