"""The data set of one instance through a pass: elements, Pixel Data, the elements behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import pydicom.uid

from gateway.deid.deidentified import SEAL, DeidentifiedHeader, Report
from gateway.deid.header_pass import HeaderPass
from gateway.deid.memory import memory
from gateway.deid.pixel_streams import PixelStream, pixel_stream
from gateway.deid.plan import Plan
from gateway.deid.scope import Bound
from gateway.dicom.charset import ASCII, SPECIFIC_CHARACTER_SET, charset_of
from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicom.dictionary import display_tag
from gateway.dicom.elements import LIMITS, Elements, Limits, find, malformed
from gateway.dicom.json_model import to_json
from gateway.dicom.layout import Layout, layout_of, may_be_remembered
from gateway.dicom.part10 import Header, Start, file_meta
from gateway.dicom.scanner import Scanner
from gateway.dicom.uid import UID, InstanceRef, ResourceRef, SeriesRef, is_uid
from gateway.errors import Reason, Withheld

_IDENTITY: Final = (0x00080016, 0x0020000D, 0x0020000E, 0x00080018)
"""SOP Class, Study, Series and SOP Instance UID."""

_ROWS: Final = 0x00280010


class Pass(NamedTuple):
    """What is done to an instance: by which plan, in which scope, with which instance in mind."""

    plan: Plan
    bound: Bound
    expect: ResourceRef | None
    actions: dict[str, str] | None
    limits: Limits


class DataSetRewriter:
    """Rewrites the data set that begins at `start` of the first chunk."""

    def __init__(self, run: Pass, start: Start) -> None:
        self.header: DeidentifiedHeader | None = None
        self._run = run
        self._start = start
        self._memory = memory(run.plan, run.bound)
        self._remembers = may_be_remembered(start.syntax) and run.limits == LIMITS
        self._scanner = Scanner(start.syntax, start=start.offset, limits=run.limits)
        self._buffer: bytes | bytearray = b""
        self._source: Header | None = None
        self._charset = ASCII
        self._charset_passed = False
        self._tail: tuple[bytes, Elements] = (b"", ())
        self._state: Callable[[bytes, list[bytes]], None] = self._in_header
        self._end: Callable[[list[bytes]], None] = partial(self._in_header, b"", final=True)

    def feed(self, chunk: bytes, out: list[bytes]) -> None:
        """Append to `out` what can go out after `chunk`."""
        self._state(chunk, out)

    def finish(self, out: list[bytes]) -> None:
        """Append to `out` what is left."""
        self._end(out)

    def identified(self) -> IdentifiedDataset:
        """Return the original elements as far as they have passed."""
        if self._source is None:
            raise Withheld(Reason.TRUNCATED, "the header has not passed")
        data, elements = self._tail
        return IdentifiedDataset(self._source.json().json | to_json(data, elements, inherited=self._charset))

    def _in_header(self, chunk: bytes, out: list[bytes], *, final: bool = False) -> None:
        layout = None if self._buffer or not self._remembers else self._memory.layout(chunk, self._start.offset)
        if layout is not None:
            self._pass_header(chunk, layout.elements, layout.pixel_length, layout, out)
            return
        self._buffer = joined(self._buffer, chunk)
        scanner = self._scanner
        if not scanner.scan(self._buffer, final=final):
            return
        data, self._buffer = bytes(self._buffer), b""
        if self._remembers:
            layout = self._memory.learn(layout_of(data, self._start.offset, scanner))
        elements = tuple(scanner.elements) if layout is None else layout.elements
        self._pass_header(data, elements, scanner.pixel_length, layout, out)

    def _pass_header(
        self, data: bytes, elements: Elements, pixel_length: int | None, layout: Layout | None, out: list[bytes]
    ) -> None:
        """Rewrite the header that lies in `data`, and forward what lies behind it."""
        if pixel_length is None:
            source = Header(self._start.syntax, data, elements)
            self._rewrite_header(source, layout, out)
            if _is_image(source):
                raise Withheld(Reason.TRUNCATED, "an image without Pixel Data")
            self._end = _nothing
            return
        pixels = elements[-1]
        source = Header(self._start.syntax, data[: pixels.offset], elements[:-1], pixels, pixel_length)
        self._rewrite_header(source, layout, out)
        stream = pixel_stream(source, pixels)
        out.append(stream.begin())
        self._state, self._end = partial(self._in_pixels, stream, pixels.tag), _cut
        self._state(data[pixels.offset :], out)

    def _rewrite_header(self, source: Header, layout: Layout | None, out: list[bytes]) -> None:
        self._source = source
        self._charset = charset_of(source.data, source.elements)
        header = self._identify(source)
        rewriting = HeaderPass(self._run.plan, self._run.bound, source.data, self._run.actions)
        body = rewriting.root(source.elements, self._charset, layout)
        self._charset_passed = rewriting.non_ascii or find(source.elements, SPECIFIC_CHARACTER_SET) is not None
        out += [file_meta(header.sop_class, header.instance, header.transfer_syntax), body]
        self.header = header

    def _identify(self, source: Header) -> DeidentifiedHeader:
        """Check which instance this is, and return what it is called after the pass."""
        sop_class, study, series, instance = identity = [_uid(source, tag) for tag in _IDENTITY]
        if not all(identity):
            raise Withheld(Reason.MISSING_IDENTITY)
        if not _matches(self._run.expect, study, series, instance):
            raise Withheld(Reason.IDENTITY_MISMATCH)
        self._run = self._run._replace(plan=self._run.plan.of_class(sop_class))
        new_class, new_study, new_series, new_instance = map(self._outcome, _IDENTITY, identity)
        if new_class != sop_class:
            raise Withheld(Reason.RULE_FAILED, "the plan changes the SOP class")
        return DeidentifiedHeader(
            SEAL,
            sop_class=new_class,
            study=new_study,
            series=new_series,
            instance=new_instance,
            transfer_syntax=source.syntax.leaves_as,
            report=None
            if self._run.actions is None
            else Report(self._run.plan.id, self._run.plan.hash, self._run.actions),
        )

    def _outcome(self, tag: int, original: str) -> UID:
        rule = self._run.plan.decide(tag, "UI")
        values = [original] if rule.keeps else rule.apply([original], "UI", self._run.bound)
        if values is None or len(values) != 1 or not is_uid(values[0]):
            raise Withheld(Reason.RULE_FAILED, f"{display_tag(tag)}: the plan leaves no UID")
        return UID(values[0])

    def _in_pixels(self, stream: PixelStream, tag: int, chunk: bytes, out: list[bytes]) -> None:
        rest = stream.feed(chunk, out)
        if stream.ended:
            self._state, self._end = self._behind_pixels, partial(self._after_pixels, tag)
            self._state(rest, out)

    def _behind_pixels(self, chunk: bytes, _out: list[bytes]) -> None:
        self._buffer = joined(self._buffer, chunk)
        if len(self._buffer) > self._run.limits.header:
            raise Withheld(Reason.HEADER_TOO_LARGE, "what follows Pixel Data exceeds the limit")

    def _after_pixels(self, pixels: int, out: list[bytes]) -> None:
        """Judge the elements that follow Pixel Data."""
        data = bytes(self._buffer)
        scanner = Scanner(self._start.syntax, limits=self._run.limits)
        scanner.scan(data, final=True)
        elements = tuple(scanner.elements)
        if scanner.pixel_length is not None or (elements and elements[0].tag <= pixels):
            raise malformed(elements[0].tag, "this element cannot follow Pixel Data")
        self._tail = data, elements
        rewriting = HeaderPass(self._run.plan, self._run.bound, data, self._run.actions)
        rest = rewriting.rest(elements, self._charset)
        if rewriting.non_ascii and not self._charset_passed:
            raise Withheld(Reason.RULE_FAILED, "text behind Pixel Data needs a character set")
        if rest:
            out.append(rest)


def joined(buffer: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    """Return `buffer` with `chunk` behind it; a first chunk is not copied."""
    if not buffer:
        return chunk
    if chunk:
        buffer = buffer if isinstance(buffer, bytearray) else bytearray(buffer)
        buffer += chunk
    return buffer


def _nothing(_out: list[bytes]) -> None:
    pass


def _cut(_out: list[bytes]) -> None:
    raise Withheld(Reason.TRUNCATED, "Pixel Data ends too early")


def _is_image(source: Header) -> bool:
    """Tell whether there must be Pixel Data; a transfer cut between two elements is found in no other way."""
    return (
        find(source.elements, _ROWS) is not None or "ImageStorage" in pydicom.uid.UID(source.text(_IDENTITY[0])).keyword
    )


def _uid(source: Header, tag: int) -> str:
    element = find(source.elements, tag)
    text = source.text(tag) if element is not None and element.vr == "UI" else ""
    return text if is_uid(text) else ""


def _matches(expect: ResourceRef | None, study: str, series: str, instance: str) -> bool:
    if expect is None:
        return True
    return (
        expect.study == study
        and (not isinstance(expect, SeriesRef | InstanceRef) or expect.series == series)
        and (not isinstance(expect, InstanceRef) or expect.instance == instance)
    )
