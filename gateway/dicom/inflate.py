"""Deflated data sets, inflated piece by piece within a limit (PS3.5 §A.5)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.errors import Reason, Withheld

INFLATED_LIMIT: Final = 1 << 30
"""Bytes a deflated data set may inflate to; the syntax is used for reports and small images."""
_PIECE: Final = 1 << 18


class Inflater:
    """Inflates one raw deflate stream; what follows its end is left out."""

    __slots__ = ("_limit", "_stream", "_total")

    def __init__(self, limit: int = INFLATED_LIMIT) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self._limit = limit
        self._total = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` inflates to, in pieces of at most 256 KiB. Exhaust it before the next call.

        Raises:
            Withheld: MALFORMED, or INFLATES_TOO_LARGE.
        """
        while not self._stream.eof:
            try:
                piece = self._stream.decompress(chunk, _PIECE)
            except zlib.error:
                raise Withheld(Reason.MALFORMED, "the deflated data set is damaged") from None
            self._total += len(piece)
            if self._total > self._limit:
                raise Withheld(Reason.INFLATES_TOO_LARGE, f"the limit is {self._limit} bytes")
            if piece:
                yield piece
            chunk = self._stream.unconsumed_tail
            if not chunk and len(piece) < _PIECE:
                break

    def finish(self) -> None:
        """Check that the stream has ended as it must.

        Raises:
            Withheld: TRUNCATED when it has not.
        """
        if not self._stream.eof:
            raise Withheld(Reason.TRUNCATED, "the deflated data set ends too early")


def inflated(chunks: Iterable[bytes], limit: int = INFLATED_LIMIT) -> Iterator[bytes]:
    """Yield what the chunks of a whole deflated data set inflate to.

    Raises:
        Withheld: as `Inflater`.
    """
    inflater = Inflater(limit)
    for chunk in chunks:
        yield from inflater.feed(chunk)
    inflater.finish()
