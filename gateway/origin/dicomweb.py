"""An origin that speaks DICOMweb (PS3.18): a PACS, or the teaching archive elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from gateway.dicom.dataset import IdentifiedDataset, JsonDataset, first_text
from gateway.dicom.part10 import read_start
from gateway.dicom.uid import UID, FrameRef, InstanceRef, ResourceRef, SeriesRef, reference
from gateway.dicomweb.attributes import label
from gateway.dicomweb.levels import INSTANCE_UID, SERIES_UID, STUDY_UID, Level
from gateway.dicomweb.media import parse_media_type
from gateway.dicomweb.query import Match, Query
from gateway.errors import BadIdentifier, BadQuery, NotFound, OriginBroken, OriginRefused
from gateway.origin.credentials import Credentials
from gateway.origin.framing import collected, frames_of
from gateway.origin.http import Answer, HttpClient, HttpLimits, Lane
from gateway.origin.json_rows import RowDecoder
from gateway.origin.parts import parts
from gateway.origin.protocol import Frame, Part10
from gateway.origin.questions import COMPUTED, Page, paged, resource_path, search_params, search_path, untold
from gateway.origin.stored import stored_frames
from gateway.streams import closing

MAX_WHOLE_INSTANCE: Final = 256 << 20
"""Largest instance that is fetched whole because the origin cannot give single frames of it."""

MAX_COMPLETED_ROWS: Final = 1000
"""Rows of one search whose missing attributes are fetched one by one."""

_COMPLETED_AT_ONCE: Final = 8
_CUT_AT_ONCE: Final = 2
_JSON: Final = "application/dicom+json"
_INSTANCES: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_FRAMES: Final = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
_SEARCH_STATUSES: Final = frozenset({206, 404, 413})
_CANNOT_SPLIT: Final = frozenset({400, 406, 415, 500, 501})
_NUMBER_OF_FRAMES: Final = "00280008"
_ROWS: Final = "00280010"
_HAS_INTEGER_PIXELS: Final = frozenset({_ROWS, "00280101"})  # Rows and Bits Stored
_PIXEL_DATA: Final = "7FE00010"


class DicomwebOrigin:
    """An `Origin` over the DICOMweb services at `url`, which may hold a user and a password.

    Raises:
        ConfigurationError: the URL or a certificate is not usable.
    """

    def __init__(self, url: str, *, credentials: Credentials | None = None, limits: HttpLimits | None = None) -> None:
        self._http = HttpClient(url, credentials or Credentials(), limits or HttpLimits())
        self._cutting = asyncio.Semaphore(_CUT_AT_ONCE)

    async def search(self, query: Query) -> AsyncIterator[IdentifiedDataset]:
        """Yield the matches of `query` in the origin's order, fetched page by page (PS3.18 §10.6).

        Keys are widened until every origin understands them; rows that surely do not match are left out. An
        attribute that is searched for and that the rows lack is fetched for each row.

        Raises:
            BadQuery: the origin finds the search too broad, or cannot tell an attribute it is to match.
        """
        completed = 0
        async with closing(paged(query, partial(self._page, query))) as pages:
            async for page in pages:
                rows = [row for row in page if _may_match(query, row)]
                for start in range(0, len(rows), _COMPLETED_AT_ONCE):
                    group = rows[start : start + _COMPLETED_AT_ONCE]
                    completed += sum(bool(untold(query, row)) for row in group)
                    if completed > MAX_COMPLETED_ROWS:
                        raise BadQuery(
                            "The origin cannot search by all of these keys, and too many rows match the others. "
                            "Add a date, a patient or a study."
                        )
                    for row in await _together([self._complete(query, row) for row in group]):
                        yield IdentifiedDataset(row)

    async def metadata(self, ref: ResourceRef) -> AsyncIterator[IdentifiedDataset]:
        """Yield the data sets of `ref` as their JSON arrives (PS3.18 §10.4.1.1.2)."""
        async with closing(self._metadata(ref, Lane.BODY)) as found:
            async for dataset in found:
                yield dataset

    async def instances(self, ref: ResourceRef) -> AsyncIterator[Part10]:
        """Yield the instances of `ref` out of one answer, in the origin's order (PS3.18 §10.4.1.1.1)."""
        async with closing(self._instances(ref, Lane.BODY)) as found:
            async for part in found:
                yield part

    async def frames(self, ref: FrameRef) -> AsyncIterator[Frame]:
        """Yield the frames asked for; those of an instance the origin cannot split are cut out of the whole."""
        given = False
        async with self._http.get(
            resource_path(ref), accept=_FRAMES, lane=Lane.FRAMES, tolerate=_CANNOT_SPLIT
        ) as answer:
            if answer.status == HTTPStatus.OK:
                stored_syntax = partial(self._stored_syntax, ref.instance)
                async with closing(frames_of(answer, ref.numbers, stored_syntax)) as frames:
                    async for frame in frames:
                        given = True
                        yield frame
        if not given:
            for frame in await self._cut_frames(ref):
                yield frame

    async def instance_refs(self, ref: ResourceRef) -> list[InstanceRef]:
        """Return the references of `ref`, as a search finds them."""
        matches = (Match((INSTANCE_UID,), ref.instance),) if isinstance(ref, InstanceRef) else ()
        series = ref.series if isinstance(ref, SeriesRef | InstanceRef) else None
        query = Query(Level.INSTANCE, study=ref.study, series=series, matches=matches)
        found: list[InstanceRef] = []
        async with closing(self.search(query)) as rows:
            async for row in rows:
                found.append(_ref_of(row.json))
        if not found:
            raise NotFound("The origin holds no such resource.")
        return found

    async def check(self) -> None:
        """Return when the origin answers a search."""
        await self._page(Query(Level.STUDY), 1, 0)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def _metadata(self, ref: ResourceRef, lane: Lane) -> AsyncIterator[IdentifiedDataset]:
        found = False
        async with self._http.get(resource_path(ref) + "/metadata", accept=_JSON, lane=lane) as answer:
            async for row in _rows(answer):
                if not _is_of(ref, row):
                    raise OriginBroken("The origin answered with the data set of another resource.")
                found = True
                if row.keys() >= _HAS_INTEGER_PIXELS and _PIXEL_DATA not in row:
                    # Orthanc refers to native Pixel Data only.
                    row[_PIXEL_DATA] = {"vr": "OB", "BulkDataURI": _PIXEL_DATA}
                yield IdentifiedDataset(row)
        if not found:
            raise NotFound("The origin holds no such resource.")

    async def _instances(self, ref: ResourceRef, lane: Lane) -> AsyncIterator[Part10]:
        found = False
        async with (
            self._http.get(resource_path(ref), accept=_INSTANCES, lane=lane) as answer,
            closing(parts(answer)) as stream,
        ):
            if answer.status == HTTPStatus.OK:
                async for part in stream:
                    media = parse_media_type(part.headers.get("content-type", "application/dicom"))
                    if media is None or media.name != "application/dicom":
                        raise OriginBroken("The origin sent something other than an instance among the instances.")
                    found = True
                    yield Part10(part.chunks)
        if not found:
            raise NotFound("The origin holds no such resource.")

    async def _page(self, query: Query, limit: int, offset: int) -> Page:
        async with self._http.get(
            search_path(query),
            query=search_params(query, limit=limit, offset=offset),
            accept=_JSON,
            lane=Lane.QUESTION,
            tolerate=_SEARCH_STATUSES,
        ) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                if query.study:
                    raise NotFound("The origin holds no such resource.")
                raise OriginRefused(
                    "There are no DICOMweb services at the origin's URL. It must end with their path, as in /dicom-web."
                )
            if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise BadQuery("The origin finds this search too broad. Add a date, a patient or a study.")
            rows = [row async for row in _rows(answer)]
            return Page(rows, answer.announces_more or answer.status == HTTPStatus.PARTIAL_CONTENT)

    async def _complete(self, query: Query, row: JsonDataset) -> JsonDataset:
        """Return `row` with the attributes that the query matches and the origin left out."""
        missing = untold(query, row)
        if not missing:
            return row
        counted = sorted(missing & COMPUTED)
        if counted:
            raise BadQuery(f"The origin does not tell {label((counted[0],))}: search without it.")
        ref = await self._first_instance(query.level, row)
        async with closing(self._metadata(ref, Lane.QUESTION)) as found:
            whole = (await anext(found)).json
        return row | {tag: whole[tag] for tag in missing & whole.keys()}

    async def _first_instance(self, level: Level, row: JsonDataset) -> InstanceRef:
        if level is Level.INSTANCE:
            return _ref_of(row)
        study, series = (first_text(row, tag) for tag in (STUDY_UID, SERIES_UID))
        inside = Query(Level.INSTANCE, study=UID(study), series=UID(series) if level is Level.SERIES else None)
        page = await self._page(inside, 1, 0)
        if not page.rows:
            raise OriginBroken("The origin lists a study or series and none of its instances.")
        row = {STUDY_UID: row[STUDY_UID], **page.rows[0]}
        return _ref_of(row if level is Level.STUDY else {SERIES_UID: {"vr": "UI", "Value": [series]}, **row})

    async def _stored_syntax(self, ref: InstanceRef) -> UID:
        """Return the transfer syntax in which the origin stores an instance, from the start of its bytes."""
        head = bytearray()
        # It is asked for while a download holds its own place, so it must not wait for another of those.
        async with closing(self._instances(ref, Lane.QUESTION)) as found:
            async for part in found:
                async for chunk in part.chunks:
                    head += chunk
                    start = read_start(head)
                    if start is not None:
                        return start.syntax.uid
        raise OriginBroken("The origin sent an instance that is too short to be one.")

    async def _cut_frames(self, ref: FrameRef) -> list[Frame]:
        """Fetch the whole instance and cut the frames out of it."""
        async with closing(self.metadata(ref.instance)) as found:
            dataset = (await anext(found)).json
        count = first_text(dataset, _NUMBER_OF_FRAMES) or "1"
        if _ROWS not in dataset or not count.isdecimal() or max(ref.numbers) > int(count):
            raise NotFound("The instance has no such frame.")
        async with self._cutting:
            async with closing(self.instances(ref.instance)) as instances:
                part = await anext(instances)
                data = await collected(part.chunks, MAX_WHOLE_INSTANCE)
            return await asyncio.to_thread(lambda: list(stored_frames(data, ref.numbers)))


