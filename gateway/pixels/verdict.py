"""Whether an image may show text: clear, review or blocked, from its original header."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.dicom.dataset import JsonDataset
from gateway.pixels.rules import Box, Rules, Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, why, and the rectangles to black out before anybody sees the image; `rule` is its name or ""."""

    verdict: Verdict
    why: str
    boxes: tuple[Box, ...] = ()
    rule: str = ""


def judge(json: JsonDataset, rules: Rules) -> Judgement:
    """Judge an instance by the first rule that is about it; without one it needs review, never less.

    `json` is the header as the origin holds it: after a pass the station and the institution may be gone.
    """
    for rule in rules.rules:
        if rule.applies(json):
            return Judgement(rule.verdict, rule.why, rule.boxes, rule.name)
    return Judgement(Verdict.REVIEW, "No pixel rule knows images of this kind, so a person must look.")
