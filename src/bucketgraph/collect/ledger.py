"""The call ledger kept in the store, so that restarts and other processes share one count."""

from __future__ import annotations

from bucketgraph.bitbucket.budget import Grant, grant_from, minute_of, used_in_window
from bucketgraph.store.store import Store


class StoreLedger:
    """Books calls in the store's ledger table."""

    def __init__(self, store: Store) -> None:
        """Book in the given store."""
        self._store = store

    def take(self, consumer: str, group: str, *, want: int, limit: int, now: float) -> Grant:
        """Book up to `want` calls."""
        grant = Grant(0)

        def decide(minutes: dict[int, int]) -> int:
            nonlocal grant
            grant = grant_from(minutes, want=want, limit=limit, now=now)
            return grant.calls

        self._store.ledger_book(consumer, group, minute_of(now), decide)
        return grant

    def give_back(self, consumer: str, group: str, *, calls: int, now: float) -> None:
        """Return booked calls that were not made; `now` is when they were booked."""
        self._store.ledger_book(consumer, group, minute_of(now), lambda _minutes: -calls)

    def used(self, consumer: str, group: str, *, now: float) -> int:
        """Return the calls booked in the last hour."""
        return used_in_window(self._store.ledger_minutes(consumer, group), now=now)
