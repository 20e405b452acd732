"""Tags, keywords and VRs of PS3.6, repeating groups and known private elements included."""

from __future__ import annotations

import re
from typing import Final

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR as repeater_vr
from pydicom.datadict import (
    keyword_for_tag,
    private_dictionary_VR,
    repeater_has_tag,
    tag_for_keyword,
)

from gateway.errors import BadQuery

_HEX_TAG = re.compile(r"[0-9A-Fa-f]{8}")

VR: Final[dict[int, str]] = {tag: entry[0] for tag, entry in DicomDictionary.items() if len(entry[0]) == 2}
"""The VR of every attribute for which PS3.6 leaves no choice; `vr_of` knows the others."""
_KEYWORD: Final[dict[int, str]] = {tag: entry[4] for tag, entry in DicomDictionary.items() if entry[4]}


def vr_of(tag: int, creator: str = "", *, signed: bool = False) -> str:
    """Return the VR of an attribute, "UN" when neither PS3.6 nor the private dictionary knows it.

    Where PS3.6 leaves a choice it is resolved as in Implicit VR Little Endian (PS3.5 §A.1): words for bytes,
    and `signed` (Pixel Representation is 1) for US or SS.
    """
    vr = VR.get(tag)
    if vr is not None:
        return vr
    vr = _choice(tag) or _unlisted_vr(tag, creator)
    if len(vr) == 2:
        return vr
    if "OW" in vr:
        return "OW"
    if "SS" in vr:
        return "SS" if signed else "US"
    return "UN"


def _choice(tag: int) -> str:
    entry = DicomDictionary.get(tag)
    return entry[0] if entry else ""


def _unlisted_vr(tag: int, creator: str) -> str:
    group, element = tag >> 16, tag & 0xFFFF
    if element == 0:
        return "UL"
    if is_private(tag):
        if is_private_creator(tag):
            return "LO"
        if creator:
            try:
                return str(private_dictionary_VR(tag, creator))
            except KeyError:
                return "UN"
    elif group >> 8 in (0x50, 0x60, 0x7F, 0x00, 0x10, 0x20, 0x28) and repeater_has_tag(tag):
        return str(repeater_vr(tag))
    return "UN"


def is_private(tag: int) -> bool:
    """Tell whether a tag has an odd group number (PS3.5 §7.8)."""
    return bool(tag & 0x10000)


def is_private_creator(tag: int) -> bool:
    """Tell whether a tag reserves a block of private elements (PS3.5 §7.8.1)."""
    return bool(tag & 0x10000) and 0x10 <= tag & 0xFFFF <= 0xFF


def creator_tag(tag: int) -> int:
    """Return the tag of the element that names the creator of a private element (PS3.5 §7.8.1)."""
    return (tag & 0xFFFF0000) | (tag >> 8 & 0xFF)


def keyword_of(tag: int) -> str:
    """Return the keyword of an attribute, "" when it has none."""
    return _KEYWORD.get(tag) or keyword_for_tag(tag)


def hex_tag(tag: int) -> str:
    """Return a tag as the DICOM JSON Model writes it: eight upper-case hexadecimal digits."""
    return f"{tag:08X}"


def display_tag(tag: int) -> str:
    """Return a tag as people write it: (gggg,eeee)."""
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


def tag_of(name: str) -> int | None:
    """Return the tag that a keyword or eight hexadecimal digits name, or None (PS3.18 §8.3.4.1)."""
    if _HEX_TAG.fullmatch(name):
        return int(name, 16)
    return tag_for_keyword(name)


def tag_path(name: str) -> tuple[int, ...]:
    """Return the tags of a dotted attribute path, such as `00400275.RequestedProcedureID`.

    Raises:
        BadQuery: when a part is neither a keyword of PS3.6 nor eight hexadecimal digits.
    """
    tags = []
    for part in name.split("."):
        tag = tag_of(part)
        if tag is None:
            raise BadQuery("An attribute is named neither by a keyword nor by eight hexadecimal digits.")
        tags.append(tag)
    return tuple(tags)
