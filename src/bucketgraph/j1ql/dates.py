"""Dates: units, calendar arithmetic and the texts inside `date(...)`. Everything is epoch milliseconds in UTC.

The present is never read here: whoever asks a query fixes `date.now` once and hands it in.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from bucketgraph.graph.values import epoch_ms

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

FIXED_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 604_800_000}
)
"""Units of one length, in milliseconds."""

CALENDAR_UNITS: Final[Mapping[str, int]] = MappingProxyType({"month": 1, "year": 12})
"""Units that follow the calendar, in months."""

_SPELLINGS: Final = {
    "minute": ("minute", "minutes", "min", "mins"),
    "hour": ("hour", "hours", "hr", "hrs"),
    "day": ("day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months", "mo", "mos"),
    "year": ("year", "years", "yr", "yrs"),
}

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {word.upper(): unit for unit, words in _SPELLINGS.items() for word in words}
)
"""Every spelling in upper case, with the unit that it means."""

_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[Tt ](?P<clock>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?"
)


def parse_date(text: str) -> int | None:
    """Read an ISO-8601 date, of which the right part may be missing; None when it is no date.

    What is missing is the earliest possible, and a missing zone is UTC.
    """
    if (found := _DATE.fullmatch(text)) is None:
        return None
    day = f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}"
    fraction = (found["fraction"] or "0")[:6].ljust(6, "0")
    clock = found["clock"] or "00:00"
    seconds = "" if len(clock) == len("00:00:00") else ":00"
    return epoch_ms(f"{day}T{clock}{seconds}.{fraction}{(found['zone'] or 'Z').upper()}")


def shift(ms: int, amount: float, unit: str) -> int | None:
    """Move a date by an amount of a unit; None when it would leave the years 1 to 9999.

    Months and years follow the calendar in UTC: 31 January plus one month is the last day of February.
    """
    if unit in CALENDAR_UNITS:
        return _shift_months(ms, int(amount) * CALENDAR_UNITS[unit])
    distance = amount * FIXED_UNITS[unit]
    if not math.isfinite(distance):
        return None
    moved = ms + round(distance)
    return moved if _moment(moved) is not None else None


def _shift_months(ms: int, months: int) -> int | None:
    moment = _moment(ms)
    if moment is None:
        return None
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        return None
    last = calendar.monthrange(year, month + 1)[1]
    moved = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    return (moved - _EPOCH) // _MILLISECOND


def _moment(ms: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return None
