import pytest

from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from gateway.dicom.uid import UID
from gateway.dicomweb.accept import MAX_RANGES, Offer, negotiate, parse_acceptance
from gateway.dicomweb.offers import (
    DATASET,
    DATASETS,
    STORED,
    bulk_offers,
    frame_offers,
    instance_offers,
    rendered_offers,
)
from gateway.errors import BadRequest, NotAcceptable, Withheld

J2K = UID("1.2.840.10008.1.2.4.90")
JLS = UID("1.2.840.10008.1.2.4.80")
JPEG = UID("1.2.840.10008.1.2.4.50")
RLE = UID("1.2.840.10008.1.2.5")
HTJ2K = UID("1.2.840.10008.1.2.4.201")
MPEG4 = UID("1.2.840.10008.1.2.4.102")
CURL = "*/*"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

NOT_ACCEPTABLE = None


def chosen(accept: str | None, offers: tuple[Offer, ...], query: str | None = None) -> str | None:
    try:
        return str(negotiate(accept, query, offers))
    except NotAcceptable:
        return NOT_ACCEPTABLE


def multipart(media: str, syntax: str) -> str:
    return f'multipart/related; type="{media}"; transfer-syntax={syntax}'


DICOM_LE = multipart("application/dicom", EXPLICIT_LE)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, DICOM_LE),
        ("", DICOM_LE),
        (CURL, DICOM_LE),
        (BROWSER, DICOM_LE),
        ("*; q=.2, */*; q=.2", DICOM_LE),
        ('multipart/related; type="application/dicom"', DICOM_LE),
        ("multipart/related; type=application/dicom", DICOM_LE),
        ("multipart/related", DICOM_LE),
        ("multipart/*", DICOM_LE),
        ('multipart/related; type="*/*"', DICOM_LE),
        ('Multipart/Related; Type="Application/Dicom"', DICOM_LE),
        ('multipart/related; type="application/dicom"; transfer-syntax=*', multipart("application/dicom", J2K)),
        ('multipart/related; type="application/dicom"; transfer-syntax="*"', multipart("application/dicom", J2K)),
        (f'multipart/related; type="application/dicom"; transfer-syntax={J2K}', multipart("application/dicom", J2K)),
        (f'multipart/related; type="application/dicom"; transfer-syntax={EXPLICIT_LE}', DICOM_LE),
        (
            f'multipart/related; type="application/dicom"; transfer-syntax={JLS};q=1.0, '
            f'multipart/related; type="application/dicom"; transfer-syntax={J2K};q=0.5',
            multipart("application/dicom", J2K),
        ),
        (
            f'multipart/related; type="application/dicom"; transfer-syntax={J2K};q=0.5, '
            f'multipart/related; type="application/dicom"; transfer-syntax={EXPLICIT_LE};q=0.9',
            DICOM_LE,
        ),
        ("application/dicom", f"application/dicom; transfer-syntax={EXPLICIT_LE}"),
        ("application/dicom; transfer-syntax=*", f"application/dicom; transfer-syntax={J2K}"),
        ("application/*", f"application/dicom; transfer-syntax={EXPLICIT_LE}"),
        (f'multipart/related; type="application/dicom"; transfer-syntax={IMPLICIT_LE}', NOT_ACCEPTABLE),
        (f'multipart/related; type="application/dicom"; transfer-syntax={EXPLICIT_BE}', NOT_ACCEPTABLE),
        (f'multipart/related; type="application/dicom"; transfer-syntax={JLS}', NOT_ACCEPTABLE),
        ('multipart/related; type="image/jpeg"', NOT_ACCEPTABLE),
        ("application/json", NOT_ACCEPTABLE),
        ("text/html", NOT_ACCEPTABLE),
        ("*/*;q=0", NOT_ACCEPTABLE),
        ('*/*, multipart/related; type="application/dicom";q=0', f"application/dicom; transfer-syntax={EXPLICIT_LE}"),
    ],
)
def test_one_instance(accept: str | None, expected: str | None) -> None:
    assert chosen(accept, instance_offers(J2K, producible=[EXPLICIT_LE], single=True)) == expected


def test_single_part_is_for_single_items() -> None:
    assert chosen("application/dicom", instance_offers(EXPLICIT_LE)) is NOT_ACCEPTABLE
    assert chosen("application/dicom, */*;q=0.1", instance_offers(EXPLICIT_LE)) == DICOM_LE


@pytest.mark.parametrize("stored", [IMPLICIT_LE, EXPLICIT_BE])
@pytest.mark.parametrize("accept", [None, 'multipart/related; type="application/dicom"; transfer-syntax=*'])
def test_what_may_not_go_over_the_web_leaves_as_explicit_little_endian(stored: UID, accept: str | None) -> None:
    assert chosen(accept, instance_offers(stored, producible=[IMPLICIT_LE])) == DICOM_LE
    offered = (*instance_offers(stored), *frame_offers(stored))
    assert {offer.transfer_syntax for offer in offered} == {EXPLICIT_LE}


