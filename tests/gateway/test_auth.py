"""Sign-in over HTTP: nothing but the public routes answers a stranger."""

from __future__ import annotations

import asyncio
import re

import pytest
from pydantic import SecretStr
from starlette.routing import Route

from gateway.app import create
from gateway.settings import Settings
from gateway.web.auth import COOKIE
from gateway.web.permissions import Permission, permission_of
from tests.gateway.corpus import ABDOMEN_CT, HEAD, corpus, nth
from tests.gateway.process import TOKEN, Answer, Gateway, at

PUBLIC = {"/healthz", "/readyz", "/session", "/{path:path}"}
WRONG = "not-the-token-of-the-tests-987654"


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    """Return every route of the application."""
    folder = tmp_path_factory.mktemp("routes")
    (folder / "pacs").mkdir()
    settings = Settings(
        pacs_url=SecretStr((folder / "pacs").as_uri()), data_dir=folder / "data", token=SecretStr(TOKEN), port=0
    )

    async def started() -> list[Route]:
        app = create(settings)
        async with app.router.lifespan_context(app):
            return [route for route in app.router.routes if isinstance(route, Route)]

    return asyncio.run(started())


def example(route: Route) -> str:
    """Return a path that the route answers."""
    path = route.path.replace("{study}", ABDOMEN_CT.study).replace("{series}", ABDOMEN_CT.series)
    path = path.replace("{instance}", nth(ABDOMEN_CT, 1).instance).replace("{path:path}", "7FE00010")
    return re.sub(r"\{[a-z_:]+\}", "1", path)


def refuses(answer: Answer) -> bool:
    """Tell whether the answer is the refusal of a stranger, and nothing else."""
    assert "basic" not in answer.headers.get("www-authenticate", "").lower()
    assert "set-cookie" not in answer.headers
    return answer.status == 401 and (answer.media == "application/problem+json" or not answer.body)


def test_few_routes_are_public(routes: list[Route]) -> None:
    assert len(routes) > 40
    assert {route.path for route in routes if permission_of(route) is Permission.PUBLIC} <= PUBLIC | {
        "/api/openapi.json"
    }


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"Authorization": f"Bearer {WRONG}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Cookie": f"{COOKIE}={'0' * 64}"},
    ],
    ids=["none", "wrong", "longer", "empty", "basic", "bare", "token-as-cookie", "wrong-cookie"],
)
def test_no_other_route_answers_a_stranger(
    corpus_gateway: Gateway, routes: list[Route], credentials: dict[str, str]
) -> None:
    asked = 0
    for route in routes:
        if permission_of(route) is Permission.PUBLIC:
            continue
        for method in sorted(route.methods or ()):
            answer = corpus_gateway.request(method, example(route), credentials)
            assert refuses(answer), (method, route.path, answer.status)
            asked += 1
    assert asked > 60


@pytest.mark.parametrize("path", ["/%64icom-web/studies", "//dicom-web/studies", "/./dicom-web/studies"])
def test_no_other_spelling_leads_around(corpus_gateway: Gateway, path: str) -> None:
    answer = corpus_gateway.request("GET", path)
    assert answer.status in (401, 404)
    assert HEAD.encode() not in answer.body


def test_the_link_gives_a_cookie_that_signs_in(corpus_gateway: Gateway) -> None:
    answer = corpus_gateway.request("GET", f"/?token={TOKEN}")
    assert answer.status == 303
    assert TOKEN not in answer.headers["location"]
    cookie = answer.headers["set-cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    session = {"Cookie": cookie.partition(";")[0]}
    assert len(corpus_gateway.request("GET", f"/dicom-web/studies?StudyInstanceUID={HEAD}", session).json) == 1
    # Another site's page could make a browser send it.
    foreign = session | {"Origin": "https://evil.example", "Content-Type": "application/dicom"}
    assert corpus_gateway.request("POST", "/dicom-web/studies", foreign, corpus()[0]).status == 403


@pytest.mark.parametrize("path", [f"/?token={WRONG}", "/?token=", f"/dicom-web/studies?token={TOKEN}"])
def test_a_wrong_link_signs_nobody_in(corpus_gateway: Gateway, path: str) -> None:
    answer = corpus_gateway.request("GET", path)
    assert refuses(answer)
    assert WRONG.encode() not in answer.body


def test_the_viewer_itself_holds_no_data_and_sets_no_cookie(corpus_gateway: Gateway) -> None:
    page = corpus_gateway.request("GET", "/")
    assert (page.status, page.media) == (200, "text/html")
    assert "set-cookie" not in page.headers
    assert "unsafe" not in page.headers["content-security-policy"]


def test_every_answer_forbids_sniffing_framing_and_shared_caches(corpus_gateway: Gateway) -> None:
    signed_in = {"Authorization": f"Bearer {TOKEN}"}
    for path, headers in (
        ("/dicom-web/studies", signed_in),
        ("/dicom-web/studies", {}),
        (at(nth(ABDOMEN_CT, 1), "/rendered"), signed_in),
        (at(nth(ABDOMEN_CT, 1), "/frames/99"), signed_in),
        ("/nowhere", signed_in),
        ("/dicom-web/studies/x", signed_in),
    ):
        answer = corpus_gateway.request("GET", path, headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors" in answer.headers["content-security-policy"]
        assert "no-store" in answer.headers["cache-control"]
        assert "server" not in answer.headers
