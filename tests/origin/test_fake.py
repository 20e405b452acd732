"""The faults of the fake; what it answers is tested by the suite shared with the real origins."""

from __future__ import annotations

import asyncio

import pytest

from gateway.dicom.uid import StudyRef
from gateway.errors import NotFound, OriginBroken, OriginTimeout
from gateway.origin.fake import FakeOrigin
from tests.builders import planted_ct_series, ref_of


def test_it_fails_after_so_many_items() -> None:
    files = planted_ct_series(3)
    origin = FakeOrigin(files)
    origin.fail("metadata", OriginTimeout("late"), after=2)
    seen = []

    async def run() -> None:
        async for found in origin.metadata(StudyRef(ref_of(files[0]).study)):
            seen.append(found)

    with pytest.raises(OriginTimeout):
        asyncio.run(run())
    assert len(seen) == 2


def test_it_breaks_within_a_body() -> None:
    files = planted_ct_series(2)
    origin = FakeOrigin(files, chunk=100)
    origin.fail("instances", OriginBroken("cut"), after=1, at_byte=150)
    bodies: list[bytes] = []

    async def run() -> None:
        async for part in origin.instances(StudyRef(ref_of(files[0]).study)):
            bodies.append(b"")
            async for chunk in part.chunks:
                bodies[-1] += chunk

    with pytest.raises(OriginBroken):
        asyncio.run(run())
    assert bodies == [files[0], files[1][:150]]
    assert origin.open_bodies == 0


def test_it_heals_and_forgets() -> None:
    files = planted_ct_series(1)
    origin = FakeOrigin(files)
    origin.fail("check", OriginTimeout("late"))
    with pytest.raises(OriginTimeout):
        asyncio.run(origin.check())
    origin.heal()
    asyncio.run(origin.check())
    origin.remove(ref_of(files[0]))
    with pytest.raises(NotFound):
        asyncio.run(origin.instance_refs(ref_of(files[0])))
    assert origin.calls == {"check": 2, "instance_refs": 1}


def test_a_body_that_is_left_open_is_noticed() -> None:
    files = planted_ct_series(2)
    origin = FakeOrigin(files)

    async def run() -> None:
        async for _ in origin.instances(StudyRef(ref_of(files[0]).study)):
            pass

    with pytest.raises(AssertionError, match="neither drained nor closed"):
        asyncio.run(run())
