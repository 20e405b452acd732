"""The text cleaner: of a free text only words on an allow-list survive (`profiles/vocabulary.toml`).

Known limit: a surname that is also an allowed word ("Long", "Head") survives the first pass where it stands in a
description. The second pass finds it in its residual search and withholds the instance.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from gateway.deid.codes import FORMS
from gateway.deid.strict import Table, read_toml

_TOKEN: Final = re.compile(r"[^\W_]+")
_JOINTS: Final = frozenset("/-_+&,")
_PARTS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-zà-ÿ]+[0-9]*|[A-Z]+[0-9]*")
_AFTER_TITLE: Final = 2
_LONGEST: Final = 1 << 18
"""Characters of a text that is read word by word, which takes a tenth of a second; the longest reports have 30,000."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one kind of text may say.

    `words`: allowed tokens, case-folded; `long_axis` allows two words beside each other only. `exact`: whole values
    that are allowed as they are. `forms`: tests of PS3.16 code systems. `titles`: words after which a name
    comes; they and the next two tokens go.
    """

    name: str
    words: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    forms: tuple[Callable[[str], bool], ...] = ()
    titles: frozenset[str] = frozenset()

    def clean(self, text: str) -> str:
        """Return what of `text` is allowed, in its order and case; cleaning twice changes nothing more.

        Of a text that is too long to be read nothing is.
        """
        if len(text) > _LONGEST:
            return ""
        text = text.strip()
        if text in self.exact or any(form(text) for form in self.forms):
            return text
        tokens = list(_TOKEN.finditer(text))
        kept: list[str] = []
        end = -1
        for token, allowed in zip(tokens, self._allowed([token[0] for token in tokens]), strict=True):
            if not allowed:
                continue
            if kept:
                # Between neighbours a joint stays ("T2-TSE"); over a gap there is nothing left to join.
                between = text[end : token.start()]
                kept.append(between if between in _JOINTS else " ")
            kept.append(token[0])
            end = token.end()
        return "".join(kept)

    def _allowed(self, tokens: list[str]) -> list[bool]:
        folded = self._without_names(tokens)
        allowed = [
            bool(word) and (word in self.words or self._compound(token))
            for word, token in zip(folded, tokens, strict=True)
        ]
        for place, pair in enumerate(pairwise(folded)):
            if "_".join(pair) in self.words:
                allowed[place] = allowed[place + 1] = True
        return allowed

    def _without_names(self, tokens: list[str]) -> list[str]:
        """Return the tokens case-folded, with "" for titles and what follows them; "MR" is a modality, "Mr" a title."""
        named = 0
        rest: list[str] = []
        for token in tokens:
            word = token.casefold()
            title = word in self.titles and not (token.isupper() and word in self.words)
            named = _AFTER_TITLE + 1 if title else max(named - 1, 0)
            rest.append("" if named else word)
        return rest

    def _compound(self, token: str) -> bool:
        """Tell whether a token is written together from allowed words ("AxT2", "CTChest")."""
        parts = _PARTS.findall(token)
        return len(parts) > 1 and "".join(parts) == token and all(part.casefold() in self.words for part in parts)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All sections of one vocabulary file."""

    sections: dict[str, Section] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a vocabulary file.

        Raises:
            ConfigurationError: naming the file and the key that is unknown, missing or of the wrong type.
        """
        root = read_toml(path)
        lists = {name: frozenset(_folded(text)) for name, text in root.table("words").texts().items()}
        titles = frozenset(_folded(root.text("titles")))
        sections = {name: _section(name, table, lists, titles) for name, table in root.table("sections").tables()}
        root.done()
        return cls(sections)


def _folded(text: str) -> list[str]:
    return text.casefold().split()


def _section(name: str, table: Table, lists: dict[str, frozenset[str]], titles: frozenset[str]) -> Section:
    words = [table.one_of(lists, listed) for listed in table.strings("words", default=())]
    forms = [table.one_of(FORMS, form) for form in table.strings("forms", default=())]
    exact = table.strings("exact", default=())
    table.text("why")
    table.done()
    return Section(name, frozenset().union(*words), frozenset(exact), tuple(forms), titles)
