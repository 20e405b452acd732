"""Errors as `application/problem+json` (RFC 9457): one table from class to status, one body."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway import errors

log = logging.getLogger(__name__)

_TABLE: Mapping[type[errors.GatewayError], tuple[int, str]] = {
    errors.BadRequest: (400, "Bad request"),
    errors.NotAuthenticated: (401, "Sign in first"),
    errors.NotPermitted: (403, "Not permitted"),
    errors.Withheld: (403, "Withheld"),
    errors.NotFound: (404, "Not found"),
    errors.NotAcceptable: (406, "Not acceptable"),
    errors.Conflict: (409, "Conflict"),
    errors.TooLarge: (413, "Too large"),
    errors.UnsupportedMedia: (415, "Unsupported media type"),
    errors.RangeNotSatisfiable: (416, "Range not satisfiable"),
    errors.OriginUnreachable: (502, "The PACS cannot be reached"),
    errors.OriginTimeout: (504, "The PACS did not answer in time"),
    errors.OriginBusy: (503, "The PACS is busy"),
    errors.OriginRefused: (502, "The PACS refused the gateway"),
    errors.OriginBroken: (502, "The PACS gave a broken answer"),
    errors.OriginError: (502, "The PACS failed"),
    errors.StorageError: (503, "The gateway's storage failed"),
    errors.GatewayError: (500, "Internal error"),
}


def status_of(error: errors.GatewayError) -> tuple[int, str]:
    """Return the status and title of the nearest class in the table."""
    return next(_TABLE[cls] for cls in type(error).__mro__ if cls in _TABLE)


def _body(*, status: int, title: str, detail: str, **more: str) -> bytes:
    kind = title.lower().replace(" ", "-")
    return orjson.dumps({"type": f"urn:tfgateway:{kind}", "title": title, "status": status, "detail": detail, **more})


def respond(status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: str) -> Response:
    """Build the one error answer of this server."""
    return Response(
        _body(status=status, title=title, detail=detail, **more),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def for_error(error: errors.GatewayError) -> Response:
    """Turn one of our errors into its answer."""
    status, title = status_of(error)
    more: dict[str, str] = {}
    headers: dict[str, str] = {}
    if isinstance(error, errors.Withheld):
        more["reason"] = error.reason.value
    if isinstance(error, errors.NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="teaching-file-gateway"'
    if isinstance(error, errors.RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, errors.OriginBusy):
        headers["Retry-After"] = "5"
    return respond(status, title, str(error), headers=headers, **more)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404 for an unknown path, 405) in the same body."""
    if not isinstance(error, HTTPException):
        raise TypeError("only an HTTPException is handled here")
    titles = {404: "Not found", 405: "Method not allowed"}
    title = titles.get(error.status_code, "Refused")
    detail = "There is nothing at this URL." if error.status_code == 404 else "This URL does not answer that."
    return respond(error.status_code, title, detail, headers=dict(error.headers or {}))


async def on_bug(request: Request, error: Exception) -> Response:
    """Anything unforeseen: the client learns that it failed, the log learns where, nobody learns a value."""
    log.error("unforeseen %s", errors.whereabouts(error))
    return respond(500, "Internal error", "The gateway failed on this request. The log tells where.")


# Our own errors are not Starlette's business: `Observe` answers them, or breaks the body off when it has begun.
HANDLERS = {HTTPException: on_http_exception}
