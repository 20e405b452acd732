"""WADO-RS frames and bulk data over HTTP (PS3.18 §10.4.1.1.5, §10.4.1.1.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from gateway.dicom.dictionary import hex_tag
from gateway.dicom.elements import UNDEFINED
from gateway.dicom.syntax import EXPLICIT_LE
from gateway.dicom.uid import FrameRef, InstanceRef
from gateway.dicomweb.accept import Acceptance, Offer
from gateway.dicomweb.frames import parse_frames
from gateway.dicomweb.offers import bulk_offers, frame_offers
from gateway.dicomweb.ranges import parse_range
from gateway.errors import NotAcceptable, NotFound
from gateway.services.bulkdata import bulk_value_of, header_values, parse_path, pixels_of
from gateway.services.frames import Frames, StoredFrame
from gateway.services.library import Library
from gateway.services.retrieve import Retrieval, retrieve
from gateway.streams import close, closing, once
from gateway.web import respond
from gateway.web.respond import Links, Part

_OCTETS = "application/octet-stream"


def instance_of(request: Request) -> InstanceRef:
    """Return the instance of the URL."""
    ref = respond.referred(request)
    if not isinstance(ref, InstanceRef):
        raise NotFound("Only an instance has frames.")
    return ref


async def frames(request: Request, library: Library, service: Frames, *, links: Links) -> Response:
    """Retrieve frames: as stored when the client takes that transfer syntax, else decoded."""
    ref = FrameRef(instance_of(request), parse_frames(request.path_params["frames"]))
    return await _frames(request, library, service, ref, links=links)


async def _frames(request: Request, library: Library, service: Frames, ref: FrameRef, *, links: Links) -> Response:
    accepted = respond.acceptance(request)
    stored = service.stored(library, ref)
    try:
        first = await anext(stored)
        producible = (EXPLICIT_LE,)
        single = len(ref.numbers) == 1
        offer = accepted.choose(frame_offers(first.transfer_syntax, producible=producible, single=single))
    except BaseException:
        await close(stored)
        raise

    async def part(frame: StoredFrame) -> Part:
        # The spelling "Content-Type" and a transfer-syntax without quotes are what OHIF reads.
        fields = [
            ("Content-Type", f"{offer.media}; transfer-syntax={offer.transfer_syntax}"),
            ("Content-Location", f"{links.to(ref.instance)}/frames/{frame.number}"),
        ]
        if frame.transfer_syntax == offer.transfer_syntax:
            return Part(fields, once(frame.data.data))
        data, photometric = await service.native(library, ref, frame)
        # Decoding can change the colour space; the metadata tells that of the stored frames.
        return Part([*fields, ("Photometric-Interpretation", photometric)], once(data.data))

    async def parts() -> AsyncIterator[Part]:
        async with closing(stored):
            yield await part(first)
            async for frame in stored:
                yield await part(frame)

    if offer.multipart:
        return await respond.streamed(request, parts(), media=offer.media, transfer_syntax=offer.transfer_syntax)
    return await respond.single(request, parts(), headers={})


async def bulk_value(request: Request, library: Library, service: Frames, *, links: Links) -> Response:
    """Retrieve one bulk data value, or a range of it; encapsulated Pixel Data comes as its frames."""
    accepted = respond.acceptance(request)
    ref = instance_of(request)
    found = await bulk_value_of(library, ref, parse_path(request.path_params["path"]))
    if found is None:
        return await _frames(request, library, service, await service.every(library, ref), links=links)
    where = f"{links.to(ref)}/bulkdata/{found.path}"
    wanted = request.headers.get("range") if request.method == "GET" else None
    try:
        offer = _bulk_offer(accepted, ranged=wanted is not None)
        asked = None if offer.multipart else parse_range(wanted, found.length)
    except BaseException:
        await close(found.chunks)
        raise
    if offer.multipart:
        return await respond.streamed(request, once(_bulk_part(found.chunks, where)), media=_OCTETS)
    start, stop = asked or (0, found.length)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
    if asked is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.length}"
    part = once(_bulk_part(found.cut(start, stop), where))
    return await respond.single(request, part, status=206 if asked else 200, headers=headers)


def _bulk_offer(accepted: Acceptance, *, ranged: bool) -> Offer:
    """Choose a single part for a range where the client takes one; in multipart the value comes whole."""
    whole, single = bulk_offers()
    if ranged:
        with suppress(NotAcceptable):
            return accepted.choose([single])
    return accepted.choose([whole, single])


async def all_bulk_values(request: Request, library: Library, service: Frames, *, links: Links) -> Response:
    """Retrieve every bulk data value of a study, series or instance, each part with its Content-Location."""
    respond.acceptance(request).choose(bulk_offers()[:1])
    retrieval = await retrieve(library, respond.referred(request))
    headers, status = respond.partial(retrieval.withheld)
    parts = _all_parts(retrieval, library, service, links)
    return await respond.streamed(request, parts, media=_OCTETS, status=status, headers=headers)


async def _all_parts(retrieval: Retrieval, library: Library, service: Frames, links: Links) -> AsyncIterator[Part]:
    async with closing(retrieval.instances) as instances:
        async for instance in instances:
            ref = InstanceRef(instance.header.study, instance.header.series, instance.header.instance)
            where = links.to(ref)
            header, values = header_values(instance)
            for path, data in values:
                yield _bulk_part(once(data), f"{where}/bulkdata/{path}")
            if header.pixels is not None and header.pixel_length != UNDEFINED:
                yield _bulk_part(pixels_of(instance, header), f"{where}/bulkdata/{hex_tag(header.pixels.tag)}")
                continue
            await close(instance.chunks)
            if header.pixels is not None:
                async with closing(service.stored(library, await service.every(library, ref))) as stored:
                    async for frame in stored:
                        kind = f"{_OCTETS}; transfer-syntax={frame.transfer_syntax}"
                        fields = [("Content-Type", kind), ("Content-Location", f"{where}/frames/{frame.number}")]
                        yield Part(fields, once(frame.data.data))


def _bulk_part(chunks: AsyncIterator[bytes], where: str) -> Part:
    return Part([("Content-Type", _OCTETS), ("Content-Location", where)], chunks)
