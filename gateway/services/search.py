"""QIDO-RS (PS3.18 §10.6) over a library: match again, page, then the pass. No row goes around it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.deid.deidentified import DeidentifiedDataset
from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicomweb.query import Query
from gateway.errors import Withheld
from gateway.services.library import Library
from gateway.streams import closing


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One answer: rows after the pass, whether more remain, and how many rows were withheld."""

    rows: list[DeidentifiedDataset]
    more: bool
    withheld: int


async def search(library: Library, query: Query, *, cap: int) -> Page:
    """Answer `query` with at most `cap` rows.

    Every row the origin returns is matched again, because origins ignore keys they do not know; paging counts
    the rows that matched, so a page is full whenever enough matches exist.

    Raises:
        BadQuery: the library is not searchable by these keys.
        OriginError: the origin failed; never an empty page instead.
    """
    library.check_keys(query)
    wanted = cap if query.limit is None else min(query.limit, cap)
    rows: list[DeidentifiedDataset] = []
    seen = withheld = 0
    async with closing(library.origin.search(query)) as matches:
        async for found in matches:
            if not query.accepts(found.json):
                continue
            seen += 1
            if seen <= query.offset:
                continue
            if seen > query.offset + wanted:
                return Page(rows, True, withheld)
            try:
                rows.append(library.engine.dataset(IdentifiedDataset(query.project(found.json)), row=True))
            except Withheld:
                withheld += 1
    return Page(rows, False, withheld)
