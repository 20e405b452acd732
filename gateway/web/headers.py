"""Response headers every answer gets, and CORS for the web origins the administrator names."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VIEWER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers hold data of one principal: shared caches must not keep them.
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_ALLOW_METHODS = "GET, HEAD, POST, OPTIONS"
_ALLOW_HEADERS = "authorization, accept, content-type, range"
_EXPOSE_HEADERS = "Warning, Content-Location, Content-Range, Content-Type, ETag"


@dataclass(frozen=True, slots=True)
class ResponseHeaders:
    """ASGI middleware. Origins are compared whole; nothing is reflected that was not configured."""

    app: ASGIApp
    cors_origins: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer preflights, and add the headers to everything else."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Headers(scope=scope)
        origin = request.get("origin", "")
        allowed = origin in self.cors_origins

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if self.cors_origins:
                    headers.append("Vary", "Origin")
                if allowed:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = _EXPOSE_HEADERS
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        if scope["method"] == "OPTIONS":
            answer = Response(status_code=204, headers={"Allow": _ALLOW_METHODS})
            if allowed:
                answer.headers["Access-Control-Allow-Methods"] = _ALLOW_METHODS
                answer.headers["Access-Control-Allow-Headers"] = _ALLOW_HEADERS
                answer.headers["Access-Control-Max-Age"] = "86400"
            await answer(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)
