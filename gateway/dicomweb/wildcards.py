"""Wild card matching (PS3.4 C.2.2.2.4)."""

from __future__ import annotations

import re


def has_wildcard(text: str) -> bool:
    """Tell whether `text` holds "*" or "?"."""
    return "*" in text or "?" in text


def wildcard(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of "*" (any run) and "?" (one character) for `fullmatch`, in any line of text.

    Each stretch between two stars is searched for once and never again, so a hostile pattern costs no more
    than its length times the text's.
    """
    head, *rest = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    if not rest:
        return re.compile(head, re.DOTALL)
    *middle, tail = rest
    return re.compile(head + "".join(f"(?>.*?{part})" for part in middle if part) + ".*" + tail, re.DOTALL)
