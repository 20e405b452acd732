"""Liveness, readiness and metrics for whoever operates the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from gateway.errors import GatewayError
from gateway.web.observe import Metrics
from gateway.web.permissions import Permission, route

_CHECK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """`checks` are the parts a request needs, by name; each returns or raises a `GatewayError`."""

    checks: Mapping[str, Callable[[], Awaitable[None]]]
    metrics: Metrics

    def routes(self) -> list[BaseRoute]:
        """Return `/healthz`, `/readyz` and `/metrics`."""

        async def healthz(request: Request) -> Response:
            return PlainTextResponse("ok\n")

        async def readyz(request: Request) -> Response:
            parts = dict(zip(self.checks, await asyncio.gather(*map(_state, self.checks.values())), strict=True))
            ready = all(state == "ok" for state in parts.values())
            return JSONResponse({"ready": ready, "parts": parts}, 200 if ready else 503)

        async def metrics(request: Request) -> Response:
            return PlainTextResponse(self.metrics.text(), media_type="text/plain; version=0.0.4")

        return [
            route("/healthz", healthz, Permission.PUBLIC),
            route("/readyz", readyz, Permission.PUBLIC),
            route("/metrics", metrics, Permission.READ_METRICS),
        ]


async def _state(check: Callable[[], Awaitable[None]]) -> str:
    try:
        await asyncio.wait_for(check(), _CHECK_SECONDS)
    except TimeoutError:
        return "no answer in time"
    except GatewayError as error:
        return type(error).__name__
    return "ok"
