from __future__ import annotations

import base64
import pickle
from typing import Any

import numpy as np
import pytest

from gateway.dicom.dataset import JsonDataset
from gateway.errors import Reason, Withheld
from gateway.pixels.description import MAX_FRAMES, PixelKind, bulk_needed, decoded, describe
from gateway.pixels.lut import Lut
from gateway.pixels.voi import FrameTransform, VoiFunction, Window
from tests.pixels.images import (
    EXPLICIT_LE,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    RLE,
    described,
    header,
    pixel_files,
)


def lut_item(first: int = 0, entries: tuple[int, ...] = (1, 2, 3), bits: int = 16) -> JsonDataset:
    data = base64.b64encode(np.array(entries, "<u2").tobytes()).decode()
    return {
        "00283002": {"vr": "US", "Value": [len(entries), first, bits]},
        "00283006": {"vr": "OW", "InlineBinary": data},
    }


def test_the_plain_facts() -> None:
    got = described(
        rows=512, columns=256, frames="3", stored=12, signed=1, slope="2.5", intercept=-1024, center=[40, 50],
        width=["400", 80],
    )  # fmt: skip
    assert (got.rows, got.columns, got.frames, got.bits_stored, got.high_bit) == (512, 256, 3, 12, 11)
    assert got.signed
    assert got.dtype == np.int16
    assert got.shape == (512, 256)
    assert got.frame_bytes == 512 * 256 * 2
    assert got.transform == FrameTransform(2.5, -1024, (Window(40, 400), Window(50, 80)))
    assert got.transform_of(3) is got.transform


def test_it_can_be_hashed_and_sent_to_a_worker() -> None:
    got = describe(header() | {"00283010": {"vr": "SQ", "Value": [lut_item()]}}, EXPLICIT_LE)
    assert pickle.loads(pickle.dumps(got)) == got
    assert hash(got) == hash(pickle.loads(pickle.dumps(got)))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows": None},
        {"columns": 70000},
        {"columns": 1.5},
        {"samples": 2},
        {"samples": 4},
        {"samples": 3},
        {"samples": None},
        {"photometric": None},
        {"photometric": "CMYK"},
        {"photometric": "RGB"},
        {"allocated": 12},
        {"allocated": 0},
        {"allocated": 24},
        {"stored": 17},
        {"stored": 0},
        {"stored": 12, "high": 10},
        {"stored": 12, "high": 16},
        {"signed": 2},
        {"signed": None},
        {"frames": 0},
        {"frames": -1},
        {"frames": MAX_FRAMES + 1},
        {"frames": "many"},
        {"frames": "1e999"},
        {"rows": "nan"},
        {"planar": 2},
        {"slope": "x"},
        {"rows": 65535, "columns": 65535},
        {"rows": 20000, "columns": 20000, "samples": 3, "photometric": "RGB", "allocated": 8},
    ],
)
def test_impossible_and_oversized_values_are_withheld(change: dict[str, Any]) -> None:
    with pytest.raises(Withheld) as caught:
        described(**change)
    assert caught.value.reason is Reason.PIXELS_UNDECODABLE


def test_an_unknown_transfer_syntax_is_withheld() -> None:
    with pytest.raises(Withheld) as caught:
        described("1.2.3.4")
    assert caught.value.reason is Reason.UNKNOWN_TRANSFER_SYNTAX


@pytest.mark.parametrize(
    ("extra", "kind", "dtype"),
    [
        ({"7FE00008": {"vr": "OF"}}, PixelKind.FLOAT, "float32"),
        ({}, PixelKind.FLOAT, "float32"),
        ({"7FE00009": {"vr": "OD"}, "00280100": {"vr": "US", "Value": [64]}}, PixelKind.DOUBLE, "float64"),
    ],
)
def test_float_pixels_are_known_by_their_element_or_by_bits_stored_being_absent(
    extra: JsonDataset, kind: PixelKind, dtype: str
) -> None:
    got = describe(header(allocated=32, stored=None, signed=None) | extra, EXPLICIT_LE)
    assert got.kind is kind
    assert got.dtype == dtype


@pytest.mark.parametrize(
    ("photometric", "shape", "inverse"),
    [
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_inverse_is_said_once_or_twice_and_means_the_same(photometric: str, shape: str | None, inverse: bool) -> None:
    assert described(photometric=photometric, shape=shape).inverse is inverse


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ({"padding": -2000, "signed": 1}, (-2000, -2000)),
        ({"padding": 63536, "signed": 1}, (-2000, -2000)),
        ({"padding": 0, "padding_limit": 5}, (0, 5)),
        ({"padding": 5, "padding_limit": 0}, (0, 5)),
        ({"padding": 63536, "stored": 12}, None),
        ({"padding_limit": 5}, None),
        ({}, None),
    ],
)
def test_padding(values: dict[str, Any], want: tuple[int, int] | None) -> None:
    assert described(**values).padding == want


