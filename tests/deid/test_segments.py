from __future__ import annotations

import io
from struct import pack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames

from gateway.deid.segments import StreamCleaner, clean_frame
from gateway.dicom.syntax import Codec, TransferSyntax, known_syntaxes, transfer_syntax
from gateway.errors import Reason, Withheld
from tests.samples import FOLDER

JPEG = transfer_syntax("1.2.840.10008.1.2.4.50")
JPEG_LS = transfer_syntax("1.2.840.10008.1.2.4.80")
JPEG_2000 = transfer_syntax("1.2.840.10008.1.2.4.90")
RLE = transfer_syntax("1.2.840.10008.1.2.5")
NAME = b"Doe^John 1970-01-01"

ENCODED = (
    "693_J2KI.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "JPEG2000.dcm",
    "JPGExtended.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_jpeg_no_color_transform.dcm",
    "SC_rgb_dcmtk_+eb+cy+s4.dcm",
    "SC_rgb_gdcm_KY.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_app14_dcmd.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_rle_16bit_2frame.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "examples_ybr_color.dcm",
)


def segment(code: int, payload: bytes) -> bytes:
    return b"\xff" + bytes([code]) + pack(">H", len(payload) + 2) + payload


def jpeg() -> bytes:
    target = io.BytesIO()
    Image.fromarray(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)).save(target, "JPEG")
    return target.getvalue()


def jpeg_2000() -> bytes:
    (frame,) = frames("MR_small_jp2klossless.dcm")[1]
    return frame


def frames(name: str) -> tuple[TransferSyntax, list[bytes]]:
    data = dcmread(FOLDER / name)
    count = int(data.get("NumberOfFrames") or 1)
    return transfer_syntax(data.file_meta.TransferSyntaxUID), list(
        generate_frames(data.PixelData, number_of_frames=count)
    )


@pytest.mark.parametrize("name", ENCODED)
def test_cleaned_frames_decode_to_the_same_pixels(name: str) -> None:
    syntax, encoded = frames(name)
    cleaned = [clean_frame(frame, syntax) for frame in encoded]
    assert [len(frame) for frame in cleaned] == [len(frame) for frame in encoded]
    data = dcmread(FOLDER / name)
    data.PixelData = encapsulate(cleaned)
    assert np.array_equal(data.pixel_array, dcmread(FOLDER / name).pixel_array)
    assert [clean_frame(frame, syntax) for frame in cleaned] == cleaned


@pytest.mark.parametrize("name", ENCODED)
def test_chunks_of_any_size_give_the_same(name: str) -> None:
    syntax, (frame, *_) = frames(name)
    frame = frame[:3000] if syntax.codec is Codec.RLE else frame
    whole = clean_frame(frame, syntax)
    for size in (1, 2, 3, 1000):
        cleaner = StreamCleaner(syntax)
        cleaner.fragment()
        assert b"".join(cleaner.feed(frame[at : at + size]) for at in range(0, len(frame), size)) == whole


@pytest.mark.parametrize("code", [0xFE, *range(0xE0, 0xF0), 0xC8, 0xF0, 0xFD])
@pytest.mark.parametrize(
    "payload", [NAME, b"JFIF\0" + NAME * 2, b"Adobe" + NAME * 2, b"mrfx1" + NAME, b"JFXX\0" + NAME]
)
def test_jpeg_segments_lose_their_text(code: int, payload: bytes) -> None:
    image = jpeg()
    cleaned = clean_frame(image[:2] + segment(code, payload) + image[2:], JPEG)
    # Of a name behind "JFIF" the bytes of version and density stay; nothing else does.
    assert NAME[:10] not in cleaned
    assert NAME[9:] not in cleaned
    assert cleaned.endswith(image[2:])


def test_needed_application_segments_keep_what_decoding_needs() -> None:
    jfif = b"JFIF\0\1\1\0\0\1\0\1\2\1" + b"thumbs"
    adobe = b"Adobe\0\x64\0\0\0\0\1"
    image = jpeg()
    data = (
        image[:2]
        + segment(0xE0, jfif)
        + segment(0xEE, b"Adobe\0\x64" + NAME[:4] + b"\1" + NAME)
        + segment(0xE8, b"mrfx\1")
        + image[2:]
    )
    cleaned = clean_frame(data, JPEG)
    assert segment(0xE0, jfif[:14] + bytes(6)) in cleaned
    assert segment(0xEE, adobe + bytes(len(NAME))) in cleaned
    assert segment(0xE8, b"mrfx\1") in cleaned


def test_jpeg_text_between_scans_and_after_the_end() -> None:
    image = jpeg()
    scan = image.index(b"\xff\xda")
    twice = image[:-2] + segment(0xFE, NAME) + image[scan:] + NAME
    cleaned = clean_frame(twice, JPEG)
    assert NAME not in cleaned
    assert cleaned == image[:-2] + segment(0xFE, bytes(len(NAME))) + image[scan:] + bytes(len(NAME))


def test_jpeg_stuffing_and_restart_markers_are_no_segments() -> None:
    image = jpeg()[:-2] + b"\xff\x00\xff\xd3ab\xff\xff\xd9"
    assert clean_frame(image, JPEG) == image


def test_jpeg_ls_bytes_below_80_behind_ff_are_pixels() -> None:
    start = b"\xff\xd8" + segment(0xF7, b"\x08\0\1\0\1\1\1\x11\0") + segment(0xDA, b"\1\1\0\0\0\0")
    data = start + b"ab\xff\x7fcd\xff\xfe\x00\x05abc" + b"\xff\xd9"
    assert clean_frame(data, JPEG_LS) == data.replace(b"\x05abc", b"\x05\0\0\0")
    with pytest.raises(Withheld):
        clean_frame(data, JPEG)


