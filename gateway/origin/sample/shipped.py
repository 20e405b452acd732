"""The images that come with pydicom, given invented patients: real scanners' headers, and syntaxes we cannot write."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pydicom
from pydicom.uid import UID

from gateway.origin.sample.identity import identify
from gateway.origin.sample.patients import VISITS
from gateway.origin.sample.writing import Instance, Instances, uid

_FOLDER: Final = Path(pydicom.__file__).parent / "data" / "test_files"

_FILES: Final = (
    ("shipped-us", "examples_rgb_color.dcm", "Lymph node"),
    ("shipped-us", "examples_jpeg2k.dcm", "Lymph node JPEG 2000"),
    ("shipped-us", "examples_palette.dcm", "Obstetric palette"),
    ("shipped-us", "examples_ybr_color.dcm", "Heart cine"),
    ("shipped-mr", "examples_overlay.dcm", "Abdomen with overlay"),
    ("shipped-mr", "MR_small.dcm", "Shoulder"),
    ("shipped-mr", "MR_small_implicit.dcm", "Shoulder implicit VR"),
    ("shipped-mr", "MR_small_bigendian.dcm", "Shoulder big endian"),
    ("shipped-mr", "MR_small_RLE.dcm", "Shoulder RLE"),
    ("shipped-mr", "MR_small_jp2klossless.dcm", "Shoulder JPEG 2000"),
    ("shipped-mr", "MR_small_jpeg_ls_lossless.dcm", "Shoulder JPEG-LS"),
    ("shipped-ct", "CT_small.dcm", "Spine"),
    ("shipped-ct", "J2K_pixelrep_mismatch.dcm", "Skull base"),
    ("shipped-ct", "JPEG2000.dcm", "Bone scan"),
    ("shipped-ct", "SC_rgb_jpeg_gdcm.dcm", "Colour bars lossless"),
    ("shipped-ct", "GDCMJ2K_TextGBR.dcm", "Colour words"),
    ("shipped-ct", "image_dfl.dcm", "Test pattern deflated"),
    ("shipped-ct", "waveform_ecg.dcm", "ECG"),
)

_STAMPS: Final = ("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence")
"""What says that nobody is identifiable, which is no longer true."""


def shipped() -> Instances:
    """Yield each file as a series of its own, in the transfer syntax it came in."""
    numbers: dict[str, int] = {}
    for key, name, description in _FILES:
        visit = VISITS[key]
        number = numbers[key] = numbers.get(key, 0) + 1
        ds = pydicom.dcmread(_FOLDER / name)
        ds.decode()
        syntax: UID = ds.file_meta.TransferSyntaxUID
        for keyword in _STAMPS:
            if keyword in ds:
                delattr(ds, keyword)
        ds.Modality = ds.get("Modality") or "OT"
        identify(ds, visit, ds.Modality)
        ds.StudyInstanceUID = uid(visit.key)
        ds.SeriesInstanceUID = uid(visit.key, number)
        ds.SOPInstanceUID = uid(visit.key, number, 1)
        ds.SeriesNumber, ds.InstanceNumber = number, 1
        ds.SeriesDescription = f"{description} {visit.patient.spoken}"
        for kind in ("Series", "Acquisition", "Content"):
            setattr(ds, f"{kind}Date", visit.date)
            setattr(ds, f"{kind}Time", visit.time)
        yield Instance(visit, ds, syntax, encoded=True)