def test_lookup_tables_inline_or_resolved_by_the_caller() -> None:
    json_dataset = header() | {
        "00283000": {"vr": "SQ", "Value": [lut_item()]},
        "00283010": {"vr": "SQ", "Value": [lut_item(7), lut_item(9)]},
    }
    assert bulk_needed(json_dataset) == []
    assert describe(json_dataset, EXPLICIT_LE).modality_lut == Lut(0, 16, b"\1\0\2\0\3\0")
    assert [table.first for table in describe(json_dataset, EXPLICIT_LE).voi_luts] == [7, 9]

    json_dataset["00283010"]["Value"][1]["00283006"] = {"vr": "OW", "BulkDataURI": "../bulk/x"}
    assert bulk_needed(json_dataset) == ["00283010/1/00283006"]
    with pytest.raises(Withheld, match="not fetched"):
        describe(json_dataset, EXPLICIT_LE)
    assert describe(json_dataset, EXPLICIT_LE, tables=False).voi_luts == ()
    resolved = describe(json_dataset, EXPLICIT_LE, bulk={"00283010/1/00283006": b"\5\0\6\0\7\0"})
    assert resolved.voi_luts[1].entries.tolist() == [5, 6, 7]


def test_a_voi_lut_without_data_recommends_nothing_but_a_modality_lut_is_needed() -> None:
    item = lut_item()
    del item["00283006"]
    assert describe(header() | {"00283010": {"vr": "SQ", "Value": [item]}}, EXPLICIT_LE).voi_luts == ()
    with pytest.raises(Withheld, match="modality LUT has no data"):
        describe(header() | {"00283000": {"vr": "SQ", "Value": [item]}}, EXPLICIT_LE)


def test_a_palette_needs_all_three_tables() -> None:
    tables: JsonDataset = {}
    for color in "123":
        tables[f"0028110{color}"] = {"vr": "US", "Value": [2, 0, 16]}
        tables[f"0028120{color}"] = {"vr": "OW", "BulkDataURI": "x"}
    json_dataset = header(photometric="PALETTE COLOR", allocated=8) | tables
    needed = bulk_needed(json_dataset)
    assert needed == ["00281201", "00281202", "00281203"]
    palette = describe(json_dataset, EXPLICIT_LE, bulk=dict.fromkeys(needed, b"\0\1\0\2")).palette
    assert palette is not None
    assert palette.blue.entries.tolist() == [256, 512]
    del tables["00281202"]
    with pytest.raises(Withheld, match="palette has no data"):
        describe(
            header(photometric="PALETTE COLOR", allocated=8) | tables, EXPLICIT_LE, bulk=dict.fromkeys(needed, b"1234")
        )


def functional(slope: float | None = None, center: float | None = None) -> JsonDataset:
    group: JsonDataset = {}
    if slope is not None:
        group["00289145"] = {"vr": "SQ", "Value": [header(slope=slope, intercept=1)]}
    if center is not None:
        group["00289132"] = {"vr": "SQ", "Value": [header(center=center, width=10, function="SIGMOID")]}
    return group


def test_functional_groups_of_a_frame_come_before_the_shared_ones_and_those_before_the_image() -> None:
    json_dataset = header(frames=3, slope=9, intercept=9, center=1, width=2) | {
        "52009229": {"vr": "SQ", "Value": [functional(slope=2)]},
        "52009230": {"vr": "SQ", "Value": [functional(center=5), functional(slope=3), {}]},
    }
    got = describe(json_dataset, EXPLICIT_LE)
    sigmoid = Window(5, 10, VoiFunction.SIGMOID)
    assert got.transform_of(1) == FrameTransform(2, 1, (sigmoid,))
    assert got.transform_of(2) == FrameTransform(3, 1, (Window(1, 2),))
    assert got.transform_of(3) == FrameTransform(2, 1, (Window(1, 2),)) == got.transform


@pytest.mark.parametrize(
    ("syntax", "photometric", "want"),
    [
        (JPEG_BASELINE, "YBR_FULL_422", "RGB"),
        (JPEG_BASELINE, "RGB", "RGB"),
        (JPEG_LOSSLESS, "YBR_FULL", "YBR_FULL"),
        (JPEG_LOSSLESS, "YBR_FULL_422", "YBR_FULL"),
        (JPEG_2000, "YBR_RCT", "RGB"),
        (JPEG_2000, "YBR_ICT", "RGB"),
        (RLE, "YBR_FULL", "YBR_FULL"),
        (EXPLICIT_LE, "YBR_PARTIAL_422", "RGB"),
    ],
)
def test_what_decoding_yields(syntax: str, photometric: str, want: str) -> None:
    got = decoded(described(syntax, samples=3, photometric=photometric, planar=1, allocated=8))
    assert (got.photometric, got.planar, got.transfer_syntax) == (want, 0, EXPLICIT_LE)
    assert decoded(got) == got


@pytest.mark.parametrize("name", pixel_files())
def test_bundled_files_are_described_as_pydicom_reads_them(name: str) -> None:
    file = pixel_files()[name]
    if name == "nested_priv_SQ.dcm":
        with pytest.raises(Withheld):
            describe(file.json, file.syntax)
        return
    got = describe(file.json, file.syntax)
    assert (got.rows, got.columns, got.samples_per_pixel) == (
        file.dataset.Rows,
        file.dataset.Columns,
        file.dataset.SamplesPerPixel,
    )
    assert got.photometric == file.dataset.PhotometricInterpretation
