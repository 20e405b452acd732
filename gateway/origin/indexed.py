"""Instances in indexed files, as an origin gives them out: the read side of a folder and of the embedded archive."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, cast

from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicom.dictionary import hex_tag
from gateway.dicom.part10 import read_header
from gateway.dicom.uid import FrameRef, InstanceRef, ResourceRef
from gateway.dicomweb.query import Query
from gateway.errors import NotFound, OriginBroken, OriginUnreachable, Withheld
from gateway.origin.protocol import Frame, Part10
from gateway.origin.stored import stored_frames
from gateway.store.files import open_beneath, stamp_of
from gateway.store.index import InstanceIndex, Located
from gateway.store.threads import CHUNK, in_thread
from gateway.streams import close, closing

_AGAIN: Final = "was removed or changed after it was indexed, or cannot be read. Ask again."

Locate = Callable[[ResourceRef], Awaitable[Sequence[Located]]]


class IndexedOrigin:
    """An `Origin` over the files below `root`, as `index` knows them.

    A file that is not what it was when it was indexed is an `OriginBroken`, before or in the middle of its bytes.
    `locate` looks references up; it is the index's own unless an owner wants to look further. `doubt` is called,
    perhaps in another thread, when a file is not what the index says.
    """

    def __init__(
        self,
        root: Path,
        index: InstanceIndex,
        *,
        locate: Locate | None = None,
        doubt: Callable[[], None] = lambda: None,
    ) -> None:
        self._root = root
        self._index = index
        self._lookup = locate or index.locate
        self._doubt = doubt

    async def search(self, query: Query) -> AsyncIterator[IdentifiedDataset]:
        """Yield every match in the order of the index."""
        async with closing(self._index.search(query)) as rows:
            async for row in rows:
                yield IdentifiedDataset(row)

    async def metadata(self, ref: ResourceRef) -> AsyncIterator[IdentifiedDataset]:
        """Yield the data set of every instance of `ref`, read from its file now."""
        for at in await self._located(ref):
            yield await in_thread(self._metadata, at)

    async def instances(self, ref: ResourceRef) -> AsyncIterator[Part10]:
        """Yield every instance of `ref` as its file holds it."""
        for at in await self._located(ref):
            chunks = self._chunks(at)
            try:
                yield Part10(chunks)
            finally:
                await close(chunks)

    async def frames(self, ref: FrameRef) -> AsyncIterator[Frame]:
        """Yield frames of one instance."""
        (at, *_) = await self._located(ref.instance)
        file = await in_thread(self._open, at)
        try:
            frames = stored_frames(io.BufferedReader(cast("io.FileIO", file)), ref.numbers)
            while (frame := await in_thread(_next, frames)) is not None:
                self._verify(file, at)
                yield frame
        finally:
            file.close()

    async def instance_refs(self, ref: ResourceRef) -> list[InstanceRef]:
        """Return the references of all instances of `ref`."""
        return [at.ref for at in await self._located(ref)]

    async def check(self) -> None:
        """Return when the folder can be listed.

        Raises:
            OriginUnreachable: it cannot.
        """
        try:
            await in_thread(lambda: next(self._root.iterdir(), None))
        except OSError as error:
            raise unreachable(error) from None

    async def close(self) -> None:
        """Hold nothing: files are open only while they are read."""

    async def _located(self, ref: ResourceRef) -> Sequence[Located]:
        found = await self._lookup(ref)
        if not found:
            raise NotFound("There is no such study, series or instance.")
        return found

    async def _chunks(self, at: Located) -> AsyncIterator[bytes]:
        file = await in_thread(self._open, at)
        left = at.stamp.size
        try:
            while left:
                chunk = await in_thread(_read, file, min(CHUNK, left))
                left -= len(chunk)
                if not left:
                    self._verify(file, at)
                yield chunk
        finally:
            file.close()

    def _metadata(self, at: Located) -> IdentifiedDataset:
        with self._open(at) as file:
            try:
                header = read_header(file)
            except Withheld as error:
                raise OriginBroken(f"The header of a stored instance is not readable ({error.reason.value}).") from None
            self._verify(file, at)
        found = header.json(bulk=lambda path: path)
        if header.pixels is not None:
            path = hex_tag(header.pixels.tag)
            found.json[path] = {"vr": header.pixels.vr, "BulkDataURI": path}
        return found

    def _open(self, at: Located) -> BinaryIO:
        try:
            file = open_beneath(self._root, at.path)
        except OSError as error:
            if not self._root.is_dir():
                raise unreachable(error) from None
            self._doubt()
            raise OriginBroken(f"A stored instance is not there: its file {_AGAIN}") from None
        try:
            self._verify(file, at)
        except BaseException:
            file.close()
            raise
        return file

    def _verify(self, file: BinaryIO, at: Located) -> None:
        if stamp_of(os.fstat(file.fileno())) != at.stamp:
            self._doubt()
            raise OriginBroken(f"A stored instance is not what it was: its file {_AGAIN}")


def unreachable(error: OSError) -> OriginUnreachable:
    """Return the error for a folder that cannot be listed."""
    return OriginUnreachable(
        f"The folder cannot be listed ({type(error).__name__}). Check that it is mounted and readable."
    )


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        chunk = file.read(size)
    except OSError as error:
        raise OriginBroken(f"Reading a stored instance failed ({type(error).__name__}).") from None
    if not chunk:
        raise OriginBroken(f"A stored instance ends too early: its file {_AGAIN}")
    return chunk


def _next(frames: Iterator[Frame]) -> Frame | None:
    try:
        return next(frames, None)
    except OSError as error:
        raise OriginBroken(f"Reading a stored instance failed ({type(error).__name__}).") from None
