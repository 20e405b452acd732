"""What can be given for each kind of resource, in the order of preference (PS3.18 Tables 8.7.3-2 to 8.7.4-1).

Implicit VR Little Endian and Explicit VR Big Endian never go over the web: what is stored so leaves as Explicit
VR Little Endian (PS3.18 §8.7.3).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gateway.dicom.syntax import EXPLICIT_LE, transfer_syntax
from gateway.dicom.uid import UID
from gateway.dicomweb.accept import Offer

_DICOM = "application/dicom"
_JSON = "application/dicom+json"
_PLAIN_JSON = "application/json"
_XML = "application/dicom+xml"
_OCTETS = "application/octet-stream"

DATASETS: Final = (
    Offer(_JSON, multipart=False, default=True),
    Offer(_PLAIN_JSON, multipart=False),
    Offer(_XML, multipart=True),
)
"""Rows of a search, or metadata of any number of instances: one JSON array, or one XML document per part."""

DATASET: Final = (*DATASETS, Offer(_XML, multipart=False))
"""Metadata of exactly one instance."""

STORED: Final = (
    Offer(_JSON, multipart=False, default=True),
    Offer(_PLAIN_JSON, multipart=False),
    Offer(_XML, multipart=False),
)
"""The answer to a store (PS3.18 §10.5.3)."""


def instance_offers(stored: str, *, producible: Collection[UID] = (), single: bool = False) -> tuple[Offer, ...]:
    """Return what can be given of an instance stored in `stored`.

    `producible` are the transfer syntaxes it can be transcoded to; with `single` it may also go without
    multipart, as only an answer of one instance can.

    Raises:
        Withheld: when the stored transfer syntax is not known.
    """
    syntax = transfer_syntax(stored)
    native = syntax.leaves_as
    implied = EXPLICIT_LE
    if EXPLICIT_LE not in (native, *producible) and syntax.lossy:
        implied = native  # where only lossy pixels exist, they are what the media type means
    return tuple(
        Offer(_DICOM, multipart, uid, implied=uid == implied, default=multipart and uid == implied)
        for multipart in ((True, False) if single else (True,))
        for uid in _leaving(native, producible)
    )


def frame_offers(stored: str, *, producible: Collection[UID] = (), single: bool = False) -> tuple[Offer, ...]:
    """Return what can be given of frames stored in `stored`: as they are, or re-encoded.

    Encoded frames go by their own media type, and as octets to clients that take the transfer syntax; octets
    without one are decoded pixels, unless only lossy ones that nobody here decodes exist.

    Raises:
        Withheld: when the stored transfer syntax is not known.
    """
    syntax = transfer_syntax(stored)
    native = syntax.leaves_as
    decoded = EXPLICIT_LE in (native, *producible)
    offers = []
    for multipart in (True, False) if single else (True,):
        for uid in _leaving(native, producible):
            if uid == EXPLICIT_LE:
                offers.append(Offer(_OCTETS, multipart, uid, default=multipart))
                continue
            only = multipart and uid == native and not decoded
            offers.append(Offer(transfer_syntax(uid).frame_type, multipart, uid, default=only))
            offers.append(Offer(_OCTETS, multipart, uid, implied=not decoded and syntax.lossy))
    return tuple(offers)


def bulk_offers(media: str = _OCTETS) -> tuple[Offer, ...]:
    """Return what can be given of one bulk data value whose own type is `media`, such as application/pdf."""
    types = dict.fromkeys((media, _OCTETS))
    return tuple(
        Offer(name, multipart, default=multipart and name == _OCTETS) for multipart in (True, False) for name in types
    )


def rendered_offers(*, single: bool) -> tuple[Offer, ...]:
    """Return what images can be rendered to: one image as it is, those of a series or study in parts.

    GIF is the one that moves: a multi-frame instance gives all its frames in it.
    """
    types = ("image/jpeg", "image/png", "image/gif")
    return tuple(Offer(media, multipart=not single, default=media == types[0]) for media in types)


def _leaving(native: UID, producible: Collection[UID]) -> list[UID]:
    return list(dict.fromkeys(uid for uid in (native, *producible) if transfer_syntax(uid).leaves_as == uid))
