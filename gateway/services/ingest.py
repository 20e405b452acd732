"""STOW-RS (PS3.18 §10.5): what enters the archive goes through the second pass, one way, for everyone.

    body → each part staged in the workspace → closing delimiter seen → for each instance:
    header judged → pixels judged → second pass → residual search → JPEG → archive → outcome

Nothing is stored before the body has ended as it must, and an instance is stored whole or not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from gateway.deid.engine import Engine
from gateway.deid.residual import Identifiers
from gateway.deid.rewriter import InstanceRewriter
from gateway.deid.scope import Scope
from gateway.dicom.dataset import first_text
from gateway.dicom.part10 import Header, read_header
from gateway.dicom.uid import UID, InstanceRef
from gateway.dicomweb.multipart import PartBegin, PartData, PartDecoder
from gateway.dicomweb.stow import FailureReason, Outcome, failure_of
from gateway.errors import BadRequest, Conflict, OriginError, Reason, StorageError, TooLarge, Withheld
from gateway.pixels.rules import Rules, Verdict
from gateway.pixels.verdict import judge
from gateway.services.preview import preview
from gateway.services.workers import Workers
from gateway.store.archive import Archive
from gateway.store.workspace import StagedFile, StagedInstance, Workspace

log = logging.getLogger(__name__)

CONCURRENCY = 4
"""Instances in the second pass at once: drawing their JPEGs is what takes the time."""
MAX_PARTS = 20_000
"""Most instances of one request; a larger study is sent in several."""

Link = Callable[[InstanceRef], str]


@dataclass(frozen=True, slots=True)
class Ingest:
    """The one door into the archive."""

    engine: Engine
    archive: Archive
    workspace: Workspace
    workers: Workers
    rules: Rules
    max_bytes: int

    async def store(
        self, body: AsyncIterator[bytes], boundary: str | None, *, study: UID | None, link: Link
    ) -> list[tuple[Outcome, Reason | None]]:
        """Store every instance of a request, and tell how each fared, in the order of the body.

        `study` is the study of the URL, which every instance must belong to; `link` gives the URL of what is stored.

        Raises:
            BadRequest: the body ends before its closing boundary; nothing was stored. TooLarge.
        """
        async with AsyncExitStack() as stack:
            staged = await self._receive(body, boundary, stack)
            slots = asyncio.Semaphore(CONCURRENCY)

            async def admit(file: StagedFile) -> tuple[Outcome, Reason | None]:
                async with slots:
                    return await self._admit(file, study=study, link=link)

            return list(await asyncio.gather(*map(admit, staged)))

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
            if received > self.max_bytes:
                raise TooLarge(f"The body exceeds {self.max_bytes} bytes (STOW_MAX_BYTES). Send several requests.")
            if decoder is None:
                await staged[-1].write(chunk)
                continue
            for event in decoder.feed(chunk):
                if isinstance(event, PartBegin):
                    await begin()
                elif isinstance(event, PartData):
                    await staged[-1].write(event.data)
        if decoder is not None:
            decoder.finish()
        if not received or not staged:
            raise BadRequest("The body holds no instance.")
        return staged

    async def _admit(self, file: StagedFile, *, study: UID | None, link: Link) -> tuple[Outcome, Reason | None]:
        """Take one staged instance through the second pass into the archive; every failure becomes an outcome."""
        named = Outcome()
        reason: Reason | None = None
        try:
            await file.complete()
            header = await asyncio.to_thread(read_header, file.path)
            named = Outcome(header.text(0x00080016), header.text(0x00080018))
            if study is not None and header.text(0x0020000D) != study:
                raise Withheld(Reason.IDENTITY_MISMATCH, "it belongs to another study than the URL names")
            ref = await self._through(file, header)
            return replace(named, retrieve_url=link(ref)), None
        except Withheld as error:
            failure, reason = failure_of(error.reason), error.reason
        except Conflict:
            failure = FailureReason.DUPLICATE_INSTANCE
        except (StorageError, OriginError) as error:
            log.error("an instance could not be stored: %s", type(error).__name__)
            failure = FailureReason.OUT_OF_RESOURCES
        return replace(named, failure=failure), reason

    async def _through(self, file: StagedFile, header: Header) -> InstanceRef:
        """Second pass, residual search, JPEG, archive.

        Raises:
            Withheld, Conflict, StorageError, OriginError.
        """
        original = header.json().json
        has_pixels = header.pixels is not None
        self.engine.plan.check_sop_class(header.text(0x00080016))
        judgement = judge(original, self.rules)
        if judgement.verdict is not Verdict.CLEAR or judgement.boxes:
            raise Withheld(_REFUSED[judgement.verdict], judgement.why)
        study, patient = first_text(original, "0020000D"), first_text(original, "00100020")
        rewriter = self.engine.rewriter(scope=Scope(binding=study, patient=patient, pixels_cleared=has_pixels))
        async with self.workspace.stage() as passed:
            outside = await _rewrite(rewriter, file, passed)
            hits = await asyncio.to_thread(_residual, rewriter, outside)
            if hits:
                raise Withheld(Reason.RESIDUAL_IDENTIFIER, ", ".join(sorted(hits)))
            await passed.complete()
            done = rewriter.header
            if done is None:
                raise Withheld(Reason.TRUNCATED)
            jpeg = await self.workers.run(preview, passed.path) if has_pixels else None
            await self.archive.put(StagedInstance(passed, done, jpeg))
        return InstanceRef(done.study, done.series, done.instance)


_REFUSED = {
    Verdict.CLEAR: Reason.PIXELS_UNREVIEWED,  # clear once its boxes are blacked out, which a case does
    Verdict.REVIEW: Reason.PIXELS_UNREVIEWED,
    Verdict.BLOCKED: Reason.BURNED_IN_ANNOTATION,
}


async def _rewrite(rewriter: InstanceRewriter, source: StagedFile, target: StagedFile) -> bytes:
    """Send a staged file through the pass into another; return all that was written but the pixels."""
    head = b""
    async for chunk in source.chunks():
        beginning = rewriter.header is None
        pieces = b"".join(rewriter.feed(chunk))
        if beginning:
            head += pieces
        await target.write(pieces)
    tail = b"".join(rewriter.finish())
    await target.write(tail)
    if not head:
        return tail
    return head[: read_header(head).pixel_offset] + tail


def _residual(rewriter: InstanceRewriter, outside: bytes) -> set[str]:
    return {hit.kind.value for hit in Identifiers.of(rewriter.identified().json).search(outside)}
