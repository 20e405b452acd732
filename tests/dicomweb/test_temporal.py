import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicomweb.temporal import Form, parse_date, parse_datetime, parse_offset, parse_range, parse_time

HOUR = 3600 * 1_000_000


@pytest.mark.parametrize("text", ["20240229", "2024.02.29", " 20240229", "20240231"])
def test_dates(text: str) -> None:
    assert parse_date(text) is not None


@pytest.mark.parametrize("text", ["", "2024", "202402", "20241301", "20240132", "20240100", "2024-02-29", "2024.0229"])
def test_not_dates(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "first", "width"),
    [
        ("10", 10 * HOUR, HOUR),
        ("1030", 10 * HOUR + 30 * 60_000_000, 60_000_000),
        ("10:30", 10 * HOUR + 30 * 60_000_000, 60_000_000),
        ("103015", 10 * HOUR + 30 * 60_000_000 + 15_000_000, 1_000_000),
        ("103015.5", 10 * HOUR + 30 * 60_000_000 + 15_500_000, 100_000),
        ("103015.500001", 10 * HOUR + 30 * 60_000_000 + 15_500_001, 1),
        ("235960", 24 * HOUR, 1_000_000),
    ],
)
def test_a_time_spans_its_precision(text: str, first: int, width: int) -> None:
    span = parse_time(text)
    assert span is not None
    assert (span.first, span.last) == (first, first + width - 1)


@pytest.mark.parametrize("text", ["", "1", "24", "1060", "103061", "103015.", "103015.1234567", "10 30", "noon"])
def test_not_times(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text", ["2024", "202402", "20240229", "2024022910", "20240229103015.123456", "2024+0100", "999912"]
)
def test_datetimes(text: str) -> None:
    assert parse_datetime(text) is not None


@pytest.mark.parametrize(
    "text", ["", "202413", "20230229", "2024022924", "20240229+1500", "20240229+01", "20240229T10", "2024022910:30"]
)
def test_not_datetimes(text: str) -> None:
    assert parse_datetime(text) is None


def test_a_datetime_spans_its_precision() -> None:
    year, month, day = parse_datetime("2024"), parse_datetime("202412"), parse_datetime("20241231")
    assert year and month and day
    assert year.first < month.first < day.first
    assert year.last == month.last == day.last


@pytest.mark.parametrize(("text", "hours"), [("+0100", 1), ("-0500", -5), ("+0530", 5.5)])
def test_offsets(text: str, hours: float) -> None:
    assert parse_offset(text) == hours * HOUR


@pytest.mark.parametrize("text", ["0100", "+100", "+2500", "", "Z"])
def test_not_offsets(text: str) -> None:
    assert parse_offset(text) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("20240101", Form.SINGLE),
        ("20240101-20240131", Form.CLOSED),
        ("20240101 - 20240131", Form.CLOSED),
        ("20240101-", Form.FROM),
        ("-20240131", Form.UNTIL),
    ],
)
def test_forms_of_a_date_range(text: str, form: Form) -> None:
    found = parse_range(text, parse_date)
    assert found is not None
    assert found.form is form


@pytest.mark.parametrize("text", ["", "-", "--", "20240131-20240101", "20240101-x", "20240101-20240102-20240103"])
def test_not_ranges(text: str) -> None:
    assert parse_range(text, parse_date) is None


def test_an_offset_is_not_the_end_of_a_range() -> None:
    single = parse_range("20240101-0500", parse_datetime)
    closed = parse_range("20240101-0500-20240102-0500", parse_datetime)
    years = parse_range("2023-2024", parse_datetime)
    assert single is not None and single.form is Form.SINGLE
    assert closed is not None and closed.form is Form.CLOSED
    assert years is not None and years.form is Form.CLOSED


def test_offsets_count_when_both_sides_have_one() -> None:
    wanted = parse_range("202401011200+0000", parse_datetime)
    same, other, bare = (parse_datetime(t) for t in ("202401011300+0100", "202401011200+0100", "202401011200"))
    assert wanted and same and other and bare
    assert wanted.holds(same)
    assert not wanted.holds(other)
    assert wanted.holds(bare)
    assert not wanted.holds(bare, zone=HOUR)


@given(st.dates(), st.dates(), st.dates())
def test_a_closed_range_holds_exactly_what_lies_between(a, b, c) -> None:
    low, high = sorted([a, b])
    found = parse_range(f"{low:%4Y%m%d}-{high:%4Y%m%d}".replace(" ", "0"), parse_date)
    moment = parse_date(f"{c.year:04}{c.month:02}{c.day:02}")
    assert found is None or moment is not None
    if low.year >= 1000:
        assert found is not None and moment is not None
        assert found.holds(moment) == (low <= c <= high)
