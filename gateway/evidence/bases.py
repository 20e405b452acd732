"""One plausible instance of every kind, from the sample PACS, with tiny pixels that are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless
from pydicom.uid import DeflatedExplicitVRLittleEndian as Deflated
from pydicom.uid import ExplicitVRLittleEndian as Explicit

from gateway.origin.sample import captures, documents, enhanced, moving, nuclear, radiographs, sections
from gateway.origin.sample.writing import Instances

_SIDE: Final = 32
_FRAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of instance: what a privacy officer calls it, who draws it, how it is stored."""

    name: str
    draw: Callable[[], Instances]
    syntax: UID


KINDS: Final = (
    Kind("CR", radiographs.computed_radiography, ImplicitVRLittleEndian),
    Kind("DX", radiographs.digital_radiography, ExplicitVRBigEndian),
    Kind("MG", radiographs.mammography, Explicit),
    Kind("RF", moving.swallow, Explicit),
    Kind("XA", moving.angiogram, RLELossless),
    Kind("US", moving.ultrasound, JPEGBaseline8Bit),
    Kind("CT", sections.computed_tomography, Explicit),
    Kind("MR", sections.magnetic_resonance, ImplicitVRLittleEndian),
    Kind("MR enhanced", enhanced.enhanced_magnetic_resonance, Explicit),
    Kind("NM", nuclear.bone_scan, Explicit),
    Kind("PT", nuclear.positron_emission, RLELossless),
    Kind("SC", captures.dose_screen, JPEGBaseline8Bit),
    Kind("SR", documents.report, Deflated),
    Kind("KO", documents.key_objects, Explicit),
    Kind("PR", documents.presentation_state, Explicit),
)
"""Radiography, fluoroscopy, angiography, ultrasound, CT and MR are the six of the reference; the rest is more."""


def base(kind: Kind) -> Dataset:
    """Return the first instance of a kind, without the private elements of the sample PACS, pixels made small."""
    dataset = next(iter(kind.draw())).dataset
    dataset.remove_private_tags()
    if kind.name == "CT":
        _point_out(dataset)
    if "PixelData" in dataset:
        _shrink(dataset)
    return dataset


def _point_out(dataset: Dataset) -> None:
    """Make the CT the slice that the report, the key objects and the presentation state refer to."""
    study = next(iter(documents.key_objects())).dataset.CurrentRequestedProcedureEvidenceSequence[0]
    reference = study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    dataset.SOPInstanceUID = reference.ReferencedSOPInstanceUID


def _shrink(dataset: Dataset) -> None:
    frames = int(dataset.get("NumberOfFrames", 1))
    kept = frames if "PerFrameFunctionalGroupsSequence" in dataset else min(frames, _FRAMES)
    if "NumberOfFrames" in dataset:
        dataset.NumberOfFrames = kept
    dataset.Rows = dataset.Columns = _SIDE
    samples = int(dataset.SamplesPerPixel)
    count = kept * _SIDE * _SIDE * samples
    if dataset.BitsAllocated == 8:
        dataset["PixelData"].value = (np.arange(count) % 251).astype("u1").tobytes()
    else:
        dataset["PixelData"].value = (np.arange(count) % (1 << (int(dataset.BitsStored) - 1))).astype("<u2").tobytes()
    if "CountsAccumulated" in dataset:
        dataset.CountsAccumulated = count  # drawn by chance, and chance differs between machines
