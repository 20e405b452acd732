from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gateway.dicom.dictionary import vr_of
from gateway.dicom.elements import Element, Limits, find
from gateway.dicom.part10 import read_header
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, transfer_syntax
from gateway.errors import Reason, Withheld
from tests.dicom.raw import Leaf, Node, Seq, data_sets, header, item_header, write
from tests.samples import sample, samples

SYNTAXES = (EXPLICIT_LE, EXPLICIT_BE, IMPLICIT_LE)
NAME = Leaf(0x00100010, "PN", b"A^B ")


def scan(data: bytes, syntax: str = EXPLICIT_LE, **limits: int) -> tuple[Element, ...]:
    scanner = Scanner(transfer_syntax(syntax), limits=Limits(**limits))
    assert scanner.scan(data, final=True)
    return tuple(scanner.elements)


def refused(data: bytes, syntax: str = EXPLICIT_LE, **limits: int) -> Withheld:
    with pytest.raises(Withheld) as caught:
        scan(data, syntax, **limits)
    return caught.value


def shape(data: bytes, elements: tuple[Element, ...]) -> list[object]:
    return [
        (e.tag, [shape(data, item) for item in e.items])
        if e.items is not None
        else (e.tag, e.vr, data[e.offset : e.end])
        for e in elements
    ]


def drawn(nodes: tuple[Node, ...]) -> list[object]:
    return [(n.tag, [drawn(item) for item in n.items]) if isinstance(n, Seq) else (n.tag, n.vr, n.value) for n in nodes]


def is_plain(nodes: tuple[Node, ...]) -> bool:
    """Tell whether no UN stands for something that PS3.6 knows."""
    return all(
        all(map(is_plain, node.items)) if isinstance(node, Seq) else node.vr != "UN" or vr_of(node.tag) == "UN"
        for node in nodes
    )


@given(data_sets.filter(is_plain), st.sampled_from((EXPLICIT_LE, EXPLICIT_BE)))
def test_finds_what_was_written(nodes: tuple[Node, ...], syntax: str) -> None:
    data = write(nodes, syntax)
    assert shape(data, scan(data, syntax)) == drawn(nodes)


@given(data_sets, st.sampled_from(SYNTAXES), st.data())
def test_any_truncation_is_withheld_or_ends_between_elements(
    nodes: tuple[Node, ...], syntax: str, draw: st.DataObject
) -> None:
    data = write(nodes, syntax)
    cut = draw.draw(st.integers(0, len(data)))
    boundaries = {len(write(nodes[:count], syntax)) for count in range(len(nodes) + 1)}
    try:
        scan(data[:cut], syntax)
    except Withheld as error:
        assert error.reason in (Reason.TRUNCATED, Reason.MALFORMED)
    else:
        assert cut in boundaries


@given(st.binary(max_size=200), st.sampled_from(SYNTAXES))
@settings(max_examples=300)
def test_any_bytes_are_walked_or_withheld(data: bytes, syntax: str) -> None:
    try:
        elements = scan(data, syntax)
    except Withheld:
        return
    assert all(0 <= e.start < e.offset <= e.end <= len(data) for e in elements)


@given(data_sets, st.sampled_from(SYNTAXES), st.integers(1, 7))
def test_chunks_of_any_size_give_the_same(nodes: tuple[Node, ...], syntax: str, size: int) -> None:
    data = write(nodes, syntax)
    scanner = Scanner(transfer_syntax(syntax))
    try:
        for stop in range(0, len(data), size):
            assert not scanner.scan(bytearray(data[:stop]))
        assert scanner.scan(data, final=True)
    except Withheld as error:  # Implicit VR may take a value for a sequence
        assert refused(data, syntax).reason is error.reason
    else:
        assert tuple(scanner.elements) == scan(data, syntax)


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_every_file_of_pydicom_is_walked_or_withheld_with_a_reason(path: object) -> None:
    try:
        found = read_header(path)  # type: ignore[arg-type]
    except Withheld as error:
        assert error.reason in (Reason.MALFORMED, Reason.TRUNCATED)
        return
    tags = [element.tag for element in found.elements]
    assert tags == sorted(set(tags))


