"""Instances in the transfer syntax a client takes: as they are, or decoded frame by frame in the workers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.deid.streaming import DeidentifiedInstance
from gateway.dicom.uid import UID
from gateway.pixels.transcode import Piece, Transcoder, native_piece
from gateway.services.workers import Workers
from gateway.streams import closing


@dataclass(frozen=True, slots=True)
class Transcoding:
    """Gives the bytes of a de-identified instance."""

    workers: Workers

    async def chunks(self, instance: DeidentifiedInstance, wanted: UID) -> AsyncIterator[bytes]:
        """Yield the instance in `wanted`: its stored transfer syntax, or else Explicit VR Little Endian.

        Raises:
            Withheld: PIXELS_UNDECODABLE, or what follows the header cannot be judged.
        """
        async with closing(instance.chunks) as rest:
            if instance.header.transfer_syntax == wanted:
                yield instance.head
                async for chunk in rest:
                    yield chunk
                return
            # The header waits for the first frame, so that what cannot be decoded fails before a byte is given out.
            held: list[bytes] = []
            begun = False
            async for piece in _pieces(instance.head, rest):
                held.append(piece if isinstance(piece, bytes) else await self.workers.run(native_piece, piece))
                begun = begun or not isinstance(piece, bytes)
                if begun:
                    yield b"".join(held)
                    held.clear()
            yield b"".join(held)


async def _pieces(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[Piece]:
    transcoder = Transcoder()
    for piece in transcoder.feed(head):
        yield piece
    async for chunk in rest:
        for piece in transcoder.feed(chunk):
            yield piece
    for piece in transcoder.finish():
        yield piece
