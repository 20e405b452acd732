"""The one seam to an origin server. Callers never know which kind they talk to.

Everything an origin yields is identified: it may go only to the engine (`gateway.deid`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicom.uid import UID, FrameRef, InstanceRef, ResourceRef
from gateway.dicomweb.query import Query


@dataclass(frozen=True, slots=True, repr=False)
class Part10:
    """One identified instance as a stream of Part 10 bytes (PS3.10 §7), exactly as the origin stores it.

    `chunks` raises `OriginBroken` when the origin's body ends before the instance does. It must be drained
    or closed before the next instance of the same retrieval is taken.
    """

    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One frame as stored: native pixel bytes (little endian), or one encoded frame without item headers."""

    number: int
    transfer_syntax: UID
    data: bytes


class Origin(Protocol):
    """A source of studies: a DICOMweb server, a folder of Part 10 files, the teaching archive.

    Every method raises `NotFound` for a resource the origin does not hold and one of the `OriginError`s for a
    failure of the origin. An async generator raises before its first item whatever it can know by then.
    """

    def search(self, query: Query) -> AsyncIterator[IdentifiedDataset]:
        """Yield every match of `query` in a stable order, from the first one on (PS3.18 §10.6).

        A row tells every attribute with a key, unless its resource has none: an origin that cannot tell one
        raises `BadQuery`. Rows may contain more attributes than were asked for. `query.limit` and `query.offset`
        are the caller's business; the caller stops iterating when it has enough, so fetch pages lazily.
        Each yielded row has been checked against `query` again by the caller, so a superset is harmless.
        """
        ...

    def metadata(self, ref: ResourceRef) -> AsyncIterator[IdentifiedDataset]:
        """Yield the data set of every instance of `ref` (PS3.18 §10.4.1.1.2).

        Pixel Data, where there is some, is a BulkDataURI, whose value means nothing to callers.
        """
        ...

    def instances(self, ref: ResourceRef) -> AsyncIterator[Part10]:
        """Yield every instance of `ref`, one after the other, in the stored transfer syntax."""
        ...

    def frames(self, ref: FrameRef) -> AsyncIterator[Frame]:
        """Yield the frames asked for, in that order, in the stored transfer syntax."""
        ...

    async def instance_refs(self, ref: ResourceRef) -> list[InstanceRef]:
        """Return the references of all instances of `ref`; `instances` may yield them in another order."""
        ...

    async def check(self) -> None:
        """Return when the origin can answer; raise an `OriginError` that tells what to fix."""
        ...

    async def close(self) -> None:
        """Release connections and files."""
        ...
