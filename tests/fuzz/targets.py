"""What must hold for any input, as functions of bytes that raise when it does not.

Each takes what a fuzzer or a test made up. The first byte or two choose among variants; a malformed input may be
refused with an error of the gateway's own, and with nothing else.
"""

from __future__ import annotations

import io
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import parse_qsl

import orjson
from pydicom import config, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from gateway.deid.engine import Engine
from gateway.deid.memory import memory
from gateway.deid.segments import StreamCleaner, clean_frame
from gateway.dicom.dataset import IdentifiedDataset, JsonDataset
from gateway.dicom.elements import PIXEL_DATA, Element
from gateway.dicom.part10 import file_meta, read_header
from gateway.dicom.scanner import Scanner
from gateway.dicom.syntax import DEFLATED_LE, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, known_syntaxes, transfer_syntax
from gateway.dicom.vr import TEXT
from gateway.dicomweb.accept import parse_acceptance
from gateway.dicomweb.frames import parse_frames
from gateway.dicomweb.levels import Level
from gateway.dicomweb.multipart import Event, PartBegin, PartData, PartDecoder, PartEnd, boundary_of
from gateway.dicomweb.offers import DATASET, instance_offers
from gateway.dicomweb.query import parse_query
from gateway.dicomweb.ranges import parse_range
from gateway.errors import BadRequest, GatewayError, Reason, Withheld
from tests.deid.decided import recorded
from tests.deid.shipped import CT, SR, engine, identity, scope_of
from tests.dicom.raw import Leaf, write

CANARY = b"Zqnachname"
"""The name planted in the seeds; it is no well-formed Code String, UID or number."""
SECONDS = 10.0
"""What no input of a few kilobytes may take, under instrumentation and on a machine that is busy."""

JPEG, JPEG_LS, JPEG_2000, RLE = (f"1.2.840.10008.1.2.{tail}" for tail in ("4.50", "4.80", "4.90", "5"))
SYNTAXES = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED_LE, JPEG, JPEG_LS, JPEG_2000, RLE)
RAW = len(SYNTAXES)
"""The variant of `instance` whose input is a whole file."""
DAMAGED_DEFLATE = RAW + 1

config.settings.reading_validation_mode = config.IGNORE


@contextmanager
def in_time(data: bytes) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent = time.perf_counter() - started
    assert spent < SECONDS, f"{len(data)} bytes took {spent:.1f} s"


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def chunk_size(choice: int) -> int:
    """Return a size of chunks; single bytes cost most."""
    return (64, 1, 1000, 2, 7, 8, 3)[choice % 7]


def scanner(data: bytes) -> None:
    """The tokenizer finds elements inside the buffer, the same in any chunks."""
    if len(data) < 2:
        return
    syntax = transfer_syntax(SYNTAXES[data[0] % 3])
    size, body = chunk_size(data[1]), data[2:]

    def walked(pieces: Iterable[bytes]) -> tuple[Element, ...] | Reason:
        found, buffer = Scanner(syntax), bytearray()
        try:
            for piece in pieces:
                buffer += piece
                if found.scan(buffer):
                    return tuple(found.elements)
            found.scan(buffer, final=True)
        except Withheld as error:
            return error.reason
        return tuple(found.elements)

    with in_time(body):
        whole = walked([body])
    if not isinstance(whole, Reason):
        assert all(0 <= e.start < e.offset <= e.end <= len(body) for e in whole)
    assert walked(chunks(body, size)) == whole


def instance_file(data: bytes) -> bytes:
    """Return the file that the input of `instance` stands for."""
    kind, body = data[0] // 4 % (RAW + 2), data[2:]
    if kind == RAW:
        return body
    syntax = SYNTAXES[kind] if kind < RAW else DEFLATED_LE
    sop_class = CT if data[0] & 2 else SR
    meta = file_meta(sop_class, "1.2.3.4.5", syntax)
    if kind == DAMAGED_DEFLATE:
        return meta + body
    plain = EXPLICIT_LE if kind > 2 else syntax
    says = {int(tag, 16): str(element["Value"][0]) for tag, element in identity(sop_class).items()}
    named = tuple(Leaf(tag, "UI", uid.encode() + b"\0" * (len(uid) % 2)) for tag, uid in sorted(says.items()))
    content = write(named, plain) + body
    if syntax != DEFLATED_LE:
        return meta + content
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return meta + deflater.compress(content) + deflater.flush()


