"""Schedules: cron and arithmetic agree on every tick, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import get_args

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.integrations.configuration import Interval, Polling
from bucketgraph.integrations.schedule import (
    Rhythm,
    cron,
    failures,
    last_due,
    next_due,
    overdue,
    rhythm,
)
from bucketgraph.store.base import Problem, Run, RunReport, RunStatus

DAY, HOUR = 86_400_000, 3_600_000
INTERVALS = [one for one in get_args(Interval) if one != "DISABLED"]

pollings = st.builds(
    Polling,
    st.sampled_from(INTERVALS),
    st.none() | st.integers(0, 23),
    st.none() | st.integers(0, 6),
)
ids = st.uuids().map(str)
moments = st.integers(1_500_000_000_000, 2_500_000_000_000)


@given(pollings, ids, moments)
def test_cron_and_arithmetic_name_the_same_ticks(polling: Polling, integration: str, now: int) -> None:
    text = cron(polling, integration)
    due = next_due(polling, integration, now)
    assert text is not None
    assert due is not None
    assert len(text.split()) == 6
    ticks = croniter(text, datetime.fromtimestamp(now / 1000, UTC), second_at_beginning=True)
    for _ in range(3):
        tick = ticks.get_next(datetime)
        assert round(tick.timestamp() * 1000) == due
        assert last_due(polling, integration, due) == due
        assert (last_due(polling, integration, due - 1) or 0) < due
        due = next_due(polling, integration, due)


@given(pollings, ids, moments)
def test_a_day_and_hour_that_were_chosen_are_kept(polling: Polling, integration: str, now: int) -> None:
    due = next_due(polling, integration, now)
    assert due is not None
    moment = datetime.fromtimestamp(due / 1000, UTC)
    if polling.interval in {"ONE_DAY", "ONE_WEEK"} and polling.hour is not None:
        assert moment.hour == polling.hour
    if polling.interval == "ONE_WEEK" and polling.weekday is not None:
        assert moment.isoweekday() % 7 == polling.weekday


@given(st.lists(ids, min_size=60, max_size=60, unique=True), st.sampled_from(INTERVALS[1:]))
def test_many_integrations_do_not_begin_together(many: list[str], interval: Interval) -> None:
    dues = {last_due(Polling(interval, 3, 1), one, 1_800_000_000_000) for one in many}
    assert len(dues) > 50


def test_what_is_disabled_is_never_due() -> None:
    assert rhythm(Polling("DISABLED"), "a") is None
    assert last_due(Polling("DISABLED"), "a", 0) is None
    assert next_due(Polling("DISABLED"), "a", 0) is None
    assert cron(Polling("DISABLED"), "a") is None


@given(pollings, ids, moments)
def test_summer_time_moves_no_tick(polling: Polling, integration: str, now: int) -> None:
    known = rhythm(polling, integration)
    assert known is not None
    dues = [known.next_due(now)]
    for _ in range(20):
        dues.append(known.next_due(dues[-1]))
    assert {after - before for before, after in pairwise(dues)} == {known.period * 1000}


@given(st.integers(0, 40), moments, st.sampled_from([1800, 3600, 14_400, 86_400, 604_800]))
def test_resting_is_a_day_at_most_and_grows_with_failures(count: int, now: int, period: int) -> None:
    known = Rhythm(period, 7)
    tried = [
        due
        for step in range(400)
        if not known.rests(due := known.last_due(now + step * period * 1000), count)
    ]
    gaps = {after - before for before, after in pairwise(tried)}
    assert gaps == {min(2**count * period * 1000, max(DAY, period * 1000))}
    assert known.rests(tried[0], 0) is False


def run(number: int, status: RunStatus, code: str = "", *, start: int, end: int | None = None) -> Run:
    """Return a run that may have failed as a whole."""
    report = RunReport(problems=[Problem("Run", code, "")] if code else [])
    return Run(number, "a", start, end, status, {}, report)


def test_only_what_a_person_must_mend_makes_an_integration_rest() -> None:
    refused = [run(n, "FAILED", "credentials", start=n) for n in (5, 4, 3)]
    assert failures(refused, 0) == 3
    assert failures([run(6, "FAILED", "config", start=6), *refused], 0) == 4
    assert failures([run(6, "COMPLETED", start=6), *refused], 0) == 0
    assert failures([run(6, "FAILED", "source-unavailable", start=6), *refused], 0) == 0
    assert failures([run(6, "FAILED", "cancelled", start=6), *refused], 0) == 0
    assert failures(refused, 4) == 2, "the configuration was changed since"


HOURLY = Rhythm(3600, 0)
NOW = 500_000 * HOUR + 5 * 60_000
DUE = 500_000 * HOUR


@pytest.mark.parametrize(
    ("runs", "changed_on", "expected"),
    [
        ([], 0, True),
        ([], DUE + 1, False),
        ([run(1, "COMPLETED", start=DUE - HOUR, end=DUE - HOUR + 5)], 0, True),
        ([run(1, "COMPLETED", start=DUE - 90 * HOUR, end=DUE - 89 * HOUR)], 0, True),
        ([run(1, "COMPLETED", start=DUE + 1, end=DUE + 5)], 0, False),
        ([run(1, "COMPLETED", start=DUE - 1, end=DUE + 5)], 0, False),
        ([run(1, "IN_PROGRESS", start=DUE - 1)], 0, False),
        ([run(1, "COMPLETED", start=NOW + 900 * DAY, end=NOW + 900 * DAY)], 0, True),
        ([run(1, "COMPLETED", start=DUE - 9, end=DUE - 5)], NOW + 900 * DAY, True),
    ],
    ids=[
        "new",
        "changed since",
        "ran before",
        "many missed",
        "ran since",
        "was running then",
        "runs now",
        "ran when the clock was ahead",
        "changed when the clock was ahead",
    ],
)
def test_what_is_caught_up_with(runs: list[Run], changed_on: int, expected: bool) -> None:
    assert HOURLY.last_due(NOW) == DUE
    assert overdue(HOURLY, runs, due=DUE, now=NOW, changed_on=changed_on) is expected
