"""What every origin must answer, whatever it is made of."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate

from gateway.dicom.dataset import first_text
from gateway.dicom.syntax import EXPLICIT_LE
from gateway.dicom.uid import UID, FrameRef, InstanceRef, ResourceRef, SeriesRef, StudyRef
from gateway.dicomweb.levels import INSTANCE_UID, SERIES_UID, STUDY_UID
from gateway.dicomweb.query import Level, parse_query
from gateway.errors import NotFound
from gateway.origin.protocol import Frame, Origin
from gateway.origin.stored import stored_frames
from gateway.streams import close, closing
from tests.builders import (
    DEFLATED_LE,
    EXPLICIT_BE,
    IMPLICIT_LE,
    JPEG_BASELINE,
    RLE,
    part10,
    planted,
    planted_dataset,
    ref_of,
)
from tests.origin.conftest import OpenOrigin
from tests.samples import sample

ABDOMEN, HEAD, CHEST, KNEE = UID("2.25.1"), UID("2.25.2"), UID("2.25.3"), UID("2.25.4")
NOWHERE = UID("2.25.999")


def series(uid: str, count: int, modality: str = "CT", **options: Any) -> list[bytes]:
    """Return instances whose UIDs are those of their series (study.number) with the number appended."""
    fixed = {"StudyInstanceUID": uid.rpartition(".")[0], "SeriesInstanceUID": uid}
    return [
        planted(modality, SOPInstanceUID=f"{uid}.{number}", InstanceNumber=number, **fixed, **options)
        for number in range(1, count + 1)
    ]


def corpus() -> list[bytes]:
    """Return four studies: two series of CT, one of MR, a radiograph, and one with a name in three scripts."""
    head = {
        "PatientName": "Adler^Berta Maria",
        "PatientID": "B 17&4",
        "PatientBirthDate": "19610102",
        "AccessionNumber": "A+1;2",
        "StudyDate": "20200105",
        "StudyTime": "0815",
        "StudyDescription": "Brain 100% #1",
        "RequestAttributesSequence": None,
        "SliceThickness": "2.50",
    }
    chest = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "Müller^Jürg",
        "PatientID": "C3",
        "StudyDate": "20231231",
        "StudyTime": "235959",
        "StudyDescription": "Thorax später",
        "ImageType": ["DERIVED", "SECONDARY"],
    }
    knee = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "PatientID": "D4",
        "StudyDate": "20240301",
        "PatientSex": None,
    }
    return [
        *series(f"{ABDOMEN}.1", 3, SeriesNumber=1, SliceThickness="5"),
        *series(f"{ABDOMEN}.2", 2, SeriesNumber=2, StationName="OTHER ROOM"),
        *series(f"{HEAD}.1", 2, "MR", **head),
        *series(f"{CHEST}.1", 1, "CR", **chest),
        *series(f"{KNEE}.1", 1, **knee),
    ]


def run(open_origin: OpenOrigin, files: Sequence[bytes], scenario: Callable[[Origin], Awaitable[None]]) -> None:
    """Run `scenario` with an origin that holds `files`."""

    async def main() -> None:
        async with open_origin(files) as origin:
            await scenario(origin)

    asyncio.run(main())


async def found(origin: Origin, level: Level, *params: tuple[str, str], **scope: UID) -> list[str]:
    """Return the UIDs of the rows that match, in order."""
    query = parse_query(level, params=params, **scope)
    tag = {Level.STUDY: STUDY_UID, Level.SERIES: SERIES_UID, Level.INSTANCE: INSTANCE_UID}[level]
    async with closing(origin.search(query)) as rows:
        return [first_text(row.json, tag) async for row in rows if query.accepts(row.json)]


async def bodies(origin: Origin, ref: ResourceRef) -> list[bytes]:
    """Return the instances of `ref`."""
    async with closing(origin.instances(ref)) as parts:
        return [b"".join([chunk async for chunk in part.chunks]) async for part in parts]


async def frames(origin: Origin, ref: InstanceRef, *numbers: int) -> list[Frame]:
    """Return frames."""
    async with closing(origin.frames(FrameRef(ref, numbers))) as found:
        return [frame async for frame in found]


def test_each_of_the_six_levels_lists_what_is_there(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        first, second = UID(f"{ABDOMEN}.1"), UID(f"{ABDOMEN}.2")
        assert set(await found(origin, Level.STUDY)) == {ABDOMEN, HEAD, CHEST, KNEE}
        assert len(await found(origin, Level.SERIES)) == 5
        assert len(await found(origin, Level.INSTANCE)) == 9
        assert set(await found(origin, Level.SERIES, study=ABDOMEN)) == {first, second}
        assert len(await found(origin, Level.INSTANCE, study=ABDOMEN)) == 5
        inside = await found(origin, Level.INSTANCE, study=ABDOMEN, series=second)
        assert set(inside) == {f"{second}.1", f"{second}.2"}

    run(open_origin, corpus(), scenario)


def test_the_order_is_the_same_every_time(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        for level in Level:
            assert await found(origin, level) == await found(origin, level)

    run(open_origin, corpus(), scenario)


STUDY_QUERIES = [
    ("PatientName", "Adler^Berta Maria", {HEAD}),
    ("PatientName", "adler^berta maria", {HEAD}),
    ("PatientName", "Adler*", {HEAD}),
    ("PatientName", "A?ler^Berta*", {HEAD}),
    ("PatientName", "*Maria", {HEAD}),
    ("PatientName", "Müller^Jürg", {CHEST}),
    ("PatientName", "Müll*", {CHEST}),
    ("PatientName", "山田*", {KNEE}),
    ("PatientName", "Yamada^Tarou", {KNEE}),
    ("PatientName", "Nobody", set()),
    ("PatientID", "B 17&4", {HEAD}),
    ("PatientID", "C3", {CHEST}),
    ("PatientID", "?3", {CHEST}),
    ("AccessionNumber", "A+1;2", {HEAD}),
    ("StudyDescription", "Brain 100% #1", {HEAD}),
    ("StudyDescription", "*100%*", {HEAD}),
    ("StudyDescription", "Thorax später", {CHEST}),
    ("StudyDate", "20200105", {HEAD}),
    ("StudyDate", "20200105-20231231", {HEAD, CHEST}),
    ("StudyDate", "-20200105", {HEAD}),
    ("StudyDate", "20240229-", {ABDOMEN, KNEE}),
    ("StudyTime", "0800-0900", {HEAD}),
    ("StudyTime", "2359-", {CHEST}),
    ("StudyTime", "101112", {ABDOMEN, KNEE}),
    ("PatientBirthDate", "19610102", {HEAD}),
    ("PatientSex", "F", {ABDOMEN, HEAD, CHEST}),
    ("ModalitiesInStudy", "MR", {HEAD}),
    ("ModalitiesInStudy", "MR,CR", {HEAD, CHEST}),
    ("StudyInstanceUID", HEAD, {HEAD}),
    ("StudyInstanceUID", f"{HEAD},{CHEST},{NOWHERE}", {HEAD, CHEST}),
    ("StudyInstanceUID", f"{HEAD}\\{KNEE}", {HEAD, KNEE}),
    ("NumberOfStudyRelatedInstances", "5", {ABDOMEN}),
    ("0020000D", CHEST, {CHEST}),
    ("00100010", "*", {ABDOMEN, HEAD, CHEST, KNEE}),
    ("PatientName", "", {ABDOMEN, HEAD, CHEST, KNEE}),
]


def test_studies_match_by_every_type_of_key(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        for keyword, value, expected in STUDY_QUERIES:
            assert set(await found(origin, Level.STUDY, (keyword, value))) == expected, (keyword, value)

    run(open_origin, corpus(), scenario)


def test_several_keys_must_all_match(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        keys = ("StudyDate", "20200101-20231231"), ("ModalitiesInStudy", "CR")
        assert await found(origin, Level.STUDY, *keys) == [CHEST]
        moment = ("StudyDate", "20231231-20240229"), ("StudyTime", "2359-2359")
        assert set(await found(origin, Level.STUDY, *moment)) == {CHEST, ABDOMEN}

    run(open_origin, corpus(), scenario)


def test_fuzzy_matching_finds_the_words_of_a_name(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        fuzzy = ("fuzzymatching", "true")
        assert await found(origin, Level.STUDY, ("PatientName", "maria adl"), fuzzy) == [HEAD]
        assert await found(origin, Level.STUDY, ("PatientName", "muller"), fuzzy) == [CHEST]

    run(open_origin, corpus(), scenario)


def test_series_match_by_their_own_and_their_studies_attributes(open_origin: OpenOrigin) -> None:
    queries: list[tuple[tuple[tuple[str, str], ...], set[str]]] = [
        ((("Modality", "MR"),), {f"{HEAD}.1"}),
        ((("Modality", "CT"), ("SeriesNumber", "2")), {f"{ABDOMEN}.2"}),
        ((("PatientName", "Adler*"),), {f"{HEAD}.1"}),
        ((("StationName", "OTHER ROOM"),), {f"{ABDOMEN}.2"}),
        ((("SeriesInstanceUID", f"{ABDOMEN}.2,{HEAD}.1"),), {f"{ABDOMEN}.2", f"{HEAD}.1"}),
        ((("StudyInstanceUID", CHEST),), {f"{CHEST}.1"}),
    ]

    async def scenario(origin: Origin) -> None:
        for keys, expected in queries:
            assert set(await found(origin, Level.SERIES, *keys)) == expected, keys

    run(open_origin, corpus(), scenario)


def test_attributes_in_a_sequence_match_by_their_path(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        path = "RequestAttributesSequence.RequestedProcedureID"
        everywhere = {f"{ABDOMEN}.1", f"{ABDOMEN}.2", f"{CHEST}.1", f"{KNEE}.1"}
        assert set(await found(origin, Level.SERIES, (path, "ZQVERSCHACHTELT"))) == everywhere
        assert await found(origin, Level.SERIES, (path, "ZQ*"), ("Modality", "CR")) == [f"{CHEST}.1"]
        assert await found(origin, Level.SERIES, ("00400275.00401001", "OTHER")) == []

    run(open_origin, corpus(), scenario)


def test_instances_match_by_their_own_attributes(open_origin: OpenOrigin) -> None:
    queries: list[tuple[tuple[tuple[str, str], ...], set[str]]] = [
        ((("InstanceNumber", "3"),), {f"{ABDOMEN}.1.3"}),
        ((("SOPInstanceUID", f"{HEAD}.1.2"),), {f"{HEAD}.1.2"}),
        ((("SOPClassUID", "1.2.840.10008.5.1.4.1.1.4"),), {f"{HEAD}.1.1", f"{HEAD}.1.2"}),
        ((("ImageType", "SECONDARY"),), {f"{CHEST}.1.1"}),
        ((("SliceThickness", "2.5"),), {f"{HEAD}.1.1", f"{HEAD}.1.2"}),
        ((("Rows", "16"), ("Modality", "CR")), {f"{CHEST}.1.1"}),
    ]

    async def scenario(origin: Origin) -> None:
        for keys, expected in queries:
            assert set(await found(origin, Level.INSTANCE, *keys)) == expected, keys

    run(open_origin, corpus(), scenario)


def test_rows_hold_what_the_standard_requires_and_what_was_asked_for(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        query = parse_query(
            Level.SERIES, study=ABDOMEN, params=[("includefield", "StationName,00181030"), ("SeriesNumber", "2")]
        )
        rows = [query.project(row.json) async for row in origin.search(query) if query.accepts(row.json)]
        assert len(rows) == 1
        assert first_text(rows[0], "00081010") == "OTHER ROOM"
        assert first_text(rows[0], "00181030") == "Abdomen Zqprotokoll"
        assert first_text(rows[0], "00080060") == "CT"
        assert first_text(rows[0], "00201209") == "2"
        assert first_text(rows[0], STUDY_UID) == ABDOMEN
        query = parse_query(Level.STUDY, params=[("StudyInstanceUID", ABDOMEN)])
        rows = [query.project(row.json) async for row in origin.search(query) if query.accepts(row.json)]
        assert first_text(rows[0], "00201206") == "2"
        assert first_text(rows[0], "00201208") == "5"
        assert first_text(rows[0], "00100010") == "Zqnachname^Zqvorname^Zqmittel"

    run(open_origin, corpus(), scenario)


def test_nothing_found_is_an_empty_list(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        assert await found(origin, Level.SERIES, study=NOWHERE) == []
        assert await found(origin, Level.INSTANCE, study=ABDOMEN, series=NOWHERE) == []

    run(open_origin, corpus(), scenario)


def test_a_search_that_is_left_early_stops(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        rows = origin.search(parse_query(Level.INSTANCE))
        assert await anext(rows, None) is not None
        await close(rows)
        assert len(await found(origin, Level.STUDY)) == 4

    run(open_origin, corpus(), scenario)


def test_metadata_has_every_element_but_pixels(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        sets = [each.json async for each in origin.metadata(StudyRef(ABDOMEN))]
        assert {first_text(each, INSTANCE_UID) for each in sets} == {
            *(f"{ABDOMEN}.1.{number}" for number in (1, 2, 3)),
            *(f"{ABDOMEN}.2.{number}" for number in (1, 2)),
        }
        assert len([each async for each in origin.metadata(SeriesRef(ABDOMEN, UID(f"{ABDOMEN}.2")))]) == 2
        ref = InstanceRef(CHEST, UID(f"{CHEST}.1"), UID(f"{CHEST}.1.1"))
        (one,) = [each.json async for each in origin.metadata(ref)]
        assert one["00100010"]["Value"] == [{"Alphabetic": "Müller^Jürg"}]
        assert one["00280010"]["Value"] == [16]
        assert one["00400275"]["Value"][0]["00401001"]["Value"] == ["ZQVERSCHACHTELT"]
        assert "Value" not in one.get("7FE00010", {})
        assert "InlineBinary" not in one.get("7FE00010", {})

    run(open_origin, corpus(), scenario)


def test_metadata_refers_to_pixel_data_where_there_is_some(open_origin: OpenOrigin) -> None:
    files = {
        "OW": planted(),
        "OB": planted("US", frames=3, syntax=RLE),
        "": part10(planted_dataset("SR")),
    }

    async def scenario(origin: Origin) -> None:
        for vr, data in files.items():
            (one,) = [each.json async for each in origin.metadata(ref_of(data))]
            pixels = one.get("7FE00010", {})
            assert ("BulkDataURI" in pixels) == bool(vr)
            assert pixels.get("vr", "") == vr

    run(open_origin, list(files.values()), scenario)


def test_instances_come_byte_for_byte(open_origin: OpenOrigin) -> None:
    files = corpus()

    async def scenario(origin: Origin) -> None:
        study = [data for data in files if ref_of(data).study == ABDOMEN]
        assert sorted(await bodies(origin, StudyRef(ABDOMEN))) == sorted(study)
        second = [data for data in study if ref_of(data).series == f"{ABDOMEN}.2"]
        assert sorted(await bodies(origin, SeriesRef(ABDOMEN, UID(f"{ABDOMEN}.2")))) == sorted(second)
        for data in files:
            assert await bodies(origin, ref_of(data)) == [data]

    run(open_origin, files, scenario)


@pytest.mark.parametrize(
    "name",
    [
        "JPEG2000.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "image_dfl.dcm",
        "liver_expb_1frame.dcm",
        "waveform_ecg.dcm",
        "rtplan.dcm",
        "test-SR.dcm",
    ],
)
def test_no_instance_is_transcoded(open_origin: OpenOrigin, name: str) -> None:
    data = sample(name)

    async def scenario(origin: Origin) -> None:
        assert await bodies(origin, ref_of(data)) == [data]

    run(open_origin, [data], scenario)


def test_a_large_instance_comes_in_pieces(open_origin: OpenOrigin) -> None:
    data = planted(rows=2048, columns=2048)

    async def scenario(origin: Origin) -> None:
        async with closing(origin.instances(ref_of(data))) as parts:
            async for part in parts:
                sizes = [len(chunk) async for chunk in part.chunks]
        assert sum(sizes) == len(data)
        assert max(sizes) <= 1 << 20

    run(open_origin, [data], scenario)


def test_an_instance_may_be_closed_before_its_end(open_origin: OpenOrigin) -> None:
    files = [
        planted(rows=600, columns=600, StudyInstanceUID=ABDOMEN, SeriesInstanceUID=f"{ABDOMEN}.1") for _ in range(4)
    ]

    async def scenario(origin: Origin) -> None:
        whole = []
        async with closing(origin.instances(StudyRef(ABDOMEN))) as parts:
            number = 0
            async for part in parts:
                number += 1
                if number == 1:
                    await close(part.chunks)
                elif number == 2:
                    await anext(part.chunks)
                    await close(part.chunks)
                else:
                    whole.append(b"".join([chunk async for chunk in part.chunks]))
        assert number == 4
        assert set(whole) < set(files)
        assert len(whole) == 2

    run(open_origin, files, scenario)


@pytest.mark.parametrize("syntax", [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED_LE])
def test_native_frames_come_little_endian(open_origin: OpenOrigin, syntax: str) -> None:
    data = planted(frames=3, syntax=syntax, SOPInstanceUID="2.25.77")
    whole = np.arange(1, 3 * 256 + 1, dtype="<u2").tobytes()

    async def scenario(origin: Origin) -> None:
        answer = await frames(origin, ref_of(data), 3, 1)
        assert [frame.number for frame in answer] == [3, 1]
        assert [frame.data for frame in answer] == [whole[1024:], whole[:512]]
        assert {frame.transfer_syntax for frame in answer} == {EXPLICIT_LE}

    run(open_origin, [data], scenario)


def test_encoded_frames_come_as_stored(open_origin: OpenOrigin) -> None:
    data = planted(frames=2, syntax=RLE)

    async def scenario(origin: Origin) -> None:
        for frame in await frames(origin, ref_of(data), 1, 2):
            assert frame.transfer_syntax == RLE
            assert frame.data[:4] == b"\2\0\0\0"

    run(open_origin, [data], scenario)


@pytest.mark.parametrize(
    "name",
    [
        "JPEG2000.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "examples_ybr_color.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "SC_rgb_small_odd.dcm",
        "examples_palette.dcm",
        "rtdose.dcm",
        "liver_1frame.dcm",
        "examples_jpeg2k.dcm",
    ],
)
def test_frames_of_real_files_are_what_the_file_holds(open_origin: OpenOrigin, name: str) -> None:
    data = sample(name)
    (expected,) = stored_frames(data, [1])

    async def scenario(origin: Origin) -> None:
        (frame,) = await frames(origin, ref_of(data), 1)
        assert frame.transfer_syntax == expected.transfer_syntax
        assert frame.data.rstrip(b"\0") == expected.data.rstrip(b"\0")

    run(open_origin, [data], scenario)


def one_bit() -> bytes:
    """Return three frames of 15 pixels of one bit, so that two of them start within a byte."""
    data = planted_dataset("OT", NumberOfFrames=3, Rows=3, Columns=5, SamplesPerPixel=1)
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 1, 1, 0
    data.PixelData = bytes([0b01011010, 0b11000011, 0b00111100, 0b10100101, 0b01100110, 0b00011001])
    data["PixelData"].VR = "OB"
    return part10(data)


def fragmented(*, table: bool) -> bytes:
    """Return three encoded frames, with a table of offsets of two fragments each."""
    data = planted_dataset("OT", NumberOfFrames=3, Rows=8, Columns=8, BitsAllocated=8, SamplesPerPixel=1)
    pixels = [bytes([number] * 40) for number in (1, 2, 3)]
    data.PixelData = encapsulate(pixels, fragments_per_frame=2 if table else 1, has_bot=table)
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    return part10(data, JPEG_BASELINE)


@pytest.mark.parametrize("data", [one_bit(), fragmented(table=True), fragmented(table=False)])
def test_frames_of_every_layout_are_told_apart(open_origin: OpenOrigin, data: bytes) -> None:
    async def scenario(origin: Origin) -> None:
        assert await frames(origin, ref_of(data), 3, 1, 2) == list(stored_frames(data, [3, 1, 2]))

    run(open_origin, [data], scenario)


@pytest.mark.parametrize("number", [2, 400])
def test_a_frame_that_is_not_there_is_not_found(open_origin: OpenOrigin, number: int) -> None:
    data = planted()

    async def scenario(origin: Origin) -> None:
        with pytest.raises(NotFound):
            await frames(origin, ref_of(data), number)

    run(open_origin, [data], scenario)


def test_an_instance_without_pixels_has_no_frames(open_origin: OpenOrigin) -> None:
    data = part10(planted_dataset("SR"))

    async def scenario(origin: Origin) -> None:
        with pytest.raises(NotFound):
            await frames(origin, ref_of(data), 1)

    run(open_origin, [data], scenario)


def test_what_is_not_there_is_not_found(open_origin: OpenOrigin) -> None:
    there = InstanceRef(CHEST, UID(f"{CHEST}.1"), UID(f"{CHEST}.1.1"))
    refs: list[ResourceRef] = [
        StudyRef(NOWHERE),
        SeriesRef(CHEST, NOWHERE),
        SeriesRef(HEAD, there.series),
        InstanceRef(CHEST, there.series, NOWHERE),
        InstanceRef(HEAD, there.series, there.instance),
    ]

    async def scenario(origin: Origin) -> None:
        for ref in refs:
            with pytest.raises(NotFound):
                await bodies(origin, ref)
            with pytest.raises(NotFound):
                [each async for each in origin.metadata(ref)]
            with pytest.raises(NotFound):
                await origin.instance_refs(ref)
        with pytest.raises(NotFound):
            await frames(origin, refs[-1], 1)  # type: ignore[arg-type]

    run(open_origin, corpus(), scenario)


def test_references_name_what_is_retrieved(open_origin: OpenOrigin) -> None:
    files = corpus()

    async def scenario(origin: Origin) -> None:
        for ref in (StudyRef(ABDOMEN), SeriesRef(ABDOMEN, UID(f"{ABDOMEN}.1")), ref_of(files[0])):
            refs = await origin.instance_refs(ref)
            assert len(refs) == len(set(refs))
            assert set(refs) == {ref_of(data) for data in await bodies(origin, ref)}

    run(open_origin, files, scenario)


def test_an_empty_origin_finds_nothing_and_is_well(open_origin: OpenOrigin) -> None:
    async def scenario(origin: Origin) -> None:
        assert await found(origin, Level.STUDY) == []
        await origin.check()

    run(open_origin, [], scenario)


def test_text_of_every_character_set_comes_in_unicode(open_origin: OpenOrigin) -> None:
    files = [
        planted(SpecificCharacterSet=charset, PatientName=name, StudyInstanceUID=f"2.25.{number}")
        for number, (charset, name) in enumerate(
            [
                ("ISO_IR 100", "Müller^Jürg"),
                ("ISO_IR 144", "Люкceмбypг"),
                ("ISO_IR 192", "Ωmega^Ünal"),
                ("GB18030", "王^小东"),
            ],
            start=50,
        )
    ]

    async def scenario(origin: Origin) -> None:
        for data in files:
            (one,) = [each.json async for each in origin.metadata(ref_of(data))]
            assert first_text(one, "00100010") == str(dcmread(io.BytesIO(data)).PatientName)

    run(open_origin, files, scenario)
