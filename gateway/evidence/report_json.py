"""The evidence report for machines. No clock and no path goes into it: the same profiles give the same bytes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from gateway.deid.profile import Pass
from gateway.evidence.aryanto import CITATION
from gateway.evidence.passes import YEAR
from gateway.evidence.report import Evidence
from gateway.evidence.sweep import Judgement, Swept
from gateway.evidence.tally import Count


def to_json(found: Evidence) -> str:
    """Return the report as JSON; every count stands beside its denominator."""
    return json.dumps(_report(found), indent=1, ensure_ascii=False) + "\n"


def _report(found: Evidence) -> dict[str, Any]:
    return {
        "report": "evidence of de-identification over a planted corpus",
        "sound": found.sound,
        "key": "TEST KEY, no secret: the bytes 00 to 1f",
        "ages_counted_from": YEAR,
        "profiles": {
            which.value: {"id": profile.id, "title": profile.title, "sha256": profile.hash}
            for which, profile in found.profiles.items()
        },
        "files": found.files,
        "total": _count(found.total),
        "by_kind": {name: _count(counted) for name, counted in found.by_kind.items()},
        "by_identifier": [
            {"number": int(identifier), "identifier": identifier.plain, **_count(counted)}
            for identifier, counted in found.by_identifier.items()
        ],
        "by_place": {place.value: _count(counted) for place, counted in found.by_place.items()},
        "by_identifier_and_kind": [
            {"number": int(identifier), "kind": kind, **_count(counted)}
            for (identifier, kind), counted in sorted(found.cells.items())
        ],
        "leaks": [
            {"file": name, "pass": which.value, "place": plant.place.value, "tag": plant.tag, "keyword": plant.keyword}
            for name, which, plant in found.leaks
        ],
        "withheld": [{"file": name, "pass": which.value, "why": why} for name, which, why in found.withheld],
        "aryanto_2015": {
            "source": CITATION,
            "attributes": [
                {"tag": classic.tag, "keyword": classic.keyword, **_count(classic.count)} for classic in found.classics
            ],
        },
        "table_e_1_1": {
            "rows": len(found.swept),
            "judgements": {
                which.value: {judgement.value: found.judged(which, judgement) for judgement in Judgement}
                for which in Pass
            },
            "sweep": [_swept(row) for row in found.swept],
        },
        "elements": [dataclasses.asdict(one) for one in found.elements],
        "references": {which.value: dataclasses.asdict(link) for which, link in found.references.items()},
        "phrases": {
            "of": len(found.phrases),
            **{f"kept_{which.value}": sum(phrase.kept(which) for phrase in found.phrases) for which in Pass},
            "each": [
                {"keyword": phrase.keyword, "text": phrase.text, **{w.value: phrase.left[w] for w in Pass}}
                for phrase in found.phrases
            ],
        },
        "dciodvfy": "not installed"
        if found.validity is None
        else [
            {
                "kind": one.name,
                "errors_raw": one.raw,
                **{f"new_{which.value}": list(new) for which, new in one.new.items()},
            }
            for one in found.validity
        ],
        "beyond_the_table": [
            {"vr": one.vr, "planted": one.planted, **{f"left_{w.value}": list(one.left[w]) for w in Pass}}
            for one in found.beyond
        ],
        "known_limits": list(found.limits),
    }


def _count(counted: Count) -> dict[str, int]:
    return {
        "planted": counted.planted,
        "found_raw": counted.raw,
        "left_first": counted.first,
        "kept_on_purpose_first": counted.first_kept,
        "left_second": counted.second,
        "kept_on_purpose_second": counted.second_kept,
    }


def _swept(swept: Swept) -> dict[str, Any]:
    return {
        "tag": swept.row.tag,
        "keyword": swept.row.keyword,
        "vr": swept.row.vr,
        "basic": swept.row.basic,
        **{
            which.value: {
                "demand": verdict.demand,
                "outcomes": [outcome.value for outcome in verdict.outcomes],
                "judgement": verdict.judgement.value,
                "why": verdict.why,
            }
            for which, verdict in swept.verdicts.items()
        },
    }
