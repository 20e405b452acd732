"""How a script addresses elements: by tag, by private creator, or by a name that may be older than PS3.6 2024."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.dicom.dictionary import display_tag, is_private, keyword_of, tag_of

_TAG: Final = re.compile(r"([0-9A-Fa-f]{1,4}),([0-9A-Fa-f]{4})|([0-9A-Fa-f]{8})")
_PRIVATE: Final = re.compile(r"([0-9A-Fa-f]{1,4}),?\[([^\]]+)\]([0-9A-Fa-f]{2})")
_CREATOR: Final = re.compile(r"([0-9A-Fa-f]{1,4}),?(?:00)?\[([^\]]+)\]")
_BRACKETS: Final = {"[": "]", "(": ")"}
THIS: Final = "this"


@dataclass(frozen=True, slots=True)
class Address:
    """An element. With a `creator`, `tag` is (gggg,00ee) and the block is wherever the creator reserved it."""

    tag: int
    creator: str = ""

    @property
    def private(self) -> bool:
        """Whether the group number is odd."""
        return is_private(self.tag)

    @property
    def group(self) -> int:
        """The group number."""
        return self.tag >> 16

    @property
    def display(self) -> str:
        """The element as people read it."""
        if self.creator:
            return f"({self.group:04x},[{self.creator}]{self.tag & 0xFF:02x})"
        return f"{display_tag(self.tag)} {keyword_of(self.tag)}".rstrip()


def address_of(text: str) -> Address | None:
    """Return the element that `text` writes as a tag, or None.

    The forms: 00100010, 0010,0010, 10,0010, 0013[CTP]10, 0013,[CTP]10, each also within brackets or parentheses.
    """
    text = text.strip()
    if text and _BRACKETS.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    if match := _TAG.fullmatch(text):
        return Address(int(match[3], 16) if match[3] else int(match[1], 16) << 16 | int(match[2], 16))
    for form in (_PRIVATE, _CREATOR):
        match = form.fullmatch(text)
        if match is not None and int(match[1], 16) & 1:
            element = int(match[3], 16) if form is _PRIVATE else 0
            return Address(int(match[1], 16) << 16 | element, match[2].strip())
    return None


def element_of(argument: str, this: Address, names: Mapping[str, Address]) -> Address | None:
    """Return the element that an argument of a function names, or None when nobody knows it.

    A name of PS3.6 wins; a name that PS3.6 does not know means the element that the script calls so.
    """
    argument = argument.strip()
    if argument in ("", THIS):
        return this
    address = address_of(argument)
    if address is not None:
        return address
    tag = tag_of(argument)
    return Address(tag) if tag is not None else names.get(argument)
