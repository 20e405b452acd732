"""What the README says is what the code does."""

from __future__ import annotations

import re

from tests.docs import README, ROOT, all_routes, rendered

TEXT = README.read_text()


def test_the_generated_tables_are_current() -> None:
    assert rendered(TEXT) == TEXT, "run `make docs`"


def test_every_picture_and_file_that_is_linked_exists() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#\s]+)", TEXT):
        assert (ROOT / target).exists(), target


def test_every_dependency_has_its_decision() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    block = project.split("dependencies = [", 1)[1].split("]\n", 1)[0]
    decisions = TEXT.split("## Decisions", 1)[1]
    for name in re.findall(r'"([a-z0-9-]+)', block):
        assert f"`{name}`" in decisions, f"{name} has no line in README Decisions"


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z]+)`", TEXT):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_contract_routes_exist() -> None:
    paths = {route.path for route in all_routes()}
    contract = (
        "/dicom-web/studies",
        "/teaching/dicom-web/studies",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/quarantine",
    )
    assert set(contract) <= paths