def test_stops_at_pixel_data_at_the_root_only() -> None:
    icon = Seq(0x00880200, ((Leaf(0x7FE00010, "OW", b"\1\2"),),))
    data = write((NAME, icon)) + header(0x7FE00010, "OW", 4) + b"abcd" + write((Leaf(0x7FE10010, "LO", b"X "),))
    scanner = Scanner(transfer_syntax(EXPLICIT_LE))
    assert scanner.scan(data)
    assert [e.tag for e in scanner.elements] == [0x00100010, 0x00880200, 0x7FE00010]
    assert (scanner.pixel_length, data[scanner.position : scanner.position + 4]) == (4, b"abcd")


def test_encapsulated_pixels_inside_an_item_are_walked_over() -> None:
    fragments = item_header(0xFFFEE000, 0) + item_header(0xFFFEE000, 2) + b"ab" + item_header(0xFFFEE0DD, 0)
    icon = header(0x7FE00010, "OB", 0xFFFFFFFF) + fragments
    data = header(0x00880200, "SQ", len(icon) + 8) + item_header(0xFFFEE000, len(icon)) + icon + write(())
    (sequence,) = scan(data)
    assert sequence.items is not None and sequence.items[0][0].end == len(data)


def test_un_of_undefined_length_is_an_implicit_vr_sequence() -> None:
    inner = write((NAME,), IMPLICIT_LE)
    body = item_header(0xFFFEE000, len(inner)) + inner + item_header(0xFFFEE0DD, 0)
    (found,) = scan(header(0x00091010, "UN", 0xFFFFFFFF) + body)
    assert found.vr == "SQ"
    assert found.items is not None and found.items[0][0].vr == "PN"


def test_un_that_holds_items_is_a_sequence_and_any_other_stays_bytes() -> None:
    inner = write((NAME,), IMPLICIT_LE)
    items = item_header(0xFFFEE000, len(inner)) + inner
    found, damaged = scan(
        header(0x00091010, "UN", len(items)) + items + header(0x00091011, "UN", len(items) - 1) + items[:-1]
    )
    assert (found.vr, damaged.vr) == ("SQ", "UN")


def test_un_of_a_known_attribute_gets_its_vr() -> None:
    (name,) = scan(header(0x00100010, "UN", 4) + b"A^B ")
    assert name.vr == "PN"


def test_implicit_vr_finds_private_elements_through_their_creator() -> None:
    data = write((Leaf(0x00090010, "LO", b"GEMS_IDEN_01"), Leaf(0x00091002, "SH", b"CT01")), IMPLICIT_LE)
    assert [e.vr for e in scan(data, IMPLICIT_LE)] == ["LO", "SH"]


def test_implicit_vr_reads_signedness_from_pixel_representation() -> None:
    data = write((Leaf(0x00280103, "US", b"\1\0"), Leaf(0x00280106, "SS", b"\xff\xff")), IMPLICIT_LE)
    assert scan(data, IMPLICIT_LE)[1].vr == "SS"


def test_elements_out_of_order_are_sorted() -> None:
    data = write((NAME, Leaf(0x00080060, "CS", b"CT")))
    assert [e.tag for e in scan(data)] == [0x00080060, 0x00100010]


def test_zeros_behind_the_data_set_are_no_part_of_it() -> None:
    for syntax in SYNTAXES:
        for padding in (2, 7, 8, 100):
            (found,) = scan(write((NAME,), syntax) + bytes(padding), syntax)
            assert found.tag == NAME.tag
    assert refused(write((NAME,)) + b"\0").reason is Reason.TRUNCATED


