"""Every file that pydicom ships, through a real Orthanc: served as it is, or refused with a reason."""

from __future__ import annotations

import asyncio

from gateway.dicom.uid import FrameRef, InstanceRef
from gateway.errors import NotFound, OriginError, Withheld
from gateway.origin.dicomweb import DicomwebOrigin
from gateway.origin.stored import stored_frames
from gateway.streams import closing
from tests.builders import ref_of
from tests.peers.orthanc import Orthanc
from tests.samples import instances


def test_every_sample_is_served_as_it_is(suite_orthanc: Orthanc) -> None:
    suite_orthanc.clear()
    # Several files share a SOP Instance UID under different patients, which Orthanc cannot tell apart.
    unique = {ref_of(data).instance: data for data in (path.read_bytes() for path in instances())}
    held = {ref_of(data): data for data in unique.values() if suite_orthanc.accepts(data)}
    assert len(held) > 100

    async def main() -> list[str]:
        origin = DicomwebOrigin(suite_orthanc.url)
        try:
            return [fault for ref, data in held.items() for fault in await faults(origin, ref, data)]
        finally:
            await origin.close()

    assert asyncio.run(main()) == []


async def faults(origin: DicomwebOrigin, ref: InstanceRef, data: bytes) -> list[str]:
    """Return what differs from the file, none when nothing does."""
    found = []
    async with closing(origin.instances(ref)) as parts:
        bodies = [b"".join([chunk async for chunk in part.chunks]) async for part in parts]
    if bodies != [data]:
        found.append(f"{ref.instance}: instance")
    async with closing(origin.metadata(ref)) as datasets:
        if len([dataset async for dataset in datasets]) != 1:
            found.append(f"{ref.instance}: metadata")
    if await first_frame(origin, ref) != expected_frame(data):
        found.append(f"{ref.instance}: frame")
    return found


async def first_frame(origin: DicomwebOrigin, ref: InstanceRef) -> tuple[str, bytes] | str:
    try:
        async with closing(origin.frames(FrameRef(ref, (1,)))) as frames:
            (frame,) = [frame async for frame in frames]
    except (NotFound, OriginError, Withheld) as error:
        return type(error).__name__
    return frame.transfer_syntax, frame.data.rstrip(b"\0")


def expected_frame(data: bytes) -> tuple[str, bytes] | str:
    try:
        (frame,) = stored_frames(data, [1])
    except (NotFound, OriginError, Withheld) as error:
        return type(error).__name__
    return frame.transfer_syntax, frame.data.rstrip(b"\0")
