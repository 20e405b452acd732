"""Answers that a good gateway gives only when something is wrong, put between it and the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, Route

FRAME = re.compile(r"/frames/\d+$")
METADATA = re.compile(r"/metadata$")
STUDIES = re.compile(r"/dicom-web/studies\?")
THUMBNAIL = re.compile(r"/thumbnail$")


def problem(page: Page, url: re.Pattern[str], status: int, title: str, detail: str, **more: str) -> None:
    """Answer with an error body."""
    kind = f"urn:tfgateway:{title.lower().replace(' ', '-')}"
    body = json.dumps({"type": kind, "title": title, "status": status, "detail": detail, **more})
    page.route(url, lambda route: route.fulfill(status=status, content_type="application/problem+json", body=body))


def withheld(page: Page, url: re.Pattern[str]) -> None:
    """Answer as for a withheld instance."""
    detail = "Text is burned into the pixels; the image cannot enter the archive with it."
    problem(page, url, 403, "Withheld", detail, reason="burned-in-annotation")


def changed(page: Page, url: re.Pattern[str], change: Callable[[bytes], bytes], **headers: str) -> None:
    """Change the body of the true answer, and add headers."""

    def answer(route: Route) -> None:
        true = route.fetch()
        fields = {name: value for name, value in true.headers.items() if name != "content-length"}
        route.fulfill(status=true.status, headers=fields | headers, body=change(true.body()))

    page.route(url, answer)


def without_first(count: int) -> Callable[[bytes], bytes]:
    """Return a change that leaves out the first instances of metadata."""
    return lambda body: json.dumps(json.loads(body)[count:]).encode()


def shortened(body: bytes) -> bytes:
    """Take bytes out of the middle of a frame; the multipart body stays whole."""
    middle = len(body) // 2
    return body[:middle] + body[middle + 1000 :]


def cut(body: bytes) -> bytes:
    """End a body before its closing delimiter."""
    return body[:-100]


def small_pages(page: Page, size: int) -> None:
    """Ask for fewer studies at a time than the viewer does."""
    page.route(STUDIES, lambda route: route.continue_(url=re.sub(r"limit=\d+", f"limit={size}", route.request.url)))


def slow(page: Page, milliseconds: int) -> None:
    """Delay every answer, as a long line does."""
    session = page.context.new_cdp_session(page)
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1},
    )
