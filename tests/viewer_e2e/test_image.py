"""What is on the canvas, and how it moves."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from tests.viewer_e2e import faults
from tests.viewer_e2e.viewer import NewViewer, Viewer

pytestmark = pytest.mark.peer("chromium")

STUDY, SERIES, MODALITY, PHOTOMETRIC, ASPECT = "0020000D", "0020000E", "00080060", "00280004", "00280034"
NO_IMAGES = {"SR", "KO", "PR", "DOC", "ECG"}
LARGE = {"width": 1500, "height": 1420}


def value(row: dict[str, Any], tag: str) -> Any:
    """Return the first value of a tag in the DICOM JSON Model."""
    return (row.get(tag, {}).get("Value") or [None])[0]


def test_every_canvas_equals_the_servers_rendering(new_viewer: NewViewer) -> None:
    viewer = new_viewer(viewport=LARGE)
    viewer.sign_in()
    kinds = set()
    for study in (value(row, STUDY) for row in viewer.ask("studies")):
        for row in viewer.ask(f"studies/{study}/series"):
            series = value(row, SERIES)
            if value(row, MODALITY) in NO_IMAGES:
                continue
            header = viewer.ask(f"studies/{study}/series/{series}/metadata")[0]
            if len(set(header.get(ASPECT, {}).get("Value", []))) > 1:
                continue  # oblong pixels are stretched and never shown one to one
            viewer.page.goto(f"{viewer.site.url}/#/pacs/{study}/{series}")
            viewer.page.locator(f'.tile[aria-current][data-series="{series}"]').first.wait_for()
            viewer.settled()
            viewer.assert_equals_rendering()
            kinds.add(value(header, PHOTOMETRIC))
    assert kinds >= {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL_422", "YBR_RCT"}


def test_the_last_frame_of_an_enhanced_image_has_its_own_window(viewer: Viewer) -> None:
    viewer.open_study("MRI head")
    viewer.open_series("FLAIR")
    viewer.press("End")
    assert viewer.index() == 23
    viewer.assert_equals_rendering()


def test_window_and_level_equal_the_servers(new_viewer: NewViewer) -> None:
    viewer = new_viewer(viewport=LARGE)
    viewer.sign_in()
    viewer.open_study("CT abdomen")
    presets = viewer.page.get_by_label("Window preset")
    for preset, window in (("lung", "-600,1500,linear"), ("bone", "400,1800,linear"), ("brain", "40,80,linear")):
        presets.select_option(preset)
        viewer.assert_equals_rendering(window=window)
    presets.select_option("own")
    viewer.assert_equals_rendering()


def test_dragging_changes_the_window_and_reset_brings_it_back(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    before = viewer.say("bottomRight")
    dark = viewer.canvas().mean()
    viewer.page.mouse.move(700, 400)
    viewer.page.mouse.down(button="right")
    viewer.page.mouse.move(700, 300, steps=5)
    viewer.page.mouse.up(button="right")
    assert viewer.canvas().mean() > dark + 5
    expect(viewer.page.get_by_label("Window preset")).to_have_value("manual")
    viewer.press("w", "ArrowRight")
    assert viewer.say("bottomRight") != before
    viewer.press("r")
    assert viewer.say("bottomRight") == before


def test_inverting_is_exact_and_padding_stays_black(viewer: Viewer) -> None:
    viewer.open_study("MRI head")
    plain = viewer.canvas().astype(int)
    viewer.press("i")
    inverted = viewer.canvas().astype(int)
    rows, columns = (size // 2 for size in plain.shape[:2])
    middle = np.s_[rows - 100 : rows + 100, columns - 100 : columns + 100]
    assert np.abs(plain[middle] + inverted[middle] - 255).max() <= 1


def test_wheel_keys_rail_and_drag_scroll_the_stack(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    assert viewer.say("bottomLeft").endswith("Im 1/64")
    viewer.page.mouse.move(700, 400)
    viewer.page.mouse.wheel(0, 100)
    expect(viewer.viewport).to_have_attribute("data-index", "1")
    viewer.press("ArrowDown", "PageDown")
    assert viewer.index() == 12
    viewer.press("End")
    assert viewer.index() == 63
    viewer.press("ArrowDown")
    assert viewer.index() == 63
    viewer.press("Home")
    viewer.page.get_by_label("Image in the stack").fill("33")
    expect(viewer.viewport).to_have_attribute("data-index", "32")
    viewer.page.mouse.move(700, 400)
    viewer.page.mouse.down()
    viewer.page.mouse.move(700, 440, steps=4)
    viewer.page.mouse.up()
    assert viewer.index() > 32


def test_the_stack_is_ordered_by_place(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    places = []
    for _ in range(5):
        places.append(float(viewer.say("bottomLeft").split("Loc ")[1].split(" ")[0]))
        viewer.press("PageDown")
    steps = np.diff(places)
    assert (steps > 0).all() or (steps < 0).all()


def test_zoom_and_pan_move_the_image_and_fit_brings_it_back(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    fitted = viewer.say("bottomRight")
    viewer.page.mouse.move(700, 400)
    viewer.page.keyboard.down("Control")
    viewer.page.mouse.wheel(0, -200)
    viewer.page.keyboard.up("Control")
    viewer.settled()
    viewer.canvas()
    assert viewer.say("bottomRight") != fitted
    before = viewer.canvas()
    viewer.press("p", "ArrowLeft")
    assert (viewer.canvas() != before).any()
    viewer.press("f")
    assert viewer.say("bottomRight") == fitted
    viewer.press("1")
    assert viewer.say("bottomRight").endswith("Zoom 100 %")


def test_turning_turns_the_letters_too(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    edges = lambda: [viewer.page.locator(f".edge-{side}").inner_text() for side in ("top", "right", "bottom", "left")]  # noqa: E731
    top, right, bottom, left = edges()
    viewer.press("t")
    assert edges() == [left, top, right, bottom]
    viewer.press("r", "m")
    assert edges() == [top, left, bottom, right]


def test_a_cine_plays_at_its_speed_and_goes_round(viewer: Viewer) -> None:
    viewer.open_study("XA")
    viewer.page.wait_for_function(
        "() => document.querySelector('.rail-loaded').getContext('2d').getImageData(0, 35, 1, 1).data[3]"
    )
    viewer.page.get_by_label("Frames per second").select_option("60")
    seen = viewer.page.evaluate(
        """() => new Promise(done => {
            const seen = new Set();
            const viewport = document.querySelector('.viewport');
            new MutationObserver(() => {
                seen.add(viewport.dataset.index);
                if (seen.size === 36) done(seen.size);
            }).observe(viewport, { attributeFilter: ['data-index'] });
            document.querySelector('[data-tool=play]').click();
            setTimeout(() => done(seen.size), 8000);
        })"""
    )
    assert seen == 36
    viewer.page.get_by_role("button", name="Pause").click()
    viewer.painted()
    at = viewer.index()
    viewer.page.wait_for_timeout(200)
    assert viewer.index() == at


def test_the_loops_of_a_series_are_stacks_of_their_own(viewer: Viewer) -> None:
    viewer.open_study("US Abdomen")
    expect(viewer.page.locator(".stacks .tile")).to_have_count(3)
    assert viewer.say("bottomLeft").endswith("Im 1/48")
    viewer.press("ArrowRight")
    assert viewer.say("bottomLeft").endswith("Im 1/30")
    expect(viewer.page.locator(".stacks .tile[aria-current]")).to_contain_text("Loop 2")


def test_a_jump_gives_the_new_place_the_connections_of_the_old(viewer: Viewer) -> None:
    faults.slow(viewer.page, 300)
    aborted: list[str] = []
    viewer.page.on("requestfailed", lambda request: aborted.append(request.url))
    viewer.open_study("CT abdomen")
    viewer.press("End")
    assert viewer.index() == 63
    assert any("/frames/" in url for url in aborted)
    viewer.page.wait_for_function("() => document.querySelector('.viewport').dataset.status === 'ready'")


def test_the_first_image_of_a_long_series_does_not_wait_for_the_others(viewer: Viewer) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    viewer.page.route(re.compile(r"/series/[\d.]+/metadata$"), hold)
    viewer.rows.filter(has_text="CT abdomen").locator("a").click()
    expect(viewer.page.locator(".corner-bottomLeft")).to_contain_text("Im 1/…")
    assert viewer.canvas().max() > 0
    held[0].continue_()
    viewer.settled()
    assert viewer.say("bottomLeft").endswith("Im 1/64")


def test_a_series_without_images_says_so(viewer: Viewer) -> None:
    viewer.open_study("CT abdomen")
    viewer.open_series("Report")
    expect(viewer.viewport).to_contain_text("This series holds no images.")
    assert viewer.canvas().max() == 0
