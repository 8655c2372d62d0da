"""The ledger's law: no rolling hour ever sees more calls than the limit, whoever shares the count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bitbucket.harness import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.bitbucket.budget import (
    BLOCK_CALLS,
    Budget,
    Grant,
    Ledger,
    MemoryLedger,
    consumer_id,
    grant_from,
    used_in_window,
)
from bucketgraph.collect.ledger import StoreLedger
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.store.store import Store

HOUR = 3600
START = 1_800_000_000.0
Open = Callable[[], Ledger]

TAKES = st.lists(
    st.tuples(st.floats(min_value=0, max_value=2 * HOUR), st.integers(min_value=1, max_value=30)), max_size=60
)


@pytest.fixture(params=["memory", "store"])
def ledgers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open ledgers that share one count: one object in memory, or several stores on one file."""
    if request.param == "memory":
        ledger = MemoryLedger()
        yield lambda: ledger
        return
    stores: list[Store] = []

    def open_store() -> StoreLedger:
        stores.append(Store.open(f"sqlite:///{tmp_path / 'graph.db'}", CATALOGUE))
        return StoreLedger(stores[-1])

    yield open_store
    for store in stores:
        store.close()


def most_in_any_hour(moments: list[float]) -> int:
    """Count the calls of the fullest hour."""
    return max((sum(start <= one < start + HOUR for one in moments) for start in moments), default=0)


@given(TAKES, st.integers(min_value=1, max_value=40))
def test_no_rolling_hour_exceeds_the_limit_whatever_is_taken(
    takes: list[tuple[float, int]], limit: int
) -> None:
    ledger, now, made = MemoryLedger(), START, list[float]()
    for wait, want in takes:
        now += wait
        grant = ledger.take("c", "other", want=want, limit=limit, now=now)
        assert 0 <= grant.calls <= want
        made += [now] * grant.calls
    assert most_in_any_hour(made) <= limit


@given(TAKES, st.integers(min_value=1, max_value=20))
def test_a_refusal_names_a_moment_at_which_a_call_is_free_and_none_is_before(
    takes: list[tuple[float, int]], limit: int
) -> None:
    ledger, now = MemoryLedger(), START
    for wait, want in takes:
        now += wait
        grant = ledger.take("c", "other", want=want, limit=limit, now=now)
        if not grant.calls:
            assert now < grant.retry_at <= now + HOUR + 60
            minutes = ledger._calls["c", "other"]
            assert grant_from(minutes, want=1, limit=limit, now=grant.retry_at).calls == 1
            assert grant_from(minutes, want=1, limit=limit, now=grant.retry_at - 0.001).calls == 0


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "call", "close"]),
        st.integers(min_value=0, max_value=2),
        st.sampled_from([0.0, 1.0, 59.0, 61.0, 600.0, 1800.0, 3540.0, 3599.0, 3601.0]),
    ),
    max_size=80,
)


@given(ACTS, st.integers(min_value=1, max_value=12))
def test_no_rolling_hour_exceeds_the_limit_with_several_clients_that_hold_and_return_blocks(
    acts: list[tuple[str, int, float]], limit: int
) -> None:
    clock, ledger, made = FakeClock(START), MemoryLedger(), list[float]()
    budgets = [Budget(ledger, "c", limit=limit, clock=clock.now) for _ in range(3)]
    for act, which, wait in acts:
        clock.time += wait
        budget = budgets[which]
        if act == "close":
            budget.close()
        elif budget.spend("other") or (budget.book("other") is None and budget.spend("other")):
            made.append(clock.time)
    assert most_in_any_hour(made) <= limit
    for budget in budgets:
        budget.close()
    assert ledger.used("c", "other", now=clock.time) >= sum(clock.time - HOUR < one for one in made)


def test_unused_calls_come_back_on_close_even_in_a_later_minute() -> None:
    clock, ledger = FakeClock(START), MemoryLedger()
    budget = Budget(ledger, "c", limit=100, clock=clock.now)
    assert budget.book("other") is None
    assert budget.spend("other")
    assert ledger.used("c", "other", now=clock.time) == BLOCK_CALLS
    clock.time += 600
    budget.close()
    budget.close()
    assert ledger.used("c", "other", now=clock.time) == 1
    assert budget.left("other") == 99


def test_giving_back_never_takes_away_what_another_client_really_spent() -> None:
    clock, ledger = FakeClock(START), MemoryLedger()
    first, second = (Budget(ledger, "c", limit=100, clock=clock.now) for _ in range(2))
    first.book("other")
    clock.time += 60
    second.book("other")
    assert all(second.spend("other") for _ in range(BLOCK_CALLS))
    first.close()
    clock.time = START + HOUR + 61
    assert ledger.used("c", "other", now=clock.time) == BLOCK_CALLS


