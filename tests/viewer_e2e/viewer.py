"""The viewer as a person uses it, and what the server would show in its place."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page

Pixels = NDArray[np.uint8]

_READ = """(canvas, [wantedWidth, wantedHeight]) => {
    const [width, height] = [Math.min(canvas.width, wantedWidth), Math.min(canvas.height, wantedHeight)];
    const from = (all, wanted) => Math.max(0, Math.round((all - wanted) / 2));
    const [x, y] = [from(canvas.width, wantedWidth), from(canvas.height, wantedHeight)];
    const { data } = canvas.getContext('2d').getImageData(x, y, width, height);
    let text = '';
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return [width, height, btoa(text)];
}"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a gateway answers, and the token that signs in."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """One page of the viewer."""

    page: Page
    site: Site

    def sign_in(self) -> None:
        """Follow the link that the gateway prints."""
        self.page.goto(f"{self.site.url}/?token={self.site.token}")
        self.rows.first.wait_for()

    @property
    def rows(self) -> Locator:
        """The studies found."""
        return self.page.locator(".studies tbody tr")

    @property
    def viewport(self) -> Locator:
        """The image with all that lies over it."""
        return self.page.locator(".viewport")

    def open_study(self, text: str) -> None:
        """Open the first study whose description says `text` (pseudonyms are random), and wait for what it shows."""
        described = self.page.locator(".description").filter(has_text=text)
        self.rows.filter(has=described).first.locator("a").click()
        self.settled()

    def open_series(self, text: str) -> None:
        """Open the first series whose caption says `text`."""
        self.page.locator(".strip .tile").filter(has_text=text).first.click()
        self.settled()

    def settled(self) -> None:
        """Wait until the viewport shows an image, or says why it does not."""
        self.painted()
        self.page.wait_for_function(
            """() => {
                const { status, instance, partial } = document.querySelector('.viewport').dataset;
                const told = document.querySelector('.veil-panel > *') !== null;
                return status === 'failed' || (status === 'ready' && instance && partial === undefined) || told;
            }"""
        )

    def painted(self) -> None:
        """Wait until what was dispatched has reached the page."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def say(self, corner: str) -> str:
        """Return the words in one corner of the stage."""
        return self.page.locator(f".corner-{corner}").inner_text()

    def index(self) -> int:
        """Return which image of the stack is shown, from 0."""
        return int(self.viewport.get_attribute("data-index") or -1)

    def press(self, *keys: str) -> None:
        """Press keys on the image."""
        self.page.locator(".stage").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.settled()

    def canvas(self, size: tuple[int, int] = (100_000, 100_000)) -> Pixels:
        """Return what is on the canvas, or the middle of it of `size` (columns, rows): (rows, columns, 3)."""
        self.painted()
        width, height, data = self.page.locator(".stage canvas").evaluate(_READ, list(size))
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]

    def rendered(self, *, window: str = "") -> Pixels:
        """Return the server's own rendering of the image in view, (rows, columns, 3)."""
        found = re.search(r"#/(pacs|teaching)/([\d.]+)", self.page.url)
        assert found is not None
        door = "teaching/dicom-web" if found[1] == "teaching" else "dicom-web"
        series = self.page.locator(".tile[aria-current]").first.get_attribute("data-series")
        instance = self.viewport.get_attribute("data-instance")
        frame = self.viewport.get_attribute("data-frame")
        path = f"studies/{found[2]}/series/{series}/instances/{instance}/frames/{frame}/rendered"
        query = f"?window={window}" if window else ""
        answer = self.page.request.get(f"{self.site.url}/{door}/{path}{query}", headers={"Accept": "image/png"})
        assert answer.ok, answer.status
        with Image.open(BytesIO(answer.body())) as image:
            return np.asarray(image.convert("RGB"))

    def ask(self, path: str) -> Any:
        """Ask the gateway for JSON."""
        answer = self.page.request.get(
            f"{self.site.url}/dicom-web/{path}", headers={"Accept": "application/dicom+json"}
        )
        assert answer.ok, answer.status
        return answer.json()

    def assert_equals_rendering(self, *, window: str = "") -> None:
        """Compare the canvas at one pixel to one pixel with the server's rendering: within 1 level everywhere."""
        self.press("1")
        wanted = self.rendered(window=window)
        shown = self.canvas((wanted.shape[1], wanted.shape[0]))
        top, left = ((whole - part) // 2 for whole, part in zip(wanted.shape[:2], shown.shape[:2], strict=True))
        wanted = wanted[top : top + shown.shape[0], left : left + shown.shape[1]]
        assert int(np.abs(shown.astype(int) - wanted.astype(int)).max()) <= 1
        assert shown.min() < shown.max(), "a flat picture proves nothing"


NewViewer = Callable[..., Viewer]
