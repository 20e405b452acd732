"""The older form of a script: Java properties, `set.[gggg,eeee]Name=`, `param.X=`, `keep.…=`, `remove.…=`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.deid.mirc.names import address_of
from gateway.deid.mirc.script import Draft, Entry, Parameter

_BLANKS: Final = " \t\f"
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.)|$)", re.DOTALL)
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_KEY: Final = re.compile(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)


def read_properties(text: str) -> Draft:
    """Read the properties form; a leading # disables a line."""
    draft = Draft()
    for line, content in _lines(text):
        disabled = content.startswith("#set.")
        if content[0] in "#!" and not disabled:
            continue
        match = _KEY.fullmatch(content.lstrip("#"))
        if match is not None:
            _entry(draft, line, _unescaped(match[1]), _unescaped(match[2]), not disabled)
    return draft


def _entry(draft: Draft, line: int, key: str, value: str, enabled: bool) -> None:
    kind, _, rest = key.partition(".")
    match kind:
        case "param":
            draft.parameters.append(Parameter(line, rest.strip(), value.strip()))
        case "set":
            _element(draft, line, rest, value, enabled)
        case "keep" if rest.startswith(("group", "safe")):
            draft.keep(line, rest.removeprefix("group").strip())
        case "remove":
            draft.remove(line, rest.strip())
        case _:
            draft.problem(
                line, "A line begins with set.[, param., keep.group, keep.safe or remove.; nothing else is known."
            )


def _element(draft: Draft, line: int, rest: str, value: str, enabled: bool) -> None:
    close = _closing(rest)
    address = address_of(rest[: close + 1]) if close is not None else None
    if address is None or close is None:
        draft.problem(line, "After set. must stand [gggg,eeee] or [gggg,[Creator]ee], spaces written as '\\ '.")
        return
    draft.entries.append(Entry(line, address, rest[close + 1 :].strip(), enabled, value.strip()))


def _closing(text: str) -> int | None:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if depth == 0:
            return place if character == "]" else None
    return None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each logical line that is not blank, with the number of its first natural one."""
    first, content = 0, ""
    for number, natural in enumerate(text.splitlines(), 1):
        stripped = natural.lstrip(_BLANKS)
        if not content:
            first = number
        content += stripped
        is_comment = content[:1] in ("#", "!") and first == number
        if not is_comment and _continues(stripped):
            content = content[:-1]
            continue
        if content:
            yield first, content
        content = ""
    if content:
        yield first, content


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _character(match[2]), text)


def _character(escaped: str | None) -> str:
    return "" if escaped is None else _CONTROLS.get(escaped, escaped)
