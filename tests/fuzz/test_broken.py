"""Generated data sets with every fault that archives hold: a clean result, or withheld with a reason."""

from __future__ import annotations

import time
import zlib
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.deid.markers import MARKERS
from gateway.dicom.part10 import file_meta, read_header
from gateway.dicom.syntax import DEFLATED_LE, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from gateway.dicom.vr import VRS
from gateway.errors import Reason
from tests.deid.shipped import CT, NAMES, SR, engine, identity
from tests.deid.test_rewriter import minimal
from tests.dicom.raw import Leaf, Node, Seq, data_sets, header, item_header, known_data_sets, write
from tests.fuzz.targets import CANARY, TARGETS, check, judge, passed

SYNTAXES = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)
IDENTITY = frozenset((0x00080016, 0x00080018, 0x0020000D, 0x0020000E))
VALUES = st.sampled_from((CANARY, CANARY + b"^\\", b"", b"\0", b"20240229", b"093Y", b"1.2.3", b"1.5\\x", b"A" * 70))
names = st.sampled_from(NAMES)
sizes = st.sampled_from((1, 7, 64))
some = settings(max_examples=40, deadline=None)

_tags = st.integers(0x00090000, 0x7FE00000) | st.sampled_from((0x00080080, 0x00100010, 0x00101010, 0x00280106))
any_vr: st.SearchStrategy[Node] = st.builds(
    Leaf, _tags, st.sampled_from(sorted(set(VRS) - {"SQ"})), VALUES | st.binary(max_size=20)
)
content = st.one_of(
    data_sets, known_data_sets, st.lists(any_vr, max_size=5).map(lambda nodes: tuple(sorted(nodes, key=_tag_of)))
)


def _tag_of(node: Node) -> int:
    return node.tag


def instance(nodes: tuple[Node, ...], syntax: str = EXPLICIT_LE, sop_class: str = SR) -> bytes:
    """Return a file that names itself, with `nodes` beside; a tag may stand twice."""
    return minimal(*(node for node in nodes if node.tag not in IDENTITY), syntax=syntax, sop_class=sop_class)


def deflated(source: bytes) -> bytes:
    """Return an Explicit VR Little Endian file of `instance` with its data set deflated."""
    start = len(file_meta(SR, "1.2.3.4", EXPLICIT_LE))
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return file_meta(SR, "1.2.3.4", DEFLATED_LE) + deflater.compress(source[start:]) + deflater.flush()


@given(content, st.sampled_from(SYNTAXES), names, sizes)
@some
def test_any_vr_at_any_tag(nodes: tuple[Node, ...], syntax: str, name: str, size: int) -> None:
    check(name, instance(nodes, syntax), size)


@given(content, st.sampled_from(SYNTAXES), names, sizes, st.data())
@some
def test_damaged_anywhere(nodes: tuple[Node, ...], syntax: str, name: str, size: int, draw: st.DataObject) -> None:
    source = bytearray(instance(nodes, syntax))
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(0, len(source) - 1))
        source[at : at + draw.draw(st.integers(0, 4))] = draw.draw(st.binary(max_size=4) | st.just(b"\xff" * 4))
    check(name, bytes(source), size)


@given(content, st.sampled_from(SYNTAXES), names, sizes, st.data())
@some
def test_cut_anywhere(nodes: tuple[Node, ...], syntax: str, name: str, size: int, draw: st.DataObject) -> None:
    source = instance(nodes, syntax)
    check(name, source[: draw.draw(st.integers(0, len(source)))], size)


@given(content, names, sizes, st.booleans())
@some
def test_deflated_whole_or_cut(nodes: tuple[Node, ...], name: str, size: int, cut: bool) -> None:
    source = deflated(instance(nodes))
    outcome = check(name, source[:-2] if cut else source, size)
    assert outcome == passed(engine(name), [instance(nodes)], name) or cut
    assert not cut or isinstance(outcome, Reason)


@given(content, names, sizes, st.sampled_from((IMPLICIT_LE, EXPLICIT_LE)), st.booleans())
@some
def test_unknown_that_holds_items(nodes: tuple[Node, ...], name: str, size: int, inner: str, defined: bool) -> None:
    value = write(nodes, inner)
    items = item_header(0xFFFEE000, len(value)) + value
    end = b"" if defined else item_header(0xFFFEE0DD, 0)
    for tag in (0x00091010, 0x00400275, 0x00100010):
        unknown = header(tag, "UN", len(items) if defined else 0xFFFFFFFF) + items + end
        check(name, instance(()) + unknown, size)


@given(content, names, sizes)
@some
def test_implicit_inside_explicit(nodes: tuple[Node, ...], name: str, size: int) -> None:
    stray = write((Leaf(0x00081010, "SH", CANARY), *nodes), IMPLICIT_LE)
    assert check(name, instance(()) + stray, size) is not None
    sequence = header(0x00400275, "SQ", len(stray) + 8) + item_header(0xFFFEE000, len(stray)) + stray
    assert isinstance(check(name, instance(()) + sequence, size), Reason)


