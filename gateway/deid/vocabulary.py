"""The text cleaner: of a free text only words on an allow-list survive (`profiles/vocabulary.toml`).

Known limit: a surname that is also an allowed word ("Long", "Head") survives the first pass where it stands in a
description. The second pass finds it in its residual search and withholds the instance.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.deid.codes import FORMS
from gateway.deid.strict import Table, read_toml

_TOKEN: Final = re.compile(r"[^\W_]+")
_JOINTS: Final = frozenset("/-_+&,")
_AFTER_TITLE: Final = 2


@dataclass(frozen=True, slots=True)
class Section:
    """What one kind of text may say.

    `words`: allowed tokens, case-folded. `exact`: whole values that are allowed as they are. `forms`: tests of
    PS3.16 code systems. `titles`: words after which a name comes; they and the next two tokens go.
    """

    name: str
    words: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    forms: tuple[Callable[[str], bool], ...] = ()
    titles: frozenset[str] = frozenset()

    def clean(self, text: str) -> str:
        """Return what of `text` is allowed, in its order and case; cleaning twice changes nothing more."""
        text = text.strip()
        if text in self.exact or any(form(text) for form in self.forms):
            return text
        kept: list[str] = []
        end = skip = 0
        adjacent = False
        for match in _TOKEN.finditer(text):
            word = match[0].casefold()
            if word in self.titles:
                skip, allowed = _AFTER_TITLE, False
            else:
                allowed = skip == 0 and word in self.words
                skip = max(skip - 1, 0)
            if allowed:
                between = text[end : match.start()]
                if kept:
                    kept.append(between if adjacent and between in _JOINTS else " ")
                kept.append(match[0])
            adjacent, end = allowed, match.end()
        return "".join(kept)


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
