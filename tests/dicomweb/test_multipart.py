import itertools
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicomweb.multipart import (
    MAX_EPILOGUE,
    MAX_HEADER,
    MAX_PREAMBLE,
    PartBegin,
    PartData,
    PartDecoder,
    PartEncoder,
    PartEnd,
    boundary_of,
    content_type,
    new_boundary,
)
from gateway.errors import BadRequest, OriginBroken

DICOM = {"content-type": "application/dicom"}


def decode(chunks: list[bytes], boundary: str = "B") -> list[tuple[dict[str, str], bytes]]:
    """Decode a whole body, asserting that the events come in order."""
    decoder = PartDecoder(boundary)
    parts: list[tuple[dict[str, str], bytes]] = []
    open_part: tuple[dict[str, str], bytearray] | None = None
    for chunk in chunks:
        for event in decoder.feed(chunk):
            if isinstance(event, PartBegin):
                assert open_part is None
                open_part = (dict(event.headers), bytearray())
            elif isinstance(event, PartData):
                assert open_part is not None and event.data
                open_part[1].extend(event.data)
            else:
                assert open_part is not None
                parts.append((open_part[0], bytes(open_part[1])))
                open_part = None
    decoder.finish()
    assert open_part is None
    return parts


def encode(bodies: list[bytes], boundary: str = "B") -> bytes:
    encoder = PartEncoder(boundary)
    heads = [encoder.head([("Content-Type", "application/dicom")]) + body for body in bodies]
    return b"".join(heads) + encoder.close()


