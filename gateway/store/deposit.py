"""What became of an instance that was put into the archive."""

from __future__ import annotations

from enum import Enum


class PutResult(Enum):
    """The archive holds the instance now, or held the very same one before."""

    STORED = "stored"
    IDENTICAL = "identical"