@pytest.mark.parametrize(
    "data",
    [
        write((NAME, NAME)),
        write((Seq(0x00081140, ((NAME, NAME),)),)),
        write((NAME,), IMPLICIT_LE),
        header(0x00100010, "ZZ", 2) + b"ab",
        header(0x00100010, "UT", 0xFFFFFFFF) + item_header(0xFFFEE0DD, 0),
        header(0x00081140, "SQ", 8) + header(0x00100010, "PN", 0),
        header(0x00081140, "SQ", 12) + item_header(0xFFFEE000, 8) + b"1234",
        header(0x00081140, "SQ", 8) + item_header(0xFFFEE0DD, 0),
        item_header(0xFFFEE00D, 0),
        write((Leaf(0xFFFAFFFA, "OB", b"ab"),)) + header(0x7FE00010, "OW", 2) + b"ab",
    ],
    ids=[
        "duplicate",
        "nested duplicate",
        "implicit in explicit",
        "unknown VR",
        "undefined UT",
        "element for item",
        "item longer than its sequence",
        "stray sequence delimiter",
        "stray item delimiter",
        "pixels out of order",
    ],
)
def test_malformed(data: bytes) -> None:
    error = refused(data)
    assert error.reason is Reason.MALFORMED
    assert "A^B" not in str(error)


def test_limits_have_a_reason_each() -> None:
    nested: tuple[Node, ...] = (NAME,)
    for _ in range(5):
        nested = (Seq(0x00081140, (nested,)),)
    assert refused(write(nested), depth=4).reason is Reason.TOO_DEEP
    assert scan(write(nested), depth=5)
    many = tuple(Leaf(0x00100010 + i, "LO", b"") for i in range(20))
    assert refused(write(many), elements=19).reason is Reason.HEADER_TOO_LARGE
    assert refused(write((Seq(0x00081140, ((),) * 20),)), elements=19).reason is Reason.HEADER_TOO_LARGE
    assert refused(write((Leaf(0x00100010, "UT", bytes(100)),)), header=99).reason is Reason.HEADER_TOO_LARGE


def test_a_header_that_only_promises_to_be_too_long_is_refused_at_once() -> None:
    scanner = Scanner(transfer_syntax(EXPLICIT_LE), limits=Limits(header=1000))
    with pytest.raises(Withheld) as caught:
        scanner.scan(header(0x00420011, "OB", 2000))
    assert caught.value.reason is Reason.HEADER_TOO_LARGE


def test_thousands_of_levels_are_refused_and_do_not_crash() -> None:
    deep = (header(0x00081140, "SQ", 0xFFFFFFFF) + item_header(0xFFFEE000, 0xFFFFFFFF)) * 5000
    assert refused(deep).reason is Reason.TOO_DEEP


def test_a_long_open_sequence_in_small_chunks_is_not_walked_again_and_again() -> None:
    items = tuple((Leaf(0x00080100, "SH", b"CODE"),) for _ in range(4000))
    data = write((Seq(0x00081140, items, open_sequence=True, open_items=True),))
    started = time.perf_counter()
    scan(data)
    once = time.perf_counter() - started
    scanner, buffer = Scanner(transfer_syntax(EXPLICIT_LE)), bytearray()
    started = time.perf_counter()
    for at in range(0, len(data), 64):
        buffer += data[at : at + 64]
        scanner.scan(buffer)
    assert time.perf_counter() - started < 10 * once + 0.1


def test_agrees_with_pydicom_on_a_real_header() -> None:
    found = read_header(sample("CT_small.dcm"))
    data = Dataset()
    for element in found.elements:
        data.add_new(element.tag, "UN", b"")
    assert len(data) == len(found.elements)
    assert find(found.elements, 0x00100010) is not None
    assert find(found.elements, 0x00100011) is None


def test_what_was_walked_in_vain_counts() -> None:
    # Each UN looks like a sequence until its very end.
    small = write((Leaf(0x00080060, "CS", b"CT"),), IMPLICIT_LE) * 10
    looks = item_header(0xFFFEE000, len(small) + 4) + small + b"\1\2\3\4"
    data = write(tuple(Leaf(0x00091000 + number, "UN", looks) for number in range(10)))
    assert len(scan(data, elements=120)) == 10
    assert refused(data, elements=90).reason is Reason.HEADER_TOO_LARGE
    pieces = Scanner(transfer_syntax(EXPLICIT_LE), limits=Limits(elements=90))
    with pytest.raises(Withheld):
        for size in range(1, len(data) + 1):
            pieces.scan(data[:size])
