"""Comments in encoded frames are overwritten with zeros; no byte moves, so offset tables and lengths stay right.

JPEG and JPEG-LS (ITU-T T.81 §B, T.87): COM and application segments keep marker and length and lose their
payload, except what decoding needs: the fixed part of APP0 "JFIF" (its thumbnail goes), APP14 "Adobe" and the
colour transform APP8 "mrfx". JPEG 2000 (T.800 §A): COM in main and tile-part headers. RLE (PS3.5 §G): whatever
lies outside the segments. Bytes after the end of an image are zeroed. What cannot be walked is withheld.

The cleaner decides on each byte from those before it, so it holds nothing back: a marker may be split between
two chunks or two fragments. What an encoder hides in entropy-coded data is not found here.
"""

from __future__ import annotations

from gateway.deid.codestream import Walker
from gateway.deid.jpeg import JPEG_LS_MARKER, JPEG_MARKER, Jpeg
from gateway.deid.jpeg2000 import Jpeg2000
from gateway.deid.rle import Rle
from gateway.dicom.syntax import Codec, TransferSyntax
from gateway.errors import Reason, Withheld


class StreamCleaner:
    """Cleans the fragments of one encapsulated Pixel Data (PS3.5 §A.4) in any chunks."""

    __slots__ = ("_codec",)

    def __init__(self, syntax: TransferSyntax) -> None:
        """Raise `Withheld` (UNSUPPORTED_TRANSFER_SYNTAX) for streams whose text cannot be removed."""
        match syntax.codec:
            case Codec.JPEG:
                self._codec: Walker | None = Jpeg(JPEG_MARKER)
            case Codec.JPEG_LS:
                self._codec = Jpeg(JPEG_LS_MARKER)
            case Codec.JPEG_2000:
                self._codec = Jpeg2000()
            case Codec.RLE:
                self._codec = Rle()
            case Codec.NATIVE | Codec.UNCOMPRESSED:
                self._codec = None
            case _:
                raise Withheld(Reason.UNSUPPORTED_TRANSFER_SYNTAX, syntax.name)

    def fragment(self) -> None:
        """Say that a fragment begins. A new image begins with it when the last one has ended."""
        if self._codec is not None:
            self._codec.fragment()

    def feed(self, data: bytes) -> bytes:
        """Return `data` cleaned, of the same length.

        Raises:
            Withheld: MALFORMED.
        """
        return data if self._codec is None else self._codec.feed(data)

    def finish(self) -> None:
        """Check that the last image has ended.

        Raises:
            Withheld: TRUNCATED.
        """
        if self._codec is not None and not self._codec.ended:
            raise Withheld(Reason.TRUNCATED, "Pixel Data: the last image has no end")


def clean_frame(data: bytes, syntax: TransferSyntax) -> bytes:
    """Return one frame cleaned, of the same length (native frames as they are).

    Raises:
        Withheld: MALFORMED, TRUNCATED or UNSUPPORTED_TRANSFER_SYNTAX.
    """
    cleaner = StreamCleaner(syntax)
    cleaner.fragment()
    cleaned = cleaner.feed(data)
    cleaner.finish()
    return cleaned
