"""Who asks, and what they may do. Every route declares a permission; start-up refuses one that does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import NotAuthenticated, NotPermitted


class Permission(StrEnum):
    """What a route needs. `PUBLIC` is for what holds no data."""

    PUBLIC = "public"
    READ_PACS = "pacs:read"
    READ_ARCHIVE = "archive:read"
    STORE = "archive:store"
    READ_QUARANTINE = "quarantine:read"
    READ_METRICS = "metrics:read"


@dataclass(frozen=True, slots=True)
class Principal:
    """A known client and its permissions."""

    name: str
    permissions: frozenset[Permission]


EVERYTHING = frozenset(Permission)

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Guarded:
    """An endpoint behind its permission. The principal was put into the scope by `gateway.web.auth`."""

    endpoint: Endpoint
    permission: Permission

    async def __call__(self, request: Request) -> Response:
        if self.permission is not Permission.PUBLIC:
            principal: Principal | None = request.scope.get("principal")
            if principal is None:
                raise NotAuthenticated("Sign in with the token the gateway printed when it started.")
            if self.permission not in principal.permissions:
                raise NotPermitted("Your sign-in does not include the permission this needs.")
        return await self.endpoint(request)


def route(path: str, endpoint: Endpoint, permission: Permission, *, methods: Sequence[str] = ("GET",)) -> Route:
    """Build a route that only answers a principal with `permission`."""
    guarded = _Guarded(endpoint, permission)
    name = getattr(endpoint, "__name__", "route")

    async def guard(request: Request) -> Response:
        request.scope["operation"] = name
        return await guarded(request)

    built = Route(path, guard, methods=list(methods), name=name)
    built.permission = permission  # type: ignore[attr-defined]
    return built


def permission_of(candidate: BaseRoute) -> Permission | None:
    """Return the permission a route declares, or None."""
    found = getattr(candidate, "permission", None)
    return found if isinstance(found, Permission) else None


def refuse_undeclared(routes: Sequence[BaseRoute]) -> None:
    """Stop start-up when a route, at any depth, declares no permission.

    Raises:
        RuntimeError: naming the route.
    """
    for candidate in routes:
        children = getattr(candidate, "routes", None)
        if children:
            refuse_undeclared(children)
        elif permission_of(candidate) is None:
            raise RuntimeError(f"route {getattr(candidate, 'path', '?')} declares no permission")
