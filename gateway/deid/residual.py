"""The residual search: after a pass, its output is searched for the identifiers of the original.

It holds no rule of the engine and looks at bytes, not at elements: whatever the engine overlooked, in whatever
encoding, is found here and withholds the instance. False alarms cost one instance; a miss costs a patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.deid.identifiers import Hint, found_in
from gateway.dicom.dataset import JsonDataset

_UIDS: Final = re.compile(rb"[0-9]+(?:\.[0-9]+)+")
_SHORT: Final = 3  # an ID of so many characters counts only where it is a whole value
_SHORT_NUMBER: Final = 5  # digits of an ID that may also be a measured number
_TEXT_HEADER: Final = rb"(?:lo|sh|st|lt|pn|ae)"
_NUMBER_BEFORE: Final = re.compile(rb"(?:ds|is)..[0-9+.\\ e-]*\Z", re.DOTALL)
_LONGEST_NUMBERS: Final = 4096
# Every encoding in which a name may stand in a data set (PS3.3 §C.12.1.1.2), and UTF-16 of embedded documents.
# Escape sequences lie outside the characters they announce, so the characters themselves are searched.
_ENCODINGS: Final = (
    "utf-8",
    "latin-1",
    "iso8859-2",
    "iso8859-3",
    "iso8859-4",
    "iso8859-5",
    "iso8859-6",
    "iso8859-7",
    "iso8859-8",
    "iso8859-9",
    "iso8859-11",
    "iso8859-15",
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "big5",
    "iso2022_jp",
    "utf-16-le",
    "utf-16-be",
)
_ESCAPES: Final = re.compile(rb"\x1b[$()-]*[@-~]")
_DIGITS: Final = frozenset(b"0123456789")
_LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_WIDE: Final = ("utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something of the original that is still there: what it is, never what it says."""

    kind: Hint
    offset: int


@dataclass(frozen=True, slots=True, repr=False)
class _Needle:
    kind: Hint
    data: bytes
    text: str
    wide: bool


@dataclass(frozen=True, slots=True, repr=False)
class Identifiers:
    """The identifiers of one original instance. Holds identities: it is never stored, shown or logged."""

    uids: frozenset[bytes]
    needles: tuple[_Needle, ...]

    @classmethod
    def of(cls, original: JsonDataset) -> Identifiers:
        """Collect what identifies somebody in a data set in the DICOM JSON Model, at every depth."""
        uids: set[bytes] = set()
        texts: dict[tuple[Hint, str], None] = {}
        for kind, text in found_in(original):
            if kind is Hint.UID:
                uids.add(text.encode("utf-8", "replace"))
            else:
                texts[kind, text.casefold()] = None
                texts[kind, text] = None
        needles = {(needle.kind, needle.data): needle for kind, text in texts for needle in _encoded(kind, text)}
        return cls(frozenset(uids), tuple(needles.values()))

    def search(self, data: bytes | bytearray | memoryview) -> list[Hit]:
        """Return what of these identifiers is in `data`, which is everything of an instance but its pixels."""
        return list(self._hits(bytes(data)))

    def _hits(self, data: bytes) -> Iterator[Hit]:
        for found in _UIDS.finditer(data):
            if found[0] in self.uids or any(prefix in self.uids for prefix in _prefixes(found[0])):
                yield Hit(Hint.UID, found.start())
        lower = data.lower()
        for needle in self.needles:
            offset = _find(lower, needle)
            if offset is not None:
                yield Hit(needle.kind, offset)


def _prefixes(uid: bytes) -> Iterator[bytes]:
    """Yield what a UID begins with: a device that numbers images below the study's UID shows that UID."""
    end = uid.rfind(b".")
    while end > len(b"1.2.840."):
        yield uid[:end]
        end = uid.rfind(b".", 0, end)


def _encoded(kind: Hint, text: str) -> Iterator[_Needle]:
    spellings: Iterable[str] = (text,) if text.isascii() else {text, text.lower(), text.upper(), text.title()}
    for spelling in spellings:
        for encoding in ("latin-1", *_WIDE) if spelling.isascii() else _ENCODINGS:
            try:
                data = spelling.encode(encoding)
            except UnicodeEncodeError:
                continue
            yield _Needle(kind, _ESCAPES.sub(b"", data).lower(), text, encoding in _WIDE)


def _find(lower: bytes, needle: _Needle) -> int | None:
    """Return where the needle stands as a word or number of its own, or None."""
    if needle.kind is Hint.ID and len(needle.text) <= _SHORT:
        return None if needle.wide else _whole_value(lower, needle.data)
    start = lower.find(needle.data)
    while start >= 0:
        if _stands_alone(lower, start, needle):
            return start
        start = lower.find(needle.data, start + 1)
    return None


def _whole_value(lower: bytes, data: bytes) -> int | None:
    padded = len(data) + len(data) % 2
    header = _TEXT_HEADER + re.escape(padded.to_bytes(2, "little"))
    found = re.search(header + re.escape(data) + (rb"[ \x00]" if len(data) % 2 else b""), lower, re.DOTALL)
    return None if found is None else found.start()


def _stands_alone(lower: bytes, start: int, needle: _Needle) -> bool:
    text = needle.text
    if not text.isascii():
        return True
    end = start + len(needle.data)
    step = 2 if needle.wide else 1
    before = [_sign(lower, start - count * step, step) for count in (1, 2)]
    after = [_sign(lower, end + count * step, step) for count in (0, 1)]
    if not needle.wide and after[1] == 0:
        after[0] = 0  # the group number of the next element, not a character
    if _continues(text[0], before) or (_continues(text[-1], after) and not _is_plain_date(needle)):
        return False
    number = needle.kind is Hint.ID and text.isdigit() and len(text) <= _SHORT_NUMBER
    return not (number and _NUMBER_BEFORE.search(lower, max(0, start - _LONGEST_NUMBERS), start))


def _is_plain_date(needle: _Needle) -> bool:
    """Tell whether the needle is YYYYMMDD, which a time may follow."""
    return needle.kind is Hint.DATE and needle.text.isdigit() and needle.text[:2] in ("18", "19", "20")


def _sign(data: bytes, offset: int, step: int) -> int:
    """Return the character at `offset`, a blank outside of the data."""
    if not 0 <= offset < len(data):
        return ord(" ")
    return next((byte for byte in data[offset : offset + step] if byte), 0)


def _continues(edge: str, neighbours: list[int]) -> bool:
    """Tell whether what lies beside an edge of a needle belongs to the same word or number."""
    near, far = neighbours
    if edge.isdigit():
        return near in _DIGITS or (near == ord(".") and far in _DIGITS)
    return edge.isalpha() and near in _LETTERS
