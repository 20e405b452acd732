"""The JPEG that stands beside an instance in the archive: one job for a worker process."""

from __future__ import annotations

from pathlib import Path

from gateway.dicom.part10 import read_header
from gateway.errors import OriginBroken, Reason, Withheld
from gateway.origin.stored import stored_frames
from gateway.pixels.description import describe
from gateway.pixels.picture import JPEG, Output, picture


def preview(path: Path) -> bytes:
    """Draw the frame in the middle of a Part 10 file as a JPEG.

    Raises:
        Withheld: PIXELS_UNDECODABLE: what nobody can see, nobody can vouch for.
    """
    header = read_header(path)
    dataset = header.json().json | {"7FE00010": {"vr": "OW"}}
    whole = describe(dataset, header.syntax.uid)
    number = (whole.frames + 1) // 2
    try:
        frame = next(stored_frames(path, [number]))
    except OriginBroken:
        raise Withheld(Reason.PIXELS_UNDECODABLE, "the frames do not fill the pixel data") from None
    description = describe(dataset, frame.transfer_syntax)
    return picture([(number, frame.data)], description, Output(JPEG))
