"""The bytes of one value field to values and back, always written in Explicit VR Little Endian and UTF-8."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from struct import Struct, error, pack
from typing import Any, Final

from gateway.dicom.charset import Charset
from gateway.dicom.vr import VRS, Kind, valid
from gateway.errors import Reason, Withheld

_NUMBERS: Final = {code: Struct("<" + code) for code in "dfihIHqQ"}
_NOT_FINITE: Final = {"NaN": math.nan, "inf": math.inf, "-inf": -math.inf}


def swap(raw: bytes, width: int) -> bytes:
    """Return `raw` with every `width`-byte word reversed; a rest shorter than a word stays as it is."""
    if width == 1:
        return raw
    whole = len(raw) - len(raw) % width
    swapped = bytearray(whole)
    for i in range(width):
        swapped[i::width] = raw[width - 1 - i : whole : width]
    return bytes(swapped) + raw[whole:]


def split_text(vr: str, text: str) -> list[str]:
    """Return the values of a decoded text field without their padding (PS3.5 §6.2); [] when it is empty."""
    if not VRS[vr].multi:
        stripped = text.rstrip(" \0")
        return [stripped] if stripped else []
    values = [value.strip(" \0") for value in text.split("\\")]
    return values if any(values) else []


def read_text(vr: str, raw: bytes, charset: Charset) -> list[str] | None:
    """Return the values of a text field, or None when its character set cannot decode it."""
    if raw.isascii() and b"\x1b" not in raw:
        return split_text(vr, raw.decode("ascii"))
    text = charset.decode(raw) if VRS[vr].charset else None
    return None if text is None else split_text(vr, text)


def read_numbers(vr: str, raw: bytes) -> list[int | float] | None:
    """Return the numbers of a little endian field, or None when its length is not a multiple of its width."""
    packer = _NUMBERS[VRS[vr].code]
    if len(raw) % packer.size:
        return None
    return [number for (number,) in packer.iter_unpack(raw)]


def read_tags(raw: bytes) -> list[str] | None:
    """Return the values of a little endian AT field as eight hexadecimal digits, or None when it is cut."""
    if len(raw) % 4:
        return None
    words = [raw[i : i + 2][::-1].hex().upper() for i in range(0, len(raw), 2)]
    return [group + element for group, element in zip(words[::2], words[1::2], strict=True)]


def person_name(text: str) -> dict[str, str]:
    """Return a PN value "A=I=P" as the DICOM JSON Model writes it (PS3.18 §F.2.2)."""
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), text.split("="), strict=False)
    return {name: group for name, group in groups if group}


def person_text(name: dict[str, str]) -> str:
    """Return the DICOM JSON form of a PN value as "A=I=P"."""
    groups = (name.get("Alphabetic"), name.get("Ideographic"), name.get("Phonetic"))
    return "=".join(group or "" for group in groups).rstrip("=")


def json_number(vr: str, text: str) -> int | float | str:
    """Return a DS or IS value as the number the DICOM JSON Model wants, or as it is when it is none."""
    if not valid(vr, text):
        return text
    if vr == "IS" or text.lstrip("+-").isdigit():
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else text


def decimal(number: float) -> str:
    """Return a number as a DS of at most 16 characters (PS3.5 §6.2)."""
    text = repr(number)
    if text.endswith(".0"):
        text = text[:-2]
    for digits in range(16, 7, -1):
        if len(text) <= 16 and math.isfinite(float(text)):
            break
        text = f"{number:.{digits}g}"
    return text


def encode_value(vr: str, values: Sequence[Any]) -> bytes:
    """Return the value field of `values`, padded to an even length.

    Text and AT values are strings (PN as "A=I=P"; DS and IS also as numbers), None is an empty value; numbers
    may be written as strings; the bytes of OB, OW, UN … come as one `bytes` value.

    Raises:
        Withheld: RULE_FAILED when a value does not fit the VR.
    """
    facts = VRS[vr]
    try:
        if facts.kind is Kind.TEXT:
            field = "\\".join("" if value is None else _text(vr, value) for value in values).encode()
        elif facts.kind is Kind.NUMBER:
            field = b"".join(_pack(facts.code, value) for value in values)
        elif facts.kind is Kind.TAG:
            field = b"".join(pack("<HH", int(value[:4], 16), int(value[4:], 16)) for value in values)
        else:
            field = b"".join(values)
    except (ValueError, TypeError, OverflowError, error):
        raise Withheld(Reason.RULE_FAILED, f"a value does not fit the VR {vr}") from None
    return field + facts.pad if len(field) & 1 else field


def _text(vr: str, value: Any) -> str:
    if vr == "PN" and isinstance(value, dict):
        return person_text(value)
    if isinstance(value, str):
        return value
    return decimal(value) if vr == "DS" else str(int(value))


def _pack(code: str, value: float | str) -> bytes:
    if isinstance(value, str):
        value = _NOT_FINITE[value] if value in _NOT_FINITE else float(value) if code in "fd" else int(value)
    return _NUMBERS[code].pack(value)


def encode_header(tag: int, vr: str, length: int) -> bytes:
    """Return the header of an element in Explicit VR Little Endian (PS3.5 §7.1.2).

    A value too long for its VR's short form is written as UN (PS3.5 §6.2.2, note 4), as of long contours.
    """
    if VRS[vr].long_form:
        return pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    if length > 0xFFFE:
        return pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"UN", 0, length)
    return pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), length)


def inline_binary(raw: bytes) -> str:
    """Return bytes as the DICOM JSON Model's InlineBinary (PS3.18 §F.2.7)."""
    return base64.b64encode(raw).decode("ascii")
