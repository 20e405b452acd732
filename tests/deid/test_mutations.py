"""No rule of a shipped profile is idle: without any one of them, what is written down is no longer what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import zip_longest

import pytest

from gateway.deid.compiler import compile_plan
from gateway.deid.profile import Profile, load_profile
from gateway.errors import ConfigurationError
from tests.deid.decided import decided, recorded
from tests.deid.shipped import NAMES, PROFILES

FILES = ("common.toml", *(f"{name}-pass.toml" for name in NAMES))


@cache
def profile(name: str) -> Profile:
    return load_profile(PROFILES / f"{name}-pass.toml")


@cache
def written_down(name: str) -> list[str]:
    return recorded(name).read_text("utf-8").splitlines()


def is_noticed(name: str, mutant: Profile) -> bool:
    """Tell whether a profile is refused, or decides otherwise than is written down."""
    try:
        lines = decided(compile_plan(mutant, this_year=2026))
    except ConfigurationError:
        return True
    return any(line != said for line, said in zip_longest(lines, written_down(name)))


def mutants(name: str) -> Iterator[tuple[str, Profile]]:
    """Yield the profile without each of its rules and allow-lists, and where what is missing was written."""
    whole = profile(name)
    for at, rule in enumerate(whole.rules):
        yield rule.where, replace(whole, rules=whole.rules[:at] + whole.rules[at + 1 :])
    for at, allowed in enumerate(whole.allow_lists):
        yield allowed.where, replace(whole, allow_lists=whole.allow_lists[:at] + whole.allow_lists[at + 1 :])


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_profile_decides_what_is_written_down(name: str) -> None:
    assert not is_noticed(name, profile(name))


@pytest.mark.parametrize("file", FILES)
def test_deleting_any_rule_is_noticed(file: str) -> None:
    noticed: dict[str, bool] = {}
    for name in NAMES:
        for where, mutant in mutants(name):
            if where.startswith(file) and not noticed.get(where):
                noticed[where] = is_noticed(name, mutant)
    assert noticed
    assert [where for where, seen in noticed.items() if not seen] == []
