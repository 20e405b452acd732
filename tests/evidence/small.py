"""A small planted corpus, measured once for all tests: a cross section, moving JPEG frames and a report."""

from __future__ import annotations

from functools import cache

from gateway.evidence.bases import KINDS
from gateway.evidence.corpus import Specimen, corpus
from gateway.evidence.passes import Measured, measure, report_engines
from tests.deid.shipped import PROFILES, plan

NAMES = ("MR", "SC", "SR", "NM")
SMALL = tuple(kind for kind in KINDS if kind.name in NAMES)


@cache
def specimens() -> tuple[Specimen, ...]:
    """Return the files of the small corpus."""
    return tuple(corpus(plan("first").profile.table, SMALL))


@cache
def measured() -> tuple[Measured, ...]:
    """Return them with what both passes made of them."""
    return tuple(measure(specimens(), report_engines(PROFILES)))
