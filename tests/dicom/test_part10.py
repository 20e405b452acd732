from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.dicom.elements import UNDEFINED, Limits
from gateway.dicom.part10 import IMPLEMENTATION_CLASS_UID, META_LIMIT, file_meta, read_header, read_start
from gateway.dicom.syntax import DEFLATED_LE, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from gateway.dicom.uid import is_uid
from gateway.errors import Reason, Withheld
from tests.builders import planted
from tests.dicom.raw import Leaf, header, write
from tests.samples import FOLDER, sample, samples


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_file_and_bytes_give_the_same(path: Path) -> None:
    try:
        found = read_header(path)
    except Withheld as error:
        with pytest.raises(Withheld) as caught:
            read_header(path.read_bytes())
        assert caught.value.reason is error.reason
        return
    with path.open("rb") as file:
        assert found == read_header(path.read_bytes()) == read_header(file)


@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED_LE])
def test_header(syntax: str) -> None:
    found = read_header(planted(rows=4, columns=5, syntax=syntax))
    assert found.syntax.uid == syntax
    assert (found.text(0x00080060), found.number(0x00280010), found.number(0x00280011)) == ("CT", 4, 5)
    assert (found.number(0x00200013), found.number(0x00280008, 1)) == (1, 1)
    assert (found.text(0x00104000).startswith("Call"), found.text(0x00280010), found.text(0x00091010)) == (True, "", "")
    assert found.pixel_length == 40
    assert "7FE00010" not in found.json().json


def test_pixel_offset_is_that_of_the_file() -> None:
    for name in ("CT_small.dcm", "JPEG2000.dcm", "MR_small_bigendian.dcm"):
        found = read_header(FOLDER / name)
        pixels = dcmread(FOLDER / name).PixelData
        assert sample(name)[found.pixel_offset :].startswith(pixels[:100])
        assert found.pixel_length in (len(pixels), UNDEFINED)


def test_no_more_is_read_than_needed(tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(planted(rows=1000, columns=1000))
    with source.open("rb", buffering=0) as file:
        read_header(file)  # type: ignore[arg-type]
        assert file.tell() < 200_000


def test_text_follows_the_character_set() -> None:
    data = file_meta("1.2", "1.2.3", EXPLICIT_LE) + write(
        (Leaf(0x00080005, "CS", b"ISO_IR 144"), Leaf(0x00100010, "PN", b"\xbb\xee"), Leaf(0x00100020, "LO", b""))
    )
    found = read_header(data)
    assert (found.text(0x00100010), found.text(0x00100020), found.text(0x00100030)) == ("Лю", "", "")


NAME = write((Leaf(0x00080060, "CS", b"CT"), Leaf(0x00100010, "PN", b"A^B ")))
META = file_meta("1.2", "1.2.3", EXPLICIT_LE)


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (META + NAME, EXPLICIT_LE),
        (META[132:] + NAME, EXPLICIT_LE),
        (bytes(128) + b"DICM" + NAME, EXPLICIT_LE),
        (NAME, EXPLICIT_LE),
        (write((Leaf(0x00080060, "CS", b"CT"),), IMPLICIT_LE), IMPLICIT_LE),
        (write((Leaf(0x00080060, "CS", b"CT"),), EXPLICIT_BE), EXPLICIT_BE),
    ],
    ids=["whole", "no preamble", "no meta", "data set alone", "implicit alone", "big endian alone"],
)
def test_missing_parts_are_tolerated_without_doubt(data: bytes, syntax: str) -> None:
    start = read_start(data, final=True)
    assert start is not None and start.syntax.uid == syntax
    assert read_header(data).text(0x00080060) == "CT"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.TRUNCATED),
        (b"\0", Reason.TRUNCATED),
        (META, Reason.TRUNCATED),
        (META[:150], Reason.TRUNCATED),
        (META[:-3] + NAME, Reason.MALFORMED),
        (b"%PDF-1.4 not DICOM at all", Reason.MALFORMED),
        (write((Leaf(0x00091010, "LO", b"x "),)), Reason.MALFORMED),
        (bytes(132) + header(0x00020010, "XX", 2), Reason.MALFORMED),
        (bytes(128) + b"DICM" + header(0x00020010, "XX", 2) + NAME, Reason.MALFORMED),
        (bytes(128) + b"DICM" + header(0x00020102, "OB", META_LIMIT) + NAME, Reason.MALFORMED),
        (file_meta("1.2", "1.2.3", "1.2.3.4") + NAME, Reason.UNKNOWN_TRANSFER_SYNTAX),
    ],
)
def test_refused(data: bytes, reason: Reason) -> None:
    with pytest.raises(Withheld) as caught:
        read_header(data)
    assert caught.value.reason is reason


def test_limits_hold_for_files_too() -> None:
    with pytest.raises(Withheld) as caught:
        read_header(planted(), limits=Limits(header=500))
    assert caught.value.reason is Reason.HEADER_TOO_LARGE


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Withheld) as caught:
        read_header(tmp_path / "none")
    assert caught.value.reason is Reason.UNREADABLE


def test_file_meta_is_ours_and_valid() -> None:
    found = dcmread(io.BytesIO(META + NAME))
    assert found.preamble == bytes(128)
    assert found.file_meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert found.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert is_uid(IMPLEMENTATION_CLASS_UID, strict=True) and int(IMPLEMENTATION_CLASS_UID[5:]) < 1 << 128
    assert len(META) == 132 + 12 + found.file_meta.FileMetaInformationGroupLength
