"""Typed values out of a data set in the DICOM JSON Model (PS3.18 §F.2.2), tolerant of how numbers are written."""

from __future__ import annotations

import math
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

import numpy as np

from gateway.dicom.dataset import JsonDataset
from gateway.errors import Reason, Withheld


def texts(json: JsonDataset, tag: str) -> list[str]:
    """Return the values of `tag` as text without padding; an absent one is "", a PN its alphabetic group."""
    found = []
    for value in _values(json, tag):
        plain = value.get("Alphabetic") if isinstance(value, dict) else value
        found.append("" if plain is None else str(plain).strip(" \0"))
    return found


def decimals(json: JsonDataset, tag: str) -> list[float]:
    """Return the values of `tag` as finite numbers.

    Raises:
        Withheld: PIXELS_UNDECODABLE when one is no number.
    """
    try:
        found = [float(value) for value in _values(json, tag) if value not in (None, "")]
    except (TypeError, ValueError):
        raise impossible(tag) from None
    if not all(map(math.isfinite, found)):
        raise impossible(tag)
    return found


def integers(json: JsonDataset, tag: str) -> list[int]:
    """Return the values of `tag` as integers.

    Raises:
        Withheld: PIXELS_UNDECODABLE when one is not whole.
    """
    found = decimals(json, tag)
    if not all(value.is_integer() for value in found):
        raise impossible(tag)
    return [int(value) for value in found]


def integer(json: JsonDataset, tag: str, *, low: int, high: int, default: int | None = None) -> int:
    """Return the first value of `tag`, within `low` and `high`; `default` when it is absent.

    Raises:
        Withheld: PIXELS_UNDECODABLE when it is outside, or absent without a default.
    """
    found = integers(json, tag)
    value = found[0] if found else default
    if value is None or not low <= value <= high:
        raise impossible(tag)
    return value


def items(json: JsonDataset, tag: str) -> list[JsonDataset]:
    """Return the items of a sequence, none when it is absent."""
    return [item for item in _values(json, tag) if isinstance(item, dict)]


def binary(json: JsonDataset, tag: str, *, path: str, bulk: Mapping[str, bytes]) -> bytes | None:
    """Return the bytes of `tag`: inline, written as US values, or resolved by the caller in `bulk`; None when absent.

    Raises:
        Withheld: PIXELS_UNDECODABLE when they are elsewhere and the caller did not resolve them.
    """
    element = json.get(tag)
    if element is None:
        return None
    if path in bulk:
        return bulk[path]
    if "InlineBinary" in element:
        try:
            return b64decode(element["InlineBinary"], validate=True)
        except (TypeError, ValueError, Base64Error):
            raise impossible(tag) from None
    if "BulkDataURI" in element:
        raise Withheld(Reason.PIXELS_UNDECODABLE, f"({tag[:4]},{tag[4:]}) was not fetched")
    words = integers(json, tag)
    if not words:
        return None
    return np.array([word & 0xFFFF for word in words], dtype="<u2").tobytes()


def impossible(tag: str) -> Withheld:
    """Return the error for an attribute of the pixel description that is missing or out of range."""
    return Withheld(Reason.PIXELS_UNDECODABLE, f"({tag[:4]},{tag[4:]}) is missing or out of range")


def _values(json: JsonDataset, tag: str) -> list[Any]:
    value = json.get(tag, {}).get("Value")
    return value if isinstance(value, list) else []
