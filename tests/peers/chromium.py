"""A real Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.peers.need import need, program

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a headless browser."""
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program("chromium")), args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Give a headless browser.

    One per test: Playwright keeps an event loop running in the thread, in which `asyncio.run` would fail, so
    start servers in other threads or processes.
    """
    with launched() as browser:
        yield browser
