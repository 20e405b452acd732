"""Writing TOML: as much of it as a profile needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

_WIDTH: Final = 118


def write_profile(comments: Sequence[str], tables: Mapping[str, Any]) -> str:
    """Return a document: comments, then tables, then arrays of tables, in the order given."""
    blocks = ["\n".join(f"# {line}" for line in comments)]
    for name, value in tables.items():
        if isinstance(value, Mapping):
            blocks.append(f"[{name}]\n{_pairs(value)}")
        else:
            blocks += [f"[[{name}]]\n{_pairs(table)}" for table in value]
    return "\n\n".join(blocks) + "\n"


def _pairs(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {_value(value, len(key) + 3)}" for key, value in table.items())


def _value(value: Any, indent: int) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            # JSON escapes all that TOML wants escaped but DEL.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_value(part, 0)}" for key, part in value.items()) + " }"
    parts = [_value(part, 0) for part in value]
    line = f"[{', '.join(parts)}]"
    return line if indent + len(line) <= _WIDTH else "[\n" + _wrapped(parts) + "\n]"


def _wrapped(parts: Sequence[str]) -> str:
    lines = [" "]
    for part in parts:
        if len(lines[-1]) + len(part) + 2 > _WIDTH and lines[-1].strip():
            lines.append(" ")
        lines[-1] += f" {part},"
    return "\n".join(lines)
