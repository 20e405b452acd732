"""Whether references between instances are whole after a pass: the same UID is replaced by the same one everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from gateway.deid.profile import Pass
from gateway.evidence.passes import Measured

_IDENTITY = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")


@dataclass(frozen=True, slots=True)
class References:
    """What became of the UIDs by which files refer to one another, after one pass."""

    total: int
    """References in the raw files to an instance, series, study or frame of reference of the corpus."""
    whole: int
    """Those that lead to the same thing as before."""
    dropped: int
    """Those that went with an element the profile removes."""
    broken: int
    """Those that lead elsewhere."""
    ambiguous: int
    """UIDs that got two replacements, or share one."""


def references(measured: Sequence[Measured]) -> dict[Pass, References]:
    """Compare every UID of the clinical files with what it became."""
    clinical = [one for one in measured if not one.specimen.saturated]
    return {which: _of_pass(clinical, which) for which in Pass}


def _of_pass(measured: Sequence[Measured], which: Pass) -> References:
    pairs: dict[str, set[str]] = {}
    named: set[str] = set()
    found: list[tuple[str, str | None]] = []
    for one in measured:
        if which not in one.outputs:
            continue
        before, after = dict(_uids(one.raw)), dict(_uids(one.parsed[which]))
        named |= {uid for path, uid in before.items() if path in _IDENTITY}
        for path, uid in before.items():
            if path in after:
                pairs.setdefault(uid, set()).add(after[path])
            found.append((uid, after.get(path)))
    target = {uid: min(made) for uid, made in pairs.items()}
    links = [(uid, made) for uid, made in found if uid in named]
    reached = list(target.values())
    return References(
        total=len(links),
        whole=sum(made is not None and made == target[uid] for uid, made in links),
        dropped=sum(made is None for _, made in links),
        broken=sum(made is not None and made != target[uid] for uid, made in links),
        ambiguous=sum(len(made) > 1 for made in pairs.values()) + len(reached) - len(set(reached)),
    )


def _uids(dataset: Dataset, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the value of every UID that is not one of PS3.6."""
    for element in dataset:
        here = f"{path}{element.keyword or element.tag}"
        if element.VR == "SQ":
            for number, item in enumerate(element.value or ()):
                yield from _uids(item, f"{here}[{number}].")
        elif element.VR == "UI" and element.value:
            values = element.value if isinstance(element.value, MultiValue) else [element.value]
            for number, value in enumerate(values):
                if not str(value).startswith("1.2.840.10008."):
                    yield (here if len(values) == 1 else f"{here}/{number}"), str(value)
