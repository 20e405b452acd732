"""Transfer syntaxes: how a data set and its pixels are encoded (PS3.5 §10, Annex A; PS3.18 §8.7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.dicom.uid import UID
from gateway.errors import Reason, Withheld


class Codec(StrEnum):
    """The bit stream of one frame."""

    NATIVE = "native"
    UNCOMPRESSED = "uncompressed"
    """Native frames, each in a fragment of its own."""
    JPEG = "jpeg"
    JPEG_LS = "jpeg-ls"
    JPEG_2000 = "jpeg-2000"
    JPEG_XL = "jpeg-xl"
    RLE = "rle"
    DEFLATED_FRAME = "deflated-frame"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """Facts of one transfer syntax.

    `frame_type` is the media type of one frame in it (PS3.18 Table 8.7.3-4 and 8.7.3-5), `lossy` tells whether
    an encoder of it may lose pixels.
    """

    uid: UID
    name: str
    codec: Codec = Codec.NATIVE
    implicit: bool = False
    big_endian: bool = False
    deflated: bool = False
    lossy: bool = False
    frame_type: str = "application/octet-stream"

    @property
    def encapsulated(self) -> bool:
        """Tell whether Pixel Data is a sequence of fragments (PS3.5 §A.4)."""
        return self.codec is not Codec.NATIVE

    @property
    def video(self) -> bool:
        """Tell whether the frames of an instance form one video stream."""
        return self.codec is Codec.VIDEO

    @property
    def leaves_as(self) -> UID:
        """The transfer syntax in which a data set read in this one is written (PS3.18 §8.7.3)."""
        return EXPLICIT_LE if self.implicit or self.big_endian or self.deflated else self.uid


EXPLICIT_LE: Final = UID("1.2.840.10008.1.2.1")
IMPLICIT_LE: Final = UID("1.2.840.10008.1.2")
EXPLICIT_BE: Final = UID("1.2.840.10008.1.2.2")
DEFLATED_LE: Final = UID("1.2.840.10008.1.2.1.99")

_JPEG = "image/jpeg"
_JLS = "image/jls"
_J2K = "image/jp2"
_JPX = "image/jpx"
_JPH = "image/jphc"
_JXL = "image/jxl"
_RLE = "image/dicom-rle"


def _encoded(uid: str, name: str, codec: Codec, frame_type: str, *, lossy: bool = False) -> TransferSyntax:
    return TransferSyntax(UID("1.2.840.10008.1.2." + uid), name, codec, lossy=lossy, frame_type=frame_type)


_KNOWN: Final = {
    syntax.uid: syntax
    for syntax in (
        TransferSyntax(IMPLICIT_LE, "Implicit VR Little Endian", implicit=True),
        TransferSyntax(EXPLICIT_LE, "Explicit VR Little Endian"),
        TransferSyntax(EXPLICIT_BE, "Explicit VR Big Endian", big_endian=True),
        TransferSyntax(DEFLATED_LE, "Deflated Explicit VR Little Endian", deflated=True),
        _encoded("1.98", "Encapsulated Uncompressed", Codec.UNCOMPRESSED, "application/octet-stream"),
        _encoded("4.50", "JPEG Baseline", Codec.JPEG, _JPEG, lossy=True),
        _encoded("4.51", "JPEG Extended", Codec.JPEG, _JPEG, lossy=True),
        _encoded("4.57", "JPEG Lossless, Process 14", Codec.JPEG, _JPEG),
        _encoded("4.70", "JPEG Lossless, Selection Value 1", Codec.JPEG, _JPEG),
        _encoded("4.80", "JPEG-LS Lossless", Codec.JPEG_LS, _JLS),
        _encoded("4.81", "JPEG-LS Near-lossless", Codec.JPEG_LS, _JLS, lossy=True),
        _encoded("4.90", "JPEG 2000 Lossless", Codec.JPEG_2000, _J2K),
        _encoded("4.91", "JPEG 2000", Codec.JPEG_2000, _J2K, lossy=True),
        _encoded("4.92", "JPEG 2000 Part 2 Lossless", Codec.JPEG_2000, _JPX),
        _encoded("4.93", "JPEG 2000 Part 2", Codec.JPEG_2000, _JPX, lossy=True),
        _encoded("4.201", "HTJ2K Lossless", Codec.JPEG_2000, _JPH),
        _encoded("4.202", "HTJ2K Lossless RPCL", Codec.JPEG_2000, _JPH),
        _encoded("4.203", "HTJ2K", Codec.JPEG_2000, _JPH, lossy=True),
        _encoded("4.110", "JPEG XL Lossless", Codec.JPEG_XL, _JXL),
        _encoded("4.111", "JPEG XL JPEG Recompression", Codec.JPEG_XL, _JXL, lossy=True),
        _encoded("4.112", "JPEG XL", Codec.JPEG_XL, _JXL, lossy=True),
        _encoded("5", "RLE Lossless", Codec.RLE, _RLE),
        _encoded("8.1", "Deflated Image Frame", Codec.DEFLATED_FRAME, "application/x-deflate"),
        *(
            _encoded(uid, name, Codec.VIDEO, frame_type, lossy=True)
            for uid, name, frame_type in (
                ("4.100", "MPEG2 Main Level", "video/mpeg"),
                ("4.100.1", "Fragmentable MPEG2 Main Level", "video/mpeg"),
                ("4.101", "MPEG2 High Level", "video/mpeg"),
                ("4.101.1", "Fragmentable MPEG2 High Level", "video/mpeg"),
                ("4.102", "MPEG-4 AVC High 4.1", "video/mp4"),
                ("4.102.1", "Fragmentable MPEG-4 AVC High 4.1", "video/mp4"),
                ("4.103", "MPEG-4 AVC BD-compatible", "video/mp4"),
                ("4.103.1", "Fragmentable MPEG-4 AVC BD-compatible", "video/mp4"),
                ("4.104", "MPEG-4 AVC High 4.2 2D", "video/mp4"),
                ("4.104.1", "Fragmentable MPEG-4 AVC High 4.2 2D", "video/mp4"),
                ("4.105", "MPEG-4 AVC High 4.2 3D", "video/mp4"),
                ("4.105.1", "Fragmentable MPEG-4 AVC High 4.2 3D", "video/mp4"),
                ("4.106", "MPEG-4 AVC Stereo High 4.2", "video/mp4"),
                ("4.106.1", "Fragmentable MPEG-4 AVC Stereo High 4.2", "video/mp4"),
                ("4.107", "HEVC Main", "video/H265"),
                ("4.108", "HEVC Main 10", "video/H265"),
            )
        ),
    )
}


def known_syntaxes() -> tuple[TransferSyntax, ...]:
    """Return every transfer syntax the gateway knows."""
    return tuple(_KNOWN.values())


def transfer_syntax(uid: str) -> TransferSyntax:
    """Return the facts of a transfer syntax.

    Raises:
        Withheld: UNKNOWN_TRANSFER_SYNTAX when it is not in PS3.6 Annex A, or private.
    """
    syntax = _KNOWN.get(UID(uid))
    if syntax is None:
        raise Withheld(Reason.UNKNOWN_TRANSFER_SYNTAX)
    return syntax
