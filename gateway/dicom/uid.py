"""UIDs and the references to DICOM resources that are built from them (PS3.5 §9, PS3.18 §10.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from gateway.errors import BadIdentifier

UID = NewType("UID", str)


def is_uid(text: str, *, strict: bool = False) -> bool:
    """Tell whether `text` is a UID (PS3.5 §9.1).

    Components with leading zeros break the standard but exist in every PACS; only `strict` refuses them.
    """
    # A regular expression takes twenty times as long, and every header holds a dozen UIDs.
    digits = text.replace(".", "")
    if not (len(text) <= 64 and digits.isdigit() and digits.isascii()):
        return False
    if text[0] == "." or text[-1] == "." or ".." in text:
        return False
    return not strict or not any(len(part) > 1 and part[0] == "0" for part in text.split("."))


def parse_uid(text: str) -> UID:
    """Return `text` as a UID.

    Raises:
        BadIdentifier: when it is not one (the text is not repeated in the message).
    """
    if not is_uid(text):
        raise BadIdentifier("A UID in the URL is not valid: digits and dots only, at most 64 characters.")
    return UID(text)


@dataclass(frozen=True, slots=True)
class StudyRef:
    """One study."""

    study: UID


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """One series of a study."""

    study: UID
    series: UID


@dataclass(frozen=True, slots=True)
class InstanceRef:
    """One SOP instance of a series."""

    study: UID
    series: UID
    instance: UID


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Frames of one instance; `numbers` count from 1 in the order asked for (PS3.18 §10.4.1.1.6)."""

    instance: InstanceRef
    numbers: tuple[int, ...]


ResourceRef = StudyRef | SeriesRef | InstanceRef


def reference(study: str, series: str | None = None, instance: str | None = None) -> ResourceRef:
    """Build the reference a URL path names, validating every UID.

    Raises:
        BadIdentifier: when one is not a UID.
    """
    if series is None:
        return StudyRef(parse_uid(study))
    if instance is None:
        return SeriesRef(parse_uid(study), parse_uid(series))
    return InstanceRef(parse_uid(study), parse_uid(series), parse_uid(instance))
