"""Data sets as bytes, written here and not by the code under test, and a strategy that draws them."""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack

from hypothesis import strategies as st

from gateway.dicom.dictionary import VR
from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

LONG = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
LEAF_VRS = ("AE", "CS", "DA", "DS", "IS", "LO", "LT", "OB", "OW", "PN", "SH", "SS", "UI", "UL", "UN", "US", "UT")


@dataclass(frozen=True)
class Leaf:
    tag: int
    vr: str
    value: bytes


@dataclass(frozen=True)
class Seq:
    tag: int
    items: tuple[tuple[Leaf | Seq, ...], ...]
    open_sequence: bool = False
    open_items: bool = False


Node = Leaf | Seq


def header(tag: int, vr: str, length: int, syntax: str = EXPLICIT_LE) -> bytes:
    order = ">" if syntax == EXPLICIT_BE else "<"
    if syntax == IMPLICIT_LE:
        return pack("<HHI", tag >> 16, tag & 0xFFFF, length)
    if vr in LONG:
        return pack(order + "HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    return pack(order + "HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), length)


def item_header(tag: int, length: int, syntax: str = EXPLICIT_LE) -> bytes:
    return pack((">" if syntax == EXPLICIT_BE else "<") + "HHI", tag >> 16, tag & 0xFFFF, length)


def write(nodes: tuple[Node, ...], syntax: str = EXPLICIT_LE) -> bytes:
    return b"".join(_node(node, syntax) for node in nodes)


def _node(node: Node, syntax: str) -> bytes:
    if isinstance(node, Leaf):
        return header(node.tag, node.vr, len(node.value), syntax) + node.value
    body = b""
    for item in node.items:
        content = write(item, syntax)
        body += item_header(0xFFFEE000, 0xFFFFFFFF if node.open_items else len(content), syntax) + content
        body += item_header(0xFFFEE00D, 0, syntax) if node.open_items else b""
    if node.open_sequence:
        return header(node.tag, "SQ", 0xFFFFFFFF, syntax) + body + item_header(0xFFFEE0DD, 0, syntax)
    return header(node.tag, "SQ", len(body), syntax) + body


def _leaf(tag: int) -> st.SearchStrategy[Node]:
    values = st.binary(max_size=12)
    return st.builds(Leaf, st.just(tag), st.sampled_from(LEAF_VRS), values)


def _sorted(nodes: list[Node]) -> tuple[Node, ...]:
    return tuple(sorted({node.tag: node for node in nodes}.values(), key=lambda node: node.tag))


_tags = st.integers(0x00090010, 0x7FDF0010).filter(lambda tag: tag & 0xFFFF)
# Implicit VR knows a sequence by its tag, and takes unknown ones for sequences when they hold items.
_private = _tags.map(lambda tag: tag | 0x00011000)
_leaves: st.SearchStrategy[Node] = _tags.flatmap(_leaf)
data_sets: st.SearchStrategy[tuple[Node, ...]] = st.recursive(
    st.lists(_leaves, max_size=4).map(_sorted),
    lambda inner: st.lists(
        st.one_of(
            _leaves,
            st.builds(Seq, _private, st.lists(inner, max_size=3).map(tuple), st.booleans(), st.booleans()),
        ),
        max_size=4,
    ).map(_sorted),
    max_leaves=12,
)
"""Any tags and values; sequences of either length form."""


_KNOWN = sorted(tag for tag, vr in VR.items() if vr in LEAF_VRS and 0x00080008 <= tag < 0x7FE00000)
_plausible = st.one_of(
    st.binary(max_size=8),
    st.lists(
        st.sampled_from(
            (
                *(b"", b"ORIGINAL", b"AXIAL T2", b"name", b"J\xe9", b"a\nb", b"Doe^Jane=\x1b$B;3\x1b(B"),
                *(b"1.5", b"-3 ", b"123456789", b"20240229", b"101112.5", b"090Y", b"\0\0"),
                *(b"1.2.840.10008.1.2", b"1.2.3\0"),
            )
        ),
        min_size=1,
        max_size=3,
    ).map(b"\\".join),
)
_known_leaves: st.SearchStrategy[Node] = st.sampled_from(_KNOWN).flatmap(
    lambda tag: st.builds(Leaf, st.just(tag), st.one_of(st.just(VR[tag]), st.sampled_from(LEAF_VRS)), _plausible)
)
_charsets: st.SearchStrategy[Node] = st.sampled_from(
    (b"ISO_IR 100", b"\\ISO 2022 IR 87", b"ISO_IR 192", b"nonsense")
).map(lambda terms: Leaf(0x00080005, "CS", terms))
_known_items = st.lists(st.one_of(_known_leaves, _charsets), max_size=6).map(_sorted)
_known_sequences: st.SearchStrategy[Node] = st.builds(
    Seq,
    st.sampled_from(sorted(tag for tag, vr in VR.items() if vr == "SQ" and tag > 0x00080008)),
    st.lists(_known_items, max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
)
known_data_sets: st.SearchStrategy[tuple[Node, ...]] = st.lists(
    st.one_of(_known_leaves, _known_leaves, _charsets, _known_sequences), max_size=8
).map(_sorted)
"""Attributes of PS3.6, mostly in their own VR, with values that look like values, and character sets."""
