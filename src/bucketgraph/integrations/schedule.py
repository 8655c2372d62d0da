"""When an integration is collected by itself: pure arithmetic on UTC, in epoch milliseconds.

Every interval is a fixed period of UTC with a phase that is derived from the integration's id, so that many
integrations do not begin at once. There is no local time in it: a change of summer time moves nothing, and a
tick is known by the moment it is due, whatever the clock said when it was noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bucketgraph.errors import ConfigError, CredentialError
from bucketgraph.integrations.configuration import Interval, Polling
from bucketgraph.store.base import Run

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_THURSDAY = 4
"""The weekday of the epoch's first day, Sunday being 0."""

_SECONDS: Mapping[Interval, int] = {
    "TEN_SECONDS": 10,
    "THIRTY_MINUTES": 30 * _MINUTE,
    "ONE_HOUR": _HOUR,
    "FOUR_HOURS": 4 * _HOUR,
    "EIGHT_HOURS": 8 * _HOUR,
    "TWELVE_HOURS": 12 * _HOUR,
    "ONE_DAY": _DAY,
    "ONE_WEEK": 7 * _DAY,
}

_HOPELESS = frozenset({CredentialError.code, ConfigError.code})
"""Codes of failures that last until a person changes something: key, secret, scopes, workspace."""

_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A tick in every `period` seconds, `phase` seconds after the multiples of it since the epoch."""

    period: int
    phase: int

    def last_due(self, now: int) -> int:
        """Return the newest tick that is not after `now` (epoch ms)."""
        return 1000 * (self._index(now) * self.period + self.phase)

    def next_due(self, now: int) -> int:
        """Return the first tick after `now` (epoch ms)."""
        return self.last_due(now) + 1000 * self.period

    def cron(self) -> str:
        """Return the same ticks as a cron expression of six fields, seconds first, in UTC."""
        second, minute, hour = self.phase % 60, self.phase // _MINUTE % 60, self.phase // _HOUR % 24
        match self.period:
            case period if period < _MINUTE:
                return f"{_every(self.phase, period, 60)} * * * * *"
            case period if period < _HOUR:
                return f"{second} {_every(minute, period // _MINUTE, 60)} * * * *"
            case period if period < _DAY:
                return f"{second} {minute} {_every(hour, period // _HOUR, 24)} * * *"
            case period if period == _DAY:
                return f"{second} {minute} {hour} * * *"
        return f"{second} {minute} {hour} * * {(self.phase // _DAY + _THURSDAY) % 7}"

    def rests(self, due: int, failures: int) -> bool:
        """Say whether a tick is left out after so many failures in a row.

        After n of them only every 2^n-th tick is tried, but never less than one a day.
        """
        stride: int = min(2 ** min(failures, _MOST_DOUBLINGS), max(1, _DAY // self.period))
        return self._index(due) % stride != 0

    def _index(self, moment: int) -> int:
        return (moment - 1000 * self.phase) // (1000 * self.period)


def rhythm(polling: Polling, integration_id: str) -> Rhythm | None:
    """Return when an integration is due, or None when it is never by itself."""
    period = _SECONDS.get(polling.interval)
    if period is None:
        return None
    chance = int.from_bytes(hashlib.sha256(integration_id.encode()).digest()[:8])
    if period < _DAY:
        return Rhythm(period, chance % period)
    hour = polling.hour if polling.hour is not None else chance // _HOUR % 24
    phase = hour * _HOUR + chance % _HOUR
    if period > _DAY:
        weekday = polling.weekday if polling.weekday is not None else chance // _DAY % 7
        phase += (weekday - _THURSDAY) % 7 * _DAY
    return Rhythm(period, phase)


def last_due(polling: Polling, integration_id: str, now: int) -> int | None:
    """Return the newest tick (epoch ms) that is not after `now`, or None where there is no schedule."""
    known = rhythm(polling, integration_id)
    return None if known is None else known.last_due(now)


def next_due(polling: Polling, integration_id: str, now: int, *, failures: int = 0) -> int | None:
    """Return the first tick (epoch ms) after `now` that is not left out, or None where there is no schedule."""
    known = rhythm(polling, integration_id)
    if known is None:
        return None
    due = known.next_due(now)
    while known.rests(due, failures):
        due += 1000 * known.period
    return due


def cron(polling: Polling, integration_id: str) -> str | None:
    """Return the schedule as a cron expression in UTC, seconds first, or None where there is none."""
    known = rhythm(polling, integration_id)
    return None if known is None else known.cron()


def failures(runs: Sequence[Run], changed_on: int) -> int:
    """Count the newest runs (given newest first) that failed for what only a person can mend.

    What ran before the configuration was changed does not count.
    """
    count = 0
    for run in runs:
        codes = {problem.code for problem in run.report.problems if problem.scope == "Run"}
        if run.status != "FAILED" or not codes & _HOPELESS or run.started_on < changed_on:
            break
        count += 1
    return count


def overdue(known: Rhythm, runs: Sequence[Run], *, due: int, now: int, changed_on: int) -> bool:
    """Say whether a tick was missed and is to be caught up with. Times are epoch ms.

    However many ticks were missed, there is one to catch up with: the newest. None is missed that lies before the
    configuration's last change, or that found a run under way. Moments that lie in the future are no help: the
    clock was wrong then.
    """
    last = next(iter(runs), None)
    covered = [changed_on] if last is None else [changed_on, last.started_on, last.finished_on or 0]
    if any(due <= moment <= now for moment in covered) or known.rests(due, failures(runs, changed_on)):
        return False
    return last is None or last.status != "IN_PROGRESS"


def _every(first: int, step: int, end: int) -> str:
    return ",".join(str(one) for one in range(first % step, end, step))
