"""What a profile does to an attribute, in words: the answer of `gateway explain`."""

from __future__ import annotations

from gateway.deid.plan import Plan
from gateway.dicom.dictionary import display_tag, keyword_of, tag_of, vr_of
from gateway.errors import BadRequest


def explain(plan: Plan, attribute: str) -> str:
    """Return one line: pass, attribute, action, which layer of the profile decided, and why.

    Raises:
        BadRequest: the attribute is neither a keyword nor a tag.
    """
    tag = _tag(attribute)
    rule = plan.decide_tag(tag)
    name = keyword_of(tag) or "unknown attribute"
    decided = f"{rule.action.value} (by {rule.origin} rule)"
    return f"{plan.which.value} pass: {display_tag(tag)} {name} {vr_of(tag)}: {decided}. {rule.why}"


def _tag(text: str) -> int:
    digits = text.strip("()").replace(",", "")
    if len(digits) == 8 and all(char in "0123456789abcdefABCDEF" for char in digits):
        return int(digits, 16)
    tag = tag_of(text)
    if tag is None:
        raise BadRequest("Name an attribute by its keyword (PatientName) or its tag (00100010).")
    return tag
