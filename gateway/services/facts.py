"""What is needed to show the frames of an instance: its de-identified header and the lookup tables it refers to."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.deid.deidentified import DeidentifiedDataset
from gateway.dicom.dataset import first_text
from gateway.dicom.uid import UID, InstanceRef
from gateway.errors import Reason, Withheld
from gateway.pixels.description import PixelDescription, bulk_needed, describe
from gateway.pixels.values import integer
from gateway.services.bulkdata import table_of
from gateway.services.library import Library
from gateway.services.retrieve import metadata

_KEPT = 512
_KEPT_SECONDS = 60.0
"""A viewer asks for the frames of a series one by one; a change in the PACS shows after a minute at most."""


@dataclass(frozen=True, slots=True, repr=False)
class InstanceFacts:
    """The header of one instance after the pass."""

    dataset: DeidentifiedDataset
    tables: Mapping[str, bytes]

    def description(self, transfer_syntax: UID, *, tables: bool = True) -> PixelDescription:
        """Describe the pixels, encoded in `transfer_syntax`.

        Raises:
            Withheld: PIXELS_UNDECODABLE.
        """
        return describe(self.dataset.json, transfer_syntax, bulk=self.tables, tables=tables)

    @property
    def frames(self) -> int:
        """The number of frames, 0 for an object without pixels."""
        if "00280010" not in self.dataset.json:
            return 0
        value = (self.dataset.json.get("00280008", {}).get("Value") or [1])[0]
        return int(value) if str(value).isdecimal() else 1

    @property
    def native_frame_bytes(self) -> int:
        """The length of one frame that is not encoded, whole bytes (PS3.5 §8.2).

        Raises:
            Withheld: PIXELS_UNDECODABLE when the header does not tell.
        """
        json = self.dataset.json
        rows, columns, bits = (integer(json, tag, low=1, high=0xFFFF) for tag in ("00280010", "00280011", "00280100"))
        samples = integer(json, "00280002", low=1, high=0xFFFF, default=1)
        if first_text(json, "00280004") == "YBR_FULL_422":
            samples = 2  # two luminance values share one of each chrominance (PS3.3 §C.7.6.3.1.2)
        return (rows * columns * samples * bits + 7) // 8


class Facts:
    """Headers of the instances shown last, bounded in number and age. De-identified ones only."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[tuple[str, InstanceRef], tuple[float, InstanceFacts]] = OrderedDict()

    async def of(self, library: Library, ref: InstanceRef) -> InstanceFacts:
        """Return the facts of an instance.

        Raises:
            Withheld, NotFound, OriginError: as a retrieval of its metadata does.
        """
        key = library.source, ref
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() - kept[0] < _KEPT_SECONDS:
            self._kept.move_to_end(key)
            return kept[1]
        found = await metadata(library, ref)
        if len(found.datasets) != 1:
            raise Withheld(Reason.IDENTITY_MISMATCH, "the origin holds several instances under one UID")
        dataset = found.datasets[0]
        tables = {path: await table_of(library, ref, path) for path in bulk_needed(dataset.json)}
        facts = InstanceFacts(dataset, tables)
        self._kept[key] = time.monotonic(), facts
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return facts
