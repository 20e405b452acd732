"""What is withheld and why, for whoever may know: `/api/quarantine`."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from gateway.dicom.uid import InstanceRef, SeriesRef
from gateway.errors import BadRequest
from gateway.store.withheld import Withholding, Withholdings
from gateway.web.permissions import Permission, route

_LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Reads the record. There is no way out of it: an instance is fetched again and judged anew."""

    records: Withholdings

    def routes(self) -> list[BaseRoute]:
        """Return `GET /api/quarantine`."""

        async def list_quarantine(request: Request) -> Response:
            limit, offset = (_number(request, name, default) for name, default in (("limit", 100), ("offset", 0)))
            entries = await self.records.list(limit=min(limit, _LARGEST_PAGE), offset=offset)
            body = {"total": await self.records.count(), "entries": [_described(entry) for entry in entries]}
            return JSONResponse(body)

        return [route("/api/quarantine", list_quarantine, Permission.READ_QUARANTINE)]


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or len(text) > 9:
        raise BadRequest(f"Write {name} as a whole number.")
    return int(text)


def _described(entry: Withholding) -> dict[str, str | None]:
    ref = entry.ref
    return {
        "id": entry.id,
        "library": entry.source.partition(":")[0],
        "study": ref.study,
        "series": ref.series if isinstance(ref, SeriesRef | InstanceRef) else None,
        "instance": ref.instance if isinstance(ref, InstanceRef) else None,
        "reason": entry.reason.value,
        "plain": entry.reason.plain,
        "detail": entry.detail,
        "at": entry.at.isoformat(),
    }
