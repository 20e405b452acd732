"""The ASGI layer that sees every failure: one log line a request without any identifier, no error shown raw."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.web import problem

log = logging.getLogger("gateway.access")


@dataclass(slots=True)
class Metrics:
    """Counters for `/metrics`, by operation and status; never by resource."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    sent: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def text(self) -> str:
        """Render in the Prometheus text format."""
        lines = ["# TYPE gateway_requests_total counter"]
        lines += [
            f'gateway_requests_total{{operation="{operation}",status="{status}"}} {count}'
            for (operation, status), count in sorted(self.requests.items())
        ]
        for name, counter in (
            ("gateway_request_seconds_total", self.seconds),
            ("gateway_sent_bytes_total", self.sent),
            ("gateway_broken_bodies_total", self.broken),
        ):
            lines.append(f"# TYPE {name} counter")
            lines += [f'{name}{{operation="{key}"}} {value}' for key, value in sorted(counter.items())]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Observe:
    """Logs, counts, and turns what was raised into an answer, or into a visibly broken body."""

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request. The log names the operation, never the path, the query or a header."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        answer = _Answer(send)
        outcome = ""
        try:
            await self.app(scope, receive, answer)
        except ClientDisconnect:
            outcome = " client went away"
        except Exception as error:
            outcome = f" broken off: {type(error).__name__}"
            if answer.status == 0:
                outcome = ""
                request = Request(scope)
                response = (
                    problem.for_error(error)
                    if isinstance(error, GatewayError)
                    else await problem.on_bug(request, error)
                )
                await response(scope, receive, answer)
            elif not isinstance(error, GatewayError):
                await problem.on_bug(Request(scope), error)
        # Returning before the body is complete makes the server close the connection: the client sees the break.
        operation = scope.get("operation", "unknown")
        elapsed = time.perf_counter() - begun
        self.metrics.requests[operation, answer.status] += 1
        self.metrics.seconds[operation] += elapsed
        self.metrics.sent[operation] += answer.sent
        if outcome:
            self.metrics.broken[operation] += 1
        log.info(
            "%s %s %d %d bytes %.0f ms%s",
            scope["method"],
            operation,
            answer.status,
            answer.sent,
            elapsed * 1000,
            outcome,
        )


@dataclass(slots=True)
class _Answer:
    """Counts what goes out."""

    send: Send
    status: int = 0
    sent: int = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self.send(message)
