"""One table from error to status, one body."""

from __future__ import annotations

import orjson
import pytest

from gateway import errors
from gateway.errors import GatewayError, Reason, Withheld
from gateway.web.problem import for_error, status_of


def every_error() -> list[type[GatewayError]]:
    found: list[type[GatewayError]] = []
    pending: list[type[GatewayError]] = [GatewayError]
    while pending:
        cls = pending.pop()
        found.append(cls)
        pending += cls.__subclasses__()
    return found


@pytest.mark.parametrize("cls", every_error())
def test_every_error_has_a_status_and_the_one_body(cls: type[GatewayError]) -> None:
    if cls is Withheld:
        error: GatewayError = Withheld(Reason.MALFORMED)
    elif cls is errors.RangeNotSatisfiable:
        error = errors.RangeNotSatisfiable(10)
    else:
        error = cls("Do this next.")
    response = for_error(error)
    body = orjson.loads(response.body)
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == response.status_code == status_of(error)[0]
    assert body["detail"] == str(error)
    assert response.media_type == "application/problem+json"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_something_in_plain_words(reason: Reason) -> None:
    assert reason.plain.endswith(".")
    assert orjson.loads(for_error(Withheld(reason)).body)["reason"] == reason.value


def test_an_unreachable_origin_is_never_a_success() -> None:
    for cls in every_error():
        if issubclass(cls, errors.OriginError):
            assert status_of(cls("x"))[0] in {502, 503, 504}
