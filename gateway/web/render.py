"""Rendered resources and thumbnails over HTTP (PS3.18 §10.4.1.1.3, §10.4.1.1.4, §8.3.5)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response

from gateway.dicom.uid import FrameRef, InstanceRef, ResourceRef
from gateway.dicomweb.frames import parse_frames
from gateway.dicomweb.offers import rendered_offers
from gateway.errors import BadRequest
from gateway.pixels.picture import QUALITY, Output
from gateway.pixels.render import THUMBNAIL, RenderOptions, parse_window
from gateway.pixels.viewport import parse_viewport
from gateway.services.library import Library
from gateway.services.render import Picture, Renderer
from gateway.streams import closing, once
from gateway.web import respond
from gateway.web.respond import Links, Part

_PARAMETERS = frozenset({"accept", "window", "viewport", "quality", "charset", "annotation"})


async def rendered(request: Request, library: Library, renderer: Renderer, *, links: Links) -> Response:
    """Answer one image for an instance or frame, and parts for a study or series."""
    ref = _target(request)
    output, options = _asked(request, single=isinstance(ref, InstanceRef | FrameRef))
    if isinstance(ref, FrameRef):
        return _image(await renderer.frame(library, ref, output, options))
    if isinstance(ref, InstanceRef):
        return _image(await renderer.instance(library, ref, output, options))
    found = await renderer.all(library, ref, output, options)
    headers, status = respond.partial(found.withheld)
    parts = _parts(found.pictures, links)
    return await respond.streamed(request, parts, media=output.media_type, status=status, headers=headers)


async def thumbnail(request: Request, library: Library, renderer: Renderer) -> Response:
    """Answer one small image."""
    output, options = _asked(request, single=True)
    viewport = options.viewport or THUMBNAIL
    return _image(await renderer.thumbnail(library, _target(request), output, viewport))


def _target(request: Request) -> ResourceRef | FrameRef:
    ref = respond.referred(request)
    if "frames" in request.path_params and isinstance(ref, InstanceRef):
        return FrameRef(ref, parse_frames(request.path_params["frames"]))
    return ref


def _asked(request: Request, *, single: bool) -> tuple[Output, RenderOptions]:
    query = request.query_params
    if not set(query) <= _PARAMETERS:
        raise BadRequest("Rendering takes the parameters accept, window, viewport and quality.")
    media = respond.acceptance(request).choose(rendered_offers(single=single)).media
    quality = query.get("quality", str(QUALITY))
    if re.fullmatch("[0-9]{1,3}", quality) is None or not 1 <= int(quality) <= 100:
        raise BadRequest("Write quality as a whole number from 1 to 100.")
    window = parse_window(query["window"]) if "window" in query else None
    viewport = parse_viewport(query["viewport"]) if "viewport" in query else None
    return Output(media, int(quality)), RenderOptions(window, viewport)


def _image(picture: Picture) -> Response:
    return Response(picture.data, media_type=picture.media_type)


async def _parts(pictures: AsyncIterator[Picture], links: Links) -> AsyncIterator[Part]:
    async with closing(pictures):
        async for picture in pictures:
            where = f"{links.to(picture.ref)}/rendered"
            yield Part([("Content-Type", picture.media_type), ("Content-Location", where)], once(picture.data))
