"""STOW-RS over HTTP (PS3.18 §10.5): the body is streamed to the ingest service, the answer names every instance."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.dicom.uid import parse_uid
from gateway.dicomweb.media import parse_media_type
from gateway.dicomweb.multipart import boundary_of
from gateway.dicomweb.offers import STORED
from gateway.dicomweb.stow import store_response, store_status
from gateway.dicomweb.xml import to_xml
from gateway.errors import UnsupportedMedia
from gateway.services.ingest import Ingest
from gateway.web import respond
from gateway.web.respond import Links

_DICOM = "application/dicom"


async def instances(request: Request, ingest: Ingest, *, links: Links) -> Response:
    """Store the instances of the body, each through the second pass, and answer how each fared."""
    offer = respond.acceptance(request).choose(STORED)
    boundary = _boundary(request.headers.get("content-type", ""))
    study = parse_uid(request.path_params["study"]) if "study" in request.path_params else None
    stored = await ingest.store(_chunks(request), boundary, study=study, link=links.to)
    outcomes = [outcome for outcome, _ in stored]
    reasons = [reason.value for _, reason in stored if reason is not None]
    answer = store_response(outcomes, study_url=None)
    body = to_xml(answer) if offer.media == respond.XML else orjson.dumps(answer)
    headers = respond.warned(respond.withheld_warning(len(reasons), reasons))
    return Response(body, store_status(outcomes), headers, media_type=offer.media)


def _boundary(content_type: str) -> str | None:
    """Return the boundary of a multipart body, None for a bare instance (PS3.18 §10.5.2.1 allows both)."""
    media = parse_media_type(content_type)
    if media is not None and media.name == _DICOM:
        return None
    if media is None or media.name != "multipart/related":
        raise UnsupportedMedia('Send Content-Type: multipart/related; type="application/dicom"; boundary=…')
    kind = media.param("type")
    if kind is not None and kind.lower() != _DICOM:
        raise UnsupportedMedia("Only parts of the type application/dicom are stored here.")
    return boundary_of(content_type)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk
