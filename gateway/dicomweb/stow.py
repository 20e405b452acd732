"""The answer to a store: what became of each instance, and the one status for all (PS3.18 §10.5.3, Annex I)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.dicom.dataset import JsonDataset, JsonElement
from gateway.errors import Reason


class FailureReason(IntEnum):
    """Why an instance was not stored: (0008,1197), PS3.18 Table I.2-2 and PS3.7 Annex C."""

    PROCESSING_FAILURE = 0x0110
    DUPLICATE_INSTANCE = 0x0111
    INVALID_INSTANCE = 0x0117
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NOT_AUTHORIZED = 0x0124
    OUT_OF_RESOURCES = 0xA700
    DATA_SET_MISMATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000
    TRANSFER_SYNTAX_NOT_SUPPORTED = 0xC122


class WarningReason(IntEnum):
    """What was changed in an instance that was stored: (0008,1196), PS3.18 Table I.2-1."""

    COERCED = 0xB000
    ELEMENTS_DISCARDED = 0xB006
    DATA_SET_MISMATCH = 0xB007


_WITHHELD = {
    Reason.MALFORMED: FailureReason.CANNOT_UNDERSTAND,
    Reason.TRUNCATED: FailureReason.CANNOT_UNDERSTAND,
    Reason.TOO_DEEP: FailureReason.CANNOT_UNDERSTAND,
    Reason.UNREADABLE: FailureReason.CANNOT_UNDERSTAND,
    Reason.HEADER_TOO_LARGE: FailureReason.OUT_OF_RESOURCES,
    Reason.INFLATES_TOO_LARGE: FailureReason.OUT_OF_RESOURCES,
    Reason.UNKNOWN_TRANSFER_SYNTAX: FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED,
    Reason.UNSUPPORTED_TRANSFER_SYNTAX: FailureReason.TRANSFER_SYNTAX_NOT_SUPPORTED,
    Reason.SOP_CLASS_REFUSED: FailureReason.SOP_CLASS_NOT_SUPPORTED,
    Reason.MISSING_IDENTITY: FailureReason.DATA_SET_MISMATCH,
    Reason.IDENTITY_MISMATCH: FailureReason.DATA_SET_MISMATCH,
}


def failure_of(reason: Reason) -> FailureReason:
    """Return the code for an instance that was withheld; what de-identification refuses is a processing failure."""
    return _WITHHELD.get(reason, FailureReason.PROCESSING_FAILURE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part of the request: stored when `failure` is None.

    The UIDs are those the client sent, "" where none could be read; `retrieve_url` is where it is now.
    """

    sop_class: str = ""
    sop_instance: str = ""
    retrieve_url: str | None = None
    failure: FailureReason | None = None
    warning: WarningReason | None = None


# By whether something was stored, something failed or has a warning, and an instance could be named at all.
_STATUS = {
    (True, False, True): 200,
    (True, True, True): 202,
    (False, True, True): 409,
    (False, True, False): 400,
    (False, False, False): 400,
}


def store_status(outcomes: Sequence[Outcome]) -> int:
    """Return the HTTP status of an answer with these outcomes (PS3.18 Table 10.5.3-1)."""
    stored = any(outcome.failure is None for outcome in outcomes)
    flawed = any(outcome.failure is not None or outcome.warning is not None for outcome in outcomes)
    named = stored or any(outcome.sop_instance for outcome in outcomes)
    return _STATUS[stored, flawed, named]


def store_response(outcomes: Sequence[Outcome], *, study_url: str | None) -> JsonDataset:
    """Return the Store Instances Response Module (PS3.18 Table I.1-1).

    `study_url` is where the study is, when all instances belong to one. A failure without a SOP instance to
    name goes to OtherFailuresSequence.
    """
    referenced, failed, other = [], [], []
    for outcome in outcomes:
        if outcome.failure is None:
            referenced.append(_stored_item(outcome))
        elif outcome.sop_instance:
            failed.append(_reference(outcome) | {"00081197": _code(outcome.failure)})
        else:
            other.append({"00081197": _code(outcome.failure)})
    response = {"00081190": _values("UR", study_url)}
    sequences = {"00081198": failed, "00081199": referenced, "0008119A": other}
    return response | {tag: {"vr": "SQ", "Value": items} for tag, items in sequences.items() if items}


def _stored_item(outcome: Outcome) -> JsonDataset:
    item = _reference(outcome) | {"00081190": _values("UR", outcome.retrieve_url)}
    if outcome.warning is not None:
        item["00081196"] = _code(outcome.warning)
    return item


def _reference(outcome: Outcome) -> JsonDataset:
    return {"00081150": _values("UI", outcome.sop_class), "00081155": _values("UI", outcome.sop_instance)}


def _code(code: IntEnum) -> JsonElement:
    return {"vr": "US", "Value": [int(code)]}


def _values(vr: str, value: str | None) -> JsonElement:
    return {"vr": vr, "Value": [value]} if value else {"vr": vr}
