"""Authentication as pure ASGI: a bearer token, or the session cookie that the viewer gets for it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import GatewayError, NotAuthenticated, NotPermitted, TooLarge
from gateway.web import problem
from gateway.web.permissions import EVERYTHING, Principal

COOKIE = "gateway_session"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SESSION_SECONDS = 12 * 3600
_LARGEST_FORM = 4096
"""Bytes of the sign-in form. Nobody has signed in yet, so no more of it is held."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenAuthority:
    """Knows the one token. `principal` answers None for "no credentials here" and raises for wrong ones."""

    token: str

    @property
    def session(self) -> str:
        """The cookie's value: derived, so that a stolen cookie does not give the token away."""
        return hmac.new(self.token.encode(), b"viewer session", hashlib.sha256).hexdigest()

    def knows(self, token: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def principal(self, headers: Headers, *, method: str) -> Principal | None:
        """Identify the client.

        Raises:
            NotAuthenticated: credentials are there but wrong.
            NotPermitted: a cookie came with a changing request from a page of another origin.
        """
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() == "bearer" and self.knows(credentials.strip()):
                return Principal("token", EVERYTHING)
            raise NotAuthenticated("The bearer token is not the one the gateway printed when it started.")
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE)
        if cookie is None or not hmac.compare_digest(cookie.encode(), self.session.encode()):
            return None
        if method not in _SAFE_METHODS and not same_origin(headers):
            raise NotPermitted("This page may not change anything here; use the gateway's own viewer or a token.")
        return Principal("session", EVERYTHING)


@dataclass(frozen=True, slots=True)
class OpenAuthority:
    """`AUTH=none`: everybody on the loopback interface may do everything, from no other site's pages."""

    def principal(self, headers: Headers, *, method: str) -> Principal | None:
        """Identify everyone as the local user, save a page of another origin.

        Raises:
            NotPermitted: the Host is not this machine (DNS rebinding), or another site's page wants a change.
        """
        host = urlsplit(f"//{headers.get('host', '')}").hostname
        if host not in {"localhost", "127.0.0.1", "::1"}:
            raise NotPermitted("Without authentication the gateway answers to localhost only.")
        if method not in _SAFE_METHODS and not same_origin(headers):
            raise NotPermitted("Another site's page may not change anything here.")
        return Principal("local", EVERYTHING)


Authority = TokenAuthority | OpenAuthority


def same_origin(headers: Headers) -> bool:
    """Tell whether the request comes from our own page, or from no page at all."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


@dataclass(frozen=True, slots=True)
class Authentication:
    """ASGI middleware: puts the principal into the scope and answers wrong credentials itself."""

    app: ASGIApp
    authority: Authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate HTTP requests; a CORS preflight carries no credentials by design."""
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            try:
                scope["principal"] = self.authority.principal(Headers(scope=scope), method=scope["method"])
            except GatewayError as error:
                await problem.for_error(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _with_session(response: Response, request: Request, authority: TokenAuthority) -> Response:
    response.set_cookie(
        COOKIE,
        authority.session,
        max_age=_SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def sign_in_by_link(request: Request, authority: Authority) -> Response | None:
    """Answer `/?token=…` with a cookie and a redirect to the URL without it; None when there is no token."""
    token = request.query_params.get("token")
    if token is None:
        return None
    if isinstance(authority, TokenAuthority):
        if not authority.knows(token):
            raise NotAuthenticated("This link is no longer valid: the gateway prints a new one when it starts.")
        return _with_session(RedirectResponse("./", status_code=303), request, authority)
    return RedirectResponse("./", status_code=303)


async def sign_in_by_form(request: Request, authority: Authority) -> Response:
    """`POST /session` with the form field `token`: 204 and the session cookie.

    Raises:
        NotAuthenticated: the token is another one. TooLarge: this is no sign-in form.
    """
    if isinstance(authority, TokenAuthority):
        body = await _small_body(request)
        given = parse_qs(body.decode("ascii", "replace")).get("token", [""])[0]
        if not same_origin(request.headers) or not authority.knows(given):
            raise NotAuthenticated("This is not the token the gateway printed when it started.")
        return _with_session(Response(status_code=204), request, authority)
    return Response(status_code=204)


async def _small_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise TooLarge("This is no sign-in form: it has the one field token.")
    return body
