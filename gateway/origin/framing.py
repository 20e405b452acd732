"""Frames out of the parts of a DICOMweb answer (PS3.18 §10.4.1.1.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, transfer_syntax
from gateway.dicom.uid import UID
from gateway.dicomweb.media import parse_media_type
from gateway.errors import OriginBroken
from gateway.origin.http import Answer
from gateway.origin.parts import Part, parts
from gateway.origin.protocol import Frame
from gateway.origin.stored import MAX_FRAME_BYTES
from gateway.streams import closing


async def frames_of(
    answer: Answer, numbers: Sequence[int], stored_syntax: Callable[[], Awaitable[UID]]
) -> AsyncIterator[Frame]:
    """Yield the frames `numbers` of one instance, or none when the answer leaves their byte order open.

    `stored_syntax` is asked when no part tells its transfer syntax.

    Raises:
        OriginBroken: there are more, fewer or other parts than frames were asked for.
    """
    wanted = iter(numbers)
    syntax: UID | None = None
    async with closing(parts(answer)) as stream:
        async for part in stream:
            number = next(wanted, None)
            if number is None or not _may_be(part, number):
                raise OriginBroken("The origin sent other frames than those asked for.")
            syntax = _told_syntax(part, answer) or syntax or await stored_syntax()
            if syntax == EXPLICIT_BE:
                return
            data = await collected(part.chunks, MAX_FRAME_BYTES)
            encoded = transfer_syntax(syntax).encapsulated
            yield Frame(number=number, transfer_syntax=syntax if encoded else EXPLICIT_LE, data=data)
    if next(wanted, None) is not None:
        raise OriginBroken("The origin sent fewer frames than were asked for.")


async def collected(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """Return the chunks as one.

    Raises:
        OriginBroken: they exceed `limit` bytes.
    """
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > limit:
            raise OriginBroken(f"The origin sent more than {limit} bytes where they must be held in memory.")
    return bytes(data)


def _may_be(part: Part, number: int) -> bool:
    """Tell whether the part can be frame `number`; its Content-Location is optional."""
    told = part.headers.get("content-location", "").rpartition("/frames/")[2]
    return not told.isdecimal() or int(told) == number


def _told_syntax(part: Part, answer: Answer) -> UID | None:
    """Return the transfer syntax a part is said to be in, by itself or by the whole answer."""
    own, whole = parse_media_type(part.headers.get("content-type", "")), parse_media_type(answer.content_type)
    # Orthanc puts the parameter into the quoted type of the whole.
    inner = parse_media_type(whole.param("type") or "") if whole else None
    for media in (own, whole, inner):
        syntax = media.param("transfer-syntax") if media else None
        if syntax and syntax != "*":
            return UID(syntax)
    return None
