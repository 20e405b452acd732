"""Plants every attribute of Table E.1-1 in one data set: at the root, deep in sequences, in private elements, as UN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from gateway.deid.table import Row
from gateway.evidence.hipaa import Identifier, identifier_of, in_passing
from gateway.evidence.planter import Place, Planter

_CHAIN: Final = (
    "SourceImageSequence",
    "PurposeOfReferenceCodeSequence",
    "SourceImageSequence",
    "PurposeOfReferenceCodeSequence",
    "ReferencedImageSequence",
)
"""Sequences that every pass walks, so that what lies five deep is judged and not just dropped from above."""

_NO_PART: Final = 0x0008
"""Groups below this one are no part of a data set; pydicom refuses to write them at the root."""
_PRIVATE_GROUP: Final = 0x0029
_BLOCK: Final = 0xF0
_FIXED: Final = frozenset(("00080005", "00080016"))
_OVERLAY: Final = 0x6000
_CURVE: Final = 0x5000
_BEHIND: Final = 0x7FE1
_BYTES: Final = frozenset(("OB", "OW", "UN"))


def saturate(dataset: Dataset, rows: Iterable[Row], planter: Planter) -> None:
    """Plant every row of the table in `dataset`, over whatever stood there."""
    table = [row for row in rows if "X" not in row.tag and row.tag not in _FIXED]
    for row in table:
        if int(row.tag[:4], 16) >= _NO_PART:
            dataset[Tag(row.tag)] = planted_element(row, planter, Place.ROOT)
    _chain(dataset, table, planter)
    _unknown(dataset, table, planter)
    _private(dataset, table, planter)
    _drawings(dataset, planter)
    _behind(dataset, planter)


def planted_element(row: Row, planter: Planter, place: Place) -> DataElement:
    """Return the element of a row with an identifier that fits its VR."""
    tag, vr = Tag(row.tag), row.vr
    if vr == "SQ":
        return DataElement(tag, "SQ", Sequence([_item(row, planter, place)]))
    if vr in _BYTES:
        identifier = identifier_of(row.keyword, vr) or Identifier.OTHER
        return DataElement(tag, vr, _even(planter.token(row.keyword, row.tag, place, identifier, vr).encode()))
    text = planter.value(vr, row.keyword, row.tag, place)
    return DataElement(tag, vr, int(text) if vr == "US" else text)


def _item(row: Row, planter: Planter, place: Place) -> Dataset:
    """Return an item that names somebody by a local code and its meaning, as departments do."""
    here = Place.ITEM if place is Place.ROOT else place
    identifier = identifier_of(row.keyword, "SQ") or in_passing(0)
    item = Dataset()
    item.CodeValue = planter.token(row.keyword, f"{row.tag}.00080100", here, identifier, "SH")
    item.CodingSchemeDesignator = "99PLANT"
    item.CodeMeaning = f"Dr. {planter.token(row.keyword, f'{row.tag}.00080104', here, identifier, 'LO')}"
    if row.keyword == "IconImageSequence":
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
        item.Rows, item.Columns, item.BitsAllocated, item.BitsStored = 1, 8, 8, 8
        item.HighBit, item.PixelRepresentation = 7, 0
        pixels = planter.token(row.keyword, f"{row.tag}.7FE00010", Place.DRAWING, Identifier.PHOTOGRAPH, "OB")
        item.add_new("PixelData", "OB", pixels.encode())
    return item


def _chain(dataset: Dataset, table: list[Row], planter: Planter) -> None:
    deepest = Dataset()
    for row in table:
        deepest[Tag(row.tag)] = planted_element(row, planter, Place.NESTED)
    below = deepest
    for keyword in reversed(_CHAIN[1:]):
        around = Dataset()
        setattr(around, keyword, Sequence([below]))
        below = around
    dataset[_CHAIN[0]].value.append(below)


def _unknown(dataset: Dataset, table: list[Row], planter: Planter) -> None:
    """Plant the table as elements of VR UN in an item of its own: at the root their tags are taken."""
    item = Dataset()
    for row in table:
        value = _raw(planted_element(row, planter, Place.UNKNOWN))
        # A DataElement would be given back the VR that its tag has in PS3.6.
        item[Tag(row.tag)] = RawDataElement(Tag(row.tag), "UN", len(value), value, 0, False, True)
    dataset[_CHAIN[0]].value.append(item)


def _raw(element: DataElement) -> bytes:
    """Return the value field that `element` has in Implicit VR Little Endian."""
    holder = Dataset()
    holder[element.tag] = element
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = True, True
    write_dataset(file, holder)
    return file.getvalue()[8:]


def _private(dataset: Dataset, rows: list[Row], planter: Planter) -> None:
    # Two bytes of a number whose VR nobody can read prove nothing.
    table = [row for row in rows if row.vr != "US"]
    for start in range(0, len(table), _BLOCK):
        tag = f"{_PRIVATE_GROUP:04X}{0x10 + start // _BLOCK:04X}"
        name = planter.token("PrivateCreator", tag, Place.PRIVATE, Identifier.OTHER, "LO")
        block = dataset.private_block(_PRIVATE_GROUP, f"PLANT {name}", create=True)
        for offset, row in enumerate(table[start : start + _BLOCK]):
            element = planted_element(row, planter, Place.PRIVATE)
            block.add_new(offset, row.vr, element.value)
    whole = Dataset()
    for row in table:
        whole[Tag(row.tag)] = planted_element(row, planter, Place.PRIVATE)
    hidden = DataElement(Tag(_PRIVATE_GROUP, 0x1000), "SQ", Sequence([whole]))
    block.add_new(_BLOCK, "UN", _raw(hidden))


def _drawings(dataset: Dataset, planter: Planter) -> None:
    def token(tag: str, keyword: str, vr: str) -> str:
        return planter.token(keyword, tag, Place.DRAWING, Identifier.NAME, vr)

    add = dataset.add_new
    add(Tag(_OVERLAY, 0x0010), "US", 8)
    add(Tag(_OVERLAY, 0x0011), "US", 8)
    add(Tag(_OVERLAY, 0x0022), "LO", token("60000022", "OverlayDescription", "LO"))
    add(Tag(_OVERLAY, 0x0040), "CS", "G")
    add(Tag(_OVERLAY, 0x0050), "SS", [1, 1])
    add(Tag(_OVERLAY, 0x0100), "US", 1)
    add(Tag(_OVERLAY, 0x0102), "US", 0)
    add(Tag(_OVERLAY, 0x1500), "LO", token("60001500", "OverlayLabel", "LO"))
    add(Tag(_OVERLAY, 0x3000), "OW", token("60003000", "OverlayData", "OW").encode())
    add(Tag(_OVERLAY, 0x4000), "LT", token("60004000", "OverlayComments", "LT"))
    add(Tag(_CURVE, 0x0022), "LO", token("50000022", "CurveDescription", "LO"))
    add(Tag(_CURVE, 0x2500), "LO", token("50002500", "CurveLabel", "LO"))
    add(Tag(_CURVE, 0x3000), "OW", token("50003000", "CurveData", "OW").encode())


def _behind(dataset: Dataset, planter: Planter) -> None:
    if "PixelData" not in dataset:
        return
    name = planter.token("PrivateCreator", f"{_BEHIND:04X}0010", Place.BEHIND, Identifier.OTHER, "LO")
    block = dataset.private_block(_BEHIND, f"PLANT {name}", create=True)
    block.add_new(1, "LO", planter.token("private", f"{_BEHIND:04X}1001", Place.BEHIND, Identifier.NAME, "LO"))
    block.add_new(2, "UN", planter.token("private", f"{_BEHIND:04X}1002", Place.BEHIND, Identifier.NAME, "UN").encode())


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)
