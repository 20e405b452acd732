"""A library is what stands behind one DICOMweb door: an origin, and the engine all of it goes through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.deid.actions import Action
from gateway.deid.engine import Engine
from gateway.deid.rewriter import InstanceRewriter
from gateway.deid.streaming import DeidentifiedInstance, deidentify
from gateway.dicom.dataset import first_text
from gateway.dicom.dictionary import vr_of
from gateway.dicom.uid import InstanceRef, ResourceRef, is_uid, reference
from gateway.dicomweb.query import Query
from gateway.errors import BadQuery, NotFound, Reason, Withheld
from gateway.origin.protocol import Origin, Part10
from gateway.streams import close, closing

_IDENTIFYING = frozenset({Action.DROP, Action.EMPTY, Action.DUMMY, Action.PSEUDONYM, Action.LEGACY_MD5})


class WithheldRecords(Protocol):
    """Where withheld instances are remembered; `gateway.store.withheld` on the database."""

    async def record(self, source: str, ref: ResourceRef, reason: Reason, detail: str) -> None:
        """Remember that `ref` is withheld; a study or series means "one of its instances, not known which"."""
        ...

    async def withheld_in(self, source: str, ref: ResourceRef) -> dict[str, Reason]:
        """Return reasons by SOP Instance UID for `ref`; "" stands for one that is not known by its UID."""
        ...

    async def clear(self, source: str, ref: ResourceRef) -> None:
        """Forget what is remembered of exactly `ref`."""
        ...


@dataclass(frozen=True, slots=True)
class Library:
    """One DICOMweb door: `/dicom-web` (the PACS, first pass) or `/teaching/dicom-web` (the archive)."""

    name: str
    origin: Origin
    engine: Engine
    records: WithheldRecords
    identity_searchable: bool
    """Whether match keys may hold identities. The archive holds none, so asking there is a mistake (400)."""

    @property
    def source(self) -> str:
        """Under which name refusals are remembered: another profile judges anew."""
        return f"{self.name}:{self.engine.plan.hash}"

    def check_keys(self, query: Query) -> None:
        """Refuse a query by identity where identities are not searchable.

        A key without a value only asks for the attribute, and a pseudonym of ours identifies nobody.

        Raises:
            BadQuery: naming no value.
        """
        if self.identity_searchable:
            return
        for match in query.matches:
            if not match.value or self.engine.keys.is_pseudonym(match.value):
                continue
            if any(self._identifies(int(tag, 16)) for tag in match.path):
                raise BadQuery("The teaching archive holds no identities and cannot be searched by one.")

    def _identifies(self, tag: int) -> bool:
        """Tell whether somebody could be looked up by an attribute; a date of the patient's group is a birth date."""
        is_birth_date = tag >> 16 == 0x0010 and vr_of(tag) in ("DA", "DT")
        return is_birth_date or self.engine.plan.decide_tag(tag).action in _IDENTIFYING

    async def open(self, part: Part10, ref: ResourceRef) -> DeidentifiedInstance:
        """Send one instance of `ref` through the pass, remembering it when it is withheld.

        Raises:
            Withheld: with its reason.
        """
        rewriter = self.engine.rewriter(expect=ref)
        try:
            return await deidentify(rewriter, part.chunks)
        except Withheld as error:
            await self.remember(_named(ref, rewriter), error)
            raise

    async def open_instance(self, ref: InstanceRef) -> DeidentifiedInstance:
        """Fetch one instance through the pass.

        Raises:
            Withheld: with its reason, which is remembered; NotFound; OriginError.
        """
        parts = self.origin.instances(ref)
        try:
            part = await anext(parts, None)
            if part is None:
                raise NotFound("The origin holds no such instance.")
            opened = await self.open(part, ref)
        except BaseException:
            await close(parts)
            raise
        return replace(opened, chunks=_until_done(opened.chunks, parts))

    async def remember(self, ref: ResourceRef, error: Withheld) -> None:
        """Record that `ref` is withheld, so that the next retrieval of its series leaves it out openly."""
        await self.records.record(self.source, ref, error.reason, error.detail)


def _named(ref: ResourceRef, rewriter: InstanceRewriter) -> ResourceRef:
    """Return the instance when its header tells which one of `ref` it is, else the set it came from."""
    try:
        header = rewriter.identified().json
    except Withheld:
        return ref
    uids = [first_text(header, tag) for tag in ("0020000D", "0020000E", "00080018")]
    if uids[0] != ref.study or not all(map(is_uid, uids)):
        return ref
    return reference(*uids)


async def _until_done(chunks: AsyncIterator[bytes], parts: AsyncIterator[Part10]) -> AsyncIterator[bytes]:
    """Yield the chunks of the only part, and keep the retrieval it belongs to open so long."""
    async with closing(parts), closing(chunks):
        async for chunk in chunks:
            yield chunk
