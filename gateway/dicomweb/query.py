"""A QIDO-RS search as a value: parsed once, sent upstream, and checked against every row (PS3.18 §10.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.dicom.uid import UID
from gateway.dicomweb.attributes import BULK_VRS, TagPath, label, parse_path, vrs
from gateway.errors import BadQuery

MAX_PARAMETERS = 256
MAX_NUMBER_DIGITS = 9

_ELSEWHERE = frozenset({"accept", "charset"})
_NUMBERS = ("limit", "offset")
_FLAGS = ("fuzzymatching",)


class Level(StrEnum):
    """What a row of the answer describes; the value is the last part of the search's URL."""

    STUDY = "studies"
    SERIES = "series"
    INSTANCE = "instances"


@dataclass(frozen=True, slots=True)
class Match:
    """One attribute and the value it is to match; "" matches everything and only asks for the attribute."""

    path: TagPath
    value: str

    def __repr__(self) -> str:
        return f"Match(path={self.path!r})"


@dataclass(frozen=True, slots=True)
class Query:
    """What a client searches for. `limit` None means as many as there are."""

    level: Level
    study: UID | None = None
    series: UID | None = None
    matches: tuple[Match, ...] = ()
    include: tuple[TagPath, ...] = ()
    include_all: bool = False
    limit: int | None = None
    offset: int = 0
    fuzzy: bool = False

    def __repr__(self) -> str:
        return f"Query(level={self.level!r}, keys={sorted(self.keys())!r})"

    def keys(self) -> frozenset[str]:
        """Return every tag that takes part in a match, those of the enclosing sequences too."""
        return frozenset(tag for match in self.matches for tag in match.path)


def parse_query(
    level: Level,
    *,
    study: UID | None = None,
    series: UID | None = None,
    params: Sequence[tuple[str, str]] = (),
) -> Query:
    """Parse the percent-decoded query parameters of a search (PS3.18 §8.3.4).

    Raises:
        BadQuery: for an unknown or repeated parameter or a malformed value. It names the parameter by its
            keyword or by its position, and repeats nothing the client sent.
    """
    if len(params) > MAX_PARAMETERS:
        raise BadQuery(f"A search takes at most {MAX_PARAMETERS} parameters.")
    scalars: dict[str, str] = {}
    matches: dict[TagPath, Match] = {}
    include: dict[TagPath, None] = {}
    include_all = False
    for position, (name, value) in enumerate(params, start=1):
        if name in _ELSEWHERE:
            continue
        if name in _NUMBERS or name in _FLAGS:
            if name in scalars:
                raise BadQuery(f"{name} is given twice.")
            scalars[name] = value
        elif name == "includefield":
            for field in filter(None, value.split(",")):
                if field == "all":
                    include_all = True
                else:
                    include[_include_path(field, position)] = None
        else:
            path = _match_path(name, position)
            if path in matches:
                raise BadQuery(f"{label(path)} is given twice.")
            matches[path] = Match(path, value)
    return Query(
        level=level,
        study=study,
        series=series,
        matches=tuple(matches.values()),
        include=tuple(include),
        include_all=include_all,
        limit=_number(scalars, "limit"),
        offset=_number(scalars, "offset") or 0,
        fuzzy=_flag(scalars, "fuzzymatching"),
    )


def to_params(query: Query, *, limit: int | None, offset: int) -> list[tuple[str, str]]:
    """Return the parameters that ask an origin for one page of `query`.

    Tags instead of keywords, one `includefield` each, values not percent-encoded: some origins decode
    neither, so a caller must leave `* , ^ ?` as they are. Study and series belong in the path. Every matched
    attribute is asked for as well, so that the rows can be checked.
    """
    params = [(".".join(match.path), match.value) for match in query.matches if match.value]
    fields = dict.fromkeys([*query.include, *((match.path[0],) for match in query.matches)])
    params += (
        [("includefield", "all")] if query.include_all else [("includefield", ".".join(f)) for f in fields]
    )
    if query.fuzzy:
        params.append(("fuzzymatching", "true"))
    if limit is not None:
        params.append(("limit", str(limit)))
    if offset:
        params.append(("offset", str(offset)))
    return params


def _include_path(text: str, position: int) -> TagPath:
    path = parse_path(text)
    if path is None:
        raise BadQuery(f"Parameter {position}: includefield takes keywords or tags of PS3.6, or all.")
    return path


def _match_path(text: str, position: int) -> TagPath:
    path = parse_path(text)
    if path is None:
        raise BadQuery(f"Parameter {position} is neither a keyword nor a tag of PS3.6. Check its spelling.")
    *outer, last = (vrs(tag) for tag in path)
    if any("SQ" not in found for found in outer):
        raise BadQuery(f"Parameter {position}: only a sequence can have a dot after it.")
    if not last or last & BULK_VRS:
        raise BadQuery(f"Parameter {position}: private attributes and bulk data cannot be searched for.")
    return path


def _number(scalars: dict[str, str], name: str) -> int | None:
    text = scalars.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_DIGITS):
        raise BadQuery(f"{name} must be a whole number, zero or more, of at most {MAX_NUMBER_DIGITS} digits.")
    return int(text)


def _flag(scalars: dict[str, str], name: str) -> bool:
    text = scalars.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadQuery(f"{name} must be true or false.")
    return text == "true"
