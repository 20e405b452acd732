"""An overlay that hides in unused bits of the pixels goes with its group."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest

from gateway.deid.compiler import load_plan
from gateway.deid.engine import Engine
from gateway.deid.keys import Keys
from gateway.deid.scope import Scope
from gateway.errors import Reason, Withheld
from tests.builders import EXPLICIT_BE, EXPLICIT_LE, RLE, add_pixels, part10, planted_dataset

PROFILES = Path(__file__).resolve().parent.parent.parent / "profiles"
ENGINES = [
    Engine(load_plan(PROFILES / f"{name}-pass.toml"), Keys.from_bytes(bytes(32))) for name in ("first", "second")
]
IMAGE = np.random.default_rng(3).integers(0, 1 << 12, (2, 7, 9), dtype=np.uint16)
NAME = np.random.default_rng(4).integers(0, 2, IMAGE.shape, dtype=np.uint16)


def with_overlay(position: int, *, syntax: str = EXPLICIT_LE, own_data: bool = False) -> bytes:
    """Return an image of 12 bits with an overlay in bit `position`."""
    data = planted_dataset("MR")
    add_pixels(data, IMAGE | NAME << position if position > 11 else IMAGE)
    data.BitsStored, data.HighBit, data.NumberOfFrames = 12, 11, 2
    data.add_new(0x60000010, "US", 7)
    data.add_new(0x60000011, "US", 9)
    data.add_new(0x60000100, "US", 16)
    data.add_new(0x60000102, "US", position)
    if own_data:
        data.add_new(0x60003000, "OW", bytes(8))
    return part10(data, syntax)


def pixels(data: bytes) -> np.ndarray:
    """Return the stored words."""
    return np.frombuffer(pydicom.dcmread(io.BytesIO(data)).PixelData[: IMAGE.nbytes], "<u2").reshape(IMAGE.shape)


@pytest.mark.parametrize("engine", ENGINES, ids=["first", "second"])
@pytest.mark.parametrize("syntax", [EXPLICIT_LE, EXPLICIT_BE])
@pytest.mark.parametrize("position", [12, 15])
def test_the_plane_goes_and_the_image_stays(engine: Engine, syntax: str, position: int) -> None:
    source = with_overlay(position, syntax=syntax)
    assert np.array_equal(pixels(engine.instance(source, scope=Scope("case"))), IMAGE)
    for step in (1, 7, 4096):
        rewriter = engine.rewriter(scope=Scope("case"))
        pieces = [piece for at in range(0, len(source), step) for piece in rewriter.feed(source[at : at + step])]
        assert np.array_equal(pixels(b"".join([*pieces, *rewriter.finish()])), IMAGE)


@pytest.mark.parametrize(("position", "own_data"), [(0, False), (11, False), (15, True)])
def test_what_is_image_or_was_never_embedded_is_left_alone(position: int, own_data: bool) -> None:
    source = with_overlay(position, own_data=own_data)
    assert np.array_equal(pixels(ENGINES[0].instance(source)), pixels(source))


def test_an_overlay_in_encoded_pixels_withholds() -> None:
    with pytest.raises(Withheld) as refused:
        ENGINES[0].instance(with_overlay(15, syntax=RLE))
    assert refused.value.reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX
