"""Dates: what may stand in `date(...)`, and what adding a unit does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.j1ql.dates import CALENDAR_UNITS, FIXED_UNITS, UNITS, parse_date, shift

MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def ms(*when: int) -> int:
    """Return epoch milliseconds of a UTC moment."""
    return round(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", ms(2026, 1, 1)),
        ("2026-11", ms(2026, 11, 1)),
        ("2026-11-23", ms(2026, 11, 23)),
        ("2026-11-23T10:20", ms(2026, 11, 23, 10, 20)),
        ("2026-11-23 10:20:30", ms(2026, 11, 23, 10, 20, 30)),
        ("2026-11-23T10:20:30.5Z", ms(2026, 11, 23, 10, 20, 30) + 500),
        ("2026-11-23t10:20:30.123456789z", ms(2026, 11, 23, 10, 20, 30) + 123),
        ("2026-11-23T10:20:30+02:00", ms(2026, 11, 23, 8, 20, 30)),
        ("2026-11-23T10:20:30-0730", ms(2026, 11, 23, 17, 50, 30)),
        ("2026-11-23T10:20+02", ms(2026, 11, 23, 8, 20)),
        ("1969-12-31T23:59:59", -1000),
    ],
)
def test_a_date_means_the_earliest_moment_in_utc_that_its_text_allows(text: str, expected: int) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "26", "2026-1-1", "2026-13", "2026-02-30", "0000", "2026-W10", "20261123", "now", " 2026"),
        *("2026-11-23Z", "2026-11-23T10", "2026-11T10:00", "2026-11-23T25:00", "2026-11-23T10:20:30+25:00"),
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        (ms(2026, 1, 31), 1, "month", ms(2026, 2, 28)),
        (ms(2024, 1, 31), 1, "month", ms(2024, 2, 29)),
        (ms(2026, 3, 31), -1, "month", ms(2026, 2, 28)),
        (ms(2024, 2, 29), 1, "year", ms(2025, 2, 28)),
        (ms(2026, 12, 15, 10, 30), 2, "month", ms(2027, 2, 15, 10, 30)),
        (ms(2026, 1, 15), -13, "month", ms(2024, 12, 15)),
        (ms(2026, 3, 29), 1, "day", ms(2026, 3, 30)),
        (ms(2026, 3, 29), 1.5, "hour", ms(2026, 3, 29, 1, 30)),
        (ms(2026, 3, 29), -1, "week", ms(2026, 3, 22)),
        (ms(2026, 3, 29), 90, "minute", ms(2026, 3, 29, 1, 30)),
    ],
)
def test_units_follow_the_calendar(start: int, amount: float, unit: str, expected: int) -> None:
    assert shift(start, amount, unit) == expected


@pytest.mark.parametrize("unit", [*FIXED_UNITS, *CALENDAR_UNITS])
@pytest.mark.parametrize("amount", [10**10, -(10**10), 10**30])
def test_what_leaves_the_calendar_is_no_date(unit: str, amount: int) -> None:
    assert shift(ms(2026, 1, 1), amount, unit) is None
    assert shift(10**20, 1, unit) is None


def test_an_endless_amount_is_no_date() -> None:
    assert shift(0, 1e308, "day") is None


@given(MOMENTS, st.integers(-2000, 2000), st.sampled_from(sorted(FIXED_UNITS)))
def test_fixed_units_can_be_taken_back(moment: datetime, amount: int, unit: str) -> None:
    start = round(moment.timestamp() * 1000)
    moved = shift(start, amount, unit)
    assert moved is None or shift(moved, -amount, unit) == start


@given(MOMENTS, st.integers(-2000, 2000))
def test_months_keep_the_time_of_day_and_move_the_day_only_to_the_end_of_a_month(
    moment: datetime, months: int
) -> None:
    start = round(moment.replace(microsecond=0).timestamp()) * 1000
    moved = shift(start, months, "month")
    if moved is not None:
        there = datetime.fromtimestamp(moved / 1000, UTC)
        assert (there.hour, there.minute, there.second) == (moment.hour, moment.minute, moment.second)
        assert (there.year * 12 + there.month) - (moment.year * 12 + moment.month) == months
        assert there.day == moment.day or (there.day < moment.day and there.day >= 28)


def test_every_unit_has_a_length() -> None:
    assert set(UNITS.values()) == {*FIXED_UNITS, *CALENDAR_UNITS}
    assert all(word == word.upper() for word in UNITS)