def test_a_block_is_not_spent_in_a_later_minute_than_it_was_booked_in() -> None:
    clock, ledger = FakeClock(START), MemoryLedger()
    budget = Budget(ledger, "c", limit=5, clock=clock.now)
    budget.book("other")
    assert budget.spend("other")
    clock.time += 60
    assert not budget.spend("other")
    assert budget.book("other") is None
    assert budget.spend("other")
    assert ledger.used("c", "other", now=clock.time) == 5


def test_groups_and_consumers_are_counted_apart(ledgers: Open) -> None:
    ledger = ledgers()
    assert ledger.take("c", "repositories", want=9, limit=9, now=START).calls == 9
    assert ledger.take("c", "repositories", want=1, limit=9, now=START).calls == 0
    assert ledger.take("c", "other", want=9, limit=9, now=START).calls == 9
    assert ledger.take("d", "repositories", want=9, limit=9, now=START).calls == 9


def test_two_openings_share_one_count(ledgers: Open) -> None:
    first, second = ledgers(), ledgers()
    assert first.take("c", "other", want=6, limit=10, now=START) == Grant(6)
    assert second.used("c", "other", now=START + 1) == 6
    assert second.take("c", "other", want=6, limit=10, now=START + 1) == Grant(4)
    assert first.take("c", "other", want=1, limit=10, now=START + 2).calls == 0
    second.give_back("c", "other", calls=3, now=START + 1)
    assert first.take("c", "other", want=6, limit=10, now=START + 2) == Grant(3)


def test_a_new_opening_remembers_what_an_earlier_one_spent(ledgers: Open) -> None:
    ledgers().take("c", "other", want=10, limit=10, now=START)
    grant = ledgers().take("c", "other", want=1, limit=10, now=START + 1800)
    assert (grant.calls, grant.retry_at) == (0, START + HOUR + 60)


def test_an_hour_and_a_minute_later_everything_is_free_again(ledgers: Open) -> None:
    ledger = ledgers()
    ledger.take("c", "other", want=10, limit=10, now=START + 59)
    assert ledger.take("c", "other", want=10, limit=10, now=START + HOUR + 59.9).calls == 0
    assert ledger.take("c", "other", want=10, limit=10, now=START + HOUR + 60).calls == 10


def test_giving_back_more_than_was_booked_does_not_make_calls_free(ledgers: Open) -> None:
    ledger = ledgers()
    ledger.take("c", "other", want=2, limit=10, now=START)
    ledger.give_back("c", "other", calls=50, now=START)
    ledger.give_back("c", "never-booked", calls=50, now=START)
    assert ledger.used("c", "other", now=START) == 0
    assert ledger.take("c", "other", want=50, limit=10, now=START).calls == 10
    assert ledger.take("c", "never-booked", want=50, limit=10, now=START).calls == 10


def test_takers_at_the_same_time_never_get_more_than_the_limit_together(ledgers: Open) -> None:
    openings = [ledgers() for _ in range(3)]

    def take(n: int) -> int:
        return openings[n % 3].take("c", "other", want=4, limit=50, now=START + n).calls

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(30))) == 50


def test_calls_booked_by_a_clock_that_ran_far_ahead_do_not_block_for_ever() -> None:
    year = 365 * 24 * HOUR
    ledger = MemoryLedger()
    ledger.take("c", "other", want=10, limit=10, now=START + year)
    assert ledger.take("c", "other", want=10, limit=10, now=START).calls == 10


def test_calls_booked_by_a_clock_that_ran_a_little_ahead_still_count() -> None:
    assert used_in_window({int(START // 60) + 30: 7}, now=START) == 7


def test_a_consumers_name_in_the_ledger_does_not_show_its_key() -> None:
    name = consumer_id("the-key")
    assert "key" not in name
    assert name == consumer_id("the-key") != consumer_id("the-kez")
    assert len(name) == 12


def test_what_is_left_counts_held_calls_and_never_exceeds_the_limit() -> None:
    clock = FakeClock(START)
    budget = Budget(MemoryLedger(), "c", limit=7, clock=clock.now)
    assert budget.left("other") == 7
    budget.book("other")
    assert budget.left("other") == 7
    budget.spend("other")
    assert budget.left("other") == 6
    clock.time += 3 * HOUR
    assert budget.left("other") == 7


def test_a_ledger_may_be_asked_from_worker_threads() -> None:
    ledger = MemoryLedger()

    async def take() -> int:
        grants = [asyncio.to_thread(ledger.take, "c", "other", want=3, limit=10, now=START) for _ in range(9)]
        return sum(grant.calls for grant in await asyncio.gather(*grants))

    assert asyncio.run(take()) == 10
