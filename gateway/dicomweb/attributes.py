"""Attributes as PS3.18 §8.3.4.1 names them in a URL: keywords or tags, dotted into sequences."""

from __future__ import annotations

import re

from pydicom.datadict import dictionary_keyword, dictionary_VR, tag_for_keyword

TagPath = tuple[str, ...]
"""Tags "GGGGEEEE" in upper case, from the outermost sequence inwards."""

BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_MAX_DEPTH = 8


def parse_path(text: str) -> TagPath | None:
    """Return the path that `text` names, or None when a part is neither a tag nor a keyword of PS3.6.

    A private or unlisted tag is a path too; `vrs` knows nothing about it.
    """
    parts = text.split(".")
    if len(parts) > _MAX_DEPTH:
        return None
    tags = [_parse_tag(part) for part in parts]
    known = tuple(tag for tag in tags if tag is not None)
    return known if len(known) == len(parts) else None


def is_private(tag: str) -> bool:
    """Tell whether `tag` has an odd group."""
    return int(tag[:4], 16) % 2 == 1


def vrs(tag: str) -> frozenset[str]:
    """Return the VRs PS3.6 allows for `tag`; empty when it is private or unlisted."""
    if is_private(tag):
        return frozenset()
    try:
        return frozenset(dictionary_VR(int(tag, 16)).split(" or "))
    except KeyError:
        return frozenset()


def label(path: TagPath) -> str:
    """Return `path` for a message: the keywords of its tags, or "private" for what PS3.6 does not list."""
    return ".".join(keyword_of(tag) or "private" for tag in path)


def _parse_tag(text: str) -> str | None:
    if _TAG.fullmatch(text):
        return text.upper()
    tag = tag_for_keyword(text) if text else None  # pydicom lists an attribute without a keyword
    return None if tag is None else f"{tag:08X}"


def keyword_of(tag: str) -> str:
    """Return the keyword of `tag`, or "" when PS3.6 does not list it."""
    try:
        return dictionary_keyword(int(tag, 16))
    except KeyError:
        return ""
