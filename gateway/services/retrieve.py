"""WADO-RS instances and metadata (PS3.18 §10.4): every byte through the pass, nothing left out silently.

A set with withheld members: those known beforehand are left out and named (the web layer answers 206). One
discovered in mid-stream breaks the body, and is remembered, so that the retry names it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from gateway.deid.deidentified import DeidentifiedDataset
from gateway.deid.streaming import DeidentifiedInstance
from gateway.dicom.dataset import first_text
from gateway.dicom.uid import InstanceRef, ResourceRef
from gateway.errors import NotFound, Reason, Withheld
from gateway.services.library import Library
from gateway.streams import close, closing


@dataclass(frozen=True, slots=True, repr=False)
class Retrieval:
    """Instances on their way, the first one already judged, and the ones that are left out.

    Each instance's chunks are drained before the next instance is taken.
    """

    instances: AsyncIterator[DeidentifiedInstance]
    withheld: Mapping[str, Reason] = field(default_factory=dict)
    """SOP Instance UID to reason."""


async def retrieve(library: Library, ref: ResourceRef) -> Retrieval:
    """Start the retrieval of a study, a series or an instance.

    Raises:
        Withheld: the instance asked for is withheld, or every instance of the set is.
        NotFound, OriginError: before any byte was given out.
    """
    known = await library.records.withheld_in(library.source, ref)
    if isinstance(ref, InstanceRef):
        if known:
            # Asked for by itself it is judged anew, to its end: the PACS may hold a repaired one now.
            judged = _remembering(library, ref, await library.open_instance(ref))
            async with closing(judged.chunks) as chunks:
                async for _ in chunks:
                    pass
            await library.records.clear(library.source, ref)
        return Retrieval(_each(library, [ref], await library.open_instance(ref)))
    if not known:
        stream = _whole(library, ref)
        try:
            first = await anext(stream, None)
        except Withheld:
            await close(stream)
        else:
            if first is None:
                raise NotFound("The origin holds no instance of this.")
            return Retrieval(_prepend(first, stream))
    return await _without_withheld(library, ref)


async def _whole(library: Library, ref: ResourceRef) -> AsyncIterator[DeidentifiedInstance]:
    async with closing(library.origin.instances(ref)) as parts:
        async for part in parts:
            yield _remembering(library, ref, await library.open(part, ref))


async def _prepend(
    first: DeidentifiedInstance, rest: AsyncIterator[DeidentifiedInstance]
) -> AsyncIterator[DeidentifiedInstance]:
    async with closing(rest):
        yield first
        async for instance in rest:
            yield instance


async def _without_withheld(library: Library, ref: ResourceRef) -> Retrieval:
    """Judge every header first, so that the status can say what is left out, then fetch the others."""
    withheld: dict[str, Reason] = {}
    passing: list[InstanceRef] = []
    known = await library.records.withheld_in(library.source, ref)
    for instance in await library.origin.instance_refs(ref):
        # What broke in mid-stream had a good header, so the record counts beside the header.
        reason = known.get(instance.instance) or await _judge(library, instance)
        if reason is None:
            passing.append(instance)
        else:
            withheld[instance.instance] = reason
    await library.records.clear(library.source, ref)
    if not passing:
        if withheld:
            raise Withheld(next(iter(withheld.values())), f"and so are all {len(withheld)} instances of this set")
        raise NotFound("The origin holds no instance of this.")
    return Retrieval(_each(library, passing, await library.open_instance(passing[0])), withheld)


async def _judge(library: Library, ref: InstanceRef) -> Reason | None:
    try:
        opened = await library.open_instance(ref)
    except Withheld as error:
        return error.reason
    await close(opened.chunks)
    return None


async def _each(
    library: Library, refs: list[InstanceRef], first: DeidentifiedInstance
) -> AsyncIterator[DeidentifiedInstance]:
    yield _remembering(library, refs[0], first)
    for ref in refs[1:]:
        yield _remembering(library, ref, await library.open_instance(ref))


def _remembering(library: Library, ref: ResourceRef, instance: DeidentifiedInstance) -> DeidentifiedInstance:
    """Return the instance such that a refusal behind its header (in its pixel data) is remembered as well."""
    header = instance.header

    async def chunks() -> AsyncIterator[bytes]:
        async with closing(instance.chunks) as pieces:
            try:
                async for piece in pieces:
                    yield piece
            except Withheld as error:
                await library.remember(InstanceRef(ref.study, header.series, header.instance), error)
                raise

    return replace(instance, chunks=chunks())


@dataclass(frozen=True, slots=True, repr=False)
class Metadata:
    """Data sets after the pass, and the reasons of those that are left out."""

    datasets: list[DeidentifiedDataset]
    withheld: list[Reason]


async def metadata(library: Library, ref: ResourceRef) -> Metadata:
    """Retrieve the data sets of `ref` without their pixel data (PS3.18 §10.4.1.1.2).

    Raises:
        Withheld: all of them are withheld. NotFound, OriginError.
    """
    datasets: list[DeidentifiedDataset] = []
    refused: list[Withheld] = []
    known = await library.records.withheld_in(library.source, ref)
    async with closing(library.origin.metadata(ref)) as found:
        async for identified in found:
            reason = known.get(first_text(identified.json, "00080018"))
            try:
                if reason is not None:
                    raise Withheld(reason)
                datasets.append(library.engine.dataset(identified, expect=ref))
            except Withheld as error:
                refused.append(error)
    if not datasets:
        raise refused[0] if refused else NotFound("The origin holds no instance of this.")
    return Metadata(datasets, [error.reason for error in refused])
