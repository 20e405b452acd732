"""One exception tree. The web layer turns each class into a status by one table (`gateway.web.problem`).

    GatewayError
    ├── BadRequest            the client asked for something malformed
    │   ├── BadQuery          a QIDO-RS key, value or paging parameter (PS3.18 §8.3.4)
    │   └── BadIdentifier     a UID, frame list or tag path in the URL
    ├── NotAuthenticated      no credentials, or wrong ones
    ├── NotPermitted          known, but may not do this
    ├── NotFound              no such resource
    ├── NotAcceptable         no representation the client accepts (PS3.18 §8.7)
    ├── UnsupportedMedia      a request body of a type we do not take
    ├── TooLarge              a named limit of ours was exceeded by the request
    ├── Conflict              the state of the resource forbids it
    ├── RangeNotSatisfiable   a Range header outside the representation
    ├── Withheld              an instance that must not leave, with its `Reason`
    ├── OriginError           the origin server did not answer as it must
    │   ├── OriginUnreachable   no connection
    │   ├── OriginTimeout       no answer in time
    │   ├── OriginBusy          it asked us to come back later
    │   ├── OriginRefused       it did not accept our credentials or our request
    │   └── OriginBroken        a truncated or malformed answer
    ├── StorageError          our own database, workspace or archive failed
    └── ConfigurationError    a profile, key file or setting is not usable; the gateway does not start

A message tells the user what to do next. It never contains a value from a data set, a query string,
a token or the body of an upstream's answer: tags, keywords, UIDs of classes and numbers only.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath


class Reason(StrEnum):
    """Why an instance is withheld. The values are part of the API; `plain` is what a person reads."""

    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    TOO_DEEP = "too-deep"
    HEADER_TOO_LARGE = "header-too-large"
    INFLATES_TOO_LARGE = "inflates-too-large"
    UNKNOWN_TRANSFER_SYNTAX = "unknown-transfer-syntax"
    UNSUPPORTED_TRANSFER_SYNTAX = "unsupported-transfer-syntax"
    SOP_CLASS_REFUSED = "sop-class-refused"
    MISSING_IDENTITY = "missing-identity"
    IDENTITY_MISMATCH = "identity-mismatch"
    BURNED_IN_ANNOTATION = "burned-in-annotation"
    PIXELS_UNREVIEWED = "pixels-unreviewed"
    PIXELS_UNDECODABLE = "pixels-undecodable"
    RULE_FAILED = "rule-failed"
    RESIDUAL_IDENTIFIER = "residual-identifier"
    UNREADABLE = "unreadable"

    @property
    def plain(self) -> str:
        """One sentence in plain words, with what to do next."""
        return _PLAIN[self]


_PLAIN = {
    Reason.MALFORMED: "The instance is not well-formed DICOM, so it cannot be shown to be free of identifiers.",
    Reason.TRUNCATED: "The instance ends too early. Fetch it again; if it stays short, repair it in the PACS.",
    Reason.TOO_DEEP: "Sequences are nested deeper than the limit, so the instance was not judged.",
    Reason.HEADER_TOO_LARGE: "The elements before the pixel data exceed the limit, so the instance was not judged.",
    Reason.INFLATES_TOO_LARGE: "The deflated data set exceeds the limit when inflated.",
    Reason.UNKNOWN_TRANSFER_SYNTAX: "The transfer syntax is not known to the gateway.",
    Reason.UNSUPPORTED_TRANSFER_SYNTAX: "Pixel data in this transfer syntax can carry text the gateway cannot remove.",
    Reason.SOP_CLASS_REFUSED: "Instances of this SOP class are refused by the profile.",
    Reason.MISSING_IDENTITY: "A study, series or SOP instance UID is missing or not valid.",
    Reason.IDENTITY_MISMATCH: "The origin answered with an instance other than the one asked for.",
    Reason.BURNED_IN_ANNOTATION: "Text is burned into the pixels; the image cannot enter the archive with it.",
    Reason.PIXELS_UNREVIEWED: "Pixels of this kind often show names. A pixel rule for the device must clear them.",
    Reason.PIXELS_UNDECODABLE: "The pixels cannot be decoded, so nobody can see what they show.",
    Reason.RULE_FAILED: "A rule of the profile could not be carried out on this instance.",
    Reason.RESIDUAL_IDENTIFIER: "An identifier of the patient was still found after de-identification.",
    Reason.UNREADABLE: "The instance could not be read from where it is stored.",
}


class GatewayError(Exception):
    """The root: everything the gateway raises on purpose. `str(error)` is safe to show to any client."""


class BadRequest(GatewayError):
    """The request is malformed."""


class BadQuery(BadRequest):
    """A QIDO-RS parameter is unknown, malformed or not allowed here."""


class BadIdentifier(BadRequest):
    """A UID, frame list or tag path in the URL is not valid."""


class NotAuthenticated(GatewayError):
    """No credentials, or wrong ones."""


class NotPermitted(GatewayError):
    """The principal lacks the permission the route declares."""


class NotFound(GatewayError):
    """No such resource."""


class NotAcceptable(GatewayError):
    """No representation that the client accepts."""


class UnsupportedMedia(GatewayError):
    """A request body of a media type that is not taken here."""


class TooLarge(GatewayError):
    """The request exceeds a named limit."""


class Conflict(GatewayError):
    """The state of the resource forbids the request."""


class RangeNotSatisfiable(GatewayError):
    """A Range outside the representation; `size` is its length in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The range lies outside the {size} bytes of this resource.")
        self.size = size


class Withheld(GatewayError):
    """An instance that must not leave, and why. `detail` names tags or limits, never values."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.plain} ({detail})" if detail else reason.plain)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[Withheld], tuple[Reason, str]]:
        """Pickle by reason and detail: refusals come back from worker processes."""
        return Withheld, (self.reason, self.detail)


class OriginError(GatewayError):
    """The origin server did not answer as it must."""


class OriginUnreachable(OriginError):
    """No connection to the origin."""


class OriginTimeout(OriginError):
    """The origin did not answer in time."""


class OriginBusy(OriginError):
    """The origin asks us to come back later."""


class OriginRefused(OriginError):
    """The origin did not accept our credentials or our request."""


class OriginBroken(OriginError):
    """The origin's answer is truncated or malformed."""


class StorageError(GatewayError):
    """Our own database, workspace or archive failed."""


class ConfigurationError(GatewayError):
    """A profile, key file or setting is not usable. The message names the file, the key and what to fix."""


def whereabouts(error: BaseException) -> str:
    """Return the places an unforeseen error passed through, for the log: no value, which its message may hold."""
    places: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{'/'.join(PurePath(code.co_filename).parts[-2:])}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' > '.join(places[-6:])}"
