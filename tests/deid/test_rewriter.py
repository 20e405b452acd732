from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path
from struct import pack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.deid.rewriter import InstanceRewriter
from gateway.deid.scope import Scope
from gateway.dicom.elements import Limits
from gateway.dicom.part10 import IMPLEMENTATION_CLASS_UID, file_meta, read_header
from gateway.dicom.syntax import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from gateway.dicom.uid import UID, InstanceRef, ResourceRef, SeriesRef, StudyRef
from gateway.errors import Reason, Withheld
from tests.builders import (
    CANARIES,
    CANARIES_AFTER_SECOND,
    CT,
    DEFLATED_LE,
    JPEG_BASELINE,
    RLE,
    SR,
    encapsulated,
    found_canaries,
    part10,
    planted,
    planted_dataset,
    ref_of,
)
from tests.deid.test_segments import jpeg
from tests.dicom.raw import Leaf, Node, Seq, data_sets, header, item_header, known_data_sets, write
from tests.samples import samples

PROFILES = Path(__file__).parents[2] / "profiles"
SYNTAXES = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED_LE, RLE)


@cache
def engine(name: str) -> Engine:
    return Engine(load_plan(PROFILES / f"{name}-pass.toml", this_year=2025), Keys.from_bytes(bytes(range(32))))


FIRST, SECOND = engine("first"), engine("second")


UIDS = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.5", "SOPInstanceUID": "1.2.3.6.7.8.9"}


def refused(data: bytes, by: Engine = FIRST, expect: ResourceRef | None = None) -> Withheld:
    with pytest.raises(Withheld) as caught:
        by.instance(data, expect=expect)
    return caught.value


def minimal(*nodes: Node, syntax: str = EXPLICIT_LE, sop_class: str = CT) -> bytes:
    """Return the elements that identify an instance, and `nodes`."""
    identity: tuple[Node, ...] = (
        Leaf(0x00080016, "UI", sop_class.encode() + b"\0" * (len(sop_class) % 2)),
        Leaf(0x00080018, "UI", b"1.2.3.4\0"),
        Leaf(0x0020000D, "UI", b"1.2\0"),
        Leaf(0x0020000E, "UI", b"1.2.3\0"),
    )
    ordered = tuple(sorted((*identity, *nodes), key=lambda node: node.tag))
    return file_meta(sop_class, "1.2.3.4", syntax) + write(ordered, syntax)


def compressed() -> bytes:
    data = planted_dataset("US")
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows = data.Columns = 64
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    comment = b"\xff\xfe" + pack(">H", 14) + b"Zqnachname^X"
    return encapsulated(data, [jpeg()[:2] + comment + jpeg()[2:]] * 2, JPEG_BASELINE)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("which", ["first", "second"])
def test_nothing_planted_leaves(syntax: str, which: str) -> None:
    source = planted(rows=4, columns=4, syntax=syntax, **UIDS)
    assert found_canaries(source) or syntax == DEFLATED_LE
    out = engine(which).instance(source)
    assert found_canaries(out, CANARIES if which == "first" else CANARIES_AFTER_SECOND) == []
    ref = ref_of(source)
    assert (ref.instance.encode() in out) == (which == "first")


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_pixels_are_the_same_and_the_syntax_may_leave(syntax: str) -> None:
    source = planted(rows=5, columns=7, frames=2, syntax=syntax)
    out = dcmread(io.BytesIO(FIRST.instance(source)))
    assert out.file_meta.TransferSyntaxUID == (RLE if syntax == RLE else EXPLICIT_LE)
    assert out.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert out.file_meta.MediaStorageSOPInstanceUID == out.SOPInstanceUID
    assert out.preamble == bytes(128)
    assert np.array_equal(out.pixel_array, dcmread(io.BytesIO(source)).pixel_array)


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_every_file_of_pydicom(path: Path) -> None:
    source = path.read_bytes()
    for by in (FIRST, SECOND):
        try:
            out = by.instance(source)
        except Withheld:
            continue
        assert read_header(out).json().json == by.dataset(read_header(source).json()).json
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before, after = dcmread(path, force=True), dcmread(io.BytesIO(out))
            assert list(after.keys()) == sorted(after.keys())
            assert ("PixelData" in before) == ("PixelData" in after)
            if "PixelData" not in after or after.file_meta.TransferSyntaxUID.is_compressed:
                continue
            assert np.array_equal(before.pixel_array, after.pixel_array)