def test_what_cannot_be_transcoded_goes_only_to_clients_that_take_it() -> None:
    plain = 'multipart/related; type="application/dicom"'
    assert chosen(plain, instance_offers(HTJ2K)) is NOT_ACCEPTABLE
    assert chosen(plain + "; transfer-syntax=*", instance_offers(HTJ2K)) == multipart("application/dicom", HTJ2K)
    assert chosen(CURL, instance_offers(HTJ2K)) == multipart("application/dicom", HTJ2K)
    assert chosen(plain, instance_offers(MPEG4)) == multipart("application/dicom", MPEG4)


def test_an_unknown_stored_syntax_is_withheld() -> None:
    for offers in (instance_offers, frame_offers):
        with pytest.raises(Withheld):
            offers("1.2.3")


OCTETS_LE = multipart("application/octet-stream", EXPLICIT_LE)


@pytest.mark.parametrize(
    ("stored", "accept", "expected"),
    [
        (EXPLICIT_LE, None, OCTETS_LE),
        (EXPLICIT_LE, 'multipart/related; type="application/octet-stream"; transfer-syntax="*"', OCTETS_LE),
        (EXPLICIT_LE, "multipart/related; type=application/octet-stream; transfer-syntax=*", OCTETS_LE),
        (EXPLICIT_LE, 'multipart/related; type="*/*"', OCTETS_LE),
        (EXPLICIT_LE, 'multipart/related; type="image/jls"', NOT_ACCEPTABLE),
        (JLS, None, OCTETS_LE),
        (JLS, CURL, OCTETS_LE),
        (JLS, 'multipart/related; type="*/*"', OCTETS_LE),
        (JLS, 'multipart/related; type="application/octet-stream"', OCTETS_LE),
        (
            JLS,
            'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
            multipart("application/octet-stream", JLS),
        ),
        (JLS, 'multipart/related; type="*/*"; transfer-syntax=*', multipart("image/jls", JLS)),
        (JLS, 'multipart/related; type="image/jls"', multipart("image/jls", JLS)),
        (JLS, f'multipart/related; type="image/x-jls"; transfer-syntax={JLS}', multipart("image/jls", JLS)),
        (JLS, 'multipart/related; type="image/*"', multipart("image/jls", JLS)),
        (JLS, 'multipart/related; type="image/jp2"', NOT_ACCEPTABLE),
        (JLS, "image/jls", f"image/jls; transfer-syntax={JLS}"),
        (JLS, "application/octet-stream", f"application/octet-stream; transfer-syntax={EXPLICIT_LE}"),
        (JPEG, 'multipart/related; type="image/jpeg"', multipart("image/jpeg", JPEG)),
        (J2K, 'multipart/related; type="image/jp2"', multipart("image/jp2", J2K)),
        (RLE, 'multipart/related; type="image/dicom-rle"', multipart("image/dicom-rle", RLE)),
        (RLE, 'multipart/related; type="image/x-dicom-rle"', multipart("image/dicom-rle", RLE)),
        (
            JLS,
            'multipart/related; type="image/jls", multipart/related; type="application/octet-stream"',
            multipart("image/jls", JLS),
        ),
        (
            JLS,
            'multipart/related; type="application/octet-stream", multipart/related; type="image/jls"',
            OCTETS_LE,
        ),
        (
            JLS,
            'multipart/related; type="image/jls";q=0.1, multipart/related; type="application/octet-stream"',
            OCTETS_LE,
        ),
    ],
)
def test_frames(stored: UID, accept: str | None, expected: str | None) -> None:
    assert chosen(accept, frame_offers(stored, producible=[EXPLICIT_LE], single=True)) == expected


def test_frames_that_cannot_be_decoded() -> None:
    octets = 'multipart/related; type="application/octet-stream"'
    assert chosen(octets, frame_offers(HTJ2K)) is NOT_ACCEPTABLE
    assert chosen(octets, frame_offers(MPEG4)) == multipart("application/octet-stream", MPEG4)
    assert chosen(None, frame_offers(HTJ2K)) == multipart("image/jphc", HTJ2K)
    assert chosen('multipart/related; type="video/mp4"', frame_offers(MPEG4)) == multipart("video/mp4", MPEG4)


