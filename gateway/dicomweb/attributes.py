"""Attributes as PS3.18 §8.3.4.1 names them in a URL: keywords or tags, dotted into sequences."""

from __future__ import annotations

from gateway.dicom import dictionary

TagPath = tuple[str, ...]
"""Tags "GGGGEEEE" in upper case, from the outermost sequence inwards."""

BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

_MAX_DEPTH = 8


def parse_path(text: str) -> TagPath | None:
    """Return the path that `text` names, or None when a part is neither a tag nor a keyword of PS3.6.

    A private or unlisted tag is a path too; its VR is "UN".
    """
    parts = text.split(".")
    if len(parts) > _MAX_DEPTH:
        return None
    # PS3.6 holds a retired attribute without a keyword, so "" would name it.
    tags = [dictionary.tag_of(part) if part else None for part in parts]
    known = tuple(dictionary.hex_tag(tag) for tag in tags if tag is not None)
    return known if len(known) == len(parts) else None


def is_private(tag: str) -> bool:
    """Tell whether `tag` has an odd group."""
    return dictionary.is_private(int(tag, 16))


def vr(tag: str) -> str:
    """Return the VR of `tag` by PS3.6; "UN" when it is private, a group length or unlisted."""
    return "UN" if is_private(tag) or tag.endswith("0000") else dictionary.vr_of(int(tag, 16))


def keyword_of(tag: str) -> str:
    """Return the keyword of `tag`, or "" when PS3.6 does not list it."""
    return dictionary.keyword_of(int(tag, 16))


def tag_of(keyword: str) -> str:
    """Return the tag of `keyword`, or "" when PS3.6 does not list it."""
    tag = dictionary.tag_of(keyword)
    return "" if tag is None else dictionary.hex_tag(tag)


def label(path: TagPath) -> str:
    """Return `path` for a message: the keywords of its tags, or "private" for what PS3.6 does not list."""
    return ".".join(keyword_of(tag) or "private" for tag in path)
