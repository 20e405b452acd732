"""Frame lists in URLs (PS3.18 §10.4.1.1.6)."""

from __future__ import annotations

import re

from gateway.errors import BadIdentifier, NotFound

MAX_FRAMES = 10_000

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def parse_frames(text: str) -> tuple[int, ...]:
    """Return the frame numbers of "1,3,2", counted from 1, in the order asked for; repeated ones stay.

    Raises:
        BadIdentifier: when it is no such list, or one of more than `MAX_FRAMES` numbers.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MAX_FRAMES or not all(map(_NUMBER.fullmatch, parts)):
        raise BadIdentifier(f"Frames are numbers from 1 on, separated by commas, at most {MAX_FRAMES} of them.")
    return tuple(map(int, parts))


def check_frames(numbers: tuple[int, ...], count: int) -> None:
    """Return when an instance of `count` frames has all of `numbers`.

    Raises:
        NotFound: when it has not.
    """
    if not all(1 <= number <= count for number in numbers):
        raise NotFound(f"The instance has {count} frame{'' if count == 1 else 's'}, numbered from 1.")