def test_an_image_over_several_fragments() -> None:
    image = jpeg()[:2] + segment(0xFE, NAME) + jpeg()[2:]
    for cut in range(1, 40):
        cleaner = StreamCleaner(JPEG)
        out = b""
        for piece in (image[:cut], image[cut:] + b"\0", image):
            cleaner.fragment()
            out += cleaner.feed(piece)
        cleaner.finish()
        assert NAME not in out
        assert out == clean_frame(image, JPEG) + b"\0" + clean_frame(image, JPEG)


def test_jpeg_2000_comments_in_both_headers() -> None:
    image = jpeg_2000()
    tile = image.index(b"\xff\x90")
    comment = b"\xff\x64" + pack(">HH", len(NAME) + 4, 1) + NAME
    size = int.from_bytes(image[tile + 6 : tile + 10])
    assert size
    longer = (
        image[:tile] + comment + image[tile : tile + 6] + pack(">I", size + len(comment)) + image[tile + 10 : tile + 12]
    )
    cleaned = clean_frame(longer + comment + image[tile + 12 :], JPEG_2000)
    assert NAME not in cleaned
    assert cleaned.count(b"\xff\x64" + pack(">HH", len(NAME) + 4, 0) + bytes(len(NAME))) == 2


def test_jpeg_2000_last_tile_part_of_unknown_length() -> None:
    image = jpeg_2000()
    tile = image.rindex(b"\xff\x90")
    end = image.rindex(b"\xff\xd9") + 2
    endless = image[: tile + 6] + bytes(4) + image[tile + 10 : end] + NAME
    cleaned = clean_frame(endless, JPEG_2000)
    assert (cleaned[: tile + 10][-4:], cleaned[end:]) == (bytes(4), bytes(len(NAME)))
    assert cleaned[tile:end] == endless[tile:end]
    cleaner = StreamCleaner(JPEG_2000)
    cleaner.fragment()
    assert b"".join(cleaner.feed(endless[at : at + 1]) for at in range(len(endless))) == cleaned


def test_jp2_boxes_that_are_not_needed_are_blanked() -> None:
    image = jpeg_2000()
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + pack(">I", 8 + len(NAME)) + b"xml " + NAME + b"\0\0\0\0jp2c"
    cleaned = clean_frame(boxes + image, JPEG_2000)
    assert cleaned == boxes.replace(NAME, bytes(len(NAME))) + clean_frame(image, JPEG_2000)


def test_rle_header_holds_offsets_only() -> None:
    header = pack("<16I", 1, 80, *(int.from_bytes(b"Doe^") for _ in range(14)))
    cleaned = clean_frame(header + b"Doe^John 1970-01" + b"\x01ab", RLE)
    assert cleaned == pack("<2I", 1, 80) + bytes(56) + bytes(16) + b"\x01ab"


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (b"GIF89a", JPEG),
        (b"\xff\xd8ab", JPEG),
        (b"\xff\xd8\xff\xc0\x00\x01", JPEG),
        (b"\xff\xd8\xff\x20", JPEG),
        (b"\xff\xd8\xff\xe1", JPEG_2000),
        (b"\xff\x4f\xff\x93", JPEG_2000),
        (b"\xff\x4f\xff\x90\x00\x0b", JPEG_2000),
        (b"\xff\x4f\xff\x90\x00\x0a\0\0\0\0\0\x0d\0\1", JPEG_2000),
        (b"\xff\x4f\xff\x6f", JPEG_2000),
        (b"\0\0\0\x04xml ", JPEG_2000),
        (pack("<16I", 0, *[0] * 15), RLE),
        (pack("<16I", 2, 64, 64, *[0] * 13), RLE),
        (pack("<16I", 99, *[0] * 15), RLE),
    ],
)
def test_what_cannot_be_walked_is_malformed(data: bytes, syntax: TransferSyntax) -> None:
    with pytest.raises(Withheld) as caught:
        clean_frame(data, syntax)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_gdcm.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"])
def test_a_cut_image_is_truncated(name: str) -> None:
    syntax, (frame, *_) = frames(name)
    end = frame.rindex(b"\xff\xd9")
    for cut in (3, 20, end // 2, end + 1):
        with pytest.raises(Withheld) as caught:
            clean_frame(frame[:cut], syntax)
        assert caught.value.reason is Reason.TRUNCATED


@given(st.binary(max_size=100), st.sampled_from((JPEG, JPEG_LS, JPEG_2000, RLE)))
def test_any_bytes_keep_their_length_or_are_withheld(data: bytes, syntax: TransferSyntax) -> None:
    prefix = {Codec.JPEG: b"\xff\xd8\xff", Codec.JPEG_LS: b"\xff\xd8\xff", Codec.JPEG_2000: b"\xff\x4f\xff"}
    for whole in (data, prefix.get(syntax.codec, b"") + data):
        try:
            assert len(clean_frame(whole, syntax)) == len(whole)
        except Withheld as error:
            assert error.reason in (Reason.MALFORMED, Reason.TRUNCATED)


def test_native_frames_pass_and_streams_nobody_can_clean_do_not() -> None:
    for syntax in known_syntaxes():
        if syntax.codec in (Codec.NATIVE, Codec.UNCOMPRESSED):
            assert clean_frame(b"abc", syntax) == b"abc"
        elif syntax.codec in (Codec.VIDEO, Codec.JPEG_XL, Codec.DEFLATED_FRAME):
            with pytest.raises(Withheld) as caught:
                StreamCleaner(syntax)
            assert caught.value.reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX
        else:
            assert StreamCleaner(syntax)
