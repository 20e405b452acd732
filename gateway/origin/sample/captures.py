"""Secondary captures: an RGB dose screen and a PALETTE COLOR perfusion map, names burned into both."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from gateway.origin.sample import head
from gateway.origin.sample.drawing import noise, write_text
from gateway.origin.sample.patients import VISITS, Visit
from gateway.origin.sample.writing import Instance, Instances, Series, begin, set_pixels

_SC: Final = "1.2.840.10008.5.1.4.1.1.7"
_GREYS: Final = 128
"""Palette entries below this are grey, those from it on are colours."""


def _secondary(visit: Visit, series: Series, conversion: str) -> Dataset:
    ds = begin(visit, series, 1, _SC)
    ds.ConversionType = conversion
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.BurnedInAnnotation = "YES"
    ds.PatientOrientation = ""
    ds.DateOfSecondaryCapture = visit.date
    ds.TimeOfSecondaryCapture = visit.time
    return ds


def dose_screen() -> Instances:
    """Yield the screen that a CT scanner saves at the end: who, when, how much."""
    visit = VISITS["ct-abdomen"]
    series = Series(501, "CT", "Patient protocol", "Tomograph & Sons", "Spirale 64", "ABDOMEN")
    screen = np.zeros((600, 800, 3), np.uint8)
    screen[:] = (14, 22, 38)
    screen[:64] = (34, 58, 104)
    write_text(screen, (20, 8), visit.patient.burned, 22, (255, 255, 255))
    write_text(
        screen,
        (20, 36),
        f"{visit.patient.identity}   *{visit.patient.born}   F {int(visit.age[:3])}",
        16,
        (210, 220, 235),
    )
    write_text(screen, (560, 8), visit.place.name, 17, (255, 255, 255))
    write_text(screen, (560, 36), f"{visit.written_date}  10:16:02", 16, (210, 220, 235))
    columns = (20, 250, 340, 430, 520, 640)
    rows = (
        ("Scan", "kV", "mAs/ref", "TI s", "CTDIvol mGy", "DLP mGy*cm"),
        ("Topogram", "120", "36", "5.2", "0.14", "7.2"),
        ("Monitoring", "120", "20", "0.5", "4.10", "4.1"),
        ("Abdomen venous", "120", "106/210", "0.5", "7.15", "161.3"),
    )
    for number, row in enumerate(rows):
        for column, text in zip(columns, row, strict=True):
            write_text(
                screen, (column, 100 + 34 * number), text, 16, (255, 200, 90) if number == 0 else (220, 226, 236)
            )
    write_text(screen, (20, 262), "Total mAs 3120    Total DLP 172.6 mGy*cm", 17, (130, 220, 150))
    lines = (
        f"Ref. physician: {visit.staff.referring.replace('^', ' ').strip()}",
        f"Operator: {visit.staff.operator.replace('^', ' ')}",
        f"Accession: {visit.accession}",
    )
    for number, text in enumerate(lines):
        write_text(screen, (20, 320 + 30 * number), text, 16, (170, 184, 204))
    ds = _secondary(visit, series, "WSD")
    set_pixels(ds, screen, stored=8, photometric="RGB")
    yield Instance(visit, ds, RLELossless)


def perfusion_map() -> Instances:
    """Yield a perfusion map whose lower palette entries are greys and whose upper ones are colours."""
    visit = VISITS["mr-head"]
    series = Series(701, "MR", "CBF colour map", "Magnetica", "Tesora 1.5", "HEAD")
    plane = head.Head().plane(13.0, head.T2)
    size = head.SIZE
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    inside = np.hypot((columns - size / 2) / 72, (rows - size / 2 - 3) / 90) < 1
    flow = 0.5 + 0.13 * noise(600, (size, size), 4) - 0.0006 * np.clip(plane - 520, 0, None)
    flow -= 0.42 * np.exp(-(((columns - 168) / 20) ** 2) - ((rows - 108) / 24) ** 2)
    index = np.clip(plane / 9, 0, _GREYS - 1)
    index = np.where(inside & (plane > 120), _GREYS + np.clip(flow, 0, 1) * (255 - _GREYS), index)
    picture: NDArray[np.uint8] = np.rint(index).astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    scale = np.linspace(255, _GREYS, 300).astype(np.uint8)
    picture[100:400, 490:502] = scale[:, None]
    for row, text in ((84, "80"), (404, "0")):
        write_text(picture, (484, row), text, 12, _GREYS - 1)
    write_text(picture, (8, 6), f"{visit.patient.burned}  {visit.patient.identity}", 14, _GREYS - 1)
    write_text(picture, (8, 26), f"{visit.written_date}   CBF ml/100g/min", 13, _GREYS - 8)
    ds = _secondary(visit, series, "WSD")
    set_pixels(ds, picture, stored=8, photometric="PALETTE COLOR")
    for name, table in zip(("Red", "Green", "Blue"), _palette(), strict=True):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{name}PaletteColorLookupTableData", table.astype("<u2").tobytes())
    yield Instance(visit, ds)


def _palette() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return red, green and blue of the 256 entries, 16 bits each."""
    greys = np.arange(_GREYS) * 2
    t = np.linspace(0, 1, 256 - _GREYS)
    colours = [np.clip(1.5 - np.abs(4 * t - peak), 0, 1) * 255 for peak in (3, 2, 1)]
    red, green, blue = (np.rint(np.concatenate([greys, colour])) * 257 for colour in colours)
    return red, green, blue
