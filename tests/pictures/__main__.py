"""Take the pictures. They are kept small: grey images compress badly and a repository keeps every version."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from gateway.evidence.report import evidence
from gateway.evidence.write import write_report
from gateway.origin.sample import generate
from tests.deid.shipped import PROFILES
from tests.gateway.process import running_gateway
from tests.peers import chromium
from tests.viewer_e2e.viewer import Site, Viewer

HERE = Path(__file__).resolve().parent
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def shot(page: Page, name: str) -> None:
    """Keep what the page shows as a picture of 128 colours."""
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(HERE / f"{name}.png", optimize=True)
    print(f"  tests/pictures/{name}.png")


def main() -> None:
    """Show the list, a stack on a desk, the evidence report and an ultrasound on a phone."""
    with tempfile.TemporaryDirectory() as name:
        sample = Path(name) / "sample"
        generate(sample)
        with running_gateway(Path(name) / "gateway", pacs=sample) as gateway, chromium.launched() as browser:
            site = Site(gateway.url, gateway.token)
            viewer = Viewer(browser.new_page(viewport=DESK), site)
            viewer.sign_in()
            shot(viewer.page, "studies")
            viewer.open_study("CT abdomen")
            viewer.press(*["ArrowDown"] * 28)
            viewer.page.wait_for_timeout(3000)
            shot(viewer.page, "viewer")
            page = browser.new_page(viewport=DESK)
            report, _ = write_report(evidence(PROFILES), Path(name) / "evidence")
            page.goto(report.as_uri())
            shot(page, "evidence")
            phone = Viewer(browser.new_page(viewport=PHONE), site)
            phone.sign_in()
            phone.open_study("US")
            phone.page.wait_for_timeout(3000)
            shot(phone.page, "phone")


if __name__ == "__main__":
    main()
