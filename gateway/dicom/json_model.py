"""Elements to the DICOM JSON Model and back (PS3.18 Annex F)."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.dicom.charset import ASCII, SPECIFIC_CHARACTER_SET, UTF8_TERM, Charset, charset_of
from gateway.dicom.dataset import JsonDataset, JsonElement
from gateway.dicom.dictionary import display_tag, hex_tag
from gateway.dicom.elements import FRAGMENTS, PIXEL_DATA, SWAPPED, Buffer, Element
from gateway.dicom.values import (
    encode_header,
    encode_value,
    inline_binary,
    json_number,
    person_name,
    read_numbers,
    read_tags,
    read_text,
    swap,
)
from gateway.dicom.vr import VRS, Kind
from gateway.errors import NotFound, Reason, Withheld

INLINE_LIMIT: Final = 1024
"""Binary values up to this many bytes are inline, longer ones are bulk data."""

BulkUri = Callable[[str], str]
"""From the path of an element ("54000100/0/54001010") to the URI of its bulk data."""


def left_out(element: Element) -> bool:
    """Tell whether an element is never represented: group lengths, command, meta, nested pixels, padding."""
    tag = element[0]
    return (
        not tag & 0xFFFF or tag < 0x00040000 or element[5] == FRAGMENTS or tag in (0xFFFCFFFC, SPECIFIC_CHARACTER_SET)
    )


def to_json(
    data: Buffer, elements: Sequence[Element], *, bulk: BulkUri | None = None, inherited: Charset = ASCII
) -> JsonDataset:
    """Return a data set in the DICOM JSON Model, Pixel Data at the root left out.

    Text is decoded by its own character set, and (0008,0005), where it stands, says ISO_IR 192. A text value that
    cannot be decoded and a number that is cut are present without a Value. Without `bulk` all binary is inline.
    """
    return _dataset(data, elements, bulk, inherited, "")


def _dataset(
    data: Buffer, elements: Sequence[Element], bulk: BulkUri | None, inherited: Charset, path: str
) -> JsonDataset:
    charset = charset_of(data, elements, inherited)
    dataset: JsonDataset = {}
    for element in elements:
        tag, vr = element.tag, element.vr
        if tag == SPECIFIC_CHARACTER_SET:
            dataset["00080005"] = {"vr": "CS", "Value": [UTF8_TERM]}
        if left_out(element) or (tag in PIXEL_DATA and not path):
            continue
        name = hex_tag(tag)
        here = path + name
        if element.items is not None:
            items = [
                _dataset(data, item, bulk, charset, f"{here}/{number}/") for number, item in enumerate(element.items)
            ]
            dataset[name] = {"vr": vr, "Value": items} if items else {"vr": vr}
        else:
            dataset[name] = _element(vr, raw_value(data, element), charset, bulk, here)
    return dataset


def raw_value(data: Buffer, element: Element) -> bytes:
    """Return the value field of an element, little endian; text and bytes of odd length are padded."""
    facts = VRS[element.vr]
    raw = bytes(data[element.offset : element.end])
    if element.form == SWAPPED:
        raw = swap(raw, facts.width)
    return raw + facts.pad if len(raw) & 1 and facts.kind in (Kind.TEXT, Kind.BYTES) else raw


def _element(vr: str, raw: bytes, charset: Charset, bulk: BulkUri | None, path: str) -> JsonElement:
    kind = VRS[vr].kind
    if kind is Kind.BYTES:
        if not raw:
            return {"vr": vr}
        if bulk is not None and len(raw) > INLINE_LIMIT:
            return {"vr": vr, "BulkDataURI": bulk(path)}
        return {"vr": vr, "InlineBinary": inline_binary(raw)}
    values: Sequence[Any] | None
    if kind is Kind.TEXT:
        texts = read_text(vr, raw, charset)
        values = None if texts is None else [_json_text(vr, text) for text in texts]
    elif kind is Kind.NUMBER:
        numbers = read_numbers(vr, raw)
        values = None if numbers is None else [_json_float(number) for number in numbers]
    else:
        values = read_tags(raw)
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _json_text(vr: str, text: str) -> Any:
    if vr == "PN":
        return person_name(text) or {"Alphabetic": ""}  # viewers stumble over a null name
    if not text:
        return None
    return json_number(vr, text) if vr in ("DS", "IS") else text


def _json_float(number: float) -> float | str:
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else str(number)


def encode_element(tag: int, vr: str, values: Sequence[Any]) -> bytes:
    """Return one element in Explicit VR Little Endian, its text in UTF-8.

    `values` as in the DICOM JSON Model (a sequence holds data sets, binary one `bytes`), see `encode_value`.

    Raises:
        Withheld: RULE_FAILED when a value does not fit the VR.
    """
    if vr == "SQ":
        field = b"".join(encode_item(encode_dataset(item or {})) for item in values)
    else:
        field = encode_value(vr, values)
    return encode_header(tag, vr, len(field)) + field


def encode_item(content: bytes) -> bytes:
    """Return an item of defined length around an encoded data set (PS3.5 §7.5.2)."""
    return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content


def encode_dataset(dataset: JsonDataset) -> bytes:
    """Return a data set in Explicit VR Little Endian and UTF-8, sequences with defined lengths, tags ascending.

    Raises:
        Withheld: as `encode_element`, and RULE_FAILED for an element that has only a BulkDataURI.
    """
    return b"".join(_encode(int(name, 16), dataset[name]) for name in sorted(dataset))


def _encode(tag: int, element: JsonElement) -> bytes:
    vr = element["vr"]
    if "BulkDataURI" in element:
        raise Withheld(Reason.RULE_FAILED, f"{display_tag(tag)}: its bulk data is not at hand")
    if "InlineBinary" in element:
        try:
            return encode_element(tag, vr, [base64.b64decode(element["InlineBinary"], validate=True)])
        except (binascii.Error, TypeError):
            raise Withheld(Reason.RULE_FAILED, f"{display_tag(tag)}: InlineBinary is not base64") from None
    return encode_element(tag, vr, element.get("Value", []))


def bulk_value(data: Buffer, elements: Sequence[Element], path: str) -> bytes:
    """Return the little endian value that a path given to `BulkUri` names.

    Raises:
        NotFound: when the path leads to no value of bytes or numbers.
    """
    *containers, name = path.split("/")
    try:
        for container, number in zip(containers[::2], containers[1::2], strict=True):
            items = {hex_tag(element.tag): element for element in elements}[container].items or ()
            elements = items[int(number)]
        element = {hex_tag(element.tag): element for element in elements}[name]
    except (KeyError, IndexError, ValueError):
        raise NotFound("There is no bulk data value at this path.") from None
    if element.items is not None or element.form == FRAGMENTS or VRS[element.vr].kind is Kind.TEXT:
        raise NotFound("There is no bulk data value at this path.")
    return raw_value(data, element)
