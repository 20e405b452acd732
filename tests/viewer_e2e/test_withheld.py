"""What the viewer shows when something must not, or cannot, be shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.viewer_e2e import faults
from tests.viewer_e2e.viewer import Viewer

pytestmark = pytest.mark.peer("chromium")


@pytest.fixture(autouse=True)
def _expect_refusals(faults_expected: list[str]) -> None:
    faults_expected += ["status of 403", "status of 406"]


def test_left_out_images_are_announced_with_their_reason(viewer: Viewer) -> None:
    warning = '299 gateway "2 instances are withheld: burned-in-annotation"'
    faults.changed(viewer.page, faults.METADATA, faults.without_first(2), warning=warning)
    viewer.open_study("CT abdomen")
    banner = viewer.page.locator(".partial .banner")
    expect(banner).to_contain_text("2 instances are withheld")
    expect(banner).to_contain_text("Text burned into the pixels")
    assert viewer.say("bottomLeft").endswith("Im 1/62")


def test_a_withheld_series_has_the_yellow_banner_on_thumbnail_and_stage(viewer: Viewer) -> None:
    faults.withheld(viewer.page, faults.METADATA)
    faults.withheld(viewer.page, faults.THUMBNAIL)
    viewer.open_study("US Abdomen")
    for banner in (viewer.page.locator(".veil-panel .banner"), viewer.page.locator(".thumb .ribbon")):
        expect(banner).to_contain_text("Withheld")
        assert banner.evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(255, 212, 59)"
        expect(banner.locator("svg")).to_have_count(1)
    expect(viewer.page.locator(".veil-panel")).to_contain_text("Text is burned into the pixels")
    assert viewer.canvas().max() == 0


def test_a_document_that_the_profile_refuses_is_withheld_by_the_gateway_itself(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    viewer.page.locator(".tile").filter(has_text="DOC").click()
    viewer.settled()
    expect(viewer.page.locator(".veil-panel .banner")).to_contain_text("refused by the profile")


def test_an_image_withheld_only_when_its_frame_is_asked_for(viewer: Viewer) -> None:
    faults.withheld(viewer.page, faults.FRAME)
    viewer.open_study("XR hand")
    expect(viewer.page.locator(".veil-panel .banner")).to_contain_text("This image is withheld")
    assert viewer.canvas().max() == 0


@pytest.mark.parametrize("fault", [faults.shortened, faults.cut])
def test_a_frame_that_is_cut_off_is_never_shown_as_a_whole_one(viewer: Viewer, fault: Callable[[bytes], bytes]) -> None:
    faults.changed(viewer.page, faults.FRAME, fault)
    viewer.open_study("XR hand")
    expect(viewer.viewport.get_by_role("alert")).to_contain_text("Try again")
    assert viewer.canvas().max() == 0
    viewer.page.unroute(faults.FRAME)
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.viewport).to_have_attribute("data-status", "ready")
    assert viewer.canvas().max() > 0


def test_without_native_frames_the_servers_rendering_is_shown_and_said_to_be_one(viewer: Viewer) -> None:
    faults.problem(viewer.page, faults.FRAME, 406, "Not acceptable", "These frames are offered as they are stored.")
    viewer.open_study("XR hand")
    assert "Rendered by the server" in viewer.say("bottomRight")
    expect(viewer.page.get_by_label("Window preset")).to_be_disabled()
    viewer.assert_equals_rendering()
