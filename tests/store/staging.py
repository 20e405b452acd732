"""Instances staged for an archive, as the ingest service stages them after the second pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.deid.deidentified import SEAL, DeidentifiedHeader
from gateway.dicom.part10 import read_header
from gateway.dicom.uid import UID
from gateway.store.workspace import StagedInstance, Workspace
from tests.builders import ref_of


def header_of(data: bytes) -> DeidentifiedHeader:
    """Return what the engine would say of the instance `data`."""
    ref, header = ref_of(data), read_header(data)
    return DeidentifiedHeader(
        SEAL, UID(header.text(0x00080016)), ref.study, ref.series, ref.instance, header.syntax.uid
    )


@asynccontextmanager
async def staged(workspace: Workspace, data: bytes, *, jpeg: bytes | None = None) -> AsyncIterator[StagedInstance]:
    """Stage `data`."""
    async with workspace.stage() as file:
        await file.write(data)
        await file.complete()
        yield StagedInstance(file, header_of(data), jpeg)
