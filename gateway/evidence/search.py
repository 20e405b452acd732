"""Looks for planted identifiers in bytes, knowing nothing of the engine that was to remove them."""

from __future__ import annotations

import io
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset

from gateway.evidence.planter import TOKEN, Plant

_ENCODINGS: Final = (
    "utf-8",
    "iso2022_jp",
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "iso8859-1",
    "iso8859-5",
    "iso8859-7",
    "iso8859-8",
    "utf-16-le",
    "utf-16-be",
)
_TOKEN: Final = re.compile(TOKEN.casefold().encode())
_DIGITS: Final = frozenset(b"0123456789.")
_ESCAPES: Final = re.compile(rb"\x1b[$()-]*[@-~]")
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_META_START: Final = 132


@dataclass(frozen=True)
class Haystack:
    """One representation of an instance: its bytes, and what pydicom reads in them."""

    data: bytes
    dataset: Dataset | None = None

    @classmethod
    def of_file(cls, data: bytes) -> Haystack:
        """Return a Part 10 file to search in; a deflated data set is searched inflated too."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(io.BytesIO(data), force=True)
        if dataset.file_meta.get("TransferSyntaxUID") == _DEFLATED:
            # The first element of the meta group is its length, twelve bytes (PS3.10 §7.1).
            length = int.from_bytes(data[_META_START + 8 : _META_START + 12], "little")
            data += zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[_META_START + 12 + length :])
        return cls(data, dataset)

    def holds(self, plant: Plant) -> bool:
        """Tell whether the planted identifier is still there, in any encoding."""
        if not plant.needle.isascii():
            return any(needle in self.data for needle in _encoded(plant.needle))
        needle = plant.needle.casefold().encode()
        if plant.number:
            return plant.needle in self._values or any(_stands_alone(text, needle) for text in self._texts)
        return needle in self._tokens

    @cached_property
    def _texts(self) -> tuple[bytes, bytes]:
        """The bytes in lower case, and once more without the zeros that UTF-16 puts between Latin letters."""
        lower = self.data.lower()
        return lower, lower.replace(b"\0", b"")

    @cached_property
    def _tokens(self) -> frozenset[bytes]:
        return frozenset(found for text in self._texts for found in _TOKEN.findall(text))

    @cached_property
    def _values(self) -> frozenset[str]:
        return frozenset() if self.dataset is None else frozenset(_numbers(self.dataset))


def _stands_alone(text: bytes, number: bytes) -> bool:
    """Tell whether `number` occurs and does not continue another one."""
    at = text.find(number)
    while at > 0 and text[at - 1] in _DIGITS:
        at = text.find(number, at + 1)
    return at >= 0


def walk(dataset: Dataset) -> Iterator[tuple[str, str, object]]:
    """Yield tag, VR and value of every element at every level, sequences too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for element in dataset:
            yield f"{int(element.tag):08X}", element.VR, element.value
            if element.VR == "SQ":
                for item in element.value or ():
                    yield from walk(item)


def _numbers(dataset: Dataset) -> Iterator[str]:
    for _, vr, value in walk(dataset):
        if vr in ("US", "SS", "UL", "SL"):
            yield from map(str, value if isinstance(value, Iterable) and not isinstance(value, str) else [value])


def _encoded(needle: str) -> Iterator[bytes]:
    for encoding in _ENCODINGS:
        try:
            yield _ESCAPES.sub(b"", needle.encode(encoding))
        except UnicodeEncodeError:
            continue
