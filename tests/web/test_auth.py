"""Sign-in: tokens, cookies, and the pages of other origins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request

from gateway.errors import NotAuthenticated, NotPermitted, TooLarge
from gateway.web.auth import COOKIE, OpenAuthority, TokenAuthority, sign_in_by_form

AUTHORITY = TokenAuthority("correct-horse-battery")


def headers(**given: str) -> Headers:
    return Headers({name.replace("_", "-"): value for name, value in given.items()})


def test_the_right_bearer_token_is_known() -> None:
    principal = AUTHORITY.principal(headers(authorization="Bearer correct-horse-battery"), method="GET")
    assert principal is not None


@pytest.mark.parametrize("value", ["Bearer wrong", "Basic correct-horse-battery", "Bearer", "Bearer é"])
def test_wrong_credentials_are_refused_and_not_taken_for_none(value: str) -> None:
    with pytest.raises(NotAuthenticated):
        AUTHORITY.principal(headers(authorization=value), method="GET")


def test_no_credentials_are_nobody() -> None:
    assert AUTHORITY.principal(headers(), method="GET") is None


def test_the_cookie_is_known_and_is_not_the_token() -> None:
    assert AUTHORITY.token not in AUTHORITY.session
    assert AUTHORITY.principal(headers(cookie=f"{COOKIE}={AUTHORITY.session}"), method="GET") is not None
    assert AUTHORITY.principal(headers(cookie=f"{COOKIE}={AUTHORITY.token}"), method="GET") is None


def test_a_page_of_another_origin_may_not_change_anything_with_the_cookie() -> None:
    cookie = f"{COOKIE}={AUTHORITY.session}"
    with pytest.raises(NotPermitted):
        AUTHORITY.principal(headers(cookie=cookie, host="gw:8080", origin="https://evil.example"), method="POST")
    same = headers(cookie=cookie, host="gw:8080", origin="http://gw:8080")
    assert AUTHORITY.principal(same, method="POST") is not None


def test_without_authentication_only_localhost_is_answered() -> None:
    assert OpenAuthority().principal(headers(host="127.0.0.1:8080"), method="GET") is not None
    with pytest.raises(NotPermitted):
        OpenAuthority().principal(headers(host="rebound.example:8080"), method="GET")


def test_secrets_are_not_in_the_repr() -> None:
    assert "battery" not in repr(AUTHORITY)


def form(chunks: list[bytes]) -> Request:
    async def receive() -> dict[str, Any]:
        body = chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(chunks)}

    return Request({"type": "http", "method": "POST", "scheme": "http", "path": "/session", "headers": []}, receive)


def test_the_form_gives_the_cookie_for_the_token() -> None:
    answer = asyncio.run(sign_in_by_form(form([b"token=correct-", b"horse-battery"]), AUTHORITY))
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}={AUTHORITY.session};")


def test_no_more_of_a_form_is_read_than_a_form_can_have() -> None:
    chunks = [b"token=" + b"x" * 4096] * 1000
    with pytest.raises(TooLarge):
        asyncio.run(sign_in_by_form(form(chunks), AUTHORITY))
    assert len(chunks) == 999
