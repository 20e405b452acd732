"""One Part 10 instance through a pass, as a stream: identified chunks in, de-identified chunks out, no I/O.

    preamble, file meta     read for the transfer syntax, written anew
    elements before pixels  buffered, walked once, judged (`header_pass`)
    Pixel Data              forwarded as it arrives (`pixel_streams`)
    elements after pixels   buffered, walked, judged by the same plan
    whatever follows        left out

What goes out is Explicit VR Little Endian, or the encapsulated transfer syntax that came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.deid.dataset_rewriter import DataSetRewriter, Pass, joined
from gateway.deid.deidentified import DeidentifiedHeader
from gateway.deid.plan import Plan
from gateway.deid.scope import Bound
from gateway.dicom.dataset import IdentifiedDataset
from gateway.dicom.elements import LIMITS, Limits
from gateway.dicom.inflate import Inflater
from gateway.dicom.part10 import read_start
from gateway.dicom.uid import ResourceRef
from gateway.errors import Reason, Withheld


class InstanceRewriter:
    """Rewrites one instance. `header` is set as soon as the elements before Pixel Data have passed.

    `feed` and `finish` raise `Withheld` when the instance must not leave, and from then on again.
    """

    def __init__(
        self,
        plan: Plan,
        bound: Bound,
        *,
        expect: ResourceRef | None = None,
        report: bool = False,
        limits: Limits = LIMITS,
    ) -> None:
        self._pass = Pass(plan, bound, expect, {} if report else None, limits)
        self._buffer: bytes | bytearray = b""
        self._inflater: Inflater | None = None
        self._data_set: DataSetRewriter | None = None
        self._refused: Withheld | None = None

    @property
    def header(self) -> DeidentifiedHeader | None:
        """What the instance is after the pass, None until its header has passed."""
        return None if self._data_set is None else self._data_set.header

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next chunk of the instance; return what can go out by now.

        Raises:
            Withheld: with its reason.
        """
        out: list[bytes] = []
        with self._refusing():
            if self._data_set is None:
                self._begin(chunk, out, final=False)
            else:
                self._forward(self._data_set, chunk, out)
        return out

    def finish(self) -> list[bytes]:
        """Say that the instance has ended; return what is left to go out. Call it once.

        Raises:
            Withheld: TRUNCATED when it ends too early, or another reason.
        """
        out: list[bytes] = []
        with self._refusing():
            if self._data_set is None:
                self._begin(b"", out, final=True)
            if self._inflater is not None:
                self._inflater.finish()
            if self._data_set is not None:
                self._data_set.finish(out)
        return out

    def identified(self) -> IdentifiedDataset:
        """Return the original elements, for the verdict on the pixels and the residual search.

        Those that follow Pixel Data are among them once `finish` has returned.

        Raises:
            Withheld: TRUNCATED while the header has not passed.
        """
        if self._data_set is None:
            raise Withheld(Reason.TRUNCATED, "the header has not passed")
        return self._data_set.identified()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        if self._refused is not None:
            raise self._refused
        try:
            yield
        except Withheld as error:
            self._refused = error
            self._buffer = b""
            raise

    def _begin(self, chunk: bytes, out: list[bytes], *, final: bool) -> None:
        self._buffer = joined(self._buffer, chunk)
        start = read_start(self._buffer, final=final)
        if start is None:
            return
        buffer, self._buffer = self._buffer, b""
        if start.syntax.deflated:
            self._inflater = Inflater()
            buffer, start = bytes(buffer[start.offset :]), start._replace(offset=0)
        self._data_set = DataSetRewriter(self._pass, start)
        self._forward(self._data_set, bytes(buffer), out)

    def _forward(self, data_set: DataSetRewriter, chunk: bytes, out: list[bytes]) -> None:
        if self._inflater is None:
            data_set.feed(chunk, out)
        else:
            for piece in self._inflater.feed(chunk):
                data_set.feed(piece, out)
