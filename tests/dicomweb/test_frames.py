import pytest

from gateway.dicomweb.frames import MAX_FRAMES, check_frames, parse_frames
from gateway.errors import BadIdentifier, NotFound


@pytest.mark.parametrize(("text", "numbers"), [("1", (1,)), ("1,3,2", (1, 3, 2)), ("2,2", (2, 2)), ("1, 12", (1, 12))])
def test_frames_in_the_order_asked_for(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_frames(text) == numbers


@pytest.mark.parametrize(
    "text", ["", ",", "0", "1,0", "-1", "1,", "1-3", "one", "01", "²", "1" * 10, "1," * MAX_FRAMES + "1"]
)
def test_not_frames(text: str) -> None:
    with pytest.raises(BadIdentifier):
        parse_frames(text)


def test_numbers_lie_within_the_instance() -> None:
    check_frames((1, 3, 3), 3)
    with pytest.raises(NotFound, match="3 frames"):
        check_frames((4,), 3)
    with pytest.raises(NotFound, match="1 frame,"):
        check_frames((1, 2), 1)
