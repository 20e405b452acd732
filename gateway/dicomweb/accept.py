"""Which representation a client gets: Accept header and query parameter against what is offered (PS3.18 §8.7).

Nothing said means the default. A range that is no media type is passed over, for clients send such beside good
ones; when nothing else is left the request is malformed (400). Well-formed but not on offer is 406.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.dicomweb.media import MediaType, parse_media_type, split_quoted
from gateway.errors import BadRequest, NotAcceptable

MAX_RANGES = 100

_QUALITY = re.compile(r"0?\.\d{1,3}|0\.?|1(\.0{0,3})?")
_ALIASES = {
    "image/x-dicom-rle": "image/dicom-rle",
    "image/x-jls": "image/jls",
    "video/mpeg2": "video/mpeg",
}
_ANY = "*/*"
_ALL = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Offer:
    """One representation that can be given.

    `transfer_syntax` is None for a type that has no such parameter. `implied` tells that the type alone, without
    a transfer syntax, means this offer; `default` that it is given to clients which take anything.
    """

    media: str
    multipart: bool
    transfer_syntax: str | None = None
    implied: bool = True
    default: bool = False

    def __str__(self) -> str:
        text = f'multipart/related; type="{self.media}"' if self.multipart else self.media
        return f"{text}; transfer-syntax={self.transfer_syntax}" if self.transfer_syntax else text


@dataclass(frozen=True, slots=True)
class Range:
    """What a client takes. `media` may be a range; `multipart` None takes either packaging."""

    media: str
    multipart: bool | None = None
    syntaxes: frozenset[str] | None = None
    quality: float = 1.0

    def covers(self, offer: Offer) -> bool:
        """Tell whether the offer is what the range asks for, whatever its quality."""
        if self.multipart not in (None, offer.multipart):
            return False
        offered = offer.media.lower()
        if self.media not in (_ANY, offered, f"{offered.partition('/')[0]}/*"):
            return False
        if offer.transfer_syntax is None or self.syntaxes == _ALL:
            return True
        if self.syntaxes is None:
            return offer.implied or (self.media == _ANY and self.multipart is None)
        return offer.transfer_syntax in self.syntaxes

    @property
    def vague(self) -> bool:
        """Tell whether the range leaves the media type open."""
        return self.media.endswith("/*")

    @property
    def precision(self) -> tuple[bool, bool, bool, bool]:
        """Return a key by which the more precise of two ranges is the greater (RFC 9110 §12.5.1)."""
        named = self.syntaxes is not None and self.syntaxes != _ALL
        return (self.media != _ANY, not self.vague, named, self.multipart is not None)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a client takes: the ranges of its query parameter, which count first, and of its header."""

    query: tuple[Range, ...]
    header: tuple[Range, ...]

    def choose(self, offered: Sequence[Offer]) -> Offer:
        """Return the offer the client prefers; offers stand in the order of the server's preference.

        Raises:
            NotAcceptable: when there is none; the message lists the offers.
        """
        for ranges in (self.query, self.header):
            found = _best(ranges, offered)
            if found is not None:
                return found
        listed = ", ".join(map(str, offered)) or "nothing"
        raise NotAcceptable(f"None of the media types in Accept can be given. Offered here: {listed}.")


def negotiate(accept: str | None, query_accept: str | None, offered: Sequence[Offer]) -> Offer:
    """Return the offer that a request's Accept header and `accept` query parameter ask for (PS3.18 §8.7.8).

    Raises:
        NotAcceptable: when none of the offers is acceptable.
        BadRequest: when what was sent is not a list of media types.
    """
    return parse_acceptance(accept, query_accept).choose(offered)


def parse_acceptance(accept: str | None, query_accept: str | None) -> Acceptance:
    """Parse once what is then chosen by for every part of an answer.

    Raises:
        BadRequest: when what was sent is not a list of media types.
    """
    # A plus sign in a query string reads as a space, and clients forget to encode it.
    repaired = re.sub(r"(?<=/dicom) (?=json|xml)", "+", query_accept or "")
    query = _parse_ranges(repaired, "accept parameter")
    header = _parse_ranges(accept or "", "Accept header")
    return Acceptance(query, header or (() if query else (Range(_ANY),)))


def _best(ranges: Sequence[Range], offered: Sequence[Offer]) -> Offer | None:
    candidates = []
    for place, offer in enumerate(offered):
        covering = [(found.precision, -at, found) for at, found in enumerate(ranges) if found.covers(offer)]
        if not covering:
            continue
        _, at, found = max(covering, key=lambda item: item[:2])
        if found.quality > 0:
            open_choice = found.vague and found.syntaxes is None
            unasked = open_choice and not offer.default, open_choice and not offer.implied
            candidates.append(((-found.quality, found.vague, -at, unasked, place), offer))
    return min(candidates, key=lambda item: item[0])[1] if candidates else None


def _parse_ranges(text: str, where: str) -> tuple[Range, ...]:
    pieces = split_quoted(text, ",")
    if pieces is None or len(pieces) > MAX_RANGES:
        raise BadRequest(f"The {where} is not a list of at most {MAX_RANGES} media types.")
    wanted = [piece for piece in pieces if piece]
    ranges = [found for piece in wanted if (found := _parse_range(piece)) is not None]
    if wanted and not ranges:
        raise BadRequest(f"The {where} holds no media type.")
    return tuple(ranges)


def _parse_range(text: str) -> Range | None:
    # Java's HttpURLConnection sends "*; q=.2".
    media = parse_media_type(re.sub(r"^\*(?=\s*(;|$))", _ANY, text))
    if media is None:
        return None
    quality = media.param("q") or "1"
    if not _QUALITY.fullmatch(quality):
        return None
    syntaxes = _syntaxes(media)
    if media.name in ("multipart/related", "multipart/*"):
        part = (media.param("type") or _ANY).strip().lower()
        return Range(_ALIASES.get(part, part), True, syntaxes, float(quality))
    multipart = None if media.name == _ANY else False
    return Range(_ALIASES.get(media.name, media.name), multipart, syntaxes, float(quality))


def _syntaxes(media: MediaType) -> frozenset[str] | None:
    value = media.param("transfer-syntax")
    if value is None:
        return None
    found = frozenset(part.strip() for part in value.split(","))
    return _ALL if "*" in found else found
