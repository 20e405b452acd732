"""WADO-RS frames and bulk data over HTTP (PS3.18 §10.4.1.1.5, §10.4.1.1.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator

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
from gateway.errors import NotFound
from gateway.services.bulkdata import BulkValue, bulk_value_of, header_values, parse_path, pixels_of
from gateway.services.frames import Frames, StoredFrame
from gateway.services.library import Library
from gateway.services.retrieve import Retrieval, retrieve
from gateway.streams import close, closing
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
    accepted = respond.acceptance(request)
    ref = FrameRef(instance_of(request), parse_frames(request.path_params["frames"]))
    stored = service.stored(library, ref)
    first = await anext(stored)
    try:
        offer = _choose(accepted, first, alone=len(ref.numbers) == 1)
    except BaseException:
        await close(stored)
        raise
    parts = _frame_parts(stored, first, offer, _Context(library, service, ref, links))
    if not offer.multipart:
        return await respond.single(request, await anext(parts), headers={})
    return await respond.streamed(request, parts, media=offer.media, transfer_syntax=offer.transfer_syntax)


def _choose(accepted: Acceptance, frame: StoredFrame, *, alone: bool) -> Offer:
    return accepted.choose(frame_offers(frame.transfer_syntax, producible=(EXPLICIT_LE,), single=alone))


class _Context:
    """What every frame of one answer shares."""

    def __init__(self, library: Library, service: Frames, ref: FrameRef, links: Links) -> None:
        self.library, self.service, self.ref = library, service, ref
        self.where = links.to(ref.instance)


async def _frame_parts(
    stored: AsyncIterator[StoredFrame], first: StoredFrame, offer: Offer, context: _Context
) -> AsyncIterator[Part]:
    async with closing(stored):
        frame: StoredFrame | None = first
        while frame is not None:
            # The spelling "Content-Type" and a transfer-syntax without quotes are what OHIF reads.
            fields = [
                ("Content-Type", f"{offer.media}; transfer-syntax={offer.transfer_syntax}"),
                ("Content-Location", f"{context.where}/frames/{frame.number}"),
            ]
            data = frame.data
            if frame.transfer_syntax != offer.transfer_syntax:
                data, photometric = await context.service.native(context.library, context.ref, frame)
                # Decoding can change the colour space; the metadata tells that of the stored frames.
                fields.append(("Photometric-Interpretation", photometric))
            yield Part(fields, _once(data.data))
            frame = await anext(stored, None)


async def bulk_value(request: Request, library: Library, service: Frames, *, links: Links) -> Response:
    """Retrieve one bulk data value, or a range of it; encapsulated Pixel Data comes as its frames."""
    accepted = respond.acceptance(request)
    ref = instance_of(request)
    path = parse_path(request.path_params["path"])
    found = await bulk_value_of(library, ref, path)
    if found is None:
        numbers = tuple(range(1, (await service.facts.of(library, ref)).frames + 1))
        stored = service.stored(library, FrameRef(ref, numbers))
        first = await anext(stored)
        offer = _choose(accepted, first, alone=len(numbers) == 1)
        parts = _frame_parts(stored, first, offer, _Context(library, service, FrameRef(ref, numbers), links))
        if not offer.multipart:
            return await respond.single(request, await anext(parts), headers={})
        return await respond.streamed(request, parts, media=offer.media, transfer_syntax=offer.transfer_syntax)
    try:
        offer = accepted.choose(bulk_offers())
        asked = parse_range(request.headers.get("range"), found.length)
    except BaseException:
        await close(found.chunks)
        raise
    where = f"{links.to(ref)}/bulkdata/{path}"
    if offer.multipart and asked is None:
        return await respond.streamed(request, _one(_bulk_part(found, where)), media=_OCTETS)
    headers = {"Accept-Ranges": "bytes"}
    if asked is None:
        return await respond.single(request, _bulk_part(found, where), length=found.length, headers=headers)
    await close(found.chunks)
    start, stop = asked
    cut = await bulk_value_of(library, ref, path, start=start, stop=stop)
    if cut is None or cut.length != found.length:
        raise NotFound("The value changed while it was read. Ask again.")
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.length}"
    part = _bulk_part(cut, where)
    return await respond.single(request, part, length=stop - start, status=206, headers=headers)


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
            header, values = header_values(instance)
            for path, data in values:
                yield _bulk_part(BulkValue(path, len(data), _once(data)), f"{links.to(ref)}/bulkdata/{path}")
            if header.pixels is not None and header.pixel_length != UNDEFINED:
                path = hex_tag(header.pixels.tag)
                value = BulkValue(path, header.pixel_length, pixels_of(instance, header))
                yield _bulk_part(value, f"{links.to(ref)}/bulkdata/{path}")
                continue
            await close(instance.chunks)
            if header.pixels is not None:
                numbers = tuple(range(1, (await service.facts.of(library, ref)).frames + 1))
                async with closing(service.stored(library, FrameRef(ref, numbers))) as stored:
                    async for frame in stored:
                        kind = f"{_OCTETS}; transfer-syntax={frame.transfer_syntax}"
                        where = f"{links.to(ref)}/frames/{frame.number}"
                        yield Part([("Content-Type", kind), ("Content-Location", where)], _once(frame.data.data))


def _bulk_part(value: BulkValue, where: str) -> Part:
    return Part([("Content-Type", _OCTETS), ("Content-Location", where)], value.chunks)


async def _one(part: Part) -> AsyncIterator[Part]:
    yield part


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