@pytest.mark.parametrize("make", [lambda: planted(rows=2, columns=2), compressed], ids=["native", "jpeg"])
def test_every_split_point_gives_the_same(make) -> None:  # type: ignore[no-untyped-def]
    source = make()
    whole = FIRST.instance(source)
    for cut in range(0, len(source), 3):
        rewriter = FIRST.rewriter()
        pieces = [*rewriter.feed(source[:cut]), *rewriter.feed(source[cut:]), *rewriter.finish()]
        assert b"".join(pieces) == whole


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_of_any_size_give_the_same(syntax: str, size: int) -> None:
    source = planted(rows=3, columns=5, syntax=syntax)
    rewriter = SECOND.rewriter()
    out = b"".join(b"".join(rewriter.feed(source[at : at + size])) for at in range(0, len(source), size))
    assert out + b"".join(rewriter.finish()) == SECOND.instance(source)


@pytest.mark.parametrize("make", [lambda: planted(rows=2, columns=2), compressed], ids=["native", "jpeg"])
def test_truncated_anywhere_is_withheld(make) -> None:  # type: ignore[no-untyped-def]
    source = make()
    for cut in range(len(source)):
        error = refused(source[:cut])
        assert error.reason in (Reason.TRUNCATED, Reason.MISSING_IDENTITY, Reason.MALFORMED), cut


def test_a_deflated_instance_cut_short_is_withheld() -> None:
    source = planted(syntax=DEFLATED_LE)
    for cut in range(200, len(source) - 3, 50):
        assert refused(source[:cut]).reason is Reason.TRUNCATED


def test_comments_in_frames_are_blanked_on_the_way() -> None:
    source = compressed()
    assert b"Zqnachname^X" in source
    out = dcmread(io.BytesIO(FIRST.instance(source)))
    assert b"Zqnachname" not in out.PixelData
    assert len(out.PixelData) == len(dcmread(io.BytesIO(source)).PixelData)
    assert np.array_equal(out.pixel_array, dcmread(io.BytesIO(source)).pixel_array)


def test_header_is_known_before_the_pixels_have_come() -> None:
    source = planted(rows=200, columns=200)
    rewriter = SECOND.rewriter()
    assert rewriter.feed(source[:100]) == [] and rewriter.header is None
    rewriter.feed(source[100:20000])
    found, ref = rewriter.header, ref_of(source)
    assert found is not None
    assert (found.sop_class, found.transfer_syntax) == (CT, EXPLICIT_LE)
    assert found.instance == SECOND.keys.uid(ref.instance)
    assert found.study == SECOND.keys.uid(ref.study)
    assert found.series == SECOND.keys.uid(ref.series)


def test_pixels_pass_as_they_come() -> None:
    source = planted(rows=500, columns=500)
    rewriter = FIRST.rewriter()
    rewriter.feed(source[:20000])
    assert [len(b"".join(rewriter.feed(source[at : at + 5000]))) for at in range(20000, 100000, 5000)] == [5000] * 16


def test_identified_gives_the_original_back() -> None:
    source = planted()
    rewriter = FIRST.rewriter()
    with pytest.raises(Withheld):
        rewriter.identified()
    rewriter.feed(source)
    assert rewriter.identified().json == read_header(source).json().json


def test_report_names_what_was_done() -> None:
    source = planted()
    rewriter = InstanceRewriter(FIRST.plan, FIRST.bind(Scope()), report=True)
    rewriter.feed(source)
    assert rewriter.header is not None and rewriter.header.report is not None
    actions = rewriter.header.report.actions
    assert actions["00100010"] == "pseudonym"
    assert actions["00400275"] == FIRST.plan.decide(0x00400275, "SQ").action
    said = FIRST.dataset(read_header(source).json(), report=True).report
    assert said is not None
    assert {path: action for path, action in said.actions.items() if path in actions} == actions


