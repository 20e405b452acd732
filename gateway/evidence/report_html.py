"""The evidence report for a privacy officer: one static page, no script, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.deid.profile import Pass
from gateway.evidence.appendix import classics, every_cell, table_sweep
from gateway.evidence.bases import KINDS
from gateway.evidence.corpus import SCRIPTS
from gateway.evidence.html import number, paragraph, section, share, table, text
from gateway.evidence.passes import YEAR
from gateway.evidence.report import Evidence
from gateway.evidence.sweep import Judgement
from gateway.evidence.tally import Count

_STYLE: Final = Path(__file__).with_name("report.css")
_HEADS: Final = (
    "found in the raw files",
    "left by the first pass",
    "kept by it on purpose",
    "left by the second pass",
    "kept by it on purpose",
)


def to_html(found: Evidence) -> str:
    """Return the report as one HTML page."""
    total = found.total
    style = _STYLE.read_text(encoding="utf-8")
    title = f"{number(total.second)} of {number(total.planted)} planted identifiers reached the archive"
    body = "".join(
        (
            _head(found, title),
            _method(found),
            _identifiers(found),
            _kinds(found),
            _places(found),
            _elements(found),
            _teaching(found),
            _wholeness(found),
            _beyond(found),
            _limits(found),
            every_cell(found),
            classics(found),
            table_sweep(found),
            _reproduce(found),
        )
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evidence of de-identification</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )


def _head(found: Evidence, title: str) -> str:
    total, phrases = found.total, len(found.phrases)
    kept = sum(phrase.kept(Pass.SECOND) for phrase in found.phrases)
    not_ok = sum(found.judged(which, Judgement.NOT_OK) for which in Pass)
    broken = sum(link.broken + link.ambiguous for link in found.references.values())
    new = None if found.validity is None else sum(len(e) for one in found.validity for e in one.new.values())
    cards = (
        _card(number(total.second), f"of {number(total.planted)} planted identifiers are left after the second pass; "
              f"{number(total.second_kept)} values are kept on purpose: size and weight",
              off=bool(total.second)),
        _card(number(total.first), f"left after the first pass; {number(total.first_kept)} more are kept on purpose: "
              "station, institution, UIDs", off=bool(total.first)),
        _card(number(not_ok), f"of {len(found.swept)} rows of the standard’s Table E.1-1 treated worse than it demands",
              off=bool(not_ok)),
        _card(number(broken), f"of {found.references[Pass.SECOND].total} references between files broken",
              off=bool(broken)),
        _card("–" if new is None else number(new), "new errors found by the validator dciodvfy"
              if new is not None else "validator dciodvfy is not installed here", off=bool(new)),
        _card(f"{kept}", f"of {phrases} everyday phrases of radiology kept word for word", plain=True),
    )  # fmt: skip
    sound = "Nothing left, nothing broken, " + ("validity not measured" if new is None else "nothing invalid")
    verdict = sound if found.sound else "Not sound: see the figures in red"
    off = "" if found.sound else " off"
    return (
        f"<header>\n<h1>{text(title)}</h1>\n"
        '<p class="lead">A generated set of files was filled with identifiers that occur nowhere else, and sent '
        "through the gateway. This page says how many came out again, where from, and what is not measured here.</p>\n"
        f'<ul class="cards">{"".join(cards)}</ul>\n<p class="verdict{off}">{text(verdict)}</p>\n</header>\n'
        + _contents()
        + _leaks(found)
    )


def _card(figure: str, words: str, *, off: bool = False, plain: bool = False) -> str:
    chosen = ' class="off"' if off else ' class="plain"' if plain else ""
    return f"<li{chosen}><b>{figure}</b> <span>{text(words)}</span></li>"


def _contents() -> str:
    entries = "".join(f'<li><a href="#{identity}">{text(title)}</a></li>' for identity, title in _SECTIONS.items())
    return f'<nav aria-label="Contents"><ol>{entries}</ol></nav>\n'


_SECTIONS: Final = {
    "method": "How it was measured",
    "identifiers": "The eighteen identifiers of HIPAA",
    "kinds": "By kind of image",
    "places": "By hiding place",
    "elements": "How much of a header is left",
    "teaching": "What teaching keeps",
    "whole": "References and validity",
    "beyond": "Beyond the table",
    "limits": "Known limits",
    "cells": "Every kind, every identifier",
    "classics": "The fifty attributes of Aryanto et al.",
    "table": "Table E.1-1, row by row",
    "reproduce": "Reproducing this report",
}


def _leaks(found: Evidence) -> str:
    rows = [
        (text(name), text(which.value), text(plant.place.value), f'<span class="tag">{text(plant.tag)}</span>',
         text(plant.keyword))
        for name, which, plant in found.leaks
    ] + [(text(name), text(which.value), "withheld", "", text(why)) for name, which, why in found.withheld]  # fmt: skip
    if not rows:
        return ""
    heads = ("file", "pass", "place", "tag", "attribute")
    return section("leaks", "What was left or withheld", table("Each of these is a fault.", heads, rows, kind="left"))


def _method(found: Evidence) -> str:
    return section(
        "method",
        _SECTIONS["method"],
        paragraph(
            f"{found.files} files of {len(found.kinds)} kinds were made: of each kind one as a hospital would have it, "
            "and one in which every attribute of Table E.1-1 of the DICOM standard (PS3.15) is filled: at the root, "
            "five sequences deep, in private elements and in elements of unknown type, with more in preamble, file "
            "meta, behind the pixels, in overlays, icons and JPEG comments. They are "
            f"stored in {len({kind.syntax for kind in KINDS})} transfer syntaxes, and names in {len(SCRIPTS)} scripts.",
        ),
        paragraph(
            "Every identifier is unique, so that one which comes out names the place it went in. The outputs are "
            "searched as bytes in every encoding that occurs, as pydicom reads them, and as DICOM JSON, by code that "
            "knows nothing of the rules of the engine. That the search works is seen in the column for the raw files: "
            "there it must find everything.",
        ),
    )


def _counts(counted: Count) -> tuple[str, ...]:
    return (
        share(counted.raw, counted.planted),
        share(counted.first, counted.planted, bad=True),
        _kept(counted.first_kept),
        share(counted.second, counted.planted, bad=True),
        _kept(counted.second_kept),
    )


def _kept(count: int) -> str:
    return f'<span class="kept">{number(count)}</span>' if count else "0"


def _identifiers(found: Evidence) -> str:
    rows = [
        (f"{int(identifier)}. {text(identifier.plain)}", *_counts(counted))
        for identifier, counted in found.by_identifier.items()
    ]
    rows.append(("<strong>All</strong>", *_counts(found.total)))
    return section(
        "identifiers",
        _SECTIONS["identifiers"],
        paragraph(
            "Kept on purpose are, in the first pass, UIDs, Station Name and Institution Name, as in the reference "
            "system; in both passes a patient’s size and weight, which are none of the eighteen and stand in the last "
            "row."
        ),
        table("Identifiers of 45 CFR 164.514(b)(2)(i).", ("identifier", *_HEADS), rows),
    )


def _kinds(found: Evidence) -> str:
    rows = [(text(kind), *_counts(counted)) for kind, counted in found.by_kind.items()]
    return section("kinds", _SECTIONS["kinds"], table("Both files of each kind.", ("kind", *_HEADS), rows))


def _places(found: Evidence) -> str:
    rows = [(text(place.value), *_counts(counted)) for place, counted in found.by_place.items()]
    return section("places", _SECTIONS["places"], table("All files.", ("place", *_HEADS), rows))


def _elements(found: Evidence) -> str:
    longest = max((one.every[0] for one in found.elements), default=1)

    def bar(values: tuple[int, int, int]) -> str:
        parts = "".join(f'<i style="width:{100 * value / longest:.1f}%"></i>' for value in values)
        return f'<div class="bar" aria-hidden="true">{parts}</div>'

    rows = [
        (text(one.kind), *(f"<strong>{value}</strong>" for value in one.root), *map(str, one.every), bar(one.every))
        for one in found.elements
    ]
    heads = ("kind", "raw", "first", "second", "raw, all levels", "first, all levels", "second, all levels", "drawn")
    return section(
        "elements",
        _SECTIONS["elements"],
        paragraph(
            "Elements of the clinical file of each kind, at the root and at every level. The reference system went "
            "from 119 to 35 on an abdominal radiograph. Elements that say what a pass did are counted."
        ),
        table("Number of elements, file meta information left out.", heads, rows),
    )


def _teaching(found: Evidence) -> str:
    lost = [
        (text(phrase.text), text(phrase.keyword), text(phrase.left[Pass.SECOND]) or "–")
        for phrase in found.phrases
        if not phrase.kept(Pass.SECOND)
    ]
    kept = {which: sum(phrase.kept(which) for phrase in found.phrases) for which in Pass}
    return section(
        "teaching",
        _SECTIONS["teaching"],
        paragraph(
            f"Of {len(found.phrases)} harmless phrases as they stand in descriptions and reports, "
            f"{kept[Pass.FIRST]} survive the first pass word for word and {kept[Pass.SECOND]} the second. "
            "The others lose words that are not in the vocabulary, and bare numbers, which might be anybody’s. The "
            "vocabulary has been widened since these phrases were first measured (87 of 119), so this is no blind test."
        ),
        table("Phrases that were shortened by the second pass.", ("phrase", "attribute", "what is left"), lost,
              kind="left") if lost else paragraph("None."),
    )  # fmt: skip


def _wholeness(found: Evidence) -> str:
    links = [
        (f"{which.value} pass", *map(number, (link.total, link.whole, link.dropped, link.broken, link.ambiguous)))
        for which, link in found.references.items()
    ]
    parts = [
        table(
            "UIDs by which the clinical files refer to one another.",
            ("", "references", "whole", "removed with their element", "broken", "ambiguous"),
            links,
        )
    ]
    if found.validity is None:
        parts.append(paragraph("dciodvfy is not installed on this machine, so validity was not measured."))
    else:
        checked = [
            (text(one.name), str(one.raw), *(_faults(len(one.new.get(which, ()))) for which in Pass))
            for one in found.validity
        ]
        heads = ("kind", "errors in the raw file", "new after the first pass", "new after the second")
        parts.append(table("Errors reported by dciodvfy for the clinical files.", heads, checked))
        parts += [
            paragraph(f"{one.name}, {which.value} pass: {message}")
            for one in found.validity
            for which, new in one.new.items()
            for message in new
        ]
    return section("whole", _SECTIONS["whole"], *parts)


def _beyond(found: Evidence) -> str:
    def left(keywords: tuple[str, ...]) -> str:
        named = f" ({', '.join(keywords)})" if 0 < len(keywords) <= _FEW else ""
        return text(f"{len(keywords)}{named}")

    rows = [(text(one.vr), number(one.planted), *(left(one.left[which]) for which in Pass)) for one in found.beyond]
    return section(
        "beyond",
        _SECTIONS["beyond"],
        paragraph(
            "Table E.1-1 names 621 attributes; the standard has thousands. Every other one that can hold text was "
            "planted in a report, the kind of object that is narrowed by no allow-list. What is left is what the "
            "profiles keep: maker and model, names of classes and coding schemes, colour profiles, and code strings "
            "(CS), in which the standard allows no free text but a device may put some."
        ),
        table("Attributes of PS3.6 outside of the table, by value representation.",
              ("VR", "planted", "left by the first pass", "left by the second"), rows, kind="left"),
    )  # fmt: skip


_FEW: Final = 20


def _faults(count: int) -> str:
    return f'<strong class="bad">{count}</strong>' if count else "0"


def _limits(found: Evidence) -> str:
    return section(
        "limits", _SECTIONS["limits"], f"<ul>{''.join(f'<li>{text(limit)}</li>' for limit in found.limits)}</ul>\n"
    )


def _reproduce(found: Evidence) -> str:
    rows = [
        (f"{which.value} pass", text(profile.id), text(profile.title), f"<code>{text(profile.hash)}</code>")
        for which, profile in found.profiles.items()
    ]
    return section(
        "reproduce",
        _SECTIONS["reproduce"],
        table("Profiles. The hash covers the profile, what it includes, the table and the vocabulary.",
              ("", "id", "title", "SHA-256"), rows, kind="left"),
        '<p class="note"><strong>Test key.</strong> Pseudonyms and UIDs in this report were made with a fixed key that '
        f"is no secret, and ages are counted from {YEAR}, so that <code>gateway evidence</code> writes the same bytes "
        "wherever it runs with the same profiles and the same validator.</p>\n",
    )  # fmt: skip
