"""Signing in and finding studies."""

from __future__ import annotations

import re
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import expect

from gateway.errors import Reason
from tests.gateway.process import Gateway
from tests.viewer_e2e import faults
from tests.viewer_e2e.viewer import NewViewer, Viewer

pytestmark = pytest.mark.peer("chromium")


def test_the_printed_link_signs_in_and_leaves_no_token_in_the_address(viewer: Viewer) -> None:
    assert "token" not in viewer.page.url
    expect(viewer.page.locator(".badge")).to_have_text("First pass – in-house view, UIDs kept")


def test_without_a_session_the_viewer_asks_for_the_token(new_viewer: NewViewer, faults_expected: list[str]) -> None:
    faults_expected.append("status of 401")
    viewer = new_viewer()
    viewer.page.goto(viewer.site.url)
    field = viewer.page.get_by_label("Token")
    field.fill("something else")
    field.press("Enter")
    expect(viewer.page.get_by_role("alert")).to_contain_text("not the token")
    expect(viewer.rows).to_have_count(0)
    field.fill(viewer.site.token)
    field.press("Enter")
    expect(viewer.page.locator("dialog[open]")).to_have_count(0)
    expect(viewer.rows.first).to_be_visible()


def test_a_link_to_a_study_opens_it_after_signing_in(
    new_viewer: NewViewer, viewer: Viewer, faults_expected: list[str]
) -> None:
    faults_expected.append("status of 401")
    link = viewer.rows.filter(has_text="CT abdomen").locator("a").get_attribute("href") or ""
    stranger = new_viewer()
    stranger.page.goto(f"{stranger.site.url}/{link}")
    stranger.page.get_by_label("Token").fill(stranger.site.token)
    stranger.page.get_by_label("Token").press("Enter")
    stranger.settled()
    assert "CT" in stranger.say("topRight")


def test_a_search_narrows_the_list_and_clearing_brings_it_back(viewer: Viewer) -> None:
    everything = viewer.rows.count()
    viewer.page.get_by_label("Modality").select_option("MR")
    viewer.page.get_by_role("button", name="Search").click()
    expect(viewer.rows.filter(has_text="CT abdomen")).to_have_count(0)
    expect(viewer.rows.filter(has_text="MRI head")).to_have_count(1)
    viewer.page.get_by_role("button", name="Clear").click()
    expect(viewer.rows).to_have_count(everything)


def test_a_search_without_a_match_says_so(viewer: Viewer) -> None:
    viewer.page.get_by_label("Patient ID").fill("no-such-patient")
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.get_by_text("No study matches.")).to_be_visible()


def test_search_terms_stay_out_of_the_address_and_survive_a_look_at_a_study(viewer: Viewer) -> None:
    viewer.page.get_by_label("Description").fill("MRI")
    viewer.page.keyboard.press("Enter")
    expect(viewer.rows).to_have_count(1)
    viewer.open_study("MRI head")
    assert "MRI" not in viewer.page.url
    viewer.page.get_by_role("link", name="Back to the list").click()
    expect(viewer.rows).to_have_count(1)
    expect(viewer.page.get_by_label("Description")).to_have_value("MRI")


def test_more_results_are_loaded_on_demand(new_viewer: NewViewer) -> None:
    viewer = new_viewer()
    faults.small_pages(viewer.page, 5)
    viewer.sign_in()
    expect(viewer.rows).to_have_count(5)
    button = viewer.page.get_by_role("button", name="Load more")
    while button.count():
        before = viewer.rows.count()
        button.click()
        expect(viewer.rows).not_to_have_count(before)
        viewer.page.wait_for_function("() => !document.querySelector('.found').hasAttribute('aria-busy')")
    expect(viewer.rows).to_have_count(len(viewer.ask("studies")))
    links = [link.get_attribute("href") for link in viewer.rows.locator("a").all()]
    assert len(set(links)) == len(links)


def test_a_failing_pacs_is_one_clear_message_with_a_way_on(viewer: Viewer, faults_expected: list[str]) -> None:
    faults_expected.append("status of 502")
    faults.problem(viewer.page, faults.STUDIES, 502, "The PACS cannot be reached", "The PACS does not answer.")
    viewer.page.get_by_role("button", name="Search").click()
    expect(viewer.page.get_by_role("alert")).to_contain_text("The PACS does not answer.")
    expect(viewer.rows).to_have_count(0)
    viewer.page.unroute(faults.STUDIES)
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.rows.first).to_be_visible()


def test_the_archive_is_another_place_and_nobody_is_looked_up_there(viewer: Viewer) -> None:
    viewer.page.get_by_role("link", name="Teaching archive").click()
    expect(viewer.page.locator(".badge")).to_have_text("Teaching archive")
    expect(viewer.page.get_by_label("Patient name")).to_have_count(0)
    expect(viewer.page.get_by_label("Description")).to_have_count(1)


def test_what_was_stored_is_found_in_the_archive_and_shown(
    new_viewer: NewViewer, looked_at: Gateway, sample_pacs: Path
) -> None:
    instances = [pydicom.dcmread(path) for path in sample_pacs.rglob("*.dcm")]
    hand = [instance for instance in instances if instance.get("Modality") == "DX"]
    looked_at.client().store_instances(hand)
    viewer = new_viewer(viewport={"width": 1280, "height": 1420})
    viewer.sign_in()
    viewer.page.get_by_role("link", name="Teaching archive").click()
    viewer.open_study("hand")
    expect(viewer.page.locator(".study .badge")).to_have_text("Teaching archive")
    assert hand[0].InstitutionName not in viewer.page.inner_text("body")
    assert hand[0].SOPInstanceUID != viewer.viewport.get_attribute("data-instance")
    viewer.assert_equals_rendering()


def test_every_reason_of_the_gateway_has_plain_words() -> None:
    strings = (Path(__file__).parents[2] / "viewer" / "strings.js").read_text()
    block = re.search(r"reason: \{(.*?)\n  \}", strings, re.DOTALL)
    assert block is not None
    assert set(re.findall(r"^ +'?([a-z-]+)'?:", block[1], re.MULTILINE)) == {reason.value for reason in Reason}
