from __future__ import annotations

import pytest

from gateway.dicom.dictionary import (
    creator_tag,
    display_tag,
    hex_tag,
    is_private,
    is_private_creator,
    keyword_of,
    tag_of,
    tag_path,
    vr_of,
)
from gateway.errors import BadQuery


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00100010, "PN"),
        (0x60023000, "OW"),
        (0x60020022, "LO"),
        (0x50041001, "CS"),
        (0x00283006, "OW"),
        (0x54001010, "OW"),
        (0x7FE00010, "OW"),
        (0x00280000, "UL"),
        (0x00090010, "LO"),
        (0x00091001, "UN"),
        (0x12345678, "UN"),
        (0xFFFEE000, "UN"),
    ],
)
def test_vr(tag: int, vr: str) -> None:
    assert vr_of(tag) == vr


def test_vr_that_depends() -> None:
    assert (vr_of(0x00280106), vr_of(0x00280106, signed=True)) == ("US", "SS")
    assert (vr_of(0x00091002, "GEMS_IDEN_01"), vr_of(0x00091002, "nobody")) == ("SH", "UN")


def test_private_tags() -> None:
    assert is_private(0x00091001)
    assert not is_private(0x00100010)
    assert is_private_creator(0x000900FF)
    assert not is_private_creator(0x00091001)
    assert not is_private_creator(0x00100010)
    assert creator_tag(0x00091AFF) == 0x0009001A


def test_names() -> None:
    assert (keyword_of(0x00100010), keyword_of(0x60020022), keyword_of(0x00091001)) == (
        "PatientName",
        "OverlayDescription",
        "",
    )
    assert (hex_tag(0x0020000D), display_tag(0x0020000D)) == ("0020000D", "(0020,000d)")
    assert (tag_of("StudyInstanceUID"), tag_of("0020000d"), tag_of("Nonsense")) == (0x0020000D, 0x0020000D, None)


def test_tag_path() -> None:
    assert tag_path("00400275.RequestedProcedureID") == (0x00400275, 0x00401001)
    with pytest.raises(BadQuery) as caught:
        tag_path("PatientName.Doe")
    assert "Doe" not in str(caught.value)
