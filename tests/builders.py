"""Part 10 bytes for tests, with an invented patient planted wherever a patient can be.

Every planted value holds a canary: text that occurs in no dictionary, so that one search over any output tells
whether it leaked.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from gateway.dicom.uid import UID, InstanceRef

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
CR = "1.2.840.10008.5.1.4.1.1.1"
US = "1.2.840.10008.5.1.4.1.1.6.1"
US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
SC = "1.2.840.10008.5.1.4.1.1.7"
SR = "1.2.840.10008.5.1.4.1.1.88.11"

SOP_CLASSES: Mapping[str, str] = {"CT": CT, "MR": MR, "CR": CR, "US": US, "OT": SC, "SR": SR}

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"

KEPT_BY_FIRST_PASS: Mapping[str, str] = {
    "StationName": "ZQSTATION7",
    "InstitutionName": "Zqinstitut Hospital",
}
"""The exceptions of the first pass beside the UIDs; the second pass drops them."""

PATIENT: Mapping[str, Any] = {
    "PatientName": "Zqnachname^Zqvorname^Zqmittel",
    "PatientID": "ZQID4711",
    "IssuerOfPatientID": "ZQISSUER",
    "OtherPatientNames": "Zqgeburtsname^Zqvorname",
    "PatientBirthDate": "19470328",
    "PatientBirthTime": "043217",
    "PatientSex": "F",
    "PatientAge": "077Y",
    "PatientAddress": "Zqstrasse 12, Zqdorf 90210",
    "PatientTelephoneNumbers": "555-0199-4711",
    "PatientMotherBirthName": "Zqmutter^Zqname",
    "MedicalRecordLocator": "ZQLOCATOR",
    "EthnicGroup": "ZQETHNIC",
    "Occupation": "Zqberuf",
    "AdditionalPatientHistory": "Seen by Dr. Zqhausarzt, see ZQID4711",
    "PatientComments": "Call Zqnachname at zq@example.org, http://zq.example.org, 10.47.11.9",
    "AccessionNumber": "ZQACC0815",
    "ReferringPhysicianName": "Zqueberweiser^Zqdoktor",
    "PerformingPhysicianName": "Zqausfuehrer^Zqdoktor",
    "NameOfPhysiciansReadingStudy": "Zqbefunder^Zqdoktor",
    "OperatorsName": "Zqbediener^Zqtechniker",
    "StudyID": "ZQSTUDY1",
    "StudyDescription": "CT Abdomen Zqnachname",
    "SeriesDescription": "axial Zqvorname",
    "ProtocolName": "Abdomen Zqprotokoll",
    "StudyDate": "20240229",
    "SeriesDate": "20240229",
    "AcquisitionDate": "20240229",
    "ContentDate": "20240229",
    "StudyTime": "101112.131415",
    "SeriesTime": "101113.131415",
    "AcquisitionTime": "101114.131415",
    "ContentTime": "101115.131415",
    "AcquisitionDateTime": "20240229101114.131415+0100",
    "InstitutionAddress": "Zqklinikweg 3, Zqdorf",
    "InstitutionalDepartmentName": "Zqabteilung",
    "DeviceSerialNumber": "ZQSERIAL99",
    "ImageComments": "Zqkommentar",
    "RequestedProcedureDescription": "Zqanforderung",
    "PerformedProcedureStepID": "ZQPPS1",
    "AdmissionID": "ZQADM1",
}
"""An attribute by its keyword to the value planted in it."""

CANARIES: tuple[str, ...] = (
    "zqnachname",
    "zqvorname",
    "zqmittel",
    "zqid4711",
    "zqissuer",
    "zqgeburtsname",
    "19470328",
    "043217",
    "zqstrasse",
    "zqdorf",
    "90210",
    "555-0199",
    "zqmutter",
    "zqlocator",
    "zqethnic",
    "zqberuf",
    "zqhausarzt",
    "example.org",
    "10.47.11.9",
    "zqacc0815",
    "zqueberweiser",
    "zqausfuehrer",
    "zqbefunder",
    "zqbediener",
    "zqstudy1",
    "zqprotokoll",
    "20240229",
    "101112.13",
    "101113.13",
    "101114.13",
    "101115.13",
    "zqklinikweg",
    "zqabteilung",
    "zqserial99",
    "zqkommentar",
    "zqanforderung",
    "zqpps1",
    "zqadm1",
    "zqprivat",
    "zqverschachtelt",
    "zqpreamble",
    "zqmeta",
)
"""In lower case: none may occur, in any case, in what leaves the first pass."""

CANARIES_AFTER_SECOND: tuple[str, ...] = (*CANARIES, "zqstation7", "zqinstitut")
"""None may occur in what leaves the second pass, and neither may an original UID."""


def found_canaries(data: bytes, canaries: tuple[str, ...] = CANARIES) -> list[str]:
    """Return the canaries that occur in `data`, as single-byte text or UTF-16."""
    lower = data.lower()
    return [
        canary
        for canary in canaries
        if any(canary.encode(coding) in lower for coding in ("ascii", "utf-16-le", "utf-16-be"))
    ]


def planted_dataset(modality: str = "CT", **overrides: Any) -> Dataset:
    """Return a data set without pixels, the patient planted at the root, in sequences and in private elements.

    `overrides` set attributes by keyword; None leaves one out.
    """
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID = SOP_CLASSES[modality]
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = (generate_uid() for _ in range(3))
    data.Modality = modality
    data.Manufacturer, data.ManufacturerModelName = "Invented Imaging", "Model One"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.SeriesNumber, data.InstanceNumber = 1, 1
    data.BodyPartExamined = "ABDOMEN"
    for keyword, value in {**PATIENT, **KEPT_BY_FIRST_PASS}.items():
        setattr(data, keyword, value)
    data.RequestAttributesSequence = Items([_nested()])
    data.ProcedureCodeSequence = Items([_code("ZQCODE", "Zqverschachtelt procedure")])
    block = data.private_block(0x0019, "ZQPRIVAT 1.0", create=True)
    block.add_new(0x01, "LO", "Zqprivat text")
    block.add_new(0x02, "SQ", Items([_nested()]))
    block.add_new(0x03, "UN", b"Zqprivat bytes")
    for keyword, value in overrides.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def planted(
    modality: str = "CT",
    *,
    rows: int = 16,
    columns: int = 16,
    frames: int = 1,
    syntax: str = EXPLICIT_LE,
    **overrides: Any,
) -> bytes:
    """Return one 16-bit monochrome instance whose pixels differ per frame; with RLE in `syntax` it is encoded so."""
    data = planted_dataset(modality, **overrides)
    if frames > 1 and "NumberOfFrames" not in overrides:
        data.NumberOfFrames = frames
    pixels = np.arange(frames * rows * columns, dtype="<u2").reshape(frames, rows, columns)
    pixels += int(data.InstanceNumber or 0)
    add_pixels(data, pixels)
    return part10(data, syntax)


def planted_series(
    count: int, modality: str = "CT", *, study: str | None = None, series: str | None = None, **options: Any
) -> list[bytes]:
    """Return `count` instances of one series, with geometry, numbered from 1; `options` as for `planted`."""
    fixed = {"StudyInstanceUID": study or generate_uid(), "SeriesInstanceUID": series or generate_uid()}
    fixed["FrameOfReferenceUID"] = generate_uid()
    return [
        planted(
            modality,
            **fixed,
            **{
                "InstanceNumber": number,
                "ImagePositionPatient": [0, 0, 5 * number],
                "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                "PixelSpacing": [0.5, 0.5],
                "SliceThickness": 5,
                **options,
            },
        )
        for number in range(1, count + 1)
    ]


def planted_ct_series(count: int, **options: Any) -> list[bytes]:
    """Return `count` CT slices of one series."""
    return planted_series(count, "CT", **options)


def add_pixels(data: Dataset, pixels: np.ndarray[Any, np.dtype[np.uint16]]) -> None:
    """Put `pixels`, 16 bits of shape (frames, rows, columns), into `data`."""
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape[1:]
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OW"


def part10(data: Dataset, syntax: str = EXPLICIT_LE, *, preamble: bytes = b"Zqpreamble".ljust(128, b"\0")) -> bytes:
    """Return `data` as a Part 10 file with a planted preamble and file meta.

    RLE encodes the pixels; any other encapsulated syntax takes Pixel Data that is encapsulated already.
    """
    file = FileDataset(io.BytesIO(), data, preamble=preamble)
    file.file_meta = FileMetaDataset()
    file.file_meta.FileMetaInformationGroupLength, file.file_meta.FileMetaInformationVersion = 0, b"\0\1"
    file.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    file.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax in (RLE, EXPLICIT_BE) else syntax
    file.file_meta.ImplementationClassUID = "1.2.3.4"
    file.file_meta.SourceApplicationEntityTitle = "ZQMETA"
    if syntax == RLE:
        file.compress(syntax, generate_instance_uid=False)
    elif syntax == EXPLICIT_BE:
        if "PixelData" in file and file.BitsAllocated == 16:
            file.PixelData = np.frombuffer(file.PixelData, "<u2").astype(">u2").tobytes()
        file.file_meta.TransferSyntaxUID = syntax
    target = io.BytesIO()
    dcmwrite(
        target,
        file,
        implicit_vr=syntax == IMPLICIT_LE,
        little_endian=syntax != EXPLICIT_BE,
        force_encoding=syntax == EXPLICIT_BE,
        enforce_file_format=syntax != EXPLICIT_BE,
    )
    return target.getvalue()


def encapsulated(data: Dataset, frames: list[bytes], syntax: str) -> bytes:
    """Return `data` as a Part 10 file whose Pixel Data holds these encoded frames, one fragment each."""
    data.PixelData = encapsulate(frames)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return part10(data, syntax)


def large_header(items: int) -> bytes:
    """Return a report with this many lines: with 20,000 its header takes a pass half a second or more."""
    lines = b"".join(_line(number) for number in range(items))
    # Content Sequence sorts behind everything else in a planted report.
    return part10(planted_dataset("SR")) + b"\x40\0\x30\xa7SQ\0\0" + len(lines).to_bytes(4, "little") + lines


def _line(number: int) -> bytes:
    item = b"\x40\0\x10\xa0CS\x08\0CONTAINS" + b"\x40\0\x40\xa0CS\x04\0TEXT"
    item += b"\x40\0\x60\xa1UT\0\0\x0c\0\0\0" + b"liver %06d" % number
    return b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item


def ref_of(data: bytes) -> InstanceRef:
    """Return the reference of the instance in a Part 10 file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = dcmread(io.BytesIO(data), stop_before_pixels=True)
    return InstanceRef(UID(found.StudyInstanceUID), UID(found.SeriesInstanceUID), UID(found.SOPInstanceUID))


def _nested() -> Dataset:
    item = Dataset()
    item.RequestedProcedureID = "ZQVERSCHACHTELT"
    item.ScheduledProcedureStepID = "ZQVERSCHACHTELT"
    item.ScheduledProcedureStepDescription = "Zqverschachtelt Zqnachname"
    item.ScheduledProtocolCodeSequence = Items([_code("ZQCODE", "Zqverschachtelt tief")])
    return item


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99ZQ", meaning
    return item
