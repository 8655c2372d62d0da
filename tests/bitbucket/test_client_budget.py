"""The client's budget: what is charged to which group, when it waits, and what it returns."""

from __future__ import annotations

import asyncio

import pytest
from bitbucket.harness import CONSUMER, Ear, FakeClock, Wire, always, fetch, open_client, page, read_items

from bucketgraph.bitbucket.budget import BLOCK_CALLS, MemoryLedger, consumer_id
from bucketgraph.bitbucket.endpoints import PROJECTS, PULL_REQUESTS, REPOSITORY, WORKSPACE, Listing
from bucketgraph.errors import BudgetSpent

pytestmark = pytest.mark.anyio

NAME = consumer_id(CONSUMER.key)
HOUR = 3600


async def test_calls_are_charged_to_the_group_of_their_endpoint_and_tokens_to_none() -> None:
    ledger, clock = MemoryLedger(), FakeClock()
    wire = Wire(lambda _request: page())
    async with open_client(wire, ledger=ledger, clock=clock) as client:
        await read_items(client, Listing(PULL_REQUESTS, "/2.0/repositories/a/b/pullrequests"))
        await fetch(client, endpoint=REPOSITORY)
        await read_items(client, Listing(PROJECTS, "/2.0/workspaces/a/projects"))
        assert client.budget.spent == {"repositories": 2, "other": 1}
    assert ledger.used(NAME, "repositories", now=clock.time) == 2
    assert ledger.used(NAME, "other", now=clock.time) == 1


async def test_the_ledger_is_asked_once_a_block_and_gets_the_rest_back_on_close() -> None:
    ledger, clock = MemoryLedger(), FakeClock()
    async with open_client(Wire(always()), ledger=ledger, clock=clock) as client:
        await fetch(client)
        assert ledger.used(NAME, "repositories", now=clock.time) == BLOCK_CALLS
        clock.time += 120
    assert ledger.used(NAME, "repositories", now=clock.time) == 1


async def test_unused_calls_come_back_when_the_work_is_cancelled() -> None:
    ledger, clock = MemoryLedger(), FakeClock()

    async def work() -> None:
        async with open_client(Wire(always()), ledger=ledger, clock=clock) as client:
            await fetch(client)
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.wait([task], timeout=0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.used(NAME, "repositories", now=clock.time) == 1


async def test_unused_calls_come_back_even_when_closing_the_connections_fails() -> None:
    class Stuck(Wire):
        async def aclose(self) -> None:
            raise OSError("the socket is gone")

    ledger, clock = MemoryLedger(), FakeClock()
    client = open_client(Stuck(always()), ledger=ledger, clock=clock)
    await fetch(client)
    with pytest.raises(OSError, match="socket"):
        await client.__aexit__(None, None, None)
    assert ledger.used(NAME, "repositories", now=clock.time) == 1


@pytest.mark.parametrize("limit", [1, 7, 50])
async def test_no_rolling_hour_sees_more_calls_than_the_limit(limit: int) -> None:
    clock, sent = FakeClock(), list[float]()
    wire = Wire(lambda _request: sent.append(clock.time) or page())
    async with open_client(wire, clock=clock, hourly_calls=limit) as client:
        for _ in range(2 * limit + 3):
            await fetch(client)
    assert len(sent) == 2 * limit + 3
    assert max(sum(start <= one < start + HOUR for one in sent) for start in sent) == limit


async def test_it_waits_for_the_hour_and_tells_the_monitor_until_when() -> None:
    clock, ear = FakeClock(), Ear()
    start = clock.time
    async with open_client(Wire(always()), clock=clock, monitor=ear, hourly_calls=3) as client:
        for _ in range(4):
            await fetch(client)
    ((reason, until),) = ear.waits
    assert "3 calls an hour" in reason
    assert start + HOUR <= until <= start + HOUR + 60
    assert clock.time == pytest.approx(until, abs=0.1)
    assert ear.resumes == 1


async def test_without_waiting_a_spent_budget_ends_the_call_before_it_is_made() -> None:
    wire, clock = Wire(always()), FakeClock()
    async with open_client(wire, clock=clock, hourly_calls=3, wait_for_budget=False) as client:
        for _ in range(3):
            await fetch(client)
        with pytest.raises(BudgetSpent, match="3 calls an hour") as caught:
            await fetch(client)
    assert clock.time < caught.value.until <= clock.time + HOUR + 60
    assert len(wire.asked) == 3
    assert clock.naps == []


async def test_a_spent_group_does_not_hold_up_the_other_one() -> None:
    class Standstill(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await go.wait()
            await super().sleep(seconds)

    go = asyncio.Event()
    async with open_client(Wire(always()), clock=Standstill(), hourly_calls=5, concurrency=2) as client:
        waiting = [asyncio.create_task(fetch(client, endpoint=REPOSITORY)) for _ in range(9)]
        await asyncio.wait(waiting, timeout=0.05)
        assert sum(task.done() for task in waiting) == 5
        await asyncio.wait_for(fetch(client, endpoint=WORKSPACE), 5)
        go.set()
        await asyncio.gather(*waiting)


async def test_many_calls_at_once_share_their_blocks_and_stay_within_the_limit() -> None:
    ledger, clock = MemoryLedger(), FakeClock()
    wire = Wire(always())
    async with open_client(wire, ledger=ledger, clock=clock, hourly_calls=40, concurrency=8) as client:
        await asyncio.gather(*(fetch(client) for _ in range(40)))
        assert clock.naps == []
    assert ledger.used(NAME, "repositories", now=clock.time) == 40


async def test_no_more_calls_are_under_way_than_allowed() -> None:
    now = most = 0

    async def count(_request: object) -> object:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(50):
            await asyncio.sleep(0)
        now -= 1
        return page()

    async with open_client(Wire(count), concurrency=3) as client:
        await asyncio.gather(*(fetch(client) for _ in range(20)))
    assert most == 3


async def test_two_clients_of_one_consumer_share_what_is_left() -> None:
    ledger, clock = MemoryLedger(), FakeClock()
    options = {"ledger": ledger, "clock": clock, "hourly_calls": 10, "wait_for_budget": False}
    async with open_client(Wire(always()), **options) as one, open_client(Wire(always()), **options) as two:
        for _ in range(5):
            await fetch(one)
            await fetch(two)
        with pytest.raises(BudgetSpent):
            await fetch(two)
