"""The expressions of a script: text with `@function(arguments){body}` in it, parsed once and never again.

What a function returns is data: nothing that comes out of a data set is looked at for functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*")
_CLOSING: Final = {"(": ")", "{": "}"}
_DEEPEST: Final = 32
BODIES: Final = {"if": 2, "select": 2, "append": 1}
"""How many bodies in braces follow the arguments."""


class Malformed(ValueError):
    """An expression cannot be parsed: why, and at which character."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `arguments` are as written but for spaces around them and quotes."""

    at: int
    name: str
    arguments: tuple[str, ...]
    bodies: tuple[Expression, ...] = ()


Expression = tuple[Text | Call, ...]


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        Malformed: a parenthesis, brace or name is missing.
    """
    return tuple(_parts(text, 0, 0))


def calls(expression: Expression) -> Iterator[Call]:
    """Yield every call of an expression, those in bodies too."""
    for part in expression:
        if isinstance(part, Call):
            yield part
            for body in part.bodies:
                yield from calls(body)


def _parts(text: str, base: int, depth: int) -> Iterator[Text | Call]:
    """Yield the parts of `text`, which stands at `base` in the whole expression."""
    if depth > _DEEPEST:
        raise Malformed(base, f"Functions are nested more than {_DEEPEST} deep.")
    literal: list[str] = []
    start = at = 0
    while at < len(text):
        character = text[at]
        if character == "@":
            if literal:
                yield Text(base + start, "".join(literal))
                literal = []
            call, at = _call(text, at, base, depth)
            yield call
            start = at
        else:
            at += character == "\\" and at + 1 < len(text)
            literal.append(text[at])
            at += 1
    if literal:
        yield Text(base + start, "".join(literal))


def _call(text: str, at: int, base: int, depth: int) -> tuple[Call, int]:
    """Return the call that begins at `at`, and where it ends."""
    match = _NAME.match(text, at + 1)
    if match is None:
        raise Malformed(base + at, "After @ a function's name is missing.")
    name, end = match[1], match.end()
    if text[end : end + 1] != "(":
        raise Malformed(base + at, f"@{name} has no opening parenthesis.")
    close = _closing(text, end)
    if close is None:
        raise Malformed(base + at, f"@{name} has no closing parenthesis.")
    arguments = tuple(_arguments(text[end + 1 : close]))
    end = close + 1
    bodies: list[Expression] = []
    for _ in range(BODIES.get(name, 0)):
        brace = end + len(text[end:]) - len(text[end:].lstrip())
        if text[brace : brace + 1] != "{":
            raise Malformed(base + end, f"@{name} must be followed by {BODIES[name]} text(s) in braces.")
        close = _closing(text, brace)
        if close is None:
            raise Malformed(base + brace, f"@{name} has no closing brace.")
        bodies.append(tuple(_parts(text[brace + 1 : close], base + brace + 1, depth + 1)))
        end = close + 1
    return Call(base + at, name, arguments, tuple(bodies)), end


def _closing(text: str, at: int) -> int | None:
    """Return where the parenthesis or brace that opens at `at` closes; quotes and backslashes protect."""
    opening, closing, depth = text[at], _CLOSING[text[at]], 0
    for place, character in _unprotected(text, at):
        depth += (character == opening) - (character == closing)
        if depth == 0:
            return place
    return None


def _arguments(text: str) -> Iterator[str]:
    """Yield the arguments between a pair of parentheses, none when there is nothing between them."""
    if not text.strip():
        return
    start = depth = 0
    for place, character in _unprotected(text, 0):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield _unquoted(text[start:place])
            start = place + 1
    yield _unquoted(text[start:])


def _unprotected(text: str, at: int) -> Iterator[tuple[int, str]]:
    quoted = escaped = False
    for place in range(at, len(text)):
        character = text[place]
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            yield place, character


def _unquoted(argument: str) -> str:
    argument = argument.strip()
    return argument[1:-1] if len(argument) > 1 and argument[0] == argument[-1] == '"' else argument
