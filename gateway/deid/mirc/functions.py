"""The functions of the script language: what arguments they take, and which are refused and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.deid.mirc.expression import Call, Expression, calls
from gateway.deid.mirc.names import Address, element_of

_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")
_OPERATORS: Final = {"isblank": 2, "exists": 2, "contains": 3, "equals": 3, "matches": 3, "greaterthan": 3}


@dataclass(frozen=True, slots=True)
class Signature:
    """A function: the number of its arguments, and what some of them are, counted from 0."""

    least: int
    most: int
    elements: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    patterns: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    """Where the name of a parameter stands for its value."""


SIGNATURES: Final = {
    "always": Signature(0, 0),
    "append": Signature(0, 0),
    "blank": Signature(1, 1, numbers=(0,)),
    "contents": Signature(1, 3, elements=(0,), patterns=(1,)),
    "date": Signature(0, 1),
    "dateinterval": Signature(3, 4, elements=(0, 2), parameters=(3,)),
    "empty": Signature(0, 0),
    "hash": Signature(1, 2, elements=(0,), numbers=(1,), parameters=(1,)),
    "hashdate": Signature(2, 2, elements=(0, 1)),
    "hashname": Signature(2, 3, elements=(0,), numbers=(1, 2), parameters=(1, 2)),
    "hashptid": Signature(2, 3, elements=(1,), numbers=(2,), parameters=(0, 2)),
    "hashuid": Signature(2, 3, elements=(1, 2), parameters=(0,)),
    "if": Signature(2, 3, elements=(0,), parameters=(2,)),
    "incrementdate": Signature(2, 3, elements=(0,), parameters=(1, 2)),
    "initials": Signature(1, 2, elements=(0,), numbers=(1,), parameters=(1,)),
    "keep": Signature(0, 0),
    "lowercase": Signature(1, 1, elements=(0,)),
    "modifydate": Signature(4, 4, elements=(0,), parameters=(1, 2, 3)),
    "param": Signature(1, 1, parameters=(0,)),
    "process": Signature(0, 0),
    "quarantine": Signature(0, 0),
    "remove": Signature(0, 0),
    "require": Signature(0, 2, elements=(0,)),
    "round": Signature(2, 2, elements=(0,), numbers=(1,), parameters=(1,)),
    "select": Signature(0, 0),
    "time": Signature(0, 1),
    "truncate": Signature(2, 2, elements=(0,), numbers=(1,)),
    "uppercase": Signature(1, 1, elements=(0,)),
    "value": Signature(1, 2, elements=(0,)),
}

REFUSED: Final = {
    "call": "it runs a plug-in, which is code that nobody here can judge. Say what the element should become.",
    "decrypt": "it brings identifiers back.",
    "encrypt": "whoever has the key in the script reads the original. @hashptid becomes a keyed pseudonym.",
    "integer": "it needs a table of originals that grows as it runs. @hashptid becomes a keyed pseudonym.",
    "lookup": "it needs a table of originals, which the gateway does not hold. @hashptid becomes a keyed pseudonym.",
    "pathelement": "it copies a part of a value that nobody has looked at. Remove the element.",
    "skip": "it lets an instance through untouched. List the SOP classes that may pass in [sop-classes] instead.",
}


@dataclass(frozen=True, slots=True)
class Context:
    """Where an expression stands: its element, the local names of elements, the values of parameters."""

    this: Address
    names: dict[str, Address]
    parameters: dict[str, str]


def check(expression: Expression, context: Context) -> Iterator[tuple[int, str]]:
    """Yield where and why an expression cannot be imported."""
    for call in calls(expression):
        for reason in _check(call, context):
            yield call.at, f"@{call.name}: {reason}"
    if len(expression) == 1 and isinstance(expression[0], Call) and expression[0].name == "quarantine":
        yield (
            expression[0].at,
            "@quarantine: a profile decides attribute by attribute. Withhold by SOP class ([sop-classes]) "
            "or by a rule of pixel-rules.toml.",
        )


def _check(call: Call, context: Context) -> Iterator[str]:
    if call.name in REFUSED:
        yield f"refused: {REFUSED[call.name]}"
        return
    signature = SIGNATURES.get(call.name)
    if signature is None:
        yield "no such function."
        return
    if not signature.least <= len(call.arguments) <= signature.most:
        span = f"{signature.least}" if signature.least == signature.most else f"{signature.least} to {signature.most}"
        yield f"takes {span} argument(s), not {len(call.arguments)}."
        return
    if call.name == "if" and _OPERATORS.get(call.arguments[1]) != len(call.arguments):
        yield "the condition must be isblank, exists, or contains, equals, matches, greaterthan with a value."
    for place, argument in enumerate(call.arguments):
        if place in signature.elements:
            if element_of(argument, context.this, context.names) is None:
                yield f"{argument!r} names no element."
        elif place in signature.parameters and argument[:1] in ("@", "$"):
            if argument[1:] in context.parameters:
                yield from _check_value(call, place, context.parameters[argument[1:]])
            else:
                yield f"the parameter {argument!r} is not defined."
        else:
            yield from _check_value(call, place, argument)


def _check_value(call: Call, place: int, value: str) -> Iterator[str]:
    signature = SIGNATURES[call.name]
    if place in signature.numbers and not _NUMBER.fullmatch(value):
        yield f"argument {place + 1} must be a whole number."
    if call.name == "incrementdate" and len(call.arguments) == 2 and not _NUMBER.fullmatch(value):
        yield "the increment must be a whole number of days."
    is_pattern = place in signature.patterns or (call.name == "if" and place == 2 and call.arguments[1] == "matches")
    if is_pattern and not _compiles(value):
        yield f"argument {place + 1} is no regular expression."


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
