"""multipart/related bodies without I/O: bytes in, events out, and back (PS3.18 §8.6.1.2, RFC 2046 §5.1).

The decoder holds back no more than a delimiter line, never a part. It takes what real peers send: a body that
begins with CRLF or at once with the boundary, a preamble, padding after a boundary, NUL bytes at the end. It
does not take a body without its closing boundary: what was cut off must never look like a shorter answer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.dicomweb.media import parse_media_type, quote
from gateway.errors import BadRequest, GatewayError

MAX_PREAMBLE = 64 * 1024
MAX_HEADER = 16 * 1024
MAX_EPILOGUE = 1024 * 1024
MAX_PADDING = 64
MAX_BOUNDARY = 256  # RFC 2046 says 70; longer ones are in use

_PADDING = re.compile(rb"[ \t]*\r\n")
_PADDING_SO_FAR = re.compile(rb"-|[ \t]*\r?")
_BOUNDARY = re.compile(r"[ -~]*[!-~]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part begins; the names of `headers` are in lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class PartData:
    """A piece of the part, never empty."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete: the boundary after it was seen."""


Event = PartBegin | PartData | PartEnd


class _State(Enum):
    PREAMBLE = "preamble"
    HEADER = "header"
    BODY = "body"
    DONE = "done"


class _Line(Enum):
    """What the boundary's text turned out to be, by what follows it."""

    DELIMITER = "delimiter"
    CLOSING = "closing"
    CHANCE = "chance"
    UNDECIDED = "undecided"


class PartDecoder:
    """Decodes one body. Feed it every chunk in order, then call `finish`."""

    def __init__(self, boundary: str, *, error: type[GatewayError] = BadRequest) -> None:
        """Take the body's boundary, and the class of error to raise when the body is malformed."""
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._error = error
        self._state = _State.PREAMBLE
        # The first boundary may stand at the very beginning, as if a line had just ended.
        self._held = b"\r\n"
        self._skip = 0
        self._outside = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that `chunk` completes.

        Raises:
            The error class given: when a header is malformed or a named limit is exceeded.
        """
        events: list[Event] = []
        if self._state is _State.DONE:
            self._discard(len(chunk), MAX_EPILOGUE)
            return events
        buffer, self._held = (self._held + chunk if self._held else chunk), b""
        position: int | None = 0
        while position is not None:
            step = self._header if self._state is _State.HEADER else self._content
            position = step(buffer, position, events)
        return events

    def finish(self) -> None:
        """Return when the closing boundary was seen; raise the error class given when not."""
        if self._state is not _State.DONE:
            raise self._error("The multipart body ends before its closing boundary: it is incomplete. Send it again.")

    def _content(self, buffer: bytes, begin: int, events: list[Event]) -> int | None:
        """Consume the preamble or a part up to the next delimiter; return where the header begins, or None."""
        start = begin + self._skip
        self._skip = 0
        found = buffer.find(self._delimiter, begin)
        line = _Line.CHANCE
        while found >= 0:
            line = _judge(buffer, after := found + len(self._delimiter))
            if line is not _Line.CHANCE:
                break
            found = buffer.find(self._delimiter, found + 1)
        if found < 0:
            found = self._beginning_of_delimiter(buffer, begin)
            line = _Line.UNDECIDED
        inside = self._state is _State.BODY
        if not inside:
            self._discard(found - begin, MAX_PREAMBLE)
        elif start < found:
            events.append(PartData(buffer[start:found]))
        if line is _Line.UNDECIDED:
            self._held = buffer[found:]
            self._skip = max(0, start - found)
            return None
        if inside:
            events.append(PartEnd())
        if line is _Line.CLOSING:
            self._state = _State.DONE
            self._outside = 0
            self._discard(len(buffer) - after, MAX_EPILOGUE)
            return None
        self._state = _State.HEADER
        return buffer.index(b"\r\n", after)

    def _header(self, buffer: bytes, begin: int, events: list[Event]) -> int | None:
        """Consume a part's header from the CRLF before it; return where its body is looked for, or None."""
        end = buffer.find(b"\r\n\r\n", begin)
        if (end if end >= 0 else len(buffer)) - begin > MAX_HEADER:
            raise self._error(f"The header of a part exceeds {MAX_HEADER} bytes.")
        if end < 0:
            self._held = buffer[begin:]
            return None
        events.append(PartBegin(self._parse_header(buffer[begin + 2 : end])))
        self._state = _State.BODY
        # The line end that closes the header may also open the delimiter of an empty part.
        self._skip = 2
        return end + 2

    def _parse_header(self, block: bytes) -> dict[str, str]:
        headers: dict[str, str] = {}
        for line in filter(None, re.sub(rb"\r\n[ \t]+", b" ", block).split(b"\r\n")):
            name, colon, value = line.decode("latin-1").partition(":")
            name = name.strip().lower()
            if not colon or not _HEADER_NAME.fullmatch(name) or name in headers:
                raise self._error("The header of a part is malformed.")
            headers[name] = value.strip()
        return headers

    def _beginning_of_delimiter(self, buffer: bytes, begin: int) -> int:
        """Return where a delimiter begins that the next chunk may complete, or the buffer's end."""
        # CR occurs in the delimiter only as its first byte, so the last CR decides.
        at = buffer.rfind(b"\r", max(begin, len(buffer) - len(self._delimiter) + 1))
        return at if at >= 0 and self._delimiter.startswith(buffer[at:]) else len(buffer)

    def _discard(self, size: int, limit: int) -> None:
        self._outside += size
        if self._outside > limit:
            raise self._error(f"The multipart body holds more than {limit} bytes before or after its parts.")


