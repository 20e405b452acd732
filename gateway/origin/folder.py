"""A folder of Part 10 files as an origin: only read, indexed in the background, and followed as it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicom.uid import FrameRef, InstanceRef, ResourceRef
from gateway.dicomweb.query import Query
from gateway.errors import GatewayError, OriginBusy, OriginUnreachable, StorageError
from gateway.origin.indexed import IndexedOrigin, unreachable
from gateway.origin.protocol import Frame, Part10
from gateway.store.database import Database
from gateway.store.index import InstanceIndex, Located
from gateway.store.scan import FolderMissing, scan
from gateway.streams import closing

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 2.0
"""A request does not look again at a folder that was looked at so short a time ago."""
RESCAN_SECONDS: Final = 60.0
"""How often the folder is looked at when nobody asks."""
PATIENCE_SECONDS: Final = 20.0
"""How long a request waits for a scan that it cannot be answered without."""
GLANCE_SECONDS: Final = 2.0
"""How long it waits when the index has held the whole folder before, and can only lack what came since."""
SLOWNESS: Final = 5
"""How much longer that time is for each second a scan took: looking must not become a disk's main load."""


class FolderOrigin:
    """An `Origin` over the Part 10 files below a folder; `open` makes one.

    Until a first scan has ended, what might be incomplete is refused with `OriginBusy`. Later a search, a study or
    a series, and whatever is not known yet, looks at the folder again first. Links, names that begin with a dot
    and files that are not DICOM are passed over; files that are malformed or unreadable are counted in the log.
    """

    def __init__(self, root: Path, index: InstanceIndex, *, fresh: float, patience: float) -> None:
        self._root = root
        self._index = index
        self._stored = IndexedOrigin(root, index, locate=self._locate, doubt=self._doubt)
        self._fresh = fresh
        self._patience = patience
        self._whole = False
        self._doubted = False
        self._trouble: GatewayError | None = None
        self._not_before = 0.0
        self._scanning: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, root: Path, database: Database, *, fresh: float = FRESH_SECONDS, patience: float = PATIENCE_SECONDS
    ) -> Self:
        """Start to index `root` in the background; its index is kept in `database` from one start to the next.

        `fresh` and `patience` are seconds, as `FRESH_SECONDS` and `PATIENCE_SECONDS` tell.
        """
        resolved = await asyncio.to_thread(root.resolve)
        index = InstanceIndex(database, f"pacs:{resolved}")
        origin = cls(resolved, index, fresh=fresh, patience=patience)
        origin._whole = await index.device() is not None
        origin._watching = asyncio.create_task(origin._watch())
        return origin

    async def search(self, query: Query) -> AsyncIterator[IdentifiedDataset]:
        """Yield every match: studies by date, newest first, and UID; series and instances by number and UID."""
        await self._look()
        async with closing(self._stored.search(query)) as rows:
            async for row in rows:
                yield row

    def metadata(self, ref: ResourceRef) -> AsyncIterator[IdentifiedDataset]:
        """Yield the data set of every instance of `ref`, read from its file now."""
        return self._stored.metadata(ref)

    def instances(self, ref: ResourceRef) -> AsyncIterator[Part10]:
        """Yield every instance of `ref` as its file holds it."""
        return self._stored.instances(ref)

    def frames(self, ref: FrameRef) -> AsyncIterator[Frame]:
        """Yield frames of one instance."""
        return self._stored.frames(ref)

    async def instance_refs(self, ref: ResourceRef) -> list[InstanceRef]:
        """Return the references of all instances of `ref`."""
        return await self._stored.instance_refs(ref)

    async def check(self) -> None:
        """Return when the folder can be listed and has been indexed once.

        Raises:
            OriginUnreachable: it cannot be listed. OriginBusy: it is being indexed.
        """
        await self._stored.check()
        if not self._whole:
            raise _busy()

    async def close(self) -> None:
        """Stop looking at the folder."""
        for task in (self._watching, self._scanning):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _locate(self, ref: ResourceRef) -> Sequence[Located]:
        if isinstance(ref, InstanceRef) and not self._doubted:
            found = await self._index.locate(ref)
            if found:
                return found
            await self._look(patience=self._patience)
        else:
            await self._look()
        return await self._index.locate(ref)

    def _doubt(self) -> None:
        """Look at the folder before the next answer: a file is not what the index says."""
        self._doubted = True

    async def _look(self, *, patience: float = GLANCE_SECONDS) -> None:
        """Wait for a scan that is new enough, or as long as is reasonable.

        Raises:
            OriginBusy: the folder has never been indexed to its end.
            OriginUnreachable, StorageError: the last scan failed.
        """
        if self._scanning is None and asyncio.get_running_loop().time() >= self._not_before:
            self._scanning = asyncio.create_task(self._scan())
        if self._scanning is not None:
            with suppress(TimeoutError):
                # Shielded: others wait for the same scan, whatever becomes of this request.
                await asyncio.wait_for(asyncio.shield(self._scanning), patience if self._whole else self._patience)
        if self._trouble is not None:
            raise type(self._trouble)(*self._trouble.args)
        if not self._whole:
            raise _busy()

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
            except OriginBusy:
                await asyncio.sleep(self._fresh)
                continue
            except GatewayError as error:
                log.warning("the folder is not followed: %s", error)
            await asyncio.sleep(max(RESCAN_SECONDS, self._not_before - asyncio.get_running_loop().time()))

    async def _scan(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._doubted = False
        trouble: GatewayError | None = None
        try:
            report = await scan(self._root, self._index)
        except OSError as error:
            trouble = unreachable(error)
        except FolderMissing:
            trouble = OriginUnreachable(
                "The folder is empty and lies on another device than before. Check that it is mounted."
            )
        except StorageError as error:
            trouble = error
        else:
            self._whole = True
            if report.changes or report.unreadable:
                level = logging.WARNING if report.malformed or report.unreadable else logging.INFO
                log.log(level, "indexed the folder: %s", report)
        finally:
            self._trouble = trouble
            self._not_before = loop.time() + self._fresh * max(1, SLOWNESS * (loop.time() - started))
            self._scanning = None


def _busy() -> OriginBusy:
    return OriginBusy("The folder is being indexed for the first time. Ask again in a minute.")
