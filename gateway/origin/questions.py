"""QIDO-RS as a DICOMweb server understands it: paths, keys, and pages (PS3.18 §10.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VM

from gateway.dicom.dataset import JsonDataset, first_text
from gateway.dicom.uid import FrameRef, InstanceRef, ResourceRef, SeriesRef, parse_uid
from gateway.dicomweb.attributes import TagPath, vr
from gateway.dicomweb.levels import INSTANCE_UID, SERIES_UID, STUDY_UID, Level
from gateway.dicomweb.query import Query, to_params
from gateway.dicomweb.values import is_text
from gateway.errors import OriginBroken

PAGE: Final = 200
"""Rows asked for at a time."""

SMALLEST_CAP: Final = 50
"""A page shorter than asked for is the last one, unless it may have been cut by a cap of the origin's own.

Origins that cap without saying so do it at a hundred rows or more.
"""

# Orthanc lets commas, stars, carets and question marks through only as they are; it decodes nothing.
_AS_IT_IS: Final = "*,^?-._~"

# Counted or collected by the origin for its rows, and in its index seldom searchable.
COMPUTED: Final = frozenset(
    {
        "00080056",  # InstanceAvailability
        "00080062",  # SOPClassesInStudy
        "00083002",  # AvailableTransferSyntaxUID
        "00201206",  # NumberOfStudyRelatedSeries
        "00201208",  # NumberOfStudyRelatedInstances
        "00201209",  # NumberOfSeriesRelatedInstances
    }
)
_CHARACTER_SET: Final = "00080005"
_MODALITIES_IN_STUDY: Final = "00080061"
_MATCHED_ONE_BY_ONE: Final = frozenset({"UI", "DA", "TM", "DT"})
_DECIMAL: Final = frozenset({"DS", "FD", "FL"})
_PAGING: Final = frozenset({"includefield", "limit", "offset"})
_UIDS: Final = {
    Level.STUDY: (STUDY_UID,),
    Level.SERIES: (STUDY_UID, SERIES_UID),
    Level.INSTANCE: (STUDY_UID, SERIES_UID, INSTANCE_UID),
}


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """Rows of one answer; `announces_more` when the origin says there are others."""

    rows: list[JsonDataset]
    announces_more: bool


def resource_path(ref: ResourceRef | FrameRef) -> str:
    """Return the path of a resource below the services' root (PS3.18 §10.4.1.1)."""
    if isinstance(ref, FrameRef):
        return f"{resource_path(ref.instance)}/frames/{','.join(map(str, ref.numbers))}"
    path = f"/studies/{parse_uid(ref.study)}"
    if isinstance(ref, SeriesRef | InstanceRef):
        path += f"/series/{parse_uid(ref.series)}"
    if isinstance(ref, InstanceRef):
        path += f"/instances/{parse_uid(ref.instance)}"
    return path


def search_path(query: Query) -> str:
    """Return the path of a search below the services' root (PS3.18 §10.6.1.1)."""
    path = f"/studies/{parse_uid(query.study)}" if query.study else ""
    if query.study and query.series:
        path += f"/series/{parse_uid(query.series)}"
    return f"{path}/{query.level}"


def search_params(query: Query, *, limit: int, offset: int) -> str:
    """Return the query component that asks for one page of a superset of `query`."""
    params = []
    for name, value in to_params(query, limit=limit, offset=offset):
        text = value if name in _PAGING else _reliable(tuple(name.split(".")), value)
        if text:
            params.append(f"{name}={quote(text, safe=_AS_IT_IS)}")
    return "&".join(params)


def _reliable(path: TagPath, value: str) -> str:
    """Return `value` so that no origin finds less by it; "" when the key is better not sent."""
    tag = path[-1]
    if path[0] in COMPUTED or vr(tag) in _DECIMAL:
        return ""
    if tag == _MODALITIES_IN_STUDY or vr(tag) in _MATCHED_ONE_BY_ONE or _is_single(tag):
        return value
    # Orthanc matches against all values of the attribute in one string.
    return f"*{value.strip('*')}*" if is_text(vr(tag)) and "," not in value else ""


def _is_single(tag: str) -> bool:
    try:
        return dictionary_VM(int(tag, 16)) == "1"
    except KeyError:
        return False


def untold(query: Query, row: JsonDataset) -> frozenset[str]:
    """Return the top-level tags with a key that `row` leaves out, or tells in letters it cannot write.

    Orthanc's rows are in one Latin character set by default, and lose every letter that is not in it.
    """
    tags = query.unanswered(row)
    codec = python_encoding.get(first_text(row, _CHARACTER_SET))
    if codec is None:
        return tags
    return tags | {match.path[0] for match in query.matches if not _can_write(codec, match.value)}


def _can_write(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


async def paged(query: Query, fetch: Callable[[int, int], Awaitable[Page]]) -> AsyncIterator[list[JsonDataset]]:
    """Yield the rows of `fetch(limit, offset)`, page by page, each row once.

    Raises:
        OriginBroken: a row does not say which resource it is of, or the origin does not page.
    """
    seen: set[str] = set()
    offset = 0
    while True:
        page = await fetch(PAGE, offset)
        if not page.rows:
            return
        fresh = []
        for row in page.rows:
            key = _identity(query, row)
            if key not in seen:
                seen.add(key)
                fresh.append(row)
        if not fresh:
            raise OriginBroken("The origin answers every page with the same rows. Narrow the search to fewer matches.")
        yield fresh
        offset += len(page.rows)
        # More rows than asked for: the origin ignores the limit, so these were all.
        complete = len(page.rows) > PAGE or len(page.rows) < SMALLEST_CAP
        if complete and not page.announces_more:
            return


def _identity(query: Query, row: JsonDataset) -> str:
    """Return what tells `row` from every other, adding the UIDs that stood in the search's path."""
    for tag, uid in ((STUDY_UID, query.study), (SERIES_UID, query.series)):
        if uid and tag not in row:
            row[tag] = {"vr": "UI", "Value": [uid]}
    uids = [first_text(row, tag) for tag in _UIDS[query.level]]
    if not all(uids):
        raise OriginBroken("The origin sent a row without the UID of its study, series or instance.")
    return "/".join(uids)
