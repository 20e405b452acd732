"""The viewer in a hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, expect

from tests.viewer_e2e.viewer import NewViewer, Viewer

pytestmark = pytest.mark.peer("chromium")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def phone(new_viewer: NewViewer) -> Viewer:
    """A signed-in viewer on a phone."""
    made = new_viewer(**PHONE)
    made.sign_in()
    return made


def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    """Send one touch event with all fingers that are down."""
    fingers = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_nothing_is_wider_than_the_screen(phone: Viewer) -> None:
    width = "() => Math.max(document.documentElement.scrollWidth, document.querySelector('.study').scrollWidth)"
    assert phone.page.evaluate(width) <= 390
    phone.open_study("CT abdomen")
    phone.open_series("Report")
    assert phone.page.evaluate(width) <= 390
    assert phone.page.evaluate("() => scrollX") == 0


def test_filters_unfold(phone: Viewer) -> None:
    expect(phone.page.get_by_label("Patient ID")).to_be_hidden()
    phone.page.get_by_role("button", name="Filters").tap()
    expect(phone.page.get_by_label("Patient ID")).to_be_visible()


def test_everything_to_touch_is_large_enough(phone: Viewer) -> None:
    phone.open_study("CT abdomen")
    for control in phone.page.locator("button:visible, select:visible, a:visible, input:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, control.evaluate("element => element.outerHTML")


def test_one_finger_scrolls_two_fingers_zoom(phone: Viewer) -> None:
    phone.open_study("CT abdomen")
    session = phone.page.context.new_cdp_session(phone.page)
    touch(session, "touchStart", (180, 300))
    for y in range(300, 420, 10):
        touch(session, "touchMove", (180, y))
    touch(session, "touchEnd")
    phone.settled()
    assert phone.index() > 3
    zoom = phone.say("bottomRight")
    at = phone.index()
    touch(session, "touchStart", (150, 300), (230, 300))
    for apart in range(0, 80, 10):
        touch(session, "touchMove", (150 - apart, 300), (230 + apart, 300))
    touch(session, "touchEnd")
    phone.canvas()
    assert phone.say("bottomRight") != zoom
    assert phone.index() == at
