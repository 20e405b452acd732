"""WADO-RS bulk data (PS3.18 §10.4.1.1.5): values cut out of the de-identified instance, so there is no second door."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from gateway.deid.streaming import DeidentifiedInstance
from gateway.dicom.dictionary import hex_tag
from gateway.dicom.elements import UNDEFINED
from gateway.dicom.json_model import bulk_value, to_json
from gateway.dicom.part10 import Header, read_header
from gateway.dicom.uid import InstanceRef
from gateway.errors import BadIdentifier, NotFound
from gateway.services.library import Library
from gateway.streams import close, closing, once

PATH: Final = re.compile(r"[0-9A-F]{8}(?:/[0-9]{1,6}/[0-9A-F]{8})*")
"""Tag, or tag, item index from 0, tag, and so on: the form in which `/metadata` refers to bulk data."""
PIXEL_PATHS: Final = frozenset(("7FE00008", "7FE00009", "7FE00010"))


@dataclass(frozen=True, slots=True, repr=False)
class BulkValue:
    """One bulk data value on its way: de-identified bytes, little endian, `length` of them."""

    path: str
    length: int
    chunks: AsyncIterator[bytes]

    async def cut(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to `stop`, and fetch no more than those."""
        position = 0
        async with closing(self.chunks) as chunks:
            async for chunk in chunks:
                piece = chunk[max(start - position, 0) : max(stop - position, 0)]
                if piece:
                    yield piece
                position += len(chunk)
                if position >= stop:
                    return


def parse_path(text: str) -> str:
    """Return the path of a bulk data value as it stands in a URL.

    Raises:
        BadIdentifier: it is none.
    """
    path = text.upper()
    if not PATH.fullmatch(path):
        raise BadIdentifier("A bulk data path is a tag, or tag/item/tag, as BulkDataURI in the metadata spells it.")
    return path


async def bulk_value_of(library: Library, ref: InstanceRef, path: str) -> BulkValue | None:
    """Open one bulk data value.

    Returns None for encapsulated Pixel Data, which has no single value: its frames are the value.

    Raises:
        NotFound: the de-identified instance holds no such value. Withheld, OriginError.
    """
    instance = await library.open_instance(ref)
    try:
        header = read_header(instance.head)
        if path in PIXEL_PATHS:
            if header.pixels is None or hex_tag(header.pixels.tag) != path:
                raise NotFound("The instance has no such pixel data.")
            if header.pixel_length != UNDEFINED:
                return BulkValue(path, header.pixel_length, pixels_of(instance, header))
            await close(instance.chunks)
            return None
        data = bulk_value(header.data, header.elements, path)
    except BaseException:
        await close(instance.chunks)
        raise
    await close(instance.chunks)
    return BulkValue(path, len(data), once(data))


async def table_of(library: Library, ref: InstanceRef, path: str) -> bytes:
    """Return a small value of the header whole, such as a lookup table."""
    found = await bulk_value_of(library, ref, path)
    if found is None:
        raise NotFound("Encapsulated pixel data is no lookup table.")
    return b"".join([chunk async for chunk in found.chunks])


def header_values(instance: DeidentifiedInstance) -> tuple[Header, list[tuple[str, bytes]]]:
    """Return the header of an instance and its bulk data values, Pixel Data apart, each with its path."""
    header = read_header(instance.head)
    paths: list[str] = []

    def note(path: str) -> str:
        paths.append(path)
        return path

    to_json(header.data, header.elements, bulk=note)
    return header, [(path, bulk_value(header.data, header.elements, path)) for path in paths]


async def pixels_of(instance: DeidentifiedInstance, header: Header) -> AsyncIterator[bytes]:
    """Yield the value of native Pixel Data of an instance whose chunks were not taken yet.

    Its last bytes come when the instance has proved to be whole.
    """
    left = header.pixel_length
    async with closing(instance.chunks) as chunks:
        piece = instance.head[header.pixel_offset :]
        while len(piece) < left:
            yield piece
            left -= len(piece)
            piece = await anext(chunks)
        async for _ in chunks:
            pass
        yield piece[:left]
