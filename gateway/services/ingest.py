"""STOW-RS (PS3.18 §10.5): what enters the archive goes through the second pass, one way, for everyone.

    body → each part staged in the workspace → closing delimiter seen → for each instance:
    header judged → pixels judged → second pass → residual search → JPEG → archive → outcome

Nothing is stored before the body has ended as it must, and an instance is stored whole or not at all. What is
refused is recorded, and has no way into the archive but to be sent again and judged anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.deid.engine import Engine
from gateway.deid.residual import Identifiers
from gateway.deid.rewriter import InstanceRewriter
from gateway.deid.scope import Scope
from gateway.dicom.dataset import first_text
from gateway.dicom.part10 import Header, read_header
from gateway.dicom.uid import UID, InstanceRef, ResourceRef, is_uid
from gateway.dicomweb.media import parse_media_type
from gateway.dicomweb.multipart import PartBegin, PartData, PartDecoder
from gateway.dicomweb.stow import FailureReason, failure_of
from gateway.errors import (
    BadRequest,
    Conflict,
    OriginError,
    Reason,
    StorageError,
    TooLarge,
    UnsupportedMedia,
    Withheld,
    whereabouts,
)
from gateway.pixels.rules import Rules, Verdict
from gateway.pixels.verdict import judge
from gateway.services.preview import preview
from gateway.services.workers import Workers
from gateway.store.archive import Archive
from gateway.store.originals import Originals
from gateway.store.threads import in_thread
from gateway.store.withheld import STOW, entry_id
from gateway.store.workspace import StagedFile, StagedInstance, Workspace
from gateway.streams import closing

log = logging.getLogger(__name__)

CONCURRENCY: Final = 4
"""Instances in the second pass at once: drawing their JPEGs is what takes the time."""
MAX_PARTS: Final = 20_000
"""Most instances of one request; a larger study is sent in several."""
DICOM: Final = "application/dicom"


class Records(Protocol):
    """Where refusals are remembered; `gateway.store.withheld` on the database."""

    async def record(
        self, source: str, ref: ResourceRef | None, reason: Reason, detail: str, *, content: str = ""
    ) -> None:
        """Remember that `ref` is withheld; what does not say what it is (None) is told apart by its `content`."""
        ...

    async def withheld_in(self, source: str, ref: ResourceRef) -> dict[str, Reason]:
        """Return what is remembered of `ref`, by SOP Instance UID."""
        ...

    async def clear(self, source: str, ref: ResourceRef) -> None:
        """Forget what is remembered of exactly `ref`."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one instance of a request.

    `sop_class` and `instance` are the UIDs the client sent, "" where it sent none. `ref` is where the instance is
    in the archive; where there is none, `failure` says why for machines, and `reason` when it is withheld.
    """

    sop_class: str = ""
    instance: str = ""
    ref: InstanceRef | None = None
    failure: FailureReason | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Ingest:
    """The one door into the archive."""

    engine: Engine
    archive: Archive
    workspace: Workspace
    workers: Workers
    rules: Rules
    records: Records
    originals: Originals | None
    max_bytes: int

    async def store(self, body: AsyncIterator[bytes], boundary: str | None, *, study: UID | None) -> list[Stored]:
        """Store every instance of a request, and tell how each fared, in the order of the body.

        `study` is the study of the URL, which every instance must belong to. Without a `boundary` the body is one
        instance.

        Raises:
            BadRequest: the body ends before its closing boundary, or holds nothing. UnsupportedMedia: a part says
            that it is no instance. TooLarge. Nothing was stored then.
        """
        async with AsyncExitStack() as stack:
            staged = await self._receive(body, boundary, stack)
            slots = asyncio.Semaphore(CONCURRENCY)

            async def admit(file: StagedFile) -> Stored:
                async with slots:
                    return await self._admit(file, study)

            # A group waits for all of them when the caller gives up: none may write behind the clearing of the files.
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(admit(file)) for file in staged]
            return [task.result() for task in tasks]

    def check_size(self, size: int) -> None:
        """Return when a body of `size` bytes is taken.

        Raises:
            TooLarge: it is not.
        """
        if size > self.max_bytes:
            raise TooLarge(f"The body exceeds {self.max_bytes} bytes (STOW_MAX_BYTES). Send several requests.")

    async def _receive(
        self, body: AsyncIterator[bytes], boundary: str | None, stack: AsyncExitStack
    ) -> list[StagedFile]:
        """Write each part to a file of its own while the body arrives."""
        staged: list[StagedFile] = []
        received = 0

        async def begin() -> None:
            if len(staged) == MAX_PARTS:
                raise TooLarge(f"One request stores at most {MAX_PARTS} instances. Send several requests.")
            staged.append(await stack.enter_async_context(self.workspace.stage()))

        decoder = None if boundary is None else PartDecoder(boundary)
        if decoder is None:
            await begin()
        async for chunk in body:
            received += len(chunk)
            self.check_size(received)
            if decoder is None:
                await staged[-1].write(chunk)
                continue
            for event in decoder.feed(chunk):
                if isinstance(event, PartBegin):
                    _check_media(event)
                    await begin()
                elif isinstance(event, PartData):
                    await staged[-1].write(event.data)
        if decoder is not None:
            decoder.finish()
        if not received or not staged:
            raise BadRequest("The body holds no instance.")
        return staged

    async def _admit(self, file: StagedFile, study: UID | None) -> Stored:
        """Take one staged instance into the archive; every failure becomes an outcome, every refusal a record."""
        sent = _Sent()
        try:
            await file.complete()
            try:
                header = await in_thread(read_header, file.path)
                sent = _Sent.of(header)
                ref = await self._through(file, header, sent, study)
            except Withheld as error:
                await self._refuse(file, sent, error)
                return sent.failed(failure_of(error.reason), error.reason)
            await self._forget(sent)
            return Stored(sent.sop_class, sent.instance, ref)
        except Conflict:
            return sent.failed(FailureReason.DUPLICATE_INSTANCE)
        except (StorageError, OriginError) as error:
            log.error("an instance could not be stored: %s", type(error).__name__)
            return sent.failed(FailureReason.OUT_OF_RESOURCES)
        except Exception as error:
            # What nobody foresaw in one instance must not hide what became of the others.
            log.error("unforeseen %s", whereabouts(error))
            return sent.failed(FailureReason.PROCESSING_FAILURE)

    async def _through(self, file: StagedFile, header: Header, sent: _Sent, study: UID | None) -> InstanceRef:
        """Verdict, second pass, residual search, JPEG, archive.

        Raises:
            Withheld, Conflict, StorageError, OriginError.
        """
        if sent.ref is None:
            raise Withheld(Reason.MISSING_IDENTITY)
        if study not in (None, sent.ref.study):
            raise Withheld(Reason.IDENTITY_MISMATCH, "it belongs to another study than the URL names")
        self.engine.plan.check_sop_class(sent.sop_class)
        has_pixels = header.pixels is not None
        patient = await in_thread(_judged, header, self.rules)
        scope = Scope(binding=sent.ref.study, patient=patient, pixels_cleared=has_pixels)
        rewriter = self.engine.rewriter(scope=scope)
        async with self.workspace.stage() as passed:
            outside = await _rewrite(rewriter, file, passed)
            hits = await in_thread(_residual, rewriter, outside)
            if hits:
                raise Withheld(Reason.RESIDUAL_IDENTIFIER, ", ".join(sorted(hits)))
            await passed.complete()
            done = rewriter.header
            if done is None:
                raise Withheld(Reason.TRUNCATED)
            jpeg = await self.workers.run(preview, passed.path) if has_pixels else None
            await self.archive.put(StagedInstance(passed, done, jpeg))
        return InstanceRef(done.study, done.series, done.instance)

    async def _refuse(self, file: StagedFile, sent: _Sent, error: Withheld) -> None:
        if self.originals is not None:
            await self.originals.keep(entry_id(STOW, sent.ref, file.sha256), file.path)
        await self.records.record(STOW, sent.ref, error.reason, error.detail, content=file.sha256)

    async def _forget(self, sent: _Sent) -> None:
        """Forget that an instance was refused before: what was sent now has passed."""
        if sent.ref is not None and await self.records.withheld_in(STOW, sent.ref):
            await self.records.clear(STOW, sent.ref)
            if self.originals is not None:
                await self.originals.drop(entry_id(STOW, sent.ref))


@dataclass(frozen=True, slots=True)
class _Sent:
    """What an instance calls itself: a UID, or "" where none can be read."""

    sop_class: str = ""
    study: str = ""
    series: str = ""
    instance: str = ""

    @classmethod
    def of(cls, header: Header) -> _Sent:
        texts = (header.text(tag) for tag in (0x00080016, 0x0020000D, 0x0020000E, 0x00080018))
        return cls(*(text if is_uid(text) else "" for text in texts))

    @property
    def ref(self) -> InstanceRef | None:
        if not (self.sop_class and self.study and self.series and self.instance):
            return None
        return InstanceRef(UID(self.study), UID(self.series), UID(self.instance))

    def failed(self, failure: FailureReason, reason: Reason | None = None) -> Stored:
        return Stored(self.sop_class, self.instance, failure=failure, reason=reason)


_REFUSED: Final = {
    Verdict.CLEAR: Reason.PIXELS_UNREVIEWED,  # clear once its boxes are blacked out, which a case does
    Verdict.REVIEW: Reason.PIXELS_UNREVIEWED,
    Verdict.BLOCKED: Reason.BURNED_IN_ANNOTATION,
}


def _check_media(part: PartBegin) -> None:
    """Refuse a part that says it is something else; most clients repeat the type of the whole, some do not."""
    media = parse_media_type(part.headers.get("content-type", DICOM))
    if media is None or media.name != DICOM:
        raise UnsupportedMedia("Every part must be of the type application/dicom; nothing was stored.")


def _judged(header: Header, rules: Rules) -> str:
    """Return the Patient ID of an instance whose pixels may leave.

    Raises:
        Withheld: they may not.
    """
    original = header.json().json
    judgement = judge(original, rules)
    if judgement.verdict is not Verdict.CLEAR or judgement.boxes:
        raise Withheld(_REFUSED[judgement.verdict], judgement.why)
    return first_text(original, "00100020")


async def _rewrite(rewriter: InstanceRewriter, source: StagedFile, target: StagedFile) -> bytes:
    """Send a staged file through the pass into another; return all that was written but the pixels.

    The pass works in a thread: a header of many megabytes takes it seconds, and other requests do not wait for it.
    """
    head = bytearray()
    async with closing(source.chunks()) as chunks:
        async for chunk in chunks:
            beginning = rewriter.header is None
            piece = await in_thread(_fed, rewriter, chunk)
            if beginning:
                head += piece
            await target.write(piece)
    tail = await in_thread(_finished, rewriter)
    await target.write(tail)
    return await in_thread(_outside, bytes(head), tail)


def _fed(rewriter: InstanceRewriter, chunk: bytes) -> bytes:
    return b"".join(rewriter.feed(chunk))


def _finished(rewriter: InstanceRewriter) -> bytes:
    return b"".join(rewriter.finish())


def _outside(head: bytes, tail: bytes) -> bytes:
    return head[: read_header(head).pixel_offset] + tail if head else tail


def _residual(rewriter: InstanceRewriter, outside: bytes) -> set[str]:
    return {hit.kind.value for hit in Identifiers.of(rewriter.identified().json).search(outside)}
