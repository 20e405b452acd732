"""A gateway to look at, and a browser that tells of everything that went wrong in the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from gateway.origin.sample import generate
from tests.peers.chromium import launched
from tests.viewer_e2e.stub import TOKEN, Library, Stub, serve
from tests.viewer_e2e.viewer import Site, Viewer


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Draw the sample PACS once."""
    folder: Path = tmp_path_factory.mktemp("viewer") / "sample"
    generate(folder)
    return Library(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for a module; its tests run nothing else in the event loop of this thread."""
    with launched() as browser:
        yield browser


@pytest.fixture
def served(sample_library: Library) -> Iterator[tuple[str, Stub]]:
    """Serve the sample PACS."""
    with serve(sample_library) as served:
        yield served


@pytest.fixture
def stub(served: tuple[str, Stub]) -> Stub:
    """The stand-in, for tests that make it misbehave."""
    return served[1]


@pytest.fixture
def gateway_url(served: tuple[str, Stub]) -> Site:
    """The gateway under the viewer."""
    return Site(served[0], TOKEN)


@pytest.fixture
def faults_expected() -> list[str]:
    """Parts of console messages that a test expects."""
    return []


@pytest.fixture
def new_viewer(browser: Browser, gateway_url: Site, faults_expected: list[str]) -> Iterator[type[Viewer]]:
    """Make viewers; fail on a console error, a violated policy or a request to another origin."""
    problems: list[str] = []
    contexts = []

    def make(**options: object) -> Viewer:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page: Page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(f"page: {error}"))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: _foreign(request.url))
        return Viewer(page, gateway_url)

    def _foreign(url: str) -> None:
        if not url.startswith((gateway_url.url, "blob:")):
            problems.append(f"another origin: {url}")

    yield make
    for context in contexts:
        context.close()
    unexpected = [text for text in problems if not any(part in text for part in faults_expected)]
    assert unexpected == []


@pytest.fixture
def viewer(new_viewer: type[Viewer]) -> Viewer:
    """A signed-in viewer on a desk."""
    made = new_viewer()
    made.sign_in()
    return made
