"""STOW-RS over HTTP (PS3.18 §10.5): the body is streamed to the ingest service, the answer names every instance."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.dicom.uid import StudyRef, parse_uid
from gateway.dicomweb.media import parse_media_type
from gateway.dicomweb.multipart import boundary_of
from gateway.dicomweb.offers import STORED
from gateway.dicomweb.stow import Outcome, store_response, store_status
from gateway.dicomweb.xml import to_xml
from gateway.errors import UnsupportedMedia
from gateway.services.ingest import DICOM, Ingest, Stored
from gateway.web import respond
from gateway.web.respond import Links


async def instances(request: Request, ingest: Ingest, *, links: Links) -> Response:
    """Store the instances of the body, each through the second pass, and answer how each fared."""
    offer = respond.acceptance(request).choose(STORED)
    boundary = _boundary(request.headers.get("content-type", ""))
    study = parse_uid(request.path_params["study"]) if "study" in request.path_params else None
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the body without a Content-Encoding.")
    declared = request.headers.get("content-length", "")
    ingest.check_size(int(declared) if declared.isdecimal() else 0)
    stored = await ingest.store(_chunks(request), boundary, study=study)
    outcomes = [_outcome(one, links) for one in stored]
    studies = {one.ref.study for one in stored if one.ref is not None}
    answer = store_response(outcomes, study_url=links.to(StudyRef(studies.pop())) if len(studies) == 1 else None)
    body = to_xml(answer) if offer.media == respond.XML else orjson.dumps(answer)
    reasons = [one.reason.value for one in stored if one.reason is not None]
    headers = respond.warned(respond.withheld_warning(len(reasons), reasons))
    return Response(body, store_status(outcomes), headers, media_type=offer.media)


def _outcome(stored: Stored, links: Links) -> Outcome:
    url = None if stored.ref is None else links.to(stored.ref)
    return Outcome(stored.sop_class, stored.instance, url, stored.failure)


def _boundary(content_type: str) -> str | None:
    """Return the boundary of a multipart body, None for a bare instance (PS3.18 §10.5.2.1 allows both)."""
    media = parse_media_type(content_type)
    if media is not None and media.name == DICOM:
        return None
    if media is None or media.name != "multipart/related":
        raise UnsupportedMedia('Send Content-Type: multipart/related; type="application/dicom"; boundary=…')
    kind = media.param("type")
    if kind is not None and kind.lower() != DICOM:
        raise UnsupportedMedia("Only parts of the type application/dicom are stored here.")
    return boundary_of(content_type)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk
