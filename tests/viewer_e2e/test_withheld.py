"""What the viewer shows when something must not, or cannot, be shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.viewer_e2e.stub import Stub
from tests.viewer_e2e.viewer import Viewer

pytestmark = pytest.mark.peer("chromium")


def members(stub: Stub, modality: str, count: int) -> list[str]:
    """Return the SOP Instance UIDs of the first series of `modality` with `count` instances, in order of number."""
    headers = stub.library.headers
    for series in (series for study in stub.library.studies.values() for series in study.values()):
        first = headers[next(iter(series.values()))]
        if first.Modality == modality and len(series) == count:
            return sorted(series, key=lambda uid: int(headers[series[uid]].InstanceNumber))
    raise LookupError(modality)


@pytest.fixture(autouse=True)
def _expect_refusals(faults_expected: list[str]) -> None:
    faults_expected += ["status of 403", "status of 406"]


def test_left_out_images_are_announced_with_their_reason(viewer: Viewer, stub: Stub) -> None:
    stub.faults.withheld = set(members(stub, "CT", 64)[:2])
    viewer.open_study("CT abdomen")
    banner = viewer.page.locator(".partial .banner")
    expect(banner).to_contain_text("2 instances are withheld")
    expect(banner).to_contain_text("Text burned into the pixels")
    assert viewer.say("bottomLeft").endswith("Im 1/62")


def test_a_withheld_series_has_the_yellow_banner_on_thumbnail_and_stage(viewer: Viewer, stub: Stub) -> None:
    stub.faults.withheld = set(members(stub, "US", 3))
    viewer.open_study("US Abdomen")
    for banner in (viewer.page.locator(".veil-panel .banner"), viewer.page.locator(".thumb .ribbon")):
        expect(banner).to_contain_text("Withheld")
        assert banner.evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(255, 212, 59)"
        expect(banner.locator("svg")).to_have_count(1)
    expect(viewer.page.locator(".veil-panel")).to_contain_text("Text is burned into the pixels.")
    assert viewer.canvas().max() == 0


def test_an_image_withheld_only_when_its_frame_is_asked_for(viewer: Viewer, stub: Stub) -> None:
    viewer.open_study("CT abdomen")
    second = members(stub, "CT", 64)[1]
    # The metadata is here already; only now is the instance found out.
    stub.faults.withheld = {second}
    viewer.page.reload()
    viewer.settled()
    stub.faults.withheld = set()
    assert viewer.say("bottomLeft").endswith("Im 1/63")


@pytest.mark.parametrize("fault", ["short", "cut"])
def test_a_frame_that_is_cut_off_is_never_shown_as_a_whole_one(viewer: Viewer, stub: Stub, fault: str) -> None:
    setattr(stub.faults, fault, set(members(stub, "DX", 1)))
    viewer.open_study("XR hand")
    alert = viewer.viewport.get_by_role("alert")
    expect(alert).to_contain_text("Try again")
    assert viewer.canvas().max() == 0
    setattr(stub.faults, fault, set())
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.viewport).to_have_attribute("data-status", "ready")
    assert viewer.canvas().max() > 0


def test_without_native_frames_the_servers_rendering_is_shown_and_said_to_be_one(viewer: Viewer, stub: Stub) -> None:
    stub.faults.refused = set(members(stub, "DX", 1))
    viewer.open_study("XR hand")
    assert "Rendered by the server" in viewer.say("bottomRight")
    expect(viewer.page.get_by_label("Window preset")).to_be_disabled()
    viewer.assert_equals_rendering()
