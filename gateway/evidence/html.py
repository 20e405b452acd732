"""Small pieces of HTML: escaped text, and tables whose headers a screen reader can follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def text(value: object) -> str:
    """Return anything as text that is safe in HTML."""
    return escape(str(value), quote=True)


def paragraph(*words: str) -> str:
    """Return a paragraph of text."""
    return f"<p>{' '.join(map(text, words))}</p>\n"


def section(identity: str, title: str, *parts: str) -> str:
    """Return a section with a heading; `parts` are HTML."""
    return f'<section id="{text(identity)}">\n<h2>{text(title)}</h2>\n{"".join(parts)}</section>\n'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "") -> str:
    """Return a table: the first cell of each row is its header, cells are HTML, heads and caption are text."""
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>\n' for row in rows
    )
    chosen = f' class="{text(kind)}"' if kind else ""
    return (
        f'<div class="scroll"><table{chosen}><caption>{text(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )


def number(value: int) -> str:
    """Return a count with thousands set apart."""
    return f"{value:,}".replace(",", "\u202f")


def share(part: int, whole: int, *, bad: bool = False) -> str:
    """Return "part of whole", marked as bad when anything is left that must not be."""
    shown = f'{number(part)}<span class="of">/{number(whole)}</span>'
    return f'<strong class="bad">{shown}</strong>' if bad and part else shown
