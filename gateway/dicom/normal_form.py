"""Unicode normal forms (UAX #15) at a bounded cost."""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

LONGEST: Final = 4096
"""Characters; a PN has three groups of 64 and a LO has 64 (PS3.5 §6.2)."""


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Return `text` in a normal form, or as it is when it is longer than any name or identifier.

    A run of combining marks is sorted in the square of its length.
    """
    return text if len(text) > LONGEST else unicodedata.normalize(form, text)
