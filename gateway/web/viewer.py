"""The viewer's static files at `/`, under a strict Content-Security-Policy, and the sign-in that leads there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from gateway.web.auth import Authority, sign_in_by_form, sign_in_by_link
from gateway.web.headers import VIEWER_POLICY
from gateway.web.permissions import Permission, route


@dataclass(frozen=True, slots=True)
class Viewer:
    """The static files hold no data, so they need no sign-in; what they fetch does."""

    directory: Path
    authority: Authority

    def routes(self) -> list[BaseRoute]:
        """Return the routes, the catch-all last."""
        files = StaticFiles(directory=self.directory, html=True)

        async def viewer(request: Request) -> Response:
            redirect = sign_in_by_link(request, self.authority)
            if redirect is not None:
                return redirect
            response = await files.get_response(request.path_params["path"] or ".", request.scope)
            response.headers["Content-Security-Policy"] = VIEWER_POLICY
            response.headers["Cache-Control"] = "no-cache"
            return response

        async def session(request: Request) -> Response:
            return await sign_in_by_form(request, self.authority)

        return [
            route("/session", session, Permission.PUBLIC, methods=["POST"]),
            route("/{path:path}", viewer, Permission.PUBLIC, methods=["GET", "HEAD"]),
        ]
