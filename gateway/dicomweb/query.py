"""A QIDO-RS search as a value: parsed once, sent upstream, and checked against every row (PS3.18 §10.6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from gateway.dicom.dataset import JsonDataset
from gateway.dicom.uid import UID
from gateway.dicomweb.attributes import TagPath, is_private, label, parse_path, vr
from gateway.dicomweb.levels import SERIES_UID, STUDY_UID, Level, describes, is_below, returned
from gateway.dicomweb.matching import Match, Predicate, Scope, compile_matches, row_zone
from gateway.dicomweb.upstream import key_params
from gateway.dicomweb.values import Options
from gateway.errors import BadQuery

__all__ = ["Level", "Match", "Query", "TagPath", "parse_query", "to_params"]

MAX_PARAMETERS = 256
MAX_NUMBER_DIGITS = 9

_ELSEWHERE = frozenset({"accept", "charset"})
_NUMBERS = ("limit", "offset")
_FLAGS = ("fuzzymatching", "emptyvaluematching", "multiplevaluematching")
_ABOVE = {Level.STUDY: (), Level.SERIES: (STUDY_UID,), Level.INSTANCE: (STUDY_UID, SERIES_UID)}
_INSTEAD = {"00080060": "search /series by it, or studies by ModalitiesInStudy"}


@dataclass(frozen=True, slots=True)
class Query:
    """What a client searches for. `limit` None means as many as there are.

    A Query that exists is valid: making one raises `BadQuery` for a value that its VR does not allow, and for
    an attribute of a lower level than the rows'.
    """

    level: Level
    study: UID | None = None
    series: UID | None = None
    matches: tuple[Match, ...] = ()
    include: tuple[TagPath, ...] = ()
    include_all: bool = False
    limit: int | None = None
    offset: int = 0
    fuzzy: bool = False
    empty: bool = False
    multiple: bool = False
    _test: Predicate = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for match in self.matches:
            needs = describes(match.path[0])
            if match.value and is_below(needs, self.level):
                raise BadQuery(
                    f"{label(match.path)} tells {needs} apart: {_INSTEAD.get(match.path[0], f'search /{needs} by it')}."
                )
        fixed = [Match((STUDY_UID,), self.study)] if self.study else []
        fixed += [Match((SERIES_UID,), self.series)] if self.series else []
        tests = compile_matches(fixed, Options()), compile_matches(self.matches, self.options())
        object.__setattr__(self, "_test", lambda row, scope: all(test(row, scope) for test in tests))

    def __repr__(self) -> str:
        return f"Query(level={self.level!r}, keys={sorted(self.keys())!r})"

    def options(self) -> Options:
        """Return what changes the meaning of the keys."""
        return Options(fuzzy=self.fuzzy, empty=self.empty, multiple=self.multiple)

    def keys(self) -> frozenset[str]:
        """Return every tag that takes part in a match, those of the enclosing sequences too."""
        return frozenset(tag for match in self.matches for tag in match.path)

    def accepts(self, row: JsonDataset, *, trusting: Collection[str] = ()) -> bool:
        """Tell whether `row` matches every key, the study and series of the URL included (PS3.4 C.2.2.2).

        An attribute that the row lacks, or holds without a value, matches only a universal key. Tags in
        `trusting` match then too: for an origin that matched them but does not return them.
        """
        return self._test(row, Scope(trusting=frozenset(trusting), zone=row_zone(row)))

    def unanswered(self, row: JsonDataset) -> frozenset[str]:
        """Return the top-level tags with a non-empty key that `row` does not hold at all.

        An origin whose rows lack a key's attribute has probably not matched it.
        """
        return frozenset(match.path[0] for match in self.matches if match.value and match.path[0] not in row)

    def project(self, row: JsonDataset) -> JsonDataset:
        """Return `row` with the attributes this search is answered with, in the row's order (PS3.18 §10.6.3.3).

        A sequence is kept whole when an attribute in it is asked for.
        """
        if self.include_all:
            return dict(row)
        tags = self.returned()
        return {tag: element for tag, element in row.items() if tag in tags}

    def returned(self) -> frozenset[str]:
        """Return the tags a row is answered with, unless all are: the level's own, matched and included ones."""
        asked = {path[0] for path in (*self.include, *(match.path for match in self.matches))}
        creators = {f"{tag[:4]}00{tag[4:6]}" for tag in asked if is_private(tag)}
        within_study, within_series = self.study is not None, self.series is not None
        return returned(self.level, within_study=within_study, within_series=within_series) | asked | creators


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
        empty=_flag(scalars, "emptyvaluematching"),
        multiple=_flag(scalars, "multiplevaluematching"),
    )


def to_params(query: Query, *, limit: int | None, offset: int) -> list[tuple[str, str]]:
    """Return the parameters that ask an origin for one page of `query`, or of a superset of it.

    Tags instead of keywords, one `includefield` each, values of characters that need no percent-encoding.
    Study and series belong in the path. Every matched attribute and the UIDs above the row are asked for
    too, so that the rows can be checked with `Query.accepts`.
    """
    params = key_params(query.matches, query.options())
    asked = [path[0] for path in (*query.include, *(match.path for match in query.matches))]
    fields = dict.fromkeys([*_ABOVE[query.level], *asked])
    params += [("includefield", "all")] if query.include_all else [("includefield", tag) for tag in fields]
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
    if any(vr(tag) != "SQ" for tag in path[:-1]):
        raise BadQuery(f"Parameter {position}: only a sequence can have a dot after it.")
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
