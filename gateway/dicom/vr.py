"""Value representations: their facts and the syntax of their values (PS3.5 §6.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What the bytes of a value are."""

    TEXT = "text"
    NUMBER = "number"
    TAG = "tag"
    BYTES = "bytes"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one VR.

    `charset`: Specific Character Set applies. `multi`: a backslash separates values. `width`: bytes per value
    or per byte-swapped word. `code`: the `struct` code of a number. `pad`: the byte that makes a value even.
    """

    kind: Kind
    long_form: bool = False
    charset: bool = False
    multi: bool = True
    width: int = 1
    code: str = ""
    pad: bytes = b" "


def _text(*, charset: bool = False, multi: bool = True, long_form: bool = False) -> Facts:
    return Facts(Kind.TEXT, long_form, charset, multi)


def _number(code: str, width: int, *, long_form: bool = False) -> Facts:
    return Facts(Kind.NUMBER, long_form, width=width, code=code, pad=b"\0")


def _bytes(width: int) -> Facts:
    return Facts(Kind.BYTES, long_form=True, multi=False, width=width, pad=b"\0")


VRS: Final[dict[str, Facts]] = {
    "AE": _text(),
    "AS": _text(),
    "AT": Facts(Kind.TAG, width=2, pad=b"\0"),
    "CS": _text(),
    "DA": _text(),
    "DS": _text(),
    "DT": _text(),
    "FD": _number("d", 8),
    "FL": _number("f", 4),
    "IS": _text(),
    "LO": _text(charset=True),
    "LT": _text(charset=True, multi=False),
    "OB": _bytes(1),
    "OD": _bytes(8),
    "OF": _bytes(4),
    "OL": _bytes(4),
    "OV": _bytes(8),
    "OW": _bytes(2),
    "PN": _text(charset=True),
    "SH": _text(charset=True),
    "SL": _number("i", 4),
    "SQ": Facts(Kind.SEQUENCE, long_form=True, multi=False),
    "SS": _number("h", 2),
    "ST": _text(charset=True, multi=False),
    "SV": _number("q", 8, long_form=True),
    "TM": _text(),
    "UC": _text(charset=True, long_form=True),
    "UI": Facts(Kind.TEXT, pad=b"\0"),
    "UL": _number("I", 4),
    "UN": _bytes(1),
    "UR": _text(multi=False, long_form=True),
    "US": _number("H", 2),
    "UT": _text(charset=True, multi=False, long_form=True),
    "UV": _number("Q", 8, long_form=True),
}

TEXT: Final = frozenset(vr for vr, facts in VRS.items() if facts.kind is Kind.TEXT)
BULK: Final = frozenset(vr for vr, facts in VRS.items() if facts.kind is Kind.BYTES)

# One value, as characters. A regular expression proves the form of a value and nothing about its meaning:
# "DOE JOHN" is a well-formed CS.
_LINE = r"[^\x00-\x1f\x7f-\x9f\\]"
_TEXT = r"[^\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?"
_ZONE = r"(?:[+-](?:0[0-9]|1[0-4])[0-5][0-9])?"
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"

_FORMS: Final = {
    "AE": r"[\x20-\x5b\x5d-\x7e]{1,16}",
    "AS": r"[0-9]{3}[DWMY]",
    "CS": r"[A-Z0-9_ ]{1,16}",
    "DA": rf"[0-9]{{4}}{_MONTH}{_DAY}",
    # PS3.5 allows 16 characters; positions of 17 and more come from every second vendor and are still numbers.
    "DS": rf"(?=[^\\]{{1,32}}$){_NUMBER}",
    "DT": rf"[0-9]{{4}}(?:{_MONTH}(?:{_DAY}(?:{_TIME})?)?)?{_ZONE}",
    "IS": r"[+-]?[0-9]{1,12}",
    "LO": rf"{_LINE}{{1,64}}",
    "LT": rf"{_TEXT}{{1,10240}}",
    "PN": r"[^\x00-\x1f\x7f-\x9f\\=]{0,64}(?:=[^\x00-\x1f\x7f-\x9f\\=]{0,64}){0,2}",
    "SH": rf"{_LINE}{{1,16}}",
    "ST": rf"{_TEXT}{{1,1024}}",
    "TM": _TIME,
    "UC": rf"{_LINE}+",
    "UI": r"(?=[0-9.]{1,64}$)[0-9]+(?:\.[0-9]+)*",
    "UR": r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+",
    "UT": rf"{_TEXT}+",
}
_VALUE: Final = {vr: re.compile(form) for vr, form in _FORMS.items()}

# The same, for the bytes of a whole field that is plain ASCII: what matches may be copied without decoding.
# Anything else takes the slow way. `{`-free lookaheads of DS and UI are anchored to a value, not to the field.
_ASCII_LINE = r"[\x20-\x5b\x5d-\x7e]"
_ASCII_TEXT = r"[\x09\x0a\x0c\x0d\x20-\x7e]"
_RAW_FORMS: Final = _FORMS | {
    "DS": r"(?=[^\\]{1,32}(?:\\|$))" + _NUMBER,
    "LO": _ASCII_LINE + r"{1,64}",
    "LT": _ASCII_TEXT + r"{1,10240}",
    "PN": r"[\x20-\x3c\x3e-\x5b\x5d-\x7e]{1,64}",
    "SH": _ASCII_LINE + r"{1,16}",
    "ST": _ASCII_TEXT + r"{1,1024}",
    "UC": _ASCII_LINE + r"+",
    "UI": r"(?=[0-9.]{1,64}(?:\\|\x00|$))[0-9]+(?:\.[0-9]+)*",
    "UT": _ASCII_TEXT + r"+",
}


def _raw(vr: str, form: str) -> re.Pattern[bytes]:
    facts = VRS[vr]
    many = rf"(?:{form})?(?:\\(?:{form})?)*" if facts.multi else rf"(?:{form})?"
    return re.compile((many + (r"\x00?" if vr == "UI" else r" ?")).encode("ascii"))


RAW: Final[dict[str, re.Pattern[bytes]]] = {vr: _raw(vr, form) for vr, form in _RAW_FORMS.items()}
"""Per text VR: `RAW[vr].fullmatch(buffer, start, end)` proves that every value of a field is ASCII and valid."""


def valid(vr: str, text: str) -> bool:
    """Tell whether one value, padding removed, has the form its VR demands (PS3.5 §6.2).

    An empty value is valid. A VR that holds no text has no valid text except AT, as eight hexadecimal digits.
    """
    if not text:
        return True
    pattern = _VALUE.get(vr)
    if pattern is None:
        return vr == "AT" and re.fullmatch(r"[0-9A-Fa-f]{8}", text) is not None
    return pattern.fullmatch(text) is not None
