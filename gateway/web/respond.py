"""Answers shared by the DICOMweb doors: data sets as JSON or XML, multipart bodies, warnings, our own URLs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.deid.deidentified import DeidentifiedDataset
from gateway.dicom.dataset import JsonDataset
from gateway.dicom.uid import ResourceRef, SeriesRef, StudyRef, reference
from gateway.dicomweb.accept import Acceptance, Offer, parse_acceptance
from gateway.dicomweb.multipart import PartEncoder, content_type, new_boundary
from gateway.dicomweb.xml import to_xml, xml_parts
from gateway.errors import Reason
from gateway.streams import close, closing

XML = "application/dicom+xml"


def acceptance(request: Request) -> Acceptance:
    """Read what the client takes: its `accept` query parameter before its Accept header (PS3.18 §8.7.8)."""
    headers = ", ".join(request.headers.getlist("accept"))
    return parse_acceptance(headers or None, ",".join(request.query_params.getlist("accept")) or None)


def referred(request: Request) -> ResourceRef:
    """Return the study, series or instance of the URL.

    Raises:
        BadIdentifier: a UID in it is not one.
    """
    path = request.path_params
    return reference(path["study"], path.get("series"), path.get("instance"))


@dataclass(frozen=True, slots=True)
class Links:
    """URLs of this gateway for what a library holds."""

    root: str

    @classmethod
    def of(cls, request: Request, prefix: str, public_url: str) -> Links:
        """Return the links under `prefix`, as the client of this request reaches it."""
        base = public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
        return cls(base + prefix)

    def to(self, ref: ResourceRef) -> str:
        """Return the URL of a study, series or instance."""
        url = f"{self.root}/studies/{ref.study}"
        if isinstance(ref, StudyRef):
            return url
        url += f"/series/{ref.series}"
        return url if isinstance(ref, SeriesRef) else f"{url}/instances/{ref.instance}"


def pointed(dataset: JsonDataset, base: str | None) -> JsonDataset:
    """Return `dataset` with every bulk data reference pointing below `base`, or without them when that is None."""
    result: JsonDataset = {}
    for tag, element in dataset.items():
        inside = None if base is None else f"{base}/{tag}"
        if "BulkDataURI" in element:
            if inside is not None:
                result[tag] = {"vr": element["vr"], "BulkDataURI": inside}
        elif element.get("vr") == "SQ" and "Value" in element:
            items: list[Any] = [
                pointed(item, None if inside is None else f"{inside}/{at}") for at, item in enumerate(element["Value"])
            ]
            result[tag] = {"vr": "SQ", "Value": items}
        else:
            result[tag] = element
    return result


def warned(warnings: Iterable[str]) -> dict[str, str]:
    """Return the Warning header for sentences without identifiers (PS3.18 §8.3.4.4), or nothing."""
    value = ", ".join(f'299 teaching-file-gateway "{text}"' for text in warnings)
    return {"Warning": value} if value else {}


def withheld_warning(count: int, reasons: Iterable[str]) -> list[str]:
    """Say how many instances are left out and why."""
    if not count:
        return []
    noun = "instance is" if count == 1 else "instances are"
    return [f"{count} {noun} withheld: {', '.join(sorted(set(reasons)))}"]


def partial(withheld: Mapping[str, Reason]) -> tuple[dict[str, str], int]:
    """Return the headers and the status of an answer that leaves out what is withheld (PS3.18 §10.4.3)."""
    reasons = [reason.value for reason in withheld.values()]
    return warned(withheld_warning(len(reasons), reasons)), 206 if withheld else 200


def datasets(
    rows: Sequence[DeidentifiedDataset], offer: Offer, *, warnings: Iterable[str] = (), status: int = 200
) -> Response:
    """Encode data sets as one JSON array, as parts of XML, or as one XML document."""
    headers = warned(warnings)
    if offer.media != XML:
        return Response(orjson.dumps([row.json for row in rows]), status, headers, media_type=offer.media)
    if not offer.multipart:
        return Response(to_xml(rows[0].json), status, headers, media_type=XML)
    boundary = new_boundary()
    headers["Content-Type"] = content_type(boundary, XML)
    return Response(b"".join(xml_parts(boundary, (row.json for row in rows))), status, headers)


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One part of a body: its header fields and its bytes."""

    headers: Sequence[tuple[str, str]]
    chunks: AsyncIterator[bytes]


async def streamed(
    request: Request,
    parts: AsyncIterator[Part],
    *,
    media: str,
    transfer_syntax: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send parts as multipart/related while they arrive; a failure half-way breaks the body, visibly.

    The first bytes of the first part are awaited before the headers go, so that an early failure is a plain error.
    """
    boundary = new_boundary()
    fields = {**(headers or {}), "Content-Type": content_type(boundary, media, transfer_syntax)}
    return await _begun(request, _multipart(parts, PartEncoder(boundary)), status, fields)


async def single(
    request: Request, parts: AsyncIterator[Part], *, status: int = 200, headers: Mapping[str, str]
) -> Response:
    """Send the only one of `parts` without multipart, its own header fields beside `headers`; fails as `streamed`."""
    part = await anext(parts)
    return await _begun(request, _alone(part, parts), status, {**headers, **dict(part.headers)})


async def _multipart(parts: AsyncIterator[Part], encoder: PartEncoder) -> AsyncIterator[bytes]:
    async with closing(parts):
        async for part in parts:
            head: bytes = encoder.head(part.headers)
            async for chunk in part.chunks:
                yield head + chunk if head else chunk
                head = b""
            if head:
                yield head
        yield encoder.close()


async def _alone(part: Part, parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    async with closing(parts):
        async for chunk in part.chunks:
            yield chunk


async def _begun(request: Request, body: AsyncIterator[bytes], status: int, fields: Mapping[str, str]) -> Response:
    """Answer with `body` once its first chunk is there; what fails before it is raised here, for HEAD as well."""
    first = await anext(body, b"")
    if request.method == "HEAD":
        await close(body)
        # A plain answer without a body would claim a Content-Length of 0.
        return StreamingResponse(_nothing(), status, fields)

    async def whole() -> AsyncIterator[bytes]:
        async with closing(body):
            yield first
            async for chunk in body:
                yield chunk

    return StreamingResponse(whole(), status, fields)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