@pytest.mark.parametrize("removed", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
def test_identity_must_be_there_and_valid(removed: str) -> None:
    for value in ("", "not a uid", "1.." * 20):
        data = planted_dataset()
        file = part10(data)
        original = str(data[removed].value).encode()
        broken = file.replace(original, value.encode()[: len(original)].ljust(len(original), b"\0"))
        assert refused(broken).reason is Reason.MISSING_IDENTITY


def test_identity_must_be_the_one_asked_for() -> None:
    source = planted()
    ref = ref_of(source)
    other = UID("1.2.3")
    fitting: tuple[ResourceRef, ...] = (ref, StudyRef(ref.study), SeriesRef(ref.study, ref.series))
    for expect in fitting:
        assert FIRST.instance(source, expect=expect)
    foreign: tuple[ResourceRef, ...] = (
        StudyRef(other),
        SeriesRef(ref.study, other),
        InstanceRef(ref.study, ref.series, other),
        InstanceRef(other, ref.series, ref.instance),
    )
    for expect in foreign:
        assert refused(source, expect=expect).reason is Reason.IDENTITY_MISMATCH


def test_a_sop_class_that_is_not_allowed_is_refused() -> None:
    source = part10(planted_dataset(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"))
    assert refused(source).reason is Reason.SOP_CLASS_REFUSED


def test_after_a_refusal_nothing_comes_out_any_more() -> None:
    rewriter = FIRST.rewriter()
    with pytest.raises(Withheld):
        rewriter.feed(b"\0" * 128 + b"DICM" + b"%PDF" * 20)
    for _ in range(2):
        with pytest.raises(Withheld):
            rewriter.feed(planted())
        with pytest.raises(Withheld):
            rewriter.finish()


NAME = Leaf(0x00100010, "PN", b"Doe^Jane")
LATE = Leaf(0x7FE10010, "LO", b"ZQPRIVAT")


def pixels(*, tail: bytes = b"", value: bytes = bytes(range(8)), length: int | None = None) -> bytes:
    shape = (
        Leaf(0x00280002, "US", b"\1\0"),
        Leaf(0x00280010, "US", b"\2\0"),
        Leaf(0x00280011, "US", b"\2\0"),
        Leaf(0x00280100, "US", b"\x10\0"),
    )
    element = header(0x7FE00010, "OW", len(value) if length is None else length) + value
    return minimal(NAME, *shape) + element + tail


def pixel_data(out: bytes) -> bytes:
    return bytes(dcmread(io.BytesIO(out)).PixelData)


def test_an_image_without_pixels_was_cut() -> None:
    assert refused(minimal(NAME)).reason is Reason.TRUNCATED
    rows = Leaf(0x00280010, "US", b"\1\0")
    assert refused(minimal(NAME, rows, sop_class=SR)).reason is Reason.TRUNCATED


def test_what_follows_pixel_data_is_judged_too() -> None:
    tail = write(
        (LATE, Leaf(0x7FE11001, "LO", b"Zqprivat"), Leaf(0xFFFAFFFA, "SQ", b""), Leaf(0xFFFCFFFC, "OB", b"Zqname"))
    )
    out = FIRST.instance(pixels(tail=tail + bytes(64)))
    assert out == FIRST.instance(pixels())
    rewriter = FIRST.rewriter()
    rewriter.feed(pixels(tail=tail))
    rewriter.finish()
    assert "7FE10010" in rewriter.identified().json


@pytest.mark.parametrize(
    "tail",
    [
        b"Zqname and garbage",
        write((NAME,)),
        header(0x7FE00010, "OW", 2) + b"ab",
        write((LATE,))[:-1],
        write((LATE, LATE)),
    ],
    ids=["garbage", "lower tag", "pixels twice", "cut", "duplicate"],
)
def test_what_cannot_follow_pixel_data_withholds(tail: bytes) -> None:
    assert refused(pixels(tail=tail)).reason in (Reason.MALFORMED, Reason.TRUNCATED)


def test_what_follows_pixel_data_has_a_limit() -> None:
    rewriter = InstanceRewriter(FIRST.plan, FIRST.bind(Scope()), limits=Limits(header=1000))
    rewriter.feed(pixels())
    with pytest.raises(Withheld) as caught:
        rewriter.feed(bytes(1001))
    assert caught.value.reason is Reason.HEADER_TOO_LARGE


def test_bytes_that_no_pixel_occupies_are_zeroed() -> None:
    assert pixel_data(FIRST.instance(pixels(value=bytes(range(1, 9)) + b"Zqname"))) == bytes(range(1, 9)) + bytes(6)


@pytest.mark.parametrize(("length", "left"), [(8, 8), (10, 8), (12, 12), (14, 12)])
def test_of_subsampled_pixels_nothing_stays_behind_the_last(length: int, left: int) -> None:
    shape = {0x00280002: 3, 0x00280010: 2, 0x00280011: 2, 0x00280100: 8}
    nodes = [Leaf(tag, "US", pack("<H", number)) for tag, number in shape.items()]
    declared = minimal(*nodes, Leaf(0x00280004, "CS", b"YBR_FULL_422"))
    value = bytes(range(1, length + 1))
    found = pixel_data(FIRST.instance(declared + header(0x7FE00010, "OB", length) + value))
    assert found == value[:left] + bytes(length - left)


def test_pixels_stay_when_the_header_does_not_tell_how_many_there_are() -> None:
    value = bytes(range(1, 17))
    shape = [Leaf(tag, "US", pack("<H", number)) for tag, number in ((0x00280010, 1), (0x00280011, 1), (0x00280100, 8))]
    element = header(0x7FE00010, "OB", 16) + value
    assert pixel_data(FIRST.instance(minimal(*shape[1:]) + element)) == value
    assert refused(minimal(*shape, Leaf(0x00280008, "IS", b"1A")) + element).reason is Reason.MALFORMED
    assert pixel_data(FIRST.instance(minimal(*shape, Leaf(0x00280008, "IS", b"2 ")) + element)) == b"\1\2" + bytes(14)


def test_an_odd_value_is_padded() -> None:
    assert pixel_data(FIRST.instance(pixels(value=b"1234567"))) == b"1234567\0"


def test_no_pixels_at_all() -> None:
    assert dcmread(io.BytesIO(FIRST.instance(pixels(value=b"")))).PixelData is None


@pytest.mark.parametrize(
    ("bits", "value", "little"), [(8, b"badc", b"abcd"), (16, b"badc", b"abcd"), (32, b"dcba", b"abcd")]
)
def test_big_endian_words_are_swapped(bits: int, value: bytes, little: bytes) -> None:
    allocated = Leaf(0x00280100, "US", pack(">H", bits))
    source = minimal(allocated, syntax=EXPLICIT_BE) + header(0x7FE00010, "OW", 4, EXPLICIT_BE) + value
    assert pixel_data(FIRST.instance(source)) == little
    as_bytes = minimal(allocated, syntax=EXPLICIT_BE) + header(0x7FE00010, "OB", 4, EXPLICIT_BE) + little
    assert pixel_data(FIRST.instance(as_bytes)) == little


def fragments(*values: bytes, table: bytes = b"", end: bytes = item_header(0xFFFEE0DD, 0)) -> bytes:
    items = b"".join(item_header(0xFFFEE000, len(value)) + value for value in (table, *values))
    meta = file_meta(CT, "1.2.3.4", JPEG_BASELINE)
    return (
        meta
        + minimal(NAME)[len(file_meta(CT, "1.2.3.4", EXPLICIT_LE)) :]
        + header(0x7FE00010, "OB", 0xFFFFFFFF)
        + items
        + end
    )


def test_offset_tables_pass_only_when_they_are_tables() -> None:
    image = jpeg() + b"\0" * (len(jpeg()) % 2)
    table = pack("<2I", 0, len(image) + 8)
    assert pack("<2I", 0, len(image) + 8) in FIRST.instance(fragments(image, image, table=table))
    for wrong in (b"Zqname12", b"Zqn", pack("<2I", 0, 0), pack("<I", 8)):
        out = FIRST.instance(fragments(image, image, table=wrong + b"\0" * (len(wrong) % 2)))
        assert out == FIRST.instance(fragments(image, image))


def test_odd_fragments_are_padded() -> None:
    image = jpeg() + b"\0" * (1 - len(jpeg()) % 2)
    assert len(image) % 2
    out = dcmread(io.BytesIO(FIRST.instance(fragments(image, image))))
    assert bytes(out.PixelData) == encapsulate([image, image], has_bot=False)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (fragments(jpeg()[:-2]), Reason.TRUNCATED),
        (fragments(b"Zqname"), Reason.MALFORMED),
        (fragments(jpeg(), end=b""), Reason.TRUNCATED),
        (fragments(jpeg(), end=item_header(0xFFFEE00D, 0)), Reason.MALFORMED),
        (fragments(jpeg(), end=item_header(0xFFFEE000, 0xFFFFFFFF)), Reason.MALFORMED),
        (fragments(jpeg(), end=item_header(0xFFFEE0DD, 4) + b"name"), Reason.MALFORMED),
        (minimal() + header(0x7FE00010, "OB", 0xFFFFFFFF) + item_header(0xFFFEE0DD, 0), Reason.MALFORMED),
        (pixels(length=9), Reason.TRUNCATED),
    ],
)
def test_pixel_data_that_is_not_what_it_says(source: bytes, reason: Reason) -> None:
    assert refused(source).reason is reason


def test_video_is_refused_by_name() -> None:
    video = fragments(b"\0\0\1\xb3").replace(JPEG_BASELINE.encode() + b"\0", b"1.2.840.10008.1.2.4.100\0"[:23] + b"\0")
    source = file_meta(CT, "1.2.3.4", "1.2.840.10008.1.2.4.102") + video[len(file_meta(CT, "1.2.3.4", JPEG_BASELINE)) :]
    assert refused(source).reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX


def test_text_leaves_as_utf_8() -> None:
    data = planted_dataset("SR", InstitutionName="Zürich", SpecificCharacterSet="ISO_IR 100")
    out = dcmread(io.BytesIO(FIRST.instance(part10(data))))
    assert (out.SpecificCharacterSet, out.InstitutionName) == ("ISO_IR 192", "Zürich")
    assert "SpecificCharacterSet" not in dcmread(io.BytesIO(FIRST.instance(minimal(NAME, sop_class=SR))))


def test_text_that_cannot_be_decoded_never_leaves() -> None:
    out = FIRST.instance(minimal(Leaf(0x00080080, "LO", b"Z\xfcrich"), sop_class=SR))
    assert b"Z\xfcrich" not in out and b"rich" not in out


def test_original_values_survive_no_malformed_number() -> None:
    out = FIRST.instance(minimal(Leaf(0x00181151, "IS", b"Doe "), Leaf(0x00280002, "US", b"\1\0\2"), sop_class=SR))
    found = dcmread(io.BytesIO(out))
    assert found.SamplesPerPixel is None
    assert b"Doe" not in out


def test_tags_ascend_with_the_markers_among_them() -> None:
    out = dcmread(io.BytesIO(SECOND.instance(planted())))
    assert list(out.keys()) == sorted(out.keys())
    assert out.PatientIdentityRemoved == "YES"


def test_the_same_input_gives_the_same_bytes_and_the_reader_changes_nothing() -> None:
    for by in (FIRST, SECOND):
        once = by.instance(planted(syntax=IMPLICIT_LE, **UIDS))
        again = by.instance(planted(syntax=IMPLICIT_LE, **UIDS))
        assert once == again
        assert by.reader().instance(once) == once


@given(st.one_of(data_sets, known_data_sets), st.sampled_from((EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)), st.booleans())
@settings(max_examples=100)
def test_bytes_and_json_agree_on_any_data_set(nodes: tuple[Node, ...], syntax: str, second: bool) -> None:
    identity = {0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00280010}  # and what makes an image
    source = minimal(*(node for node in nodes if node.tag not in identity), syntax=syntax, sop_class=SR)
    by = SECOND if second else FIRST
    try:
        out = by.instance(source)
    except Withheld as error:
        with pytest.raises(Withheld) as caught:
            by.dataset(read_header(source).json())
        assert caught.value.reason is error.reason
        return
    assert read_header(out).json().json == by.dataset(read_header(source).json()).json


def test_nested_is_judged_as_the_root() -> None:
    nested: tuple[Node, ...] = (NAME, Leaf(0x00080080, "LO", b"Hospital"))
    for _ in range(5):
        nested = (NAME, Leaf(0x00080080, "LO", b"Hospital"), Seq(0x00081140, (nested,), True, True))
    out = FIRST.instance(minimal(*nested, sop_class=SR))
    assert b"Doe" not in out
    assert isinstance(dcmread(io.BytesIO(out)), Dataset)
