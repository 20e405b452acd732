"""Writes a planted data set as a Part 10 file, with more identifiers around it and inside its JPEG streams."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from gateway.evidence.hipaa import Identifier
from gateway.evidence.planter import Place, Planter
from gateway.origin.sample.writing import uid

_IMPLEMENTATION: Final = uid("evidence", "writer")
_COMMENT: Final = b"\xff\xfe"
_APP1: Final = b"\xff\xe1"


def write_file(dataset: Dataset, syntax: UID, planter: Planter) -> bytes:
    """Return `dataset` as a Part 10 file in `syntax`, planted in preamble, file meta and JPEG comments too."""

    def token(tag: str, keyword: str, identifier: Identifier) -> str:
        return planter.token(keyword, tag, Place.META, identifier)

    preamble = token("preamble", "preamble", Identifier.NAME).encode().ljust(128, b"\0")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax in (RLELossless, ExplicitVRBigEndian) else syntax
    meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    meta.ImplementationVersionName = token("00020013", "ImplementationVersionName", Identifier.DEVICE)
    meta.SourceApplicationEntityTitle = token("00020016", "SourceApplicationEntityTitle", Identifier.DEVICE)
    meta.SendingApplicationEntityTitle = token("00020017", "SendingApplicationEntityTitle", Identifier.DEVICE)
    meta.ReceivingApplicationEntityTitle = token("00020018", "ReceivingApplicationEntityTitle", Identifier.DEVICE)
    meta.PrivateInformationCreatorUID = UID(_IMPLEMENTATION)
    meta.PrivateInformation = token("00020102", "PrivateInformation", Identifier.MEDICAL_RECORD).encode()
    file = FileDataset(io.BytesIO(), dataset, preamble=preamble)
    file.file_meta = meta
    if syntax == JPEGBaseline8Bit:
        _compress(file, planter)
    elif syntax == RLELossless:
        file.compress(RLELossless, generate_instance_uid=False)
    big = syntax == ExplicitVRBigEndian
    if big:
        if "PixelData" in file and file.BitsAllocated == 16:
            file["PixelData"].value = np.frombuffer(file.PixelData, "<u2").astype(">u2").tobytes()
        meta.TransferSyntaxUID = syntax
    target = io.BytesIO()
    dcmwrite(
        target,
        file,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=not big,
        force_encoding=big,
        enforce_file_format=not big,
    )
    return target.getvalue()


def _compress(file: FileDataset, planter: Planter) -> None:
    frames = np.frombuffer(file.PixelData, "u1").reshape(-1, int(file.Rows), int(file.Columns), 3)
    encoded = [_jpeg(frame, planter) for frame in frames]
    file.PhotometricInterpretation = "YBR_FULL_422"
    file.LossyImageCompression, file.LossyImageCompressionMethod = "01", "ISO_10918_1"
    file.LossyImageCompressionRatio = "4"
    file.PixelData = encapsulate(encoded)
    file["PixelData"].VR = "OB"
    file["PixelData"].is_undefined_length = True


def _jpeg(frame: np.ndarray[Any, Any], planter: Planter) -> bytes:
    target = io.BytesIO()
    Image.fromarray(frame).save(target, "JPEG", quality=90, subsampling="4:2:2")
    data = target.getvalue()
    segments = b""
    for marker, keyword in ((_COMMENT, "JPEG COM"), (_APP1, "JPEG APP1")):
        text = planter.token(keyword, "7FE00010", Place.CODESTREAM, Identifier.NAME).encode()
        segments += marker + (len(text) + 2).to_bytes(2, "big") + text
    return data[:2] + segments + data[2:]
