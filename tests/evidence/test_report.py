from __future__ import annotations

import json
import re
import shutil
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from gateway.deid.profile import Pass
from gateway.evidence.report import Evidence, evidence
from gateway.evidence.report_html import to_html
from gateway.evidence.report_json import to_json
from gateway.evidence.write import write_report
from tests.deid.shipped import PROFILES
from tests.evidence.small import SMALL


@cache
def small() -> Evidence:
    return evidence(PROFILES, kinds=SMALL[:2])


class _Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.headers_without_scope = 0
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        if tag == "th" and named.get("scope") not in ("col", "row", "rowgroup"):
            self.headers_without_scope += 1
        for name in ("src", "href"):
            if not (named.get(name) or "#").startswith("#"):
                self.outside.append(str(named[name]))


def test_the_report_says_that_nothing_is_left() -> None:
    found = json.loads(to_json(small()))
    assert found["sound"] is True
    assert found["total"]["left_first"] == found["total"]["left_second"] == 0
    assert found["total"]["found_raw"] == found["total"]["planted"] > 6000
    assert len(found["aryanto_2015"]["attributes"]) == 50
    assert all(one["planted"] and not one["left_second"] for one in found["aryanto_2015"]["attributes"])
    assert found["table_e_1_1"]["rows"] == 621


def test_the_report_is_the_same_byte_for_byte() -> None:
    again = evidence(PROFILES, kinds=SMALL[:2])
    assert to_json(again) == to_json(small())
    assert to_html(again) == to_html(small())


def test_the_page_is_static_and_its_tables_have_headers() -> None:
    page = _Page()
    page.feed(to_html(small()))
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.outside == []
    assert page.headers_without_scope == 0
    assert page.tags.count("caption") == page.tags.count("table") > 8


def test_every_link_of_the_contents_leads_to_a_section() -> None:
    html = to_html(small())
    assert set(re.findall(r'href="#([a-z]+)"', html)) <= set(re.findall(r'id="([a-z]+)"', html))


def test_the_page_names_the_profiles_and_the_test_key() -> None:
    html = to_html(small())
    assert "Test key" in html
    assert all(profile.hash in html for profile in small().profiles.values())


def test_a_phrase_that_teaching_needs_is_mostly_kept() -> None:
    found = small().phrases
    assert sum(phrase.kept(Pass.SECOND) for phrase in found) / len(found) > 0.7


def test_the_report_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    page, data = write_report(small(), tmp_path / "deep" / "report")
    assert page.read_text() == to_html(small())
    assert json.loads(data.read_text())["files"] == 4


def test_a_profile_that_lets_a_name_through_is_found_out(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    shutil.copytree(PROFILES, profiles)
    common = profiles / "common.toml"
    weak = common.read_text().replace(
        'attributes = ["PatientName", "PatientID"]\naction = "pseudonym"',
        'attributes = ["PatientName", "PatientID"]\naction = "keep"',
    )
    assert weak != common.read_text()
    common.write_text(weak)
    found = evidence(profiles, kinds=SMALL[:1])
    assert not found.sound
    assert {plant.keyword for _, _, plant in found.leaks} == {"PatientName", "PatientID"}
    assert {which for _, which, _ in found.leaks} == set(Pass)
    html = to_html(found)
    assert "Not sound" in html
    assert "What was left or withheld" in html
    assert json.loads(to_json(found))["leaks"][0]["keyword"] == "PatientName"
