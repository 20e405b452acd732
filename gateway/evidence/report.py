"""Everything the evidence report says, measured in one run; `report_json` and `report_html` write it down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.deid.profile import Pass, Profile
from gateway.deid.table import Row
from gateway.dicom.dictionary import keyword_of
from gateway.evidence.aryanto import ATTRIBUTES
from gateway.evidence.bases import KINDS, Kind
from gateway.evidence.beyond import Beyond, beyond
from gateway.evidence.corpus import corpus
from gateway.evidence.hipaa import Identifier
from gateway.evidence.passes import Measured, measure, report_engines
from gateway.evidence.phrases import Phrase, phrases
from gateway.evidence.planter import Place, Plant
from gateway.evidence.references import References, references
from gateway.evidence.sweep import Judgement, Swept, sweep
from gateway.evidence.tally import Count, Elements, count, counts_by, elements
from gateway.evidence.validity import Validity, installed, validity

LIMITS: Final = (
    "Pixels are not searched here. Text that a device burned into an image is found by the rules for pixels and by "
    "the person who reviews the image, not by this report.",
    "A face can be rebuilt from a CT or MR of the head. Neither pass removes it.",
    "The first pass is a view for the hospital itself: station, institution and UIDs stay, so what it shows is still "
    "protected health information.",
    "The year of a date stays, and an age up to 89 years, the sex, and where uptake is computed from them size and "
    "weight. None of them is one of the eighteen.",
    "A description keeps the words of a published vocabulary. A surname that is also such a word (Head, Foot) stays "
    "where somebody typed it into a description.",
    "Well-formed code strings and numbers pass in attributes that Table E.1-1 does not name. A name of up to 16 "
    "capital letters that somebody put into such a code string would pass too, unless the second pass knows it as one "
    "of this patient. The section on what lies beyond the table counts them.",
    "A colour profile (ICC) is kept as it is, and can hold text of whoever made it.",
    "Documents, audio, waveforms and unknown kinds of objects are withheld, not cleaned.",
    "The corpus is generated. It holds every attribute of the table in every place we could think of; a real archive "
    "may hold what nobody thought of. That is why the second pass searches each result for that instance's own "
    "identifiers before anything is archived.",
    "Pseudonyms were made with a test key that is no secret. At a site they are made with the site's own key.",
)
_WEAK: Final = (
    "The profile {} is weak: it reproduces unkeyed MD5 hashes of another tool. Whoever knows the function finds a "
    "record number by trying them all. Its results do not say that the patient's identity was removed."
)


@dataclass(frozen=True, slots=True)
class Classic:
    """One of the fifty attributes of Aryanto et al.: how often it was planted, and what each pass left."""

    tag: str
    keyword: str
    count: Count


@dataclass(frozen=True, slots=True)
class Evidence:
    """The result of one run."""

    profiles: dict[Pass, Profile]
    kinds: tuple[str, ...]
    files: int
    total: Count
    by_kind: dict[str, Count]
    by_identifier: dict[Identifier, Count]
    by_place: dict[Place, Count]
    cells: dict[tuple[Identifier, str], Count]
    leaks: tuple[tuple[str, Pass, Plant], ...]
    withheld: tuple[tuple[str, Pass, str], ...]
    classics: tuple[Classic, ...]
    swept: tuple[Swept, ...]
    elements: tuple[Elements, ...]
    references: dict[Pass, References]
    phrases: tuple[Phrase, ...]
    validity: tuple[Validity, ...] | None
    beyond: tuple[Beyond, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing leaked, nothing was withheld, nothing became invalid and no reference broke."""
        return (
            not self.leaks
            and not self.withheld
            and self.total.raw == self.total.planted
            and all(not link.broken and not link.ambiguous for link in self.references.values())
            and not any(new for checked in self.validity or () for new in checked.new.values())
            and not any(self.judged(which, Judgement.NOT_OK) for which in Pass)
        )

    @property
    def limits(self) -> tuple[str, ...]:
        """What the report does not show and these profiles do not do, in plain words."""
        weak = [profile.id for profile in self.profiles.values() if profile.legacy_md5]
        return (*(_WEAK.format(name) for name in weak), *LIMITS)

    def judged(self, which: Pass, judgement: Judgement) -> int:
        """Count the rows of Table E.1-1 that a pass treated in a way."""
        return sum(row.verdicts[which].judgement is judgement for row in self.swept)


def evidence(
    profiles: Path, *, kinds: Sequence[Kind] = KINDS, progress: Callable[[str], None] | None = None
) -> Evidence:
    """Measure the shipped profiles over the planted corpus.

    Raises:
        ConfigurationError: a profile is not usable.
    """
    engines = report_engines(profiles)
    loaded = {which: engine.plan.profile for which, engine in engines.items()}
    rows: tuple[Row, ...] = loaded[Pass.FIRST].table
    measured = list(measure(corpus(rows, kinds), engines, progress))
    checked = tuple(validity(measured, progress)) if installed() else None
    return Evidence(
        profiles=loaded,
        kinds=tuple(kind.name for kind in kinds),
        files=len(measured),
        total=count(trace for one in measured for trace in one.traces),
        by_kind=counts_by(measured, lambda one, _: one.specimen.kind),
        by_identifier=dict(sorted(counts_by(measured, lambda _, trace: trace.plant.identifier).items())),
        by_place=counts_by(measured, lambda _, trace: trace.plant.place),
        cells=counts_by(measured, lambda one, trace: (trace.plant.identifier, one.specimen.kind)),
        leaks=tuple(
            (one.specimen.name, which, trace.plant)
            for one in measured
            for trace in one.traces
            for which in Pass
            if trace.leaked(which)
        ),
        withheld=tuple((one.specimen.name, which, why) for one in measured for which, why in one.withheld.items()),
        classics=tuple(_classic(tag, measured) for tag in ATTRIBUTES),
        swept=tuple(sweep(rows, measured, engines)),
        elements=tuple(elements(measured)),
        references=references(measured),
        phrases=tuple(phrases(engines)),
        validity=checked,
        beyond=beyond(rows, engines, progress),
    )


def _classic(tag: str, measured: Sequence[Measured]) -> Classic:
    traces = (trace for one in measured for trace in one.traces if trace.plant.tag.partition(".")[0] == tag)
    return Classic(tag, keyword_of(int(tag, 16)), count(traces))
