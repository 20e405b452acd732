"""Public code systems, as far as the form of a code and its published meaning are facts (PS3.16 §8).

A code is public when its form cannot be mistaken for an identifier (check digits, prefixes) or when PS3.16 lists
it. Anything else in a code attribute is text that somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

_SNOMED_RT: Final = re.compile(r"[A-Z]{1,2}[0-9]?-[0-9A-F]{4,6}")
_RADLEX: Final = re.compile(r"(?:RID|RPID)[0-9]{1,6}")
_SHORT: Final = 3
_KERNEL: Final = re.compile(r"[A-Z][a-z]?[0-9]{2}[a-z]{0,2}(?:\\[0-9])?|FC[0-9]{2}|YA|YB|YC|UA|UB|UC")
_ICD_10: Final = re.compile(r"[A-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,4}")
_LOINC: Final = re.compile(r"([0-9]{1,5})-([0-9])")
_SNOMED_CT: Final = re.compile(r"[1-9][0-9]{5,17}")
# International and extension concept identifiers; descriptions and relationships are not concepts.
_SNOMED_CT_PARTITIONS: Final = frozenset(("00", "10"))

_VERHOEFF_PRODUCT: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_VERHOEFF_TURN: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_snomed_ct(code: str) -> bool:
    """Tell whether a code is a SNOMED CT concept identifier: partition and Verhoeff check digit are right."""
    if _SNOMED_CT.fullmatch(code) is None or code[-3:-1] not in _SNOMED_CT_PARTITIONS:
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        number = int(digit)
        for _ in range(place % 8):
            number = _VERHOEFF_TURN[number]
        check = _VERHOEFF_PRODUCT[check][number]
    return check == 0


def is_loinc(code: str) -> bool:
    """Tell whether a code is a LOINC number: its mod-10 check digit is right."""
    match = _LOINC.fullmatch(code)
    if match is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(match[1])):
        number = int(digit) * (1 if place % 2 else 2)
        total += number // 10 + number % 10
    return (10 - total % 10) % 10 == int(match[2])


def is_snomed_rt(code: str) -> bool:
    """Tell whether a code has the form of SNOMED RT, as used until 2019 (T-D4000, R-404FB)."""
    return _SNOMED_RT.fullmatch(code) is not None


def is_radlex(code: str) -> bool:
    """Tell whether a code has the form of RadLex (RID1301)."""
    return _RADLEX.fullmatch(code) is not None


def is_icd_10(code: str) -> bool:
    """Tell whether a code has the form of an ICD-10 code below its category (C34.1)."""
    return _ICD_10.fullmatch(code) is not None


def is_kernel(text: str) -> bool:
    """Tell whether a text has the form in which vendors number reconstruction kernels (B30f, Br40d, FC08)."""
    return _KERNEL.fullmatch(text) is not None


def is_short_number(text: str) -> bool:
    """Tell whether a text is a number of up to three digits, as labels and stacks are counted."""
    return len(text) <= _SHORT and text.isascii() and text.isdigit()


def is_listed(code: str) -> bool:
    """Tell whether PS3.16 lists a code, of whatever scheme."""
    return code in _concepts()[0]


def is_meaning(text: str) -> bool:
    """Tell whether a text is the meaning of a code that PS3.16 lists, whatever its case."""
    return text.casefold() in _concepts()[1]


FORMS: Final[dict[str, Callable[[str], bool]]] = {
    "icd-10": is_icd_10,
    "listed-code": is_listed,
    "listed-meaning": is_meaning,
    "loinc": is_loinc,
    "radlex": is_radlex,
    "reconstruction-kernel": is_kernel,
    "short-number": is_short_number,
    "snomed-ct": is_snomed_ct,
    "snomed-rt": is_snomed_rt,
}
"""The forms a vocabulary may name."""


@cache
def _concepts() -> tuple[frozenset[str], frozenset[str]]:
    # pydicom carries the context groups of PS3.16; reading them takes half a second, so it waits for a first use.
    from pydicom.sr import _concepts_dict  # noqa: PLC0415

    concepts: dict[str, dict[str, dict[str, tuple[str, list[int]]]]] = _concepts_dict.concepts  # type: ignore[assignment]
    listed = [
        (code, entry[0]) for scheme in concepts.values() for codes in scheme.values() for code, entry in codes.items()
    ]
    codes, meanings = zip(*listed, strict=True)
    return frozenset(codes) - {""}, frozenset(map(str.casefold, meanings)) - {""}