BODIES = {
    "plain": (b"--B\r\nContent-Type: application/dicom\r\n\r\nabc\r\n--B--\r\n", [(DICOM, b"abc")]),
    "leading line end": (b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\nabc\r\n--B--", [(DICOM, b"abc")]),
    "preamble": (b"This is MIME.\r\n\r\n--B\r\n\r\nabc\r\n--B--\r\nbye", [({}, b"abc")]),
    "padding": (b"--B \t\r\n\r\nabc\r\n--B  \r\n\r\nd\r\n--B-- \t\r\n", [({}, b"abc"), ({}, b"d")]),
    "nul bytes at the end": (b"--B\r\n\r\nabc\r\n--B--\0\0\0", [({}, b"abc")]),
    "empty": (b"--B\r\n\r\n\r\n--B\r\n\r\n--B\r\nA: b\r\n\r\n\r\n--B--", [({}, b""), ({}, b""), ({"a": "b"}, b"")]),
    "no parts": (b"--B--\r\n", []),
    "line ends": (b"--B\r\n\r\n\r\n\r\r\n\n\r\n-\r\n--\r\n\r\n--B--", [({}, b"\r\n\r\r\n\n\r\n-\r\n--\r\n")]),
    "nearly a boundary": (b"--B\r\n\r\n\r\n--Bx\r\n--b\r\n--B x\r\n--B--", [({}, b"\r\n--Bx\r\n--b\r\n--B x")]),
    "bare line feeds": (b"--B\r\n\r\na\n--B\nb\r\n--B--", [({}, b"a\n--B\nb")]),
    "folded header": (b"--B\r\nA: b;\r\n  c=d\r\n\r\nx\r\n--B--", [({"a": "b; c=d"}, b"x")]),
    "boundary in the epilogue": (b"--B\r\n\r\nx\r\n--B--\r\n--B\r\n\r\nevil\r\n--B--", [({}, b"x")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_at_every_pair_of_split_points(name: str) -> None:
    body, parts = BODIES[name]
    for first in range(len(body) + 1):
        for second in range(first, len(body) + 1):
            assert decode([body[:first], body[first:second], body[second:]]) == parts


@pytest.mark.parametrize("name", BODIES)
def test_byte_by_byte(name: str) -> None:
    body, parts = BODIES[name]
    assert decode([body[i : i + 1] for i in range(len(body))]) == parts


@pytest.mark.parametrize("name", set(BODIES) - {"boundary in the epilogue", "nul bytes at the end"})
def test_every_truncation_is_noticed(name: str) -> None:
    body, _ = BODIES[name]
    closed = body.rindex(b"--B--") + len(b"--B--")
    for end in range(closed):
        with pytest.raises(BadRequest):
            decode([body[:end]])
    decode([body[:closed]])


PIECES = st.sampled_from(
    [b"\r\n--B", b"\r\n--Bo", b"\r\n--", b"--", b"-", b"\r", b"\n", b"\r\n", b" ", b"x", b"\0", b"\r\r\n"]
)


@given(st.lists(st.lists(PIECES, max_size=12).map(b"".join), max_size=4), st.lists(st.integers(1, 9), min_size=1))
def test_what_is_encoded_comes_back(bodies: list[bytes], sizes: list[int]) -> None:
    boundary = "Bound"
    body = encode(bodies, boundary)
    chunks, start, cut = [], 0, itertools.cycle(sizes)
    while start < len(body):
        size = next(cut)
        chunks.append(body[start : start + size])
        start += size
    assert decode(chunks, boundary) == [(DICOM, part) for part in bodies]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_input_yields_the_same_events_however_it_is_cut(body: bytes, size: int) -> None:
    def run(chunks: list[bytes]) -> object:
        try:
            return decode([b"--B\r\n", *chunks])
        except BadRequest as error:
            return str(error)

    assert run([body]) == run([body[i : i + size] for i in range(0, len(body), size)])


@pytest.mark.parametrize(
    "head", [b"no colon\r\n", b": x\r\n", b"A: 1\r\na: 2\r\n", b"A b: 1\r\n", b"A: " + b"x" * MAX_HEADER + b"\r\n"]
)
def test_malformed_headers_raise_the_callers_error(head: bytes) -> None:
    decoder = PartDecoder("B", error=OriginBroken)
    with pytest.raises(OriginBroken):
        decoder.feed(b"--B\r\n" + head + b"\r\nabc")


def test_a_header_without_end_is_not_collected() -> None:
    decoder = PartDecoder("B")
    decoder.feed(b"--B\r\nA: ")
    with pytest.raises(BadRequest):
        for _ in range(MAX_HEADER):
            decoder.feed(b"xx")


def test_text_before_and_after_the_parts_is_limited() -> None:
    with pytest.raises(BadRequest):
        PartDecoder("B").feed(b"x" * (MAX_PREAMBLE + 100))
    decoder = PartDecoder("B")
    decoder.feed(b"--B--" + b"\0" * (MAX_EPILOGUE // 2))
    decoder.finish()
    with pytest.raises(BadRequest):
        decoder.feed(b"\0" * MAX_EPILOGUE)


def test_finish_raises_the_callers_error() -> None:
    with pytest.raises(OriginBroken):
        PartDecoder("B", error=OriginBroken).finish()


def test_a_part_is_never_collected() -> None:
    chunk = b"\r\n--boundar" + bytes(64 * 1024)
    decoder = PartDecoder("boundary")
    decoder.feed(b"--boundary\r\n\r\n")
    tracemalloc.start()
    for _ in range(1000):
        decoder.feed(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024


@pytest.mark.parametrize("fill", [bytes(1 << 20), b"\r\n" * (1 << 19), b"\r\n--B" * 200_000, b"\r" * (1 << 20)])
def test_the_slowest_input_is_fast(fill: bytes) -> None:
    decoder = PartDecoder("Bound")
    decoder.feed(b"--Bound\r\n\r\n")
    start = time.perf_counter()
    for _ in range(50):
        decoder.feed(fill)
    assert time.perf_counter() - start < 2


def test_a_chunk_without_a_boundary_is_passed_on_uncopied() -> None:
    decoder = PartDecoder("B")
    decoder.feed(b"--B\r\n\r\nx")
    chunk = b"y" * 1000
    (event,) = decoder.feed(chunk)
    assert isinstance(event, PartData)
    assert event.data is chunk


def test_encoded_bodies_begin_with_the_boundary() -> None:
    assert encode([b"a", b"b"]) == (
        b"--B\r\nContent-Type: application/dicom\r\n\r\na"
        b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\nb"
        b"\r\n--B--\r\n"
    )
    assert encode([]) == b"--B--\r\n"


@pytest.mark.parametrize("field", [("A", "b\r\nC: d"), ("A\n", "b")])
def test_a_header_cannot_be_split_by_its_value(field: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="line end"):
        PartEncoder("B").head([field])


def test_content_types_round_trip() -> None:
    plain = content_type("abc", "application/dicom")
    assert plain == 'multipart/related; type="application/dicom"; boundary=abc'
    assert boundary_of(content_type("a b:c", "image/jls")) == "a b:c"
    assert content_type("a", "image/jls", "1.2.3").endswith("; transfer-syntax=1.2.3")
    assert len({new_boundary() for _ in range(100)}) == 100
    assert boundary_of(content_type(new_boundary(), "x/y"))


@pytest.mark.parametrize(
    ("text", "boundary"),
    [
        ("multipart/related; boundary=abc", "abc"),
        ('multipart/related; type="application/dicom"; boundary="a;b"', "a;b"),
        ("Multipart/Related;Boundary=--x--", "--x--"),
        ("multipart/related; boundary=**", "**"),
        ('multipart/related; boundary="===1=="; type=application/dicom', "===1=="),
    ],
)
def test_boundaries(text: str, boundary: str) -> None:
    assert boundary_of(text) == boundary


@pytest.mark.parametrize(
    "text",
    [
        "",
        "application/dicom",
        "multipart/related",
        "multipart/related; boundary=",
        'multipart/related; boundary="a "',
        "multipart/related; boundary=é",
        "multipart/related; boundary=" + "x" * 257,
        'multipart/related; boundary="x',
    ],
)
def test_not_boundaries(text: str) -> None:
    with pytest.raises(OriginBroken):
        boundary_of(text, error=OriginBroken)


def test_events_do_not_print_their_bytes() -> None:
    assert "secret" not in repr(PartData(b"secret"))
    assert PartEnd() == PartEnd()