def test_frames_can_be_encoded_on_request() -> None:
    offers = frame_offers(EXPLICIT_LE, producible=[RLE])
    assert chosen('multipart/related; type="image/dicom-rle"', offers) == multipart("image/dicom-rle", RLE)
    assert chosen('multipart/related; type="*/*"; transfer-syntax=*', offers) == OCTETS_LE


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/dicom+json"),
        (CURL, "application/dicom+json"),
        (BROWSER, "application/dicom+json"),
        ("application/dicom+json", "application/dicom+json"),
        ("application/dicom+json, application/json", "application/dicom+json"),
        ("application/json", "application/json"),
        ("application/json, */*", "application/json"),
        ("application/*", "application/dicom+json"),
        ("application/dicom+json; transfer-syntax=*; charset=utf-8", "application/dicom+json"),
        ('multipart/related; type="application/dicom+xml"', 'multipart/related; type="application/dicom+xml"'),
        ("multipart/related", 'multipart/related; type="application/dicom+xml"'),
        ("application/dicom+xml, application/json;q=0.5", "application/json"),
        ("application/dicom+xml", NOT_ACCEPTABLE),
        ("application/dicom+json;q=0, */*", "application/json"),
        ("image/png", NOT_ACCEPTABLE),
    ],
)
def test_rows_and_metadata(accept: str | None, expected: str | None) -> None:
    assert chosen(accept, DATASETS) == expected


def test_one_document_needs_no_parts() -> None:
    assert chosen("application/dicom+xml", DATASET) == "application/dicom+xml"
    assert chosen("application/dicom+xml", STORED) == "application/dicom+xml"
    assert chosen("multipart/related", STORED) is NOT_ACCEPTABLE
    assert chosen(None, STORED) == chosen(None, DATASET) == "application/dicom+json"


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        (None, None, "image/jpeg"),
        (BROWSER, None, "image/jpeg"),
        ("image/png", None, "image/png"),
        ("image/png,image/jpeg", None, "image/png"),
        ("image/png;q=0.5,image/jpeg", None, "image/jpeg"),
        ("image/*, image/gif", None, "image/gif"),
        ("image/webp", None, NOT_ACCEPTABLE),
        ("image/png", "image/jpeg", "image/jpeg"),
        ('multipart/related; type="application/dicom"', "image/jpeg", "image/jpeg"),
        ("image/png", "image/webp", "image/png"),
        (None, "image/webp", NOT_ACCEPTABLE),
        (None, "image/webp,image/gif", "image/gif"),
        ("", "", "image/jpeg"),
    ],
)
def test_rendered_and_the_query_parameter(accept: str | None, query: str | None, expected: str | None) -> None:
    assert chosen(accept, rendered_offers(single=True), query) == expected


def test_a_plus_sign_lost_in_the_query_string_is_repaired() -> None:
    assert chosen("text/html", DATASETS, "application/dicom json") == "application/dicom+json"
    assert chosen(None, DATASET, "application/dicom xml") == "application/dicom+xml"


def test_rendered_series_go_in_parts() -> None:
    assert chosen(None, rendered_offers(single=False)) == 'multipart/related; type="image/jpeg"'
    assert chosen('multipart/related; type="image/png"', rendered_offers(single=False))
    assert chosen("image/png", rendered_offers(single=False)) is NOT_ACCEPTABLE


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, 'multipart/related; type="application/octet-stream"'),
        ("application/octet-stream", "application/octet-stream"),
        ("application/pdf", "application/pdf"),
        (
            'multipart/related; type="application/pdf", multipart/related; type="application/octet-stream"',
            'multipart/related; type="application/pdf"',
        ),
        ("*/*;q=0.1, application/octet-stream", "application/octet-stream"),
        ('multipart/related; type="*/*"', 'multipart/related; type="application/octet-stream"'),
    ],
)
def test_bulk_data(accept: str | None, expected: str) -> None:
    assert chosen(accept, bulk_offers("application/pdf")) == expected
    assert len(bulk_offers()) == 2


def test_not_acceptable_tells_what_is_offered() -> None:
    with pytest.raises(NotAcceptable, match=r"application/dicom\+json, application/json, multipart/related; type="):
        negotiate("text/secret", None, DATASETS)
    with pytest.raises(NotAcceptable) as caught:
        negotiate("text/secret", "image/secret", ())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "accept", ["nonsense", 'a/b; c="open', "a/b;q=high", "a/b;q=2", ",".join(["a/b"] * (MAX_RANGES + 1))]
)
def test_what_is_no_list_of_media_types_is_malformed(accept: str) -> None:
    with pytest.raises(BadRequest):
        parse_acceptance(accept, None)
    with pytest.raises(BadRequest):
        parse_acceptance(None, accept)


def test_nonsense_beside_a_media_type_is_passed_over() -> None:
    assert chosen("nonsense, image/png;q=x, application/json,", DATASETS) == "application/json"
