"""A few studies whose every searched attribute is known, held by a folder and by an Orthanc alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from gateway.dicom.uid import UID, InstanceRef, SeriesRef, StudyRef
from tests.builders import IMPLICIT_LE, RLE, add_pixels, part10, planted, planted_dataset

ABDOMEN, HEAD, CHEST, HEART = (UID(f"2.25.77{number}") for number in range(1, 5))
STUDIES = frozenset((ABDOMEN, HEAD, CHEST, HEART))
NOWHERE = UID("2.25.779999")
PDF = UID("1.2.840.10008.5.1.4.1.1.104.1")

ABDOMEN_CT = SeriesRef(ABDOMEN, UID(f"{ABDOMEN}.1"))
ABDOMEN_SR = SeriesRef(ABDOMEN, UID(f"{ABDOMEN}.2"))
HEAD_MR = SeriesRef(HEAD, UID(f"{HEAD}.1"))
CHEST_CR = SeriesRef(CHEST, UID(f"{CHEST}.1"))
HEART_US = SeriesRef(HEART, UID(f"{HEART}.1"))
PALETTE = SeriesRef(UID("2.25.777"), UID("2.25.777.1"))
"""Not of `STUDIES`: it has lookup tables that are bulk data, and a private value as long."""
MIXED = SeriesRef(UID("2.25.778"), UID("2.25.778.1"))
ALONE = SeriesRef(UID("2.25.779"), UID("2.25.779.1"))


def study(ref: SeriesRef) -> StudyRef:
    """Return the study of a series."""
    return StudyRef(ref.study)


def nth(ref: SeriesRef, number: int) -> InstanceRef:
    """Return the instance with this number."""
    return InstanceRef(ref.study, ref.series, UID(f"{ref.series}.{number}"))


def corpus() -> list[bytes]:
    """Return five CT slices and a report, two implicit MR slices, a radiograph, a cine of 5 RLE frames, a `palette`."""
    head: dict[str, Any] = {
        "PatientName": "Adlerzq^Berta Maria",
        "PatientID": "ZQB 17&4",
        "PatientBirthDate": "19610102",
        "StudyDate": "20200105",
        "StudyTime": "0815",
        "StudyDescription": "MR Head",
        "RequestAttributesSequence": None,
    }
    chest: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "Müllerzq^Jürg",
        "PatientID": "ZQC3",
        "StudyDate": "20231231",
        "StudyTime": "235959",
        "StudyDescription": "Thorax",
        "ReferringPhysicianName": None,
    }
    heart: dict[str, Any] = {
        "PatientName": "Zqherz^Hans",
        "PatientID": "ZQH9",
        "PatientSex": None,
        "StudyDate": "20230615",
        "AccessionNumber": "ZQACC7777",
    }
    report = planted_dataset("SR", **_uids(ABDOMEN_SR, 1), SeriesNumber=2, StudyDescription="CT Abdomen Zqnachname")
    report.CompletionFlag, report.VerificationFlag, report.ValueType = "COMPLETE", "UNVERIFIED", "CONTAINER"
    return [
        *(_one(ABDOMEN_CT, number) for number in range(1, 6)),
        part10(report),
        *(_one(HEAD_MR, number, "MR", syntax=IMPLICIT_LE, **head) for number in (1, 2)),
        _one(CHEST_CR, 1, "CR", rows=40, columns=30, **chest),
        planted("US", frames=5, syntax=RLE, **_uids(HEART_US, 1), **heart),
        palette(),
    ]


def palette() -> bytes:
    """Return a secondary capture with 12-bit lookup tables."""
    data = planted_dataset("OT", **_uids(PALETTE, 1))
    add_pixels(data, np.arange(4096, dtype="<u2").reshape(1, 64, 64))
    data.PhotometricInterpretation, data.BitsStored, data.HighBit = "PALETTE COLOR", 12, 11
    ramp = np.arange(4096, dtype="<u2") * 16
    for colour, table in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp // 2)):
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [4096, 0, 16])
        setattr(data, f"{colour}PaletteColorLookupTableData", table.tobytes())
    data.private_block(0x0009, "ZQPRIVAT 2.0", create=True).add_new(0x10, "OB", b"Zqprivat" * 500)
    return part10(data)


def refused() -> list[bytes]:
    """Return instances of a class that the first pass refuses: one among three slices, and two by themselves."""
    return [
        *(_one(MIXED, number) for number in (1, 2, 3)),
        *(part10(planted_dataset("OT", **_uids(ref, 4), InstanceNumber=4, SOPClassUID=PDF)) for ref in (MIXED, ALONE)),
        part10(planted_dataset("OT", **_uids(ALONE, 5), InstanceNumber=5, SOPClassUID=PDF)),
    ]


def _one(ref: SeriesRef, number: int, modality: str = "CT", **options: Any) -> bytes:
    return planted(modality, **_uids(ref, number), InstanceNumber=number, **options)


def _uids(ref: SeriesRef, number: int) -> dict[str, Any]:
    return {
        "StudyInstanceUID": ref.study,
        "SeriesInstanceUID": ref.series,
        "SOPInstanceUID": nth(ref, number).instance,
    }