def _may_match(query: Query, row: JsonDataset) -> bool:
    missing = untold(query, row)
    return query.accepts({tag: row[tag] for tag in row.keys() - missing}, trusting=missing)


async def _together(work: list[Coroutine[Any, Any, JsonDataset]]) -> list[JsonDataset]:
    """Return the results in order; when one fails, the others are given up."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _rows(answer: Answer) -> AsyncIterator[JsonDataset]:
    """Yield the data sets of a JSON answer as they arrive."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return
    media = parse_media_type(answer.content_type)
    if media is None or media.name not in (_JSON, "application/json"):
        raise OriginBroken("The origin answered with something other than DICOM JSON. Check its URL.")
    decoder = RowDecoder()
    async for chunk in answer.chunks():
        for row in decoder.feed(chunk):
            yield row
    for row in decoder.finish():
        yield row


def _is_of(ref: ResourceRef, row: JsonDataset) -> bool:
    uids = {STUDY_UID: ref.study}
    if isinstance(ref, SeriesRef | InstanceRef):
        uids[SERIES_UID] = ref.series
    if isinstance(ref, InstanceRef):
        uids[INSTANCE_UID] = ref.instance
    return all(first_text(row, tag) == uid for tag, uid in uids.items())


def _ref_of(row: JsonDataset) -> InstanceRef:
    try:
        ref = reference(*(first_text(row, tag) for tag in (STUDY_UID, SERIES_UID, INSTANCE_UID)))
    except BadIdentifier:
        raise OriginBroken("The origin sent a row whose UIDs are not valid.") from None
    assert isinstance(ref, InstanceRef)  # noqa: S101 -- three UIDs name an instance
    return ref
