from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import ConfigurationError
from gateway.pixels.rules import Box, Condition, Verdict, load_rules

RULE = """
format = 1
[[rule]]
name = "my-scanner"
why = "The name is in the top right corner."
verdict = "clear"
match = { Manufacturer = "Invented*", StationName = ["us-1", "US-2"], Rows = 480, Columns = [640, 800] }
unless = { ImageType = 'ORIGINAL\\PRIMARY*' }
[[rule.box]]
x = 400
y = 0
width = 240
height = 32
"""


def header(**values: Any) -> dict[str, Any]:
    tags = {
        "Manufacturer": "00080070", "StationName": "00081010", "Rows": "00280010", "Columns": "00280011",
        "ImageType": "00080008", "BurnedInAnnotation": "00280301",
    }  # fmt: skip
    return {
        tags[name]: {"vr": "LO", "Value": value if isinstance(value, list) else [value]}
        for name, value in values.items()
    }


def test_a_rule_is_read() -> None:
    (rule,) = load_rules(RULE).rules
    assert (rule.name, rule.verdict, rule.why[-7:]) == ("my-scanner", Verdict.CLEAR, "corner.")
    assert rule.boxes == (Box(400, 0, 240, 32),)


@pytest.mark.parametrize(
    ("change", "applies"),
    [
        ({}, True),
        ({"Manufacturer": "INVENTED Imaging "}, True),
        ({"Manufacturer": "An Invented"}, False),
        ({"StationName": "us-2"}, True),
        ({"StationName": "us-21"}, False),
        ({"Columns": 800}, True),
        ({"Columns": 801}, False),
        ({"Rows": "480"}, True),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "X"]}, False),
        ({"ImageType": ["DERIVED", "PRIMARY"]}, True),
    ],
)
def test_when_a_rule_applies(change: dict[str, Any], applies: bool) -> None:
    (rule,) = load_rules(RULE).rules
    base = {"Manufacturer": "Invented Imaging", "StationName": "US-1", "Rows": 480, "Columns": 640}
    assert rule.applies(header(**{**base, **change})) is applies


@pytest.mark.parametrize(
    ("patterns", "values", "holds"),
    [
        ((""), None, True),
        ((""), "NO", False),
        (("?*"), None, False),
        (("?*"), "NO", True),
        (("*"), None, True),
        ((""), ["A", ""], False),
    ],
)
def test_absent_and_present(patterns: str, values: Any, holds: bool) -> None:
    json_dataset = {} if values is None else header(BurnedInAnnotation=values)
    assert Condition("BurnedInAnnotation", (patterns,)).holds(json_dataset) is holds


def test_brackets_are_no_wildcards() -> None:
    text = RULE.replace('"Invented*"', '"Model [AB]"')
    (rule,) = load_rules(text).rules
    base = {"StationName": "US-1", "Rows": 480, "Columns": 640}
    assert rule.applies(header(Manufacturer="Model [AB]", **base))
    assert not rule.applies(header(Manufacturer="Model A", **base))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "write format = 1"),
        ("format = 1", "", "write format = 1"),
        ("format = 1", "format = 1\nextra = 2", "unknown key extra"),
        ("[[rule]]", "[rule]", "[[rule]]"),
        ('name = "my-scanner"', 'nam = "my-scanner"', "unknown key nam"),
        ('name = "my-scanner"', "", "name must be a text"),
        ('why = "The name is in the top right corner."', 'why = " "', "why must be a text"),
        ('verdict = "clear"', 'verdict = "clean"', "verdict must be one of clear, review, blocked"),
        ('verdict = "clear"', "verdict = true", "verdict must be a text"),
        ("Manufacturer =", "Maker =", "unknown key Maker"),
        ("Rows = 480", "Rows = 480.5", "Rows must be a text, a whole number"),
        ("Rows = 480", "Rows = []", "Rows must be"),
        ("Rows = 480", "Rows = true", "Rows must be"),
        (", Rows = 480", "", "must match Rows and Columns"),
        ("height = 32", "height = 0", "whole numbers of pixels"),
        ("height = 32", 'height = "32"', "whole numbers of pixels"),
        ("height = 32", "", "whole numbers of pixels"),
        ("height = 32", "height = 32\ndepth = 1", "unknown key depth"),
        ("x = 400", "x = -1", "whole numbers of pixels"),
        ("format = 1", "format = ", "not valid TOML"),
        ("unless = {", "unless = [", "not valid TOML"),
        (
            'match = { Manufacturer = "Invented*", StationName = ["us-1", "US-2"], Rows = 480, Columns = [640, 800] }',
            "match = {}",
            "match names no attribute",
        ),
        (
            'match = { Manufacturer = "Invented*", StationName = ["us-1", "US-2"], Rows = 480, Columns = [640, 800] }',
            "",
            "match must be a table",
        ),
    ],
)
def test_whatever_is_not_meant_stops_the_start(old: str, new: str, message: str) -> None:
    assert old in RULE
    with pytest.raises(ConfigurationError) as caught:
        load_rules(RULE.replace(old, new, 1))
    assert message in str(caught.value)
    assert "pixel-rules.toml" in str(caught.value)


def test_two_rules_of_one_name_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match="same name"):
        load_rules(RULE + RULE.replace("format = 1", ""))
