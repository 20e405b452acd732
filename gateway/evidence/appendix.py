"""The long tables of the evidence report."""

from __future__ import annotations

from typing import Final

from gateway.deid.profile import Pass
from gateway.evidence.aryanto import CITATION
from gateway.evidence.hipaa import Identifier
from gateway.evidence.html import number, paragraph, section, share, table, text
from gateway.evidence.report import Evidence
from gateway.evidence.sweep import Judgement, Verdict

_PILL: Final = {Judgement.ON_PURPOSE: "pill purpose", Judgement.NOT_OK: "pill not"}


def every_cell(found: Evidence) -> str:
    """Return kind × identifier × raw, first and second, each with its denominator."""
    head = "".join(f'<th scope="col">{text(kind)}</th>' for kind in found.kinds)
    bodies = "".join(_identifier_rows(found, identifier) for identifier in found.by_identifier)
    return section(
        "cells",
        "Every kind, every identifier",
        paragraph("What is left of what was planted; what is kept on purpose is not counted as left."),
        '<div class="scroll"><table class="dense"><caption>Left of planted, by identifier and kind of file.</caption>\n'
        f'<thead><tr><th scope="col">identifier</th><th scope="col">in</th>{head}</tr></thead>\n'
        f"{bodies}</table></div>\n",
    )


def _identifier_rows(found: Evidence, identifier: Identifier) -> str:
    counts = [found.cells.get((identifier, kind)) for kind in found.kinds]

    def row(name: str, cells: list[str], first: str = "") -> str:
        data = "".join(f"<td>{cell}</td>" for cell in cells)
        return f'<tr>{first}<th scope="row" class="of">{name}</th>{data}</tr>\n'

    title = f'<th scope="rowgroup" rowspan="3">{int(identifier)}. {text(identifier.plain)}</th>'
    raw = ["–" if one is None else share(one.raw, one.planted) for one in counts]
    first = ["–" if one is None else share(one.first, one.planted, bad=True) for one in counts]
    second = ["–" if one is None else share(one.second, one.planted, bad=True) for one in counts]
    return f"<tbody>{row('raw', raw, title)}{row('first', first)}{row('second', second)}</tbody>\n"


def classics(found: Evidence) -> str:
    """Return the fifty attributes by which ten tools were once compared."""
    rows = [
        (
            f'<span class="tag">{_shown(one.tag)}</span> {text(one.keyword)}',
            number(one.count.planted),
            share(one.count.raw, one.count.planted),
            share(one.count.first, one.count.planted, bad=True),
            number(one.count.first_kept),
            share(one.count.second, one.count.planted, bad=True),
        )
        for one in found.classics
    ]
    clean = sum(not one.count.second for one in found.classics)
    heads = ("attribute", "planted", "raw", "left by the first pass", "kept on purpose", "left by the second")
    return section(
        "classics",
        "The fifty attributes of Aryanto et al.",
        paragraph(
            "In 2015 ten free tools were judged by fifty attributes; one removed them all at its default setting. "
            f"Here, {clean} of {len(found.classics)} leave nothing after the second pass."
        ),
        table(CITATION, heads, rows),
    )


def table_sweep(found: Evidence) -> str:
    """Return every row of the table with the demand and the verdict on either pass."""
    sums = [
        (text(judgement.value), *(number(found.judged(which, judgement)) for which in Pass)) for judgement in Judgement
    ]
    rows = [
        (
            f'<span class="tag">{_shown(swept.row.tag)}</span> {text(swept.row.keyword or _UNNAMED)}',
            text(swept.row.vr),
            *(cell for which in Pass for cell in _verdict(swept.verdicts[which])),
        )
        for swept in found.swept
    ]
    heads = ("attribute", "VR", "first: demand", "what was done", "judged", "second: demand", "what was done", "judged")
    return section(
        "table",
        "Table E.1-1, row by row",
        paragraph(
            "The demand is that of the table under the options that the profile names: X remove, Z empty or a dummy, "
            "D a dummy, U another UID, C clean, K keep. What was done is what was seen in the files, weakest first. "
            "Stricter is what removes more than is demanded. Value gone means that the element stays because the "
            "object needs it, without what was planted."
        ),
        table(f"Summary of {len(found.swept)} rows.", ("judgement", "first pass", "second pass"), sums),
        table("All rows.", heads, rows, kind="left dense"),
    )


_UNNAMED: Final = "(a group of attributes)"


def _verdict(verdict: Verdict) -> tuple[str, str, str]:
    pill = f'<span class="{_PILL.get(verdict.judgement, "pill")}">{text(verdict.judgement.value)}</span>'
    return text(verdict.demand), text(", ".join(verdict.outcomes)), pill


def _shown(tag: str) -> str:
    return f"({tag[:4]},{tag[4:]})"
