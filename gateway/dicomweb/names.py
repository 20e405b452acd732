"""Matching of person names (PN), which the standard leaves to each server (PS3.4 C.2.2.2.1.1).

Case and accents never count. A key without "=" may match any of the three component groups; one with "="
gives a pattern for each. With fuzzy matching every word of the key must begin some word of the name, in any
order.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.dicom.normal_form import normalized
from gateway.dicomweb.wildcards import has_wildcard, wildcard

GROUPS = ("Alphabetic", "Ideographic", "Phonetic")

_WORD = re.compile(r"[^\W_]+")
_UNDECOMPOSED = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})


def name_test(key: str, *, fuzzy: bool) -> Callable[[object], bool]:
    """Return a test for one PN value of the DICOM JSON Model."""
    make = _word_test if fuzzy and not has_wildcard(key) else _group_test
    parts = key.split("=")
    if len(parts) == 1:
        test = make(key)
        return lambda value: any(test(group) for group in _groups(value) if group)
    tests = [(make(part) if part.strip() else None) for part in parts[: len(GROUPS)]]
    return lambda value: all(test is None or test(group) for test, group in zip(tests, _groups(value), strict=False))


def fold(text: str) -> str:
    """Return `text` without case and accents."""
    plain = normalized("NFKD", text.casefold().translate(_UNDECOMPOSED))
    return normalized("NFC", "".join(c for c in plain if not _is_latin_mark(c)))


def _is_latin_mark(char: str) -> bool:
    # The marks of other scripts change the sound, not the spelling: a Japanese voiced kana is another letter.
    return "\u0300" <= char <= "\u036f"


def _groups(value: object) -> list[str]:
    if isinstance(value, str):
        groups = [*value.split("="), "", ""][: len(GROUPS)]
    elif isinstance(value, dict):
        found = [value.get(name) for name in GROUPS]
        groups = [group if isinstance(group, str) else "" for group in found]
    else:
        groups = []
    return [fold(group) for group in groups]


def _word_test(key: str) -> Callable[[str], bool]:
    words = _WORD.findall(fold(key))

    def test(group: str) -> bool:
        names = _WORD.findall(group)
        return bool(words) and all(any(name.startswith(word) for name in names) for word in words)

    return test


def _group_test(key: str) -> Callable[[str], bool]:
    folded = _trim(fold(key))
    pattern = wildcard(folded)
    carets = folded.count("^")

    def test(group: str) -> bool:
        trimmed = _trim(group)
        # Trailing empty components may be left out of either side: "Doe^*" asks for "Doe" too.
        return pattern.fullmatch(trimmed + "^" * max(0, carets - trimmed.count("^"))) is not None

    return test


def _trim(group: str) -> str:
    return "^".join(part.strip() for part in group.split("^")).rstrip("^")
