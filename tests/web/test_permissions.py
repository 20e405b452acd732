"""No route without a declared permission."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from gateway.errors import NotAuthenticated, NotPermitted
from gateway.web.permissions import Permission, Principal, refuse_undeclared, route


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def test_a_route_without_a_permission_stops_start_up() -> None:
    with pytest.raises(RuntimeError, match="/open"):
        refuse_undeclared([route("/a", hello, Permission.PUBLIC), Mount("/m", routes=[Route("/open", hello)])])
    refuse_undeclared([Mount("/m", routes=[route("/a", hello, Permission.READ_PACS)])])


def ask(permission: Permission, principal: Principal | None) -> Response:
    request = Request({"type": "http", "method": "GET", "headers": [], "principal": principal})
    endpoint = route("/", hello, permission).endpoint
    return asyncio.run(endpoint(request))


def test_a_route_answers_only_its_permission() -> None:
    reader = Principal("r", frozenset({Permission.READ_ARCHIVE}))
    assert ask(Permission.PUBLIC, None).status_code == 200
    assert ask(Permission.READ_ARCHIVE, reader).status_code == 200
    with pytest.raises(NotPermitted):
        ask(Permission.READ_PACS, reader)
    with pytest.raises(NotAuthenticated):
        ask(Permission.READ_ARCHIVE, None)