def _judge(buffer: bytes, after: int) -> _Line:
    """Tell by what follows the boundary's text whether it is a delimiter (RFC 2046 §5.1.1)."""
    if buffer.startswith(b"--", after):
        return _Line.CLOSING
    rest = buffer[after : after + MAX_PADDING]
    if _PADDING.match(rest):
        return _Line.DELIMITER
    return _Line.UNDECIDED if len(rest) < MAX_PADDING and _PADDING_SO_FAR.fullmatch(rest) else _Line.CHANCE


class PartEncoder:
    """Encodes one body, which begins with its boundary: some clients take no line end before it."""

    def __init__(self, boundary: str) -> None:
        self._boundary = boundary.encode("ascii")
        self._line_end = b""

    def head(self, headers: Sequence[tuple[str, str]]) -> bytes:
        """Return what stands before the next part's bytes; a field's value must not hold a line end."""
        if any(char in text for field in headers for text in field for char in "\r\n"):
            raise ValueError("A header field with a line end would be two.")
        lines = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
        line_end, self._line_end = self._line_end, b"\r\n"
        return line_end + b"--" + self._boundary + b"\r\n" + lines + b"\r\n"

    def close(self) -> bytes:
        """Return what stands after the last part."""
        return self._line_end + b"--" + self._boundary + b"--\r\n"


def new_boundary() -> str:
    """Return a boundary that no part contains but by a chance of 2^-128; it needs no quotes."""
    return secrets.token_hex(16)


def content_type(boundary: str, part: str, transfer_syntax: str | None = None) -> str:
    """Return the Content-Type of a body whose parts are of type `part` (PS3.18 §8.7.3.5.1)."""
    text = f'multipart/related; type="{part}"; boundary={quote(boundary)}'
    return f"{text}; transfer-syntax={transfer_syntax}" if transfer_syntax else text


def boundary_of(content_type: str, *, error: type[GatewayError] = BadRequest) -> str:
    """Return the boundary that a Content-Type names, quoted or not.

    Raises:
        The error class given: when the type is no multipart or names no boundary.
    """
    media = parse_media_type(content_type)
    if media is None or not media.name.startswith("multipart/"):
        raise error("The Content-Type is not multipart/related.")
    boundary = media.param("boundary") or ""
    if len(boundary) > MAX_BOUNDARY or not _BOUNDARY.fullmatch(boundary):
        raise error("The Content-Type names no boundary, or one that is not printable ASCII.")
    return boundary
