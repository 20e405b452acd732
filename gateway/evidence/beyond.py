"""Beyond Table E.1-1: every other attribute of PS3.6 that can hold text, in a report, which no allow-list narrows.

What is left here is no fault by itself: a profile names what it keeps. It is what a reader should know.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydicom._dicom_dict import DicomDictionary
from pydicom.tag import Tag

from gateway.deid.engine import Engine
from gateway.deid.profile import Pass
from gateway.deid.table import Row
from gateway.evidence.bases import KINDS, base
from gateway.evidence.corpus import Specimen
from gateway.evidence.files import write_file
from gateway.evidence.passes import measure
from gateway.evidence.planter import Place, Planter
from gateway.evidence.saturation import planted_element

_KIND: Final = "SR"
_VRS: Final = ["AE", "AS", "DA", "DT", "TM", "PN", "LO", "SH", "ST", "LT", "UC", "UR", "UT", "UI", "CS", "OB", "UN"]
_NOT_PLANTED: Final = frozenset(("SOPClassUID", "SpecificCharacterSet"))


@dataclass(frozen=True, slots=True)
class Beyond:
    """Attributes of one VR outside of the table: how many were planted, and the keywords of those each pass left."""

    vr: str
    planted: int
    left: dict[Pass, tuple[str, ...]]


def beyond(
    rows: Sequence[Row], engines: dict[Pass, Engine], progress: Callable[[str], None] | None = None
) -> tuple[Beyond, ...]:
    """Plant and search every attribute that `rows` do not name, by VR; empty when a pass withholds the file."""
    kind = next(kind for kind in KINDS if kind.name == _KIND)
    dataset, planter = base(kind), Planter()
    own = {int(element.tag) for element in dataset}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom remarks on values that are planted to be remarkable
        for row in _unnamed({row.tag for row in rows}):
            tag = Tag(row.tag)
            if row.vr not in ("CS", "UI") or int(tag) not in own:
                dataset[tag] = planted_element(row, planter, Place.ROOT)
        data = write_file(dataset, kind.syntax, planter)
    specimen = Specimen(kind.name, True, data, tuple(plant for plant in planter.take() if plant.place is Place.ROOT))
    one = next(measure([specimen], engines, progress))
    if one.withheld:
        return ()
    found = []
    for vr in _VRS:
        traces = [trace for trace in one.traces if trace.plant.vr == vr]
        if not traces:
            continue
        left = {which: tuple(trace.plant.keyword for trace in traces if trace.leaked(which)) for which in Pass}
        found.append(Beyond(vr, len(traces), left))
    return tuple(found)


def _unnamed(named: set[str]) -> Iterator[Row]:
    """Yield the attributes of PS3.6 outside of the table whose VR can hold text."""
    for tag, (vr, _, _, _, keyword) in sorted(DicomDictionary.items()):
        name = f"{tag:08X}"
        if vr in _VRS and keyword and name not in named and keyword not in _NOT_PLANTED and 8 <= tag >> 16 < 0x7FE0:
            yield Row(name, keyword, vr, "X")
