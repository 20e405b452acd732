"""A JSON array of data sets, decoded one by one as it arrives (PS3.18 §F.2)."""

from __future__ import annotations

import re
from typing import Final

import orjson

from gateway.dicom.dataset import JsonDataset
from gateway.errors import OriginBroken

MAX_ROW_BYTES: Final = 64 << 20
"""One data set without its bulk data; enhanced objects with thousands of frames reach some 20 MB."""

# Everything up to the next brace outside a string, without giving back what was matched.
_BRACE: Final = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")*+([{}])', re.DOTALL)
_BETWEEN: Final = re.compile(rb"\s*,?\s*")
_SPACE: Final = b" \t\r\n"


class RowDecoder:
    """Decodes one array. Feed it every chunk in order, then take the rest from `finish`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._depth = 0
        self._retry_at = 0
        self._rows = 0
        self._open = self._closed = False

    def feed(self, chunk: bytes) -> list[JsonDataset]:
        """Return the data sets that `chunk` completes.

        Raises:
            OriginBroken: the text is no JSON array of objects, or one exceeds `MAX_ROW_BYTES`.
        """
        self._buffer += chunk
        if len(self._buffer) > MAX_ROW_BYTES:
            raise OriginBroken(f"The origin sent a data set of more than {MAX_ROW_BYTES} bytes.")
        # A long string is scanned anew only when the buffer has doubled, so the work stays linear.
        if len(self._buffer) < self._retry_at:
            return []
        return self._scan()

    def finish(self) -> list[JsonDataset]:
        """Return what `feed` still held back.

        Raises:
            OriginBroken: the array is not complete.
        """
        rows = self._scan()
        if not self._closed:
            raise OriginBroken("The origin's JSON answer ends too early.")
        return rows

    def _scan(self) -> list[JsonDataset]:
        rows: list[JsonDataset] = []
        while self._begin_row() and self._end_row():
            rows.append(self._take())
        self._retry_at = 2 * len(self._buffer) - self._scanned if self._depth else 0
        return rows

    def _begin_row(self) -> bool:
        """Stand at the brace that begins a row; tell whether there is one."""
        if self._depth:
            return True
        buffer = self._buffer
        if not self._open:
            _strip(buffer)
            if not buffer:
                return False
            if buffer[0] != ord("["):
                raise OriginBroken("The origin's answer is not a JSON array.")
            del buffer[0]
            self._open = True
        match = _BETWEEN.match(buffer)
        end = match.end() if match else 0
        if end == len(buffer):
            return False
        comma = b"," in buffer[:end]
        if buffer[end] == ord("]") and not self._closed and not comma:
            self._closed = True
            del buffer[: end + 1]
            _strip(buffer)
        if self._closed:
            if buffer:
                raise OriginBroken("Something follows the JSON array of the origin's answer.")
            return False
        if buffer[end] != ord("{") or comma != (self._rows > 0):
            raise OriginBroken("The origin's answer is not a JSON array of data sets.")
        del buffer[:end]
        self._scanned = 0
        return True

    def _end_row(self) -> bool:
        """Scan to the end of the row; tell whether it is there."""
        position, depth = self._scanned, self._depth
        while match := _BRACE.match(self._buffer, position):
            position = match.end()
            depth += 1 if match[1] == b"{" else -1
            if depth == 0:
                break
        self._scanned, self._depth = position, depth
        return depth == 0 and position > 0

    def _take(self) -> JsonDataset:
        text = bytes(self._buffer[: self._scanned])
        del self._buffer[: self._scanned]
        self._scanned = 0
        self._rows += 1
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise OriginBroken("The origin sent a data set that is not valid JSON.") from None
        if not all(isinstance(element, dict) for element in row.values()):
            raise OriginBroken("The origin sent a data set that is not in the DICOM JSON Model.")
        dataset: JsonDataset = row
        return dataset


def _strip(buffer: bytearray) -> None:
    del buffer[: len(buffer) - len(buffer.lstrip(_SPACE))]
