"""QIDO-RS over HTTP (PS3.18 §10.6): parse, ask the search service, encode."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from gateway.deid.deidentified import DeidentifiedDataset
from gateway.dicom.dataset import first_text
from gateway.dicom.uid import is_uid, parse_uid, reference
from gateway.dicomweb.offers import DATASETS
from gateway.dicomweb.query import Level, parse_query
from gateway.services.library import Library
from gateway.services.search import search
from gateway.web import respond
from gateway.web.respond import Links

_RETRIEVE_URL = "00081190"
_LEVEL_UIDS = {
    Level.STUDY: ("0020000D",),
    Level.SERIES: ("0020000D", "0020000E"),
    Level.INSTANCE: ("0020000D", "0020000E", "00080018"),
}


async def answer(request: Request, library: Library, level: Level, *, links: Links, cap: int) -> Response:
    """Answer a search at `level`, within the study or series of the URL when it names one."""
    offer = respond.acceptance(request).choose(DATASETS)
    path = request.path_params
    query = parse_query(
        level,
        study=parse_uid(path["study"]) if "study" in path else None,
        series=parse_uid(path["series"]) if "series" in path else None,
        params=request.query_params.multi_items(),
    )
    page = await search(library, query, cap=cap)
    rows = [_linked(row, level, links) for row in page.rows]
    warnings = respond.withheld_warning(page.withheld, ["refused by the profile"])
    if page.more:
        # The sentence of PS3.18 §8.3.4.4.1; clients look for it.
        warnings.append("There are additional results that can be requested")
    if not rows and offer.multipart:
        # A multipart body has at least one part (RFC 2046), so nothing found has no body there.
        return Response(status_code=204, headers=respond.warned(warnings))
    return respond.datasets(rows, offer, warnings=warnings)


def _linked(row: DeidentifiedDataset, level: Level, links: Links) -> DeidentifiedDataset:
    uids = [first_text(row.json, tag) for tag in _LEVEL_UIDS[level]]
    if not all(map(is_uid, uids)):
        return replace(row, json=respond.pointed(row.json, None))
    where = links.to(reference(*uids))
    # Bulk data belongs to instances; what a row of a study or series refers to is at no URL of ours.
    json = respond.pointed(row.json, f"{where}/bulkdata" if level is Level.INSTANCE else None)
    return replace(row, json=dict(sorted({**json, _RETRIEVE_URL: {"vr": "UR", "Value": [where]}}.items())))
