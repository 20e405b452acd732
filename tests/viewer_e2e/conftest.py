"""A real gateway to look at, and a browser that tells of everything that went wrong in the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.gateway.process import Gateway, running_gateway
from tests.peers.chromium import launched
from tests.viewer_e2e.viewer import NewViewer, Site, Viewer


@pytest.fixture(scope="session")
def looked_at(tmp_path_factory: pytest.TempPathFactory, sample_pacs: Path) -> Iterator[Gateway]:
    """Run the gateway over the sample PACS."""
    with running_gateway(tmp_path_factory.mktemp("looked-at"), pacs=sample_pacs) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def gateway_url(looked_at: Gateway) -> Site:
    """Where the gateway under the viewer answers."""
    return Site(looked_at.url, looked_at.token)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for a module: its tests run nothing else in the event loop of this thread."""
    with launched() as browser:
        yield browser


@pytest.fixture
def faults_expected() -> list[str]:
    """Parts of console messages that a test expects."""
    return []


@pytest.fixture
def new_viewer(browser: Browser, gateway_url: Site, faults_expected: list[str]) -> Iterator[NewViewer]:
    """Make viewers; fail on a console error, a violated policy or a request to another origin."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    def make(**options: object) -> Viewer:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(f"page: {error}"))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: stay_home(request.url))
        return Viewer(page, gateway_url)

    def stay_home(url: str) -> None:
        if not url.startswith((gateway_url.url, "blob:")):
            problems.append(f"another origin: {url}")

    yield make
    for context in contexts:
        context.close()
    assert [text for text in problems if not any(part in text for part in faults_expected)] == []


@pytest.fixture
def viewer(new_viewer: NewViewer) -> Viewer:
    """A signed-in viewer on a desk."""
    made = new_viewer()
    made.sign_in()
    return made
