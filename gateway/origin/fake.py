"""An origin of instances held in memory, with faults on demand: the fake beside the seam."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from gateway.dicom.dataset import IdentifiedDataset, JsonDataset
from gateway.dicom.part10 import read_header
from gateway.dicom.uid import UID, FrameRef, InstanceRef, ResourceRef, SeriesRef, StudyRef
from gateway.dicomweb.query import Level, Query
from gateway.errors import GatewayError, NotFound, Withheld
from gateway.origin.protocol import Frame, Part10
from gateway.origin.stored import stored_frames
from gateway.store.levels import series_row, study_row
from gateway.streams import close

Method = Literal["search", "metadata", "instances", "frames", "instance_refs", "check"]

URL: Final = "http://zq.example.org/dicom-web"
"""Rows and data sets name this host, as an upstream's do; it must reach no client."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a method raises: after `after` items, and within a further item after `at_byte` of its bytes."""

    error: GatewayError
    after: int = 0
    at_byte: int | None = None


class FakeOrigin:
    """An `Origin` over Part 10 bytes. Order is the order in which they were added."""

    def __init__(self, files: Iterable[bytes] = (), *, chunk: int = 65536) -> None:
        self._files: dict[InstanceRef, bytes] = {}
        self._faults: dict[Method, Fault] = {}
        self._chunk = chunk
        self.calls: Counter[Method] = Counter()
        self.open_bodies = 0
        """Bodies begun and neither drained nor closed."""
        self.closed = False
        for data in files:
            self.add(data)

    def add(self, data: bytes, *, ref: InstanceRef | None = None) -> InstanceRef:
        """Hold one more instance; `ref` names one whose bytes do not say it themselves."""
        if ref is None:
            header = read_header(data)
            uids = [UID(header.text(tag)) for tag in (0x0020000D, 0x0020000E, 0x00080018)]
            ref = InstanceRef(*uids)
        self._files[ref] = data
        return ref

    def remove(self, ref: InstanceRef) -> None:
        """Forget one instance."""
        del self._files[ref]

    def fail(self, method: Method, error: GatewayError, *, after: int = 0, at_byte: int | None = None) -> None:
        """Let `method` raise from now on (see `Fault`)."""
        self._faults[method] = Fault(error, after, at_byte)

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._faults.clear()

    async def search(self, query: Query) -> AsyncIterator[IdentifiedDataset]:
        """Yield the rows that match."""
        self._begin("search")
        rows = {Level.STUDY: self._studies, Level.SERIES: self._series, Level.INSTANCE: self._instances}
        matches = [row for row in rows[query.level]() if query.accepts(row)]
        for number, row in enumerate(matches):
            self._step("search", number)
            yield IdentifiedDataset(row)
        self._step("search", len(matches))

    async def metadata(self, ref: ResourceRef) -> AsyncIterator[IdentifiedDataset]:
        """Yield the data sets of `ref`."""
        self._begin("metadata")
        found = self._under(ref)
        for number, instance in enumerate(found):
            self._step("metadata", number)
            yield IdentifiedDataset(self._dataset(instance))
        self._step("metadata", len(found))

    async def instances(self, ref: ResourceRef) -> AsyncIterator[Part10]:
        """Yield the instances of `ref`."""
        self._begin("instances")
        found = self._under(ref)
        for number, instance in enumerate(found):
            self._step("instances", number)
            chunks = self._chunks(self._files[instance], number)
            try:
                yield Part10(chunks)
                async for _ in chunks:
                    raise AssertionError("An instance was neither drained nor closed before the next was taken.")
            finally:
                await close(chunks)
        self._step("instances", len(found))

    async def frames(self, ref: FrameRef) -> AsyncIterator[Frame]:
        """Yield frames."""
        self._begin("frames")
        (instance,) = self._under(ref.instance)
        for number, frame in enumerate(stored_frames(self._files[instance], ref.numbers)):
            self._step("frames", number)
            yield frame

    async def instance_refs(self, ref: ResourceRef) -> list[InstanceRef]:
        """Return the references of `ref`."""
        self._begin("instance_refs")
        return self._under(ref)

    async def check(self) -> None:
        """Return unless told to fail."""
        self._begin("check")

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def _begin(self, method: Method) -> None:
        self.calls[method] += 1
        self._step(method, 0)

    def _step(self, method: Method, number: int) -> None:
        fault = self._faults.get(method)
        if fault is not None and fault.at_byte is None and number == fault.after:
            raise fault.error

    async def _chunks(self, data: bytes, number: int) -> AsyncIterator[bytes]:
        fault = self._faults.get("instances")
        end = len(data)
        if fault is not None and fault.after == number and fault.at_byte is not None:
            end = min(end, fault.at_byte)
        self.open_bodies += 1
        try:
            for start in range(0, end, self._chunk):
                yield data[start : min(start + self._chunk, end)]
            if fault is not None and end < len(data):
                raise fault.error
        finally:
            self.open_bodies -= 1

    def _under(self, ref: ResourceRef) -> list[InstanceRef]:
        found = [instance for instance in self._files if _contains(ref, instance)]
        if not found:
            raise NotFound("The origin holds no such resource.")
        return found

    def _dataset(self, ref: InstanceRef) -> JsonDataset:
        url = f"{URL}/studies/{ref.study}/series/{ref.series}/instances/{ref.instance}"
        try:
            header = read_header(self._files[ref])
        except Withheld:
            uids = {"0020000D": ref.study, "0020000E": ref.series, "00080018": ref.instance}
            return {tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()}
        dataset = header.json(bulk=lambda path: f"{url}/bulk/{path}").json
        if header.pixels is not None:
            dataset["7FE00010"] = {"vr": header.pixels.vr, "BulkDataURI": f"{url}/bulk/7FE00010"}
        return dataset

    def _instances(self) -> list[JsonDataset]:
        return [self._dataset(ref) | _retrieve_url(ref) for ref in self._files]

    def _series(self) -> list[JsonDataset]:
        groups: dict[SeriesRef, list[JsonDataset]] = {}
        for ref in self._files:
            groups.setdefault(SeriesRef(ref.study, ref.series), []).append(self._dataset(ref))
        above = {row["0020000D"]["Value"][0]: row for row in self._studies()}
        return [
            above[ref.study] | series_row(found[0], series=ref.series, instances=len(found)) | _retrieve_url(ref)
            for ref, found in groups.items()
        ]

    def _studies(self) -> list[JsonDataset]:
        groups: dict[UID, dict[UID, list[JsonDataset]]] = {}
        for ref in self._files:
            groups.setdefault(ref.study, {}).setdefault(ref.series, []).append(self._dataset(ref))
        return [
            study_row(
                next(iter(series.values()))[0],
                study=study,
                series=[series_row(found[0], series=uid, instances=len(found)) for uid, found in series.items()],
                sop_classes={
                    dataset["00080016"]["Value"][0]
                    for found in series.values()
                    for dataset in found
                    if "Value" in dataset.get("00080016", {})
                },
            )
            | _retrieve_url(StudyRef(study))
            for study, series in groups.items()
        ]


def _contains(ref: ResourceRef, instance: InstanceRef) -> bool:
    if isinstance(ref, StudyRef):
        return ref.study == instance.study
    if isinstance(ref, SeriesRef):
        return (ref.study, ref.series) == (instance.study, instance.series)
    return ref == instance


def _retrieve_url(ref: ResourceRef) -> JsonDataset:
    return {"00081190": {"vr": "UR", "Value": [f"{URL}/studies/{ref.study}"]}}
