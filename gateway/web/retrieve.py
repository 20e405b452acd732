"""WADO-RS instances and metadata over HTTP (PS3.18 §10.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from gateway.deid.deidentified import DeidentifiedDataset
from gateway.deid.streaming import DeidentifiedInstance
from gateway.dicom.dataset import first_text
from gateway.dicom.syntax import EXPLICIT_LE, transfer_syntax
from gateway.dicom.uid import UID, InstanceRef, parse_uid
from gateway.dicomweb.accept import Acceptance, Offer
from gateway.dicomweb.offers import DATASET, DATASETS, instance_offers
from gateway.services.library import Library
from gateway.services.retrieve import Retrieval, metadata, retrieve
from gateway.services.transcode import Transcoding
from gateway.streams import close, closing
from gateway.web import respond
from gateway.web.respond import Links, Part

_DICOM = "application/dicom"


async def instances(request: Request, library: Library, transcoding: Transcoding, *, links: Links) -> Response:
    """Retrieve a study, series or instance: as stored, or in Explicit VR Little Endian, as the client takes it."""
    accepted = respond.acceptance(request)
    ref = respond.referred(request)
    alone = isinstance(ref, InstanceRef)
    retrieval = await retrieve(library, ref)
    first = await anext(retrieval.instances)
    try:
        offer = _choose(accepted, first, alone=alone)
    except BaseException:
        await close(first.chunks)
        await close(retrieval.instances)
        raise
    headers, status = respond.partial(retrieval.withheld)
    parts = _parts(retrieval, first, accepted, transcoding, alone=alone, links=links)
    if not offer.multipart:
        return await respond.single(request, parts, status=status, headers=headers)
    return await respond.streamed(request, parts, media=_DICOM, status=status, headers=headers)


async def _parts(
    retrieval: Retrieval,
    first: DeidentifiedInstance,
    accepted: Acceptance,
    transcoding: Transcoding,
    *,
    alone: bool,
    links: Links,
) -> AsyncIterator[Part]:
    async with closing(retrieval.instances) as rest:
        instance: DeidentifiedInstance | None = first
        while instance is not None:
            offer = _choose(accepted, instance, alone=alone)
            part = _part(instance, offer, transcoding, links)
            async with closing(part.chunks):
                yield part
            instance = await anext(rest, None)


def _part(instance: DeidentifiedInstance, offer: Offer, transcoding: Transcoding, links: Links) -> Part:
    header = instance.header
    fields = [
        ("Content-Type", f"{_DICOM}; transfer-syntax={offer.transfer_syntax}"),
        ("Content-Location", links.to(InstanceRef(header.study, header.series, header.instance))),
    ]
    return Part(fields, transcoding.chunks(instance, UID(offer.transfer_syntax or EXPLICIT_LE)))


def _choose(accepted: Acceptance, instance: DeidentifiedInstance, *, alone: bool) -> Offer:
    stored = instance.header.transfer_syntax
    producible = () if transfer_syntax(stored).video else (EXPLICIT_LE,)
    return accepted.choose(instance_offers(stored, producible=producible, single=alone))


async def dataset_answer(request: Request, library: Library, *, links: Links) -> Response:
    """Retrieve the metadata of a study, series or instance.

    Withheld members are announced by a Warning with status 200: viewers take no other status for metadata.
    """
    ref = respond.referred(request)
    offer = respond.acceptance(request).choose(DATASET if isinstance(ref, InstanceRef) else DATASETS)
    found = await metadata(library, ref)
    rows = [_with_bulk_links(row, links) for row in found.datasets]
    warnings = respond.withheld_warning(len(found.withheld), (reason.value for reason in found.withheld))
    return respond.datasets(rows, offer, warnings=warnings)


def _with_bulk_links(row: DeidentifiedDataset, links: Links) -> DeidentifiedDataset:
    """Point every bulk data reference at this gateway, Pixel Data included (PS3.18 §F.2.6)."""
    uids = [parse_uid(first_text(row.json, tag)) for tag in ("0020000D", "0020000E", "00080018")]
    base = f"{links.to(InstanceRef(*uids))}/bulkdata"
    return replace(row, json=respond.pointed(row.json, base))
