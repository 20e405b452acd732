"""The eighteen identifiers of HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i), and to which an attribute belongs."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final


class Identifier(IntEnum):
    """One of the eighteen; the number is the one of the regulation's list."""

    NAME = 1
    PLACE = 2
    DATE = 3
    TELEPHONE = 4
    FAX = 5
    MAIL = 6
    SOCIAL_SECURITY = 7
    MEDICAL_RECORD = 8
    HEALTH_PLAN = 9
    ACCOUNT = 10
    LICENCE = 11
    VEHICLE = 12
    DEVICE = 13
    URL = 14
    IP_ADDRESS = 15
    BIOMETRIC = 16
    PHOTOGRAPH = 17
    OTHER = 18

    @property
    def plain(self) -> str:
        """What it is, in a few words."""
        return _PLAIN[self]


_PLAIN: Final = {
    Identifier.NAME: "Names",
    Identifier.PLACE: "Places smaller than a state",
    Identifier.DATE: "Dates except the year; ages over 89",
    Identifier.TELEPHONE: "Telephone numbers",
    Identifier.FAX: "Fax numbers",
    Identifier.MAIL: "E-mail addresses",
    Identifier.SOCIAL_SECURITY: "Social security numbers",
    Identifier.MEDICAL_RECORD: "Medical record numbers",
    Identifier.HEALTH_PLAN: "Health plan numbers",
    Identifier.ACCOUNT: "Account numbers",
    Identifier.LICENCE: "Certificates and licences",
    Identifier.VEHICLE: "Vehicles and licence plates",
    Identifier.DEVICE: "Devices and serial numbers",
    Identifier.URL: "Web addresses",
    Identifier.IP_ADDRESS: "IP addresses",
    Identifier.BIOMETRIC: "Finger and voice prints",
    Identifier.PHOTOGRAPH: "Photographs",
    Identifier.OTHER: "Any other unique number or code",
}

# First hit wins. Where DICOM has no attribute of its own for an identifier (fax, licence plates …) it is typed
# into a comment, so comments carry all eighteen in turn (`in_passing`).
_BY_KEYWORD: Final = tuple(
    (re.compile(pattern), identifier)
    for pattern, identifier in (
        (r"Telephone|PhoneNumber", Identifier.TELEPHONE),
        (r"^PatientTelecom", Identifier.MAIL),
        (r"^PersonTelecom", Identifier.FAX),
        (r"Telecom", Identifier.URL),
        (r"^NetworkID$", Identifier.IP_ADDRESS),
        (r"^OtherPatientIDs$", Identifier.SOCIAL_SECURITY),
        (r"PatientID|MedicalRecord|ClinicalTrialSubject", Identifier.MEDICAL_RECORD),
        (r"Insurance", Identifier.HEALTH_PLAN),
        (r"Admission|ServiceEpisodeID", Identifier.ACCOUNT),
        (r"Certificate|ApprovalNumber|Signature|MAC", Identifier.LICENCE),
        (r"Photo|IconImage", Identifier.PHOTOGRAPH),
        (r"Timestamp|Age$|ASValue", Identifier.DATE),
        (
            r"Physician.*Sequence|Operator.*Sequence|Performers|Observer(?!able)|Author|Participant|Creator(?!UID)"
            r"|Interpreter|Approver|Recipients|PersonIdentification|CameraOwner|VerbalSource|Alias",
            Identifier.NAME,
        ),
        (
            r"Address|Institution|Department|Residence|Location|GPS|Organization(?!UID)|Site(?!s)|CoordinatingCenter"
            r"|EthicsCommittee|RequestingService|TimezoneOffset|Sponsor",
            Identifier.PLACE,
        ),
        (
            r"Device|Serial|Station|AETitle|Detector|Generator|Gantry|Plate|Cassette|XRaySource|SourceManufacturer"
            r"|Lens|MakerNote|UDI|Transducer|Machine|ModifyingSystem|^(?:Receiving|Requesting|Destination)AE$",
            Identifier.DEVICE,
        ),
    )
)
_BY_VR: Final = {
    "PN": Identifier.NAME,
    "DA": Identifier.DATE,
    "DT": Identifier.DATE,
    "TM": Identifier.DATE,
    "AS": Identifier.DATE,
    "AE": Identifier.DEVICE,
    "UR": Identifier.URL,
    "UI": Identifier.OTHER,
}
_FREE_TEXT: Final = frozenset(("ST", "LT", "UT"))
_ROOMY: Final = frozenset(("LO", "UC"))
_TYPED_INTO: Final = re.compile(
    r"Comments|Description|Reason|History|Text|Label|Title|Keywords|Notes|Impressions|State$"
)


def identifier_of(keyword: str, vr: str) -> Identifier | None:
    """Return to which of the eighteen the value of an attribute belongs; None when people type anything into it."""
    for pattern, identifier in _BY_KEYWORD:
        if pattern.search(keyword) and vr not in ("DA", "DT", "TM", "PN"):
            return identifier
    if vr in _BY_VR and keyword != "NetworkID":
        return _BY_VR[vr]
    if vr in _FREE_TEXT or (vr in _ROOMY and _TYPED_INTO.search(keyword)):
        return None
    return Identifier.OTHER


def in_passing(number: int) -> Identifier:
    """Return what the `number`-th comment mentions: all that can be written down, in turn."""
    return _WRITTEN[number % len(_WRITTEN)]


_WRITTEN: Final = tuple(identifier for identifier in Identifier if identifier is not Identifier.PHOTOGRAPH)
