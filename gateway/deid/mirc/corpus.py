"""Data sets with an invented identifier in every attribute of Table E.1-1 that can hold text, each one its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from gateway.deid.table import Row
from gateway.dicom.dataset import JsonDataset, JsonElement
from gateway.dicom.dictionary import hex_tag, tag_of
from gateway.dicom.vr import TEXT

_SOP_CLASS: Final = "1.2.840.10008.5.1.4.1.1.2"  # CT: its instances are narrowed to an allow-list
_ROOT: Final = "1.2.826.0.1.3680043.10.1"
_FIRST: Final = date(1951, 2, 3)
_NUMBERS: Final = frozenset(("DS", "IS", "AS", "CS"))
_LAST_META_GROUP: Final = 0x0007
_BEYOND: Final = {
    "00080104": "LO", "0040A160": "UT", "00284000": "LT", "60000022": "LO", "60001500": "LO", "50000022": "LO",
    "00420010": "ST", "0040A121": "DA", "0040A123": "PN", "00081155": "UI",
}  # fmt: skip
"""Attributes that hold text and are not in the table, or only as a masked group."""
_PRIVATE: Final = {"00191000": "LO", "00191001": "PN", "00191002": "DA", "00191003": "UT", "00191004": "UI"}
_SEQUENCES: Final = ("ReferencedImageSequence", "RequestAttributesSequence", "AcquisitionContextSequence")


@dataclass(frozen=True, slots=True)
class Identifier:
    """What is planted, and where: the path of its element."""

    text: str
    path: str
    vr: str


@dataclass(frozen=True, slots=True)
class Planted:
    """One data set and what is planted in it."""

    dataset: JsonDataset
    identifiers: tuple[Identifier, ...]


def planted(table: tuple[Row, ...]) -> Iterator[Planted]:
    """Yield data sets with identifiers at the root, in items of sequences, and in private elements."""
    attributes = {row.tag: row.vr for row in table if "X" not in row.tag and row.vr in TEXT - _NUMBERS}
    attributes = {tag: vr for tag, vr in (attributes | _BEYOND).items() if int(tag, 16) >> 16 > _LAST_META_GROUP}
    numbers = count(1)
    identity = dict.fromkeys(("00080018", "0020000D", "0020000E"), "UI")
    yield _case(identity | attributes, {}, "", numbers)
    for sequence in _SEQUENCES:
        yield _case(identity, attributes, hex_tag(tag_of(sequence) or 0), numbers)
    yield _case(identity | _PRIVATE, {}, "", numbers)


def _case(root: dict[str, str], item: dict[str, str], sequence: str, numbers: Iterator[int]) -> Planted:
    dataset, identifiers = _filled(root, "", numbers)
    dataset["00080016"] = {"vr": "UI", "Value": [_SOP_CLASS]}
    if "00191000" in root:
        dataset["00190010"] = {"vr": "LO", "Value": ["INVENTED IMAGING"]}
    if item:
        inside, more = _filled(item, f"{sequence}[0].", numbers)
        dataset[sequence] = {"vr": "SQ", "Value": [inside]}
        identifiers += more
    return Planted(dict(sorted(dataset.items())), tuple(identifiers))


def _filled(attributes: dict[str, str], path: str, numbers: Iterator[int]) -> tuple[JsonDataset, list[Identifier]]:
    dataset: JsonDataset = {}
    identifiers: list[Identifier] = []
    for name, vr in attributes.items():
        dataset[name], text = _planted(vr, next(numbers))
        identifiers.append(Identifier(text, path + name, vr))
    return dict(sorted(dataset.items())), identifiers


def _planted(vr: str, number: int) -> tuple[JsonElement, str]:
    """Return an element and the identifier in it, of which no two are alike and none is part of another."""
    text = f"ZQ{number:05d}X"
    value: Any = text
    match vr:
        case "PN":
            value = {"Alphabetic": f"{text}^Zq"}
        case "UI":
            value = text = f"{_ROOT}.{number:05d}1"
        case "DA" | "DT":
            text = f"{_day(number):%Y%m%d}"
            value = text if vr == "DA" else f"{text}101112"
        case "TM":
            value = text = f"101112.{number:06d}"
        case "UR":
            value = f"https://{text}.example.org/"
    return {"vr": vr, "Value": [value]}, text


def _day(number: int) -> date:
    day = _FIRST + timedelta(days=7 * number)
    # 1 January is what a date becomes whose year may stay.
    return day + timedelta(days=3) if (day.month, day.day) == (1, 1) else day
