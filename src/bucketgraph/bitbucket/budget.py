"""The call ledger: how many calls a consumer made in the last hour, counted by ourselves.

OAuth consumers get no rate headers; Bitbucket allows each consumer a flat 1,000 calls per rolling hour and
endpoint group, and answers a blind 429 beyond. The ledger is persisted (by the store), so neither a
restart nor a second process forgets what was spent.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bucketgraph.bitbucket.endpoints import GROUPS, Group

WINDOW_SECONDS = 3600
BLOCK_CALLS = 5


@dataclass(frozen=True, slots=True)
class Grant:
    """The ledger's answer: `calls` may be made now; if none, more are free at `retry_at` (epoch seconds)."""

    calls: int
    retry_at: float = 0.0


class Ledger(Protocol):
    """Counts calls per consumer and group over a rolling hour; safe across processes."""

    def take(self, consumer: str, group: str, *, want: int, limit: int, now: float) -> Grant:
        """Book up to `want` calls, never going over `limit` in any hour."""
        ...

    def give_back(self, consumer: str, group: str, *, calls: int, now: float) -> None:
        """Return booked calls that were not made; `now` is when they were booked."""
        ...

    def used(self, consumer: str, group: str, *, now: float) -> int:
        """Return the calls booked in the last hour."""
        ...


class MemoryLedger:
    """A ledger that lives as long as its process: for tests and for testing credentials."""

    def __init__(self) -> None:
        """Start with nothing booked."""
        self._calls: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._lock = threading.Lock()

    def take(self, consumer: str, group: str, *, want: int, limit: int, now: float) -> Grant:
        """Book up to `want` calls."""
        with self._lock:
            minutes = self._calls[consumer, group]
            grant = grant_from(minutes, want=want, limit=limit, now=now)
            minutes[minute_of(now)] += grant.calls
        return grant

    def give_back(self, consumer: str, group: str, *, calls: int, now: float) -> None:
        """Return booked calls."""
        with self._lock:
            minutes, booked = self._calls[consumer, group], minute_of(now)
            minutes[booked] = max(0, minutes[booked] - calls)

    def used(self, consumer: str, group: str, *, now: float) -> int:
        """Return the calls booked in the last hour."""
        with self._lock:
            return used_in_window(self._calls[consumer, group], now=now)


def minute_of(now: float) -> int:
    """Return the minute (since the epoch) a call is booked under."""
    return int(now // 60)


def used_in_window(minutes: dict[int, int], *, now: float) -> int:
    """Sum the calls of the last hour; a minute counts until all of it is over an hour old."""
    return sum(_in_window(minutes, now=now).values())


def grant_from(minutes: dict[int, int], *, want: int, limit: int, now: float) -> Grant:
    """Decide on a request for calls, given calls by minute."""
    free = limit - used_in_window(minutes, now=now)
    if free > 0:
        return Grant(min(want, free))
    counted = _in_window(minutes, now=now)
    first = min((minute for minute, calls in counted.items() if calls), default=minute_of(now))
    return Grant(0, retry_at=(first + 1) * 60 + WINDOW_SECONDS)


def _in_window(minutes: dict[int, int], *, now: float) -> dict[int, int]:
    """Leave out minutes over an hour old, and those so far ahead that a clock must have gone wrong."""
    oldest, latest = minute_of(now - WINDOW_SECONDS), minute_of(now + WINDOW_SECONDS)
    return {minute: calls for minute, calls in minutes.items() if oldest <= minute <= latest}


def consumer_id(key: str) -> str:
    """Return a short name for a consumer that does not show its key."""
    return hashlib.blake2b(key.encode(), digest_size=6).hexdigest()


@dataclass(slots=True)
class _Block:
    """Calls that are booked and not yet made."""

    calls: int = 0
    booked_at: float = 0.0


class Budget:
    """One consumer's share of the ledger, booked in small blocks to keep the ledger off the hot path.

    A block is good only in the minute it is booked under: a call made later would leave the ledger's hour
    before its own hour is over.
    """

    def __init__(self, ledger: Ledger, consumer: str, *, limit: int, clock: Callable[[], float]) -> None:
        """Start with nothing booked; `limit` is for an hour and a group."""
        self._ledger, self._consumer, self._limit, self._clock = ledger, consumer, limit, clock
        self._held: dict[Group, _Block] = {group: _Block() for group in GROUPS}
        self.spent: dict[Group, int] = dict.fromkeys(GROUPS, 0)
        self.likely_left = max(0, limit - ledger.used(consumer, "repositories", now=clock()))
        """What is left for repositories this hour, as far as this process knows without asking."""

    def spend(self, group: Group) -> bool:
        """Spend one booked call; False when a new block must be booked first."""
        if not self.holds(group):
            return False
        self._held[group].calls -= 1
        self.spent[group] += 1
        return True

    def holds(self, group: Group) -> bool:
        """Say whether a booked call may be made now."""
        block = self._held[group]
        return block.calls > 0 and minute_of(block.booked_at) == minute_of(self._clock())

    def book(self, group: Group) -> float | None:
        """Book a block of calls; the epoch second to try again at when there are none."""
        self._give_back(group)
        now = self._clock()
        grant = self._ledger.take(self._consumer, group, want=BLOCK_CALLS, limit=self._limit, now=now)
        self._held[group] = _Block(grant.calls, now)
        if group == "repositories":
            self.likely_left = self.left(group)
        return None if grant.calls else grant.retry_at

    def left(self, group: Group) -> int:
        """Return how many calls of this hour are left."""
        used = self._ledger.used(self._consumer, group, now=self._clock())
        return min(self._limit, max(0, self._limit - used + self._held[group].calls))

    def close(self) -> None:
        """Give back what was booked and not used."""
        for group in GROUPS:
            self._give_back(group)

    def _give_back(self, group: Group) -> None:
        """Give back under the minute of the booking: any other minute's calls were really made."""
        block, self._held[group] = self._held[group], _Block()
        if block.calls:
            self._ledger.give_back(self._consumer, group, calls=block.calls, now=block.booked_at)
