"""Media types with parameters, as HTTP headers spell them (RFC 9110 §8.3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range. `name` and the names of parameters are in lower case; values are unquoted."""

    name: str
    params: tuple[tuple[str, str], ...] = ()

    def param(self, name: str) -> str | None:
        """Return the value of the first parameter called `name`."""
        return next((value for key, value in self.params if key == name), None)


def parse_media_type(text: str) -> MediaType | None:
    """Return `text` as a media type, or None when it is not one.

    An unquoted value may hold any character but ";": clients write `type=application/dicom`.
    """
    pieces = split_quoted(text, ";")
    if pieces is None or not _NAME.fullmatch(pieces[0]):
        return None
    params = []
    for piece in filter(None, pieces[1:]):
        name, equals, value = piece.partition("=")
        if not equals or not _TOKEN.fullmatch(name.strip()):
            return None
        params.append((name.strip().lower(), unquote(value.strip())))
    return MediaType(pieces[0].lower(), tuple(params))


def split_quoted(text: str, separator: str) -> list[str] | None:
    """Split `text` at `separator` outside quotes, and strip the pieces; None when a quote is not closed."""
    pieces, start, quoted, escaped = [], 0, False, False
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == separator and not quoted:
            pieces.append(text[start:at].strip())
            start = at + 1
    pieces.append(text[start:].strip())
    return None if quoted else pieces


def unquote(value: str) -> str:
    """Return a parameter's value without its quotes."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return _ESCAPE.sub(r"\1", value[1:-1])
    return value


def quote(value: str) -> str:
    """Return a parameter's value as a token where it is one, else quoted."""
    if _TOKEN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