def instance(data: bytes) -> None:
    """An instance passes or is withheld, the same in any chunks; what passes is clean, well-formed and stable."""
    if len(data) < 2:
        return
    check("second" if data[0] & 1 else "first", instance_file(data), chunk_size(data[1]))


def check(name: str, source: bytes, size: int) -> bytes | Reason:
    """Send a file through a pass in every way there is; return what leaves, or why nothing does."""
    by = engine(name)
    memory.cache_clear()
    with in_time(source):
        whole = passed(by, [source], name)
    # The second time, what the engine remembers of the first has a say in it.
    assert passed(by, [source], name) == whole
    assert passed(by, chunks(source, size), name) == whole
    if not isinstance(whole, Reason):
        check_output(name, by, source, whole)
    return whole


def passed(by: Engine, pieces: Iterable[bytes], name: str) -> bytes | Reason:
    """Return what leaves a pass, or why nothing does."""
    rewriter = by.rewriter(scope=scope_of(name))
    out: list[bytes] = []
    try:
        for piece in pieces:
            out += rewriter.feed(piece)
        out += rewriter.finish()
    except Withheld as error:
        return error.reason
    rewriter.identified()
    return b"".join(out)


def check_output(name: str, by: Engine, source: bytes, out: bytes) -> None:
    """Check what left a pass by means other than the rewriter's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = dcmread(io.BytesIO(out))
        allowed = kept_text(name)
        assert out.count(CANARY) == sum(value.count(CANARY) for value in tolerated(found, allowed))
    assert list(found.keys()) == sorted(found.keys())
    again = by if name == "first" else by.reader()
    assert passed(again, [out], name) == out, "a second time changes it"
    as_json = by.dataset(read_header(source).json(), scope=scope_of(name)).json
    assert read_header(out).json().json == as_json


@cache
def kept_text(name: str) -> frozenset[int]:
    """Return the text attributes that a pass keeps, as the decisions of the profile are written down."""
    lines = (line.split() for line in recorded(name).read_text("utf-8").splitlines())
    return frozenset(int(words[0], 16) for words in lines if len(words) > 3 and words[3] == "keep" and words[1] in TEXT)


def tolerated(found: Dataset, allowed: frozenset[int]) -> Iterator[bytes]:
    """Yield the values in which a name is no name: pixels, numbers, and text that the profile keeps on purpose."""
    for tag in list(found.keys()):
        element = found.get_item(tag)
        assert element is not None
        if element.VR == "SQ":
            for item in found[tag].value:
                yield from tolerated(item, allowed)
            continue
        if isinstance(element, RawDataElement) and (
            tag in PIXEL_DATA or tag in allowed or (element.VR not in TEXT and element.VR != "UN")
        ):
            yield element.value or b""


def frame(data: bytes) -> None:
    """A frame is cleaned to the same length, once and for all, in any chunks; or withheld."""
    if len(data) < 2:
        return
    syntax = known_syntaxes()[data[0] % len(known_syntaxes())]
    body = data[2:]

    def cleaned() -> bytes | Reason:
        try:
            return clean_frame(body, syntax)
        except Withheld as error:
            return error.reason

    def in_pieces() -> bytes | Reason:
        try:
            cleaner = StreamCleaner(syntax)
            cleaner.fragment()
            out = b"".join(map(cleaner.feed, chunks(body, chunk_size(data[1]))))
            cleaner.finish()
        except Withheld as error:
            return error.reason
        return out

    with in_time(data):
        whole = cleaned()
    assert in_pieces() == whole
    if isinstance(whole, bytes):
        assert len(whole) == len(body)
        assert clean_frame(whole, syntax) == whole


def parts(data: bytes) -> None:
    """A multipart body gives the same parts in any chunks, or is refused."""
    if not data:
        return
    body = data[1:]

    def decoded(pieces: Iterable[bytes]) -> list[Event] | None:
        decoder = PartDecoder("b")
        events: list[Event] = []
        try:
            for piece in pieces:
                events += decoder.feed(piece)
            decoder.finish()
        except BadRequest:
            return None
        return merged(events)

    with in_time(data):
        whole = decoded([body])
    assert decoded(chunks(body, chunk_size(data[0]))) == whole


def merged(events: Iterable[Event]) -> list[Event]:
    """Return the events with neighbouring data joined, which must stand between a beginning and an end."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else PartEnd()
        assert isinstance(event, PartBegin) == isinstance(last, PartEnd)
        if isinstance(event, PartData) and isinstance(last, PartData):
            result[-1] = PartData(last.data + event.data)
        else:
            result.append(event)
    assert not result or isinstance(result[-1], PartEnd)
    return result


