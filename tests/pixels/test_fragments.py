from __future__ import annotations

from struct import pack

import pytest

from gateway.dicom.syntax import Codec
from gateway.errors import Withheld
from gateway.pixels.fragments import FrameAssembler

A, B, C = b"\xff\xd8first", b"\xff\xd8second!", b"\xff\xd8third"


def assembled(codec: Codec, frames: int, fragments: list[bytes], table: bytes = b"") -> list[bytes]:
    assembler = FrameAssembler(codec, frames, limit=1000)
    assembler.offset_table(table)
    found = [frame for fragment in fragments if (frame := assembler.add(fragment)) is not None]
    return [*found, assembler.end()]


@pytest.mark.parametrize("codec", [Codec.JPEG, Codec.RLE, Codec.JPEG_2000])
def test_one_frame_is_all_its_fragments(codec: Codec) -> None:
    assert assembled(codec, 1, [A, b"more", B]) == [A + b"more" + B]


def test_without_a_table_a_frame_begins_where_a_codestream_does() -> None:
    assert assembled(Codec.JPEG, 3, [A, b"tail", B, C]) == [A + b"tail", B, C]
    one, two = b"\xff\x4f\xff\x51one", b"\xff\x4f\xff\x51two"
    assert assembled(Codec.JPEG_2000, 2, [one, two, b"tail"]) == [one, two + b"tail"]


def test_other_codecs_have_one_fragment_per_frame() -> None:
    assert assembled(Codec.RLE, 3, [b"a", b"b", b"c"]) == [b"a", b"b", b"c"]


def test_a_sound_table_decides() -> None:
    table = pack("<2I", 0, 8 + len(A) + 8 + 4)
    assert assembled(Codec.JPEG, 2, [A, b"tail", b"no start"], table) == [A + b"tail", b"no start"]
    assert assembled(Codec.RLE, 2, [b"ab", b"cd", b"ef"], pack("<2I", 0, 20)) == [b"abcd", b"ef"]


@pytest.mark.parametrize("table", [pack("<1I", 0), pack("<2I", 4, 8), pack("<2I", 0, 0), pack("<3I", 0, 8, 16)])
def test_an_unsound_table_is_not_followed(table: bytes) -> None:
    assert assembled(Codec.JPEG, 2, [A, B], table) == [A, B]


@pytest.mark.parametrize(
    ("frames", "fragments", "table"),
    [
        (2, [A], b""),
        (2, [A, B, C], b""),
        (1, [], b""),
        (2, [A, B], pack("<2I", 0, 5)),
        (2, [A, B], b"abc"),
        (1, [bytes(600), bytes(600)], b""),
    ],
    ids=["too few", "too many", "none", "table misses", "cut table", "too long"],
)
def test_what_does_not_add_up_is_withheld(frames: int, fragments: list[bytes], table: bytes) -> None:
    with pytest.raises(Withheld):
        assembled(Codec.JPEG, frames, fragments, table)