@given(content, names, sizes)
@some
def test_a_tag_that_stands_twice(nodes: tuple[Node, ...], name: str, size: int) -> None:
    twice = instance((Leaf(0x00100010, "PN", CANARY), *nodes)) + write((Leaf(0x00100010, "PN", CANARY),))
    assert isinstance(check(name, twice, size), Reason)


@given(content, names, sizes, st.sampled_from(SYNTAXES), st.booleans())
@some
def test_behind_pixel_data(nodes: tuple[Node, ...], name: str, size: int, syntax: str, late: bool) -> None:
    order = ">H" if syntax == EXPLICIT_BE else "<H"
    shape = tuple(Leaf(tag, "US", pack(order, 2)) for tag in (0x00280010, 0x00280011))
    shape = (*shape, Leaf(0x00280100, "US", pack(order, 8)))
    pixels = header(0x7FE00010, "OW", 4, syntax) + b"abcd"
    tail = tuple(Leaf(0x7FE10000 | at, "LO", CANARY) for at, _ in enumerate(nodes, 0x10)) if late else nodes
    check(name, instance(shape, syntax, CT) + pixels + write(tail, syntax), size)


@given(content, st.sampled_from(SYNTAXES), names, sizes)
@some
def test_without_file_meta(nodes: tuple[Node, ...], syntax: str, name: str, size: int) -> None:
    bare = instance(nodes, syntax)[len(file_meta(SR, "1.2.3.4", syntax)) :]
    outcome = check(name, bare, size)
    first = min((node.tag for node in nodes), default=0x00080016)
    if first > 0x00080016:
        assert outcome == passed(engine(name), [instance(nodes, syntax)], name)


@given(known_data_sets, names)
@some
def test_nested_is_judged_as_the_root(nodes: tuple[Node, ...], name: str) -> None:
    nodes = tuple(node for node in nodes if node.tag not in {*IDENTITY, *MARKERS, 0x00280010, 0x00081140})
    root = passed(engine(name), [instance(nodes)], name)
    nested = passed(engine(name), [instance((Seq(0x00081140, (nodes,)),))], name)
    if isinstance(root, Reason) or isinstance(nested, Reason):
        assert root == nested
        return
    (item,) = read_header(nested).json().json["00081140"]["Value"]
    stays = set(identity()) | {f"{tag:08X}" for tag in MARKERS} | {"00080005"}
    assert {tag: element for tag, element in item.items() if tag not in stays} == {
        tag: element for tag, element in read_header(root).json().json.items() if tag not in stays
    }


def deep(levels: int) -> tuple[Node, ...]:
    nodes: tuple[Node, ...] = (Leaf(0x00100010, "PN", CANARY),)
    for _ in range(levels):
        nodes = (Seq(0x00081140, (nodes,), open_sequence=True, open_items=levels % 2 == 0),)
    return nodes


@pytest.mark.parametrize("levels", [1, 31, 32, 33, 150])
@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE])
def test_nesting_has_a_limit_and_does_not_crash(levels: int, syntax: str) -> None:
    outcome = check("first", instance(deep(levels), syntax), 64)
    assert (outcome is Reason.TOO_DEEP) == (levels > 32)


BOMBS = {
    "one value": header(0x00420011, "OB", 100_000_000) + bytes(1 << 20),
    "items": header(0x00081140, "SQ", 0xFFFFFFFF) + item_header(0xFFFEE000, 0) * 600_000,
    "levels": (header(0x00081140, "SQ", 0xFFFFFFFF) + item_header(0xFFFEE000, 0xFFFFFFFF)) * 100_000,
    "zeros": bytes(100_000_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_deflated_bomb_is_refused_and_costs_little(bomb: str) -> None:
    source = deflated(instance(()) + BOMBS[bomb])
    assert len(source) < 200_000
    started = time.process_time()
    assert passed(engine("first"), [source], "first") in (Reason.HEADER_TOO_LARGE, Reason.TOO_DEEP)
    assert time.process_time() - started < 30


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from((CANARY.decode(), "\ud800", 10**400, "1e999", "NaN")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("vr", "Value", "Alphabetic", "InlineBinary", "00100010")), inner, max_size=3)
    ),
    max_leaves=6,
)
_elements = st.fixed_dictionaries(
    {}, optional={"vr": st.sampled_from(sorted(VRS)) | _json, "Value": st.lists(_json, max_size=3) | _json}
)


@given(
    st.dictionaries(
        st.sampled_from(("00080005", "00080080", "00100010", "00081140", "00280010", "00281050", "00091010", "x")),
        _elements | _json,
        max_size=4,
    ),
    names,
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_json_of_any_type(dataset: dict[str, Any], name: str, row: bool) -> None:
    judge(name, identity() | dataset, row=row)
    judge(name, {"00081140": {"vr": "SQ", "Value": [dataset]}} | identity(), row=row)
    judge(name, dataset, row=row)


def test_json_that_nests_without_end_is_withheld() -> None:
    nested: dict[str, Any] = {}
    for _ in range(900):
        nested = {"00081140": {"vr": "SQ", "Value": [nested]}}
    judge("first", identity() | nested, row=False)


@pytest.mark.parametrize("name", TARGETS)
@given(st.binary(max_size=300))
@some
def test_any_bytes_at_all(name: str, data: bytes) -> None:
    TARGETS[name](data)