def query(data: bytes) -> None:
    """Whatever stands in a URL or a header field is understood or refused, and so is any row it meets."""
    text = data.decode("utf-8", "surrogateescape")
    line, _, row = text.partition("\n")
    with in_time(data):
        for attempt in (
            lambda: search(line, row),
            lambda: parse_acceptance(line, row).choose(DATASET),
            lambda: parse_acceptance(None, line).choose(instance_offers(JPEG, single=True)),
            lambda: boundary_of(line),
            lambda: parse_frames(line),
            lambda: parse_range(line, 1000),
        ):
            try:
                attempt()
            except GatewayError as error:
                assert CANARY.decode() not in str(error)


def search(line: str, row: str) -> None:
    params = parse_qsl(line, keep_blank_values=True)
    try:
        candidate = orjson.loads(row)
    except orjson.JSONDecodeError:
        candidate = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}}
    for level in Level:
        asked = parse_query(level, params=params)
        if isinstance(candidate, dict) and all(isinstance(element, dict) for element in candidate.values()):
            asked.accepts(candidate)
            asked.project(candidate)
            asked.unanswered(candidate)


def json(data: bytes) -> None:
    """Whatever JSON an origin answers with is judged or withheld, once and for all; no name leaves."""
    if len(data) < 2:
        return
    try:
        given = orjson.loads(data[1:])
    except orjson.JSONDecodeError:
        return
    name = "second" if data[0] & 1 else "first"
    row = bool(data[0] & 2)
    if isinstance(given, dict) and data[0] & 4:
        given = identity() | given
    with in_time(data):
        judge(name, given, row=row)


def judge(name: str, given: object, *, row: bool) -> None:
    """Send what claims to be a data set through a pass."""
    by, scope = engine(name), scope_of(name)
    try:
        out = by.dataset(IdentifiedDataset(given), scope=scope, row=row).json  # type: ignore[arg-type]
    except Withheld:
        return
    for element in out.values():
        assert isinstance(element["vr"], str)
    allowed = kept_text(name)
    assert CANARY.decode() not in repr(without(out, allowed))
    again = by if name == "first" else by.reader()
    assert again.dataset(IdentifiedDataset(out), scope=scope, row=row).json == out


def without(out: JsonDataset, allowed: frozenset[int]) -> JsonDataset:
    """Return a data set without the text that a profile keeps, and without URIs, for which others are written."""
    left: JsonDataset = {}
    for tag, element in out.items():
        if element["vr"] == "SQ":
            left[tag] = {"Value": [without(item, allowed) for item in element.get("Value", [])]}
        elif int(tag, 16) not in allowed:
            left[tag] = {key: value for key, value in element.items() if key != "BulkDataURI"}
    return left


TARGETS: dict[str, Callable[[bytes], None]] = {
    "instance": instance,
    "scanner": scanner,
    "frame": frame,
    "json": json,
    "parts": parts,
    "query": query,
}
