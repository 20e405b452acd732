"""The de-identification markers of an instance: what is said in (0012,006x) and (0028,030x) (PS3.15 §E.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.deid.table import Option
from gateway.dicom.dataset import JsonDataset, JsonElement

MARKERS: Final = frozenset((0x00120062, 0x00120063, 0x00120064, 0x00280301, 0x00280303))


@dataclass(frozen=True, slots=True)
class Claim:
    """One code of CID 7050. It is true under `option`; the basic profile and cleaned pixels have none."""

    code: str
    meaning: str
    option: Option | None = None


CLEAN_PIXELS: Final = "113101"
CODES: Final = {
    claim.code: claim
    for claim in (
        Claim("113100", "Basic Application Confidentiality Profile"),
        Claim(CLEAN_PIXELS, "Clean Pixel Data Option"),
        Claim("113103", "Clean Graphics Option", Option.CLEAN_GRAPHICS),
        Claim("113104", "Clean Structured Content Option", Option.CLEAN_STRUCTURED_CONTENT),
        Claim("113105", "Clean Descriptors Option", Option.CLEAN_DESCRIPTORS),
        Claim(
            "113106",
            "Retain Longitudinal Temporal Information Full Dates Option",
            Option.RETAIN_LONGITUDINAL_FULL_DATES,
        ),
        Claim(
            "113107",
            "Retain Longitudinal Temporal Information Modified Dates Option",
            Option.RETAIN_LONGITUDINAL_MODIFIED_DATES,
        ),
        Claim("113108", "Retain Patient Characteristics Option", Option.RETAIN_PATIENT_CHARACTERISTICS),
        Claim("113109", "Retain Device Identity Option", Option.RETAIN_DEVICE_IDENTITY),
        Claim("113110", "Retain UIDs Option", Option.RETAIN_UIDS),
        Claim("113111", "Retain Safe Private Option", Option.RETAIN_SAFE_PRIVATE),
        Claim("113112", "Retain Institution Identity Option", Option.RETAIN_INSTITUTION_IDENTITY),
    )
}


def temporal_marker(options: frozenset[Option]) -> str:
    """Return the value of (0028,0303) that is true under these options."""
    if Option.RETAIN_LONGITUDINAL_FULL_DATES in options:
        return "UNMODIFIED"
    return "MODIFIED" if Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in options else "REMOVED"


def markers(
    claims: tuple[Claim, ...], options: frozenset[Option], method: str, *, removed: bool, pixels_cleared: bool
) -> JsonDataset:
    """Return the root elements that say what was done.

    `removed` is Patient Identity Removed. That the pixels are clean is said only when `pixels_cleared`.
    """
    said = [claim for claim in claims if claim.code != CLEAN_PIXELS or pixels_cleared]
    dataset: JsonDataset = {
        "00120062": _text("CS", "YES" if removed else "NO"),
        "00120063": _text("LO", method),
        "00120064": {"vr": "SQ", "Value": [_coded(claim) for claim in said]},
        "00280303": _text("CS", temporal_marker(options)),
    }
    if pixels_cleared and removed:
        dataset["00280301"] = _text("CS", "NO")
    return dataset


def _coded(claim: Claim) -> JsonDataset:
    return {
        "00080100": _text("SH", claim.code),
        "00080102": _text("SH", "DCM"),
        "00080104": _text("LO", claim.meaning),
    }


def _text(vr: str, value: str) -> JsonElement:
    return {"vr": vr, "Value": [value]}
