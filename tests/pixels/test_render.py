from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels import apply_color_lut

from gateway.errors import BadRequest, Withheld
from gateway.pixels.color import rgb_from_ybr
from gateway.pixels.decode import decode
from gateway.pixels.description import Palette, describe
from gateway.pixels.lut import Lut
from gateway.pixels.render import THUMBNAIL, RenderOptions, parse_window, render
from gateway.pixels.viewport import Viewport
from gateway.pixels.voi import VoiFunction, Window
from tests.pixels.images import JPEG_BASELINE, described, pixel_files, quiet

PLAIN = RenderOptions()


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("40,400", Window(40, 400)),
        ("40,400,linear", Window(40, 400)),
        ("-600.5,1.5e3,LINEAR-EXACT", Window(-600.5, 1500, VoiFunction.LINEAR_EXACT)),
        ("0.5,0.1,sigmoid", Window(0.5, 0.1, VoiFunction.SIGMOID)),
    ],
)
def test_windows_a_client_asks_for(text: str, want: Window) -> None:
    assert parse_window(text) == want


@pytest.mark.parametrize(
    "text", ["", "40", "40,400,cubic", "a,1", "1,0", "1,-1", "1,0.5", "nan,1", "1,inf", "1,2,linear,3"]
)
def test_other_windows_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_window(text)


def test_grey_goes_through_its_window() -> None:
    values = np.array([[0, 50, 100]], dtype="<u2")
    options = RenderOptions(window=Window(50, 100, VoiFunction.LINEAR_EXACT))
    assert render(values, described(rows=1), options).tolist() == [[0, 128, 255]]


def test_rgb_of_eight_bits_is_what_it_is() -> None:
    values = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert np.array_equal(render(values, described(samples=3, photometric="RGB", allocated=8), PLAIN), values)


@pytest.mark.parametrize(("allocated", "stored"), [(16, 16), (16, 12), (8, 6), (32, 32)])
def test_rgb_of_other_depths_spans_the_whole_range(allocated: int, stored: int) -> None:
    top = (1 << stored) - 1
    description = described(rows=1, columns=1, samples=3, photometric="RGB", allocated=allocated, stored=stored)
    values = np.array([[[0, top // 2, top]]], dtype=description.dtype)
    low, middle, high = render(values, description, PLAIN)[0, 0].tolist()
    assert (low, high) == (0, 255)
    assert abs(middle - 127) <= 2


def test_luminance_and_chroma_become_rgb() -> None:
    values = np.array([[[76, 85, 255], [255, 128, 128], [0, 128, 128]]], dtype="u1")
    description = described(rows=1, samples=3, photometric="YBR_FULL", allocated=8)
    assert np.array_equal(render(values, description, PLAIN), rgb_from_ybr(values, 8))


def test_what_lossy_jpeg_decodes_to_is_not_converted_twice() -> None:
    values = np.array([[[200, 30, 40]] * 3] * 2, dtype="u1")
    description = described(JPEG_BASELINE, samples=3, photometric="YBR_FULL_422", allocated=8)
    assert np.array_equal(render(values, description, PLAIN), values)


def table(*entries: int, first: int = 0, bits: int = 16) -> Lut:
    return Lut(first, bits, np.array(entries, "<u2").tobytes())


@pytest.mark.parametrize("allocated", [8, 16])
def test_palette(allocated: int) -> None:
    palette = Palette(table(0xFFFF, 0), table(0, 0x8000), table(0x1234, 0xABCD))
    description = replace(
        described(rows=1, photometric="PALETTE COLOR", allocated=allocated, columns=3, stored=8), palette=palette
    )
    values = np.array([[0, 1, 9]], dtype=f"<u{allocated // 8}")
    assert render(values, description, PLAIN).tolist() == [[[255, 0, 0x12], [0, 0x80, 0xAB], [0, 0x80, 0xAB]]]


def test_palette_of_sixteen_bits_that_uses_eight() -> None:
    palette = Palette(table(255, 0), table(0, 128), table(1, 2))
    description = replace(described(rows=1, columns=2, photometric="PALETTE COLOR", allocated=8), palette=palette)
    assert render(np.array([[0, 1]], "u1"), description, PLAIN).tolist() == [[[255, 0, 1], [0, 128, 2]]]


def test_palette_with_signed_values() -> None:
    palette = Palette(*[table(10, 20, 30, first=-1, bits=8)] * 3)
    description = replace(
        described(rows=1, columns=4, photometric="PALETTE COLOR", allocated=8, signed=1), palette=palette
    )
    shown = render(np.array([[-5, -1, 0, 5]], "i1"), description, PLAIN)
    assert shown[0, :, 0].tolist() == [10, 10, 20, 30]


def test_a_missing_palette_is_withheld() -> None:
    description = described(photometric="PALETTE COLOR", allocated=8)
    with pytest.raises(Withheld, match="palette is missing"):
        render(np.zeros((2, 3), "u1"), description, PLAIN)


def test_palette_as_pydicom_applies_it() -> None:
    file = pixel_files()["examples_palette.dcm"]
    description = describe(file.json, file.syntax)
    values = decode(file.frames(description)[0], description)
    with quiet():
        want = apply_color_lut(file.dataset.pixel_array, file.dataset) >> 8
    shown = render(values, description, RenderOptions(square_pixels=False))
    assert np.array_equal(shown, want)


def test_oblong_pixels_and_viewport() -> None:
    description = replace(described(rows=4, columns=4), aspect=2.0)
    values = np.zeros((4, 4), "<u2")
    assert render(values, description, PLAIN).shape == (8, 4)
    assert render(values, description, RenderOptions(square_pixels=False)).shape == (4, 4)
    assert render(values, description, RenderOptions(viewport=Viewport(16, 16))).shape == (16, 8)


@pytest.mark.parametrize("name", pixel_files())
def test_every_bundled_file_that_decodes_renders(name: str) -> None:
    file = pixel_files()[name]
    try:
        description = describe(file.json, file.syntax)
        values = decode(file.frames(description)[0], description)
    except Withheld:
        return
    shown = render(values, description, RenderOptions(viewport=THUMBNAIL))
    assert shown.dtype == np.uint8
    assert max(shown.shape[:2]) == 256
    assert shown.ndim == (2 if description.photometric.startswith("MONO") else 3)
    assert shown.any()


@pytest.mark.peer("dcmtk")
@pytest.mark.parametrize(
    "name",
    [
        "examples_palette.dcm",
        "examples_rgb_color.dcm",
        "examples_ybr_color.dcm",
        "ExplVR_BigEnd.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
        "SC_rgb_dcmtk_+eb+cy+s4.dcm",
        "SC_rgb_jpeg_app14_dcmd.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_jpeg_lossy_gdcm.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_rle_32bit.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
    ],
)
def test_dcmtk_renders_the_same_colours(name: str, tmp_path: Path) -> None:
    file = pixel_files()[name]
    out = tmp_path / "out.pnm"
    command = ["/usr/bin/dcmj2pnm", "--no-overlays", "+op", str(file.path), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    with Image.open(out) as image:
        want = np.asarray(image).astype(int)
    description = describe(file.json, file.syntax)
    shown = render(decode(file.frames(description)[0], description), description, RenderOptions(square_pixels=False))
    assert np.abs(shown.astype(int) - want).max() <= 1
