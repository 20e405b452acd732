"""What is withheld and why, for whoever may know: `/api/quarantine`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from gateway.dicom.uid import InstanceRef, SeriesRef, is_uid
from gateway.errors import BadRequest, NotFound, Reason
from gateway.store.originals import Originals
from gateway.store.withheld import Selection, Withholding, Withholdings
from gateway.web.permissions import Permission, route

_LARGEST_PAGE: Final = 1000
_LIBRARIES: Final = ("pacs", "archive", "stow")
_PARAMETERS: Final = frozenset(("library", "reason", "study", "limit", "offset"))


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Reads the record. There is no way out of it: an instance is fetched or sent again, and judged anew."""

    records: Withholdings
    originals: Originals | None = None

    def routes(self) -> list[BaseRoute]:
        """Return `GET /api/quarantine` and `GET /api/quarantine/{id}`."""

        async def list_quarantine(request: Request) -> Response:
            selection = _selection(request)
            limit, offset = (_number(request, name, default) for name, default in (("limit", 100), ("offset", 0)))
            entries = await self.records.list(selection, limit=min(limit, _LARGEST_PAGE), offset=offset)
            total = await self.records.count(selection)
            return JSONResponse({"total": total, "entries": [await self._described(entry) for entry in entries]})

        async def get_quarantine_entry(request: Request) -> Response:
            entry = await self.records.get(request.path_params["id"])
            if entry is None:
                raise NotFound("There is no such entry. What has passed since then is no longer listed.")
            return JSONResponse(await self._described(entry))

        return [
            route("/api/quarantine", list_quarantine, Permission.READ_QUARANTINE),
            route("/api/quarantine/{id}", get_quarantine_entry, Permission.READ_QUARANTINE),
        ]

    async def _described(self, entry: Withholding) -> dict[str, str | bool | None]:
        ref = entry.ref
        return {
            "id": entry.id,
            "library": entry.library,
            "study": None if ref is None else ref.study,
            "series": ref.series if isinstance(ref, SeriesRef | InstanceRef) else None,
            "instance": ref.instance if isinstance(ref, InstanceRef) else None,
            "reason": entry.reason.value,
            "plain": entry.reason.plain,
            "detail": entry.detail,
            "at": entry.at.isoformat(),
            "sha256": entry.content or None,
            "kept": self.originals is not None and await self.originals.holds(entry.id),
        }


def _selection(request: Request) -> Selection:
    """Return what the query asks for.

    Raises:
        BadRequest: it asks for something else.
    """
    asked = request.query_params
    if not asked.keys() <= _PARAMETERS or len(asked) < len(asked.multi_items()):
        raise BadRequest(f"Filter by {', '.join(sorted(_PARAMETERS))}, each once.")
    library = asked.get("library", "")
    if library and library not in _LIBRARIES:
        raise BadRequest(f"Write library as one of: {', '.join(_LIBRARIES)}.")
    reason, study = asked.get("reason"), asked.get("study", "")
    if reason is not None and reason not in {known.value for known in Reason}:
        raise BadRequest(f"Write reason as one of: {', '.join(Reason)}.")
    if study and not is_uid(study):
        raise BadRequest("Write study as a Study Instance UID.")
    return Selection(library, None if reason is None else Reason(reason), study)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise BadRequest(f"Write {name} as a whole number.")
    return int(text)
