"""WADO-RS frames (PS3.18 §10.4.1.1.6): as stored after their comments are gone, or decoded in a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.deid.deidentified import DeidentifiedBytes
from gateway.dicom.syntax import transfer_syntax as syntax_of
from gateway.dicom.uid import UID, FrameRef, InstanceRef
from gateway.dicomweb.frames import check_frames
from gateway.errors import NotFound, OriginBroken
from gateway.pixels.native import to_native
from gateway.services.facts import Facts
from gateway.services.library import Library
from gateway.services.workers import Workers
from gateway.streams import closing


@dataclass(frozen=True, slots=True, repr=False)
class StoredFrame:
    """One de-identified frame and how it is encoded."""

    number: int
    transfer_syntax: UID
    data: DeidentifiedBytes


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of a library."""

    facts: Facts
    workers: Workers

    async def every(self, library: Library, ref: InstanceRef) -> FrameRef:
        """Return the reference of all frames of an instance.

        Raises:
            NotFound: it has none. Withheld, OriginError.
        """
        count = (await self.facts.of(library, ref)).frames
        if not count:
            raise NotFound("The instance has no frames.")
        return FrameRef(ref, tuple(range(1, count + 1)))

    async def stored(self, library: Library, ref: FrameRef) -> AsyncIterator[StoredFrame]:
        """Yield the frames asked for, in that order, in their stored transfer syntax.

        Raises:
            Withheld, NotFound, OriginError: before the first frame whatever the header tells.
        """
        facts = await self.facts.of(library, ref.instance)
        check_frames(ref.numbers, facts.frames)
        left = list(ref.numbers)
        async with closing(library.origin.frames(ref)) as frames:
            async for frame in frames:
                if not left or frame.number != left.pop(0):
                    raise OriginBroken("The origin answered with other frames than those asked for.")
                if not syntax_of(frame.transfer_syntax).encapsulated:
                    _check_length(frame.data, facts.native_frame_bytes)
                yield StoredFrame(
                    frame.number, frame.transfer_syntax, library.engine.frame(frame.data, frame.transfer_syntax)
                )
        if left:
            raise OriginBroken(f"The origin left out {len(left)} of the frames asked for.")

    async def native(self, library: Library, ref: FrameRef, frame: StoredFrame) -> tuple[DeidentifiedBytes, str]:
        """Decode a frame to Explicit VR Little Endian and tell its Photometric Interpretation then.

        Raises:
            Withheld: PIXELS_UNDECODABLE.
        """
        facts = await self.facts.of(library, ref.instance)
        description = facts.description(frame.transfer_syntax, tables=False)
        data, photometric = await self.workers.run(to_native, frame.data.data, description)
        return DeidentifiedBytes(frame.data.seal, data), photometric


def _check_length(data: bytes, expected: int) -> None:
    # Some origins pad a frame of odd length.
    if len(data) not in (expected, expected + expected % 2):
        raise OriginBroken("The origin sent a frame of another length than its instance's header tells. Ask again.")
