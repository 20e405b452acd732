"""Pixel rules: which images may show text, as data (`profiles/pixel-rules.toml`), read strictly."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from gateway.dicom.dataset import JsonDataset
from gateway.errors import ConfigurationError
from gateway.pixels.values import texts

FORMAT: Final = 1

ATTRIBUTES: Final = {
    "SOPClassUID": "00080016",
    "Modality": "00080060",
    "Manufacturer": "00080070",
    "ManufacturerModelName": "00081090",
    "StationName": "00081010",
    "InstitutionName": "00080080",
    "ImageType": "00080008",
    "ConversionType": "00080064",
    "PhotometricInterpretation": "00280004",
    "Rows": "00280010",
    "Columns": "00280011",
    "BurnedInAnnotation": "00280301",
}
"""What a rule may look at, by keyword."""


class Verdict(StrEnum):
    """What the pixels of an instance need before it may leave."""

    CLEAR = "clear"
    REVIEW = "review"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the image, (x, y) its top left pixel."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Condition:
    """An attribute and the patterns of which one value, or all values joined by a backslash, must match one."""

    attribute: str
    patterns: tuple[str, ...]

    def holds(self, json: JsonDataset) -> bool:
        """Tell whether it holds; an absent attribute is an empty value, which the pattern "" names."""
        values = [value.casefold() for value in texts(json, ATTRIBUTES[self.attribute])]
        candidates = [*filter(None, values), "\\".join(values)]
        return any(fnmatchcase(candidate, pattern) for candidate in candidates for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: applies when every condition of `match` holds and none of `unless`."""

    name: str
    why: str
    verdict: Verdict
    match: tuple[Condition, ...]
    unless: tuple[Condition, ...] = ()
    boxes: tuple[Box, ...] = ()

    def applies(self, json: JsonDataset) -> bool:
        """Tell whether the rule is about this instance."""
        return all(c.holds(json) for c in self.match) and not any(c.holds(json) for c in self.unless)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, in the order in which they are asked."""

    rules: tuple[Rule, ...]


def load_rules(text: str, *, name: str = "pixel-rules.toml") -> Rules:
    """Read rules from TOML; `name` is what messages call the file.

    Raises:
        ConfigurationError: it is no TOML, a key is unknown, missing or of the wrong type, or a name occurs twice.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is not valid TOML: {error}.") from None
    _only(document, {"format", "rule"}, name)
    if document.get("format") != FORMAT:
        raise ConfigurationError(f"{name}: write format = {FORMAT}.")
    rules = tuple(_rule(rule, f"{name}: rule {index}") for index, rule in enumerate(_list(document, "rule", name), 1))
    names = [rule.name for rule in rules]
    if len(set(names)) != len(names):
        raise ConfigurationError(f"{name}: two rules have the same name.")
    return Rules(rules)


def _rule(table: Any, where: str) -> Rule:
    _only(table, {"name", "why", "verdict", "match", "unless", "box"}, where)
    match = _conditions(table.get("match"), f"{where}: match")
    if not match:
        raise ConfigurationError(f"{where}: match names no attribute, so the rule would be about everything.")
    verdict = _text(table, "verdict", where)
    if verdict not in tuple(Verdict):
        raise ConfigurationError(f"{where}: verdict must be one of {', '.join(Verdict)}.")
    boxes = tuple(_box(box, f"{where}: box {index}") for index, box in enumerate(_list(table, "box", where), 1))
    if boxes and not {"Rows", "Columns"} <= {condition.attribute for condition in match}:
        raise ConfigurationError(f"{where}: a rule with boxes must match Rows and Columns, or it misses the text.")
    return Rule(
        name=_text(table, "name", where),
        why=_text(table, "why", where),
        verdict=Verdict(verdict),
        match=match,
        unless=_conditions(table.get("unless", {}), f"{where}: unless"),
        boxes=boxes,
    )


def _conditions(table: Any, where: str) -> tuple[Condition, ...]:
    _only(table, set(ATTRIBUTES), where)
    found = []
    for attribute, value in table.items():
        patterns = value if isinstance(value, list) else [value]
        if not patterns or not all(isinstance(p, str | int) and not isinstance(p, bool) for p in patterns):
            raise ConfigurationError(f"{where}: {attribute} must be a text, a whole number or an array of them.")
        found.append(Condition(attribute, tuple(_pattern(str(p)) for p in patterns)))
    return tuple(found)


def _pattern(text: str) -> str:
    # Only * and ? are wildcards here; a bracket in a model name is a bracket.
    return text.strip().casefold().replace("[", "[[]")


def _box(table: Any, where: str) -> Box:
    _only(table, {"x", "y", "width", "height"}, where)
    values = [table.get(key) for key in ("x", "y", "width", "height")]
    if not all(type(value) is int and 0 <= value <= 0xFFFF for value in values) or 0 in values[2:]:
        raise ConfigurationError(f"{where}: x, y, width and height must be whole numbers of pixels.")
    return Box(*values)


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{where}: {key} must be a text that is not empty.")
    return value


def _list(table: dict[str, Any], key: str, where: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: {key} must be written as [[{key}]].")
    return value


def _only(table: Any, allowed: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where} must be a table.")
    unknown = sorted(set(table) - allowed)
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {', '.join(unknown)}. Known are {', '.join(sorted(allowed))}.")
