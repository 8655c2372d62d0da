"""429: the whole consumer pauses, longer each time, and never forever."""

from __future__ import annotations

import asyncio
import threading
from email.utils import formatdate
from typing import Any

import httpx2
import pytest
from bitbucket.harness import Ear, FakeClock, Wire, always, fetch, limited, ok, open_client

from bucketgraph.bitbucket.budget import Grant, MemoryLedger
from bucketgraph.bitbucket.endpoints import REPOSITORY, WORKSPACE
from bucketgraph.errors import BudgetSpent

pytestmark = pytest.mark.anyio


async def pauses(*answers: httpx2.Response, **patience: float) -> list[float]:
    """Return how long the client waited between its calls."""
    wire, clock = Wire(*answers, ok()), FakeClock()
    async with open_client(wire, clock=clock, **patience) as client:
        await fetch(client)
    assert len(wire.asked) == len(answers) + 1
    return clock.naps


async def test_a_plain_text_429_pauses_for_half_a_minute_and_then_the_call_is_made_again() -> None:
    (nap,) = await pauses(limited())
    assert 30 <= nap <= 36


async def test_pauses_double_with_some_jitter_up_to_the_cap() -> None:
    naps = await pauses(*(limited() for _ in range(8)), pause_cap=900)
    for nap, least in zip(naps, [30, 60, 120, 240, 480, 900, 900, 900], strict=True):
        assert least <= nap <= min(least * 1.2, 900)


async def test_an_answer_resets_the_doubling() -> None:
    wire, clock = Wire(limited(), limited(), ok(), limited(), ok()), FakeClock()
    async with open_client(wire, clock=clock) as client:
        await fetch(client)
        await fetch(client)
    assert clock.naps[-1] <= 36


async def test_retry_after_in_seconds_is_honoured() -> None:
    assert await pauses(limited(retry_after="77")) == [77]


async def test_retry_after_as_a_date_is_honoured() -> None:
    (nap,) = await pauses(limited(retry_after=formatdate(FakeClock().time + 120, usegmt=True)))
    assert nap == 120


@pytest.mark.parametrize("text", ["86400", "9" * 400, formatdate(FakeClock().time + 86400, usegmt=True)])
async def test_an_absurd_retry_after_is_capped(text: str) -> None:
    assert await pauses(limited(retry_after=text), retry_after_cap=3600) == [3600]


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "0", "²", formatdate(0, usegmt=True), f"Wed, {'9' * 20} Oct 2026 07:28:00 GMT"]
)
async def test_a_retry_after_that_names_no_future_time_is_treated_as_none(text: str) -> None:
    answer = httpx2.Response(429, headers=[(b"retry-after", text.encode("latin-1"))])
    (nap,) = await pauses(answer)
    assert 30 <= nap <= 36


async def test_concurrent_429s_count_as_one_strike_and_one_pause() -> None:
    clock, together = FakeClock(), asyncio.Barrier(4)
    turns = 0

    async def limit_the_first_four(_request: httpx2.Request) -> httpx2.Response:
        nonlocal turns
        turns += 1
        if turns > 4:
            return ok()
        await together.wait()
        return limited()

    wire = Wire(limit_the_first_four)
    async with open_client(wire, clock=clock, concurrency=4) as client:
        start = clock.time
        await asyncio.gather(*(fetch(client) for _ in range(4)))
    assert len(wire.asked) == 8
    assert 30 <= clock.time - start <= 36


async def test_a_good_answer_to_a_call_sent_before_the_429_does_not_reset_the_doubling() -> None:
    clock, arrived, release, done = FakeClock(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    answers = [limited(), limited(), ok()]

    async def slow_call_ends_between_the_429s(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/2.0/slow":
            arrived.set()
            await release.wait()
            return ok()
        if len(answers) == 2:
            release.set()
            await done.wait()
        return answers.pop(0)

    async with open_client(Wire(slow_call_ends_between_the_429s), clock=clock) as client:
        slow = asyncio.create_task(fetch(client, "/2.0/slow"))
        slow.add_done_callback(lambda _task: done.set())
        await arrived.wait()
        await asyncio.gather(slow, fetch(client))
    assert len(clock.naps) == 2
    assert clock.naps[1] >= 60


class HeldClock(FakeClock):
    """A clock that stands still until it is let go."""

    def __init__(self) -> None:
        """Start held."""
        super().__init__()
        self.go = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait to be let go, then move on."""
        await self.go.wait()
        await super().sleep(seconds)


async def test_no_call_of_any_group_leaves_during_a_pause() -> None:
    clock, sent, limit_now = HeldClock(), list[float](), asyncio.Event()

    async def limit_first(_request: httpx2.Request) -> httpx2.Response:
        sent.append(clock.time)
        if len(sent) > 1:
            return ok()
        limit_now.set()
        return limited(retry_after="50")

    start = clock.time
    async with open_client(Wire(limit_first), clock=clock, concurrency=3) as client:
        first = asyncio.create_task(fetch(client))
        await limit_now.wait()
        others = [asyncio.create_task(fetch(client, endpoint=e)) for e in (REPOSITORY, WORKSPACE) * 7]
        await asyncio.wait(others, timeout=0.05)
        clock.go.set()
        await asyncio.gather(first, *others)
    assert len(sent) == 16
    assert min(sent[1:]) >= start + 50


async def test_a_call_that_waited_for_its_budget_does_not_leave_during_a_pause_begun_meanwhile() -> None:
    class SlowLedger(MemoryLedger):
        def take(self, consumer: str, group: str, **numbers: Any) -> Grant:
            if group == "other":
                booking.set()
                limited_by_now.wait(5)
            return super().take(consumer, group, **numbers)

    booking, limited_by_now = threading.Event(), threading.Event()
    clock, sent = HeldClock(), list[float]()

    async def limit_first(_request: httpx2.Request) -> httpx2.Response:
        sent.append(clock.time)
        if len(sent) > 1:
            return ok()
        await asyncio.to_thread(booking.wait, 5)
        asyncio.get_running_loop().call_later(0.02, limited_by_now.set)
        return limited(retry_after="50")

    start = clock.time
    async with open_client(Wire(limit_first), clock=clock, ledger=SlowLedger()) as client:
        calls = [asyncio.create_task(fetch(client, endpoint=e)) for e in (REPOSITORY, WORKSPACE)]
        await asyncio.wait(calls, timeout=0.1)
        clock.go.set()
        await asyncio.gather(*calls)
    assert len(sent) == 3
    assert min(sent[1:]) >= start + 50


async def test_endless_429s_end_the_run_instead_of_the_next_call() -> None:
    wire = Wire(lambda _request: limited())
    async with open_client(wire, attempts=3) as client:
        with pytest.raises(BudgetSpent, match="429"):
            await fetch(client)
    assert len(wire.asked) <= 20


async def test_endless_429s_without_any_pause_end_too_and_every_later_call_at_once() -> None:
    wire = Wire(lambda _request: limited())
    async with open_client(wire, pause=0, attempts=100, hourly_calls=10_000) as client:
        for _ in range(11):
            with pytest.raises(BudgetSpent, match="429"):
                await fetch(client)
    assert len(wire.asked) == 13 + 10


async def test_without_waiting_a_429_is_budget_spent_and_says_until_when() -> None:
    wire, clock, ear = Wire(limited(retry_after="60"), always()), FakeClock(), Ear()
    async with open_client(wire, clock=clock, monitor=ear, wait_for_budget=False) as client:
        for _ in range(2):
            with pytest.raises(BudgetSpent, match="429") as caught:
                await fetch(client)
            assert caught.value.until == clock.time + 60
    assert len(wire.asked) == 1
    assert clock.naps == ear.waits == []


async def test_the_monitor_hears_why_and_until_when_and_when_it_is_over() -> None:
    wire, clock, ear = Wire(limited(retry_after="60"), ok()), FakeClock(), Ear()
    start = clock.time
    async with open_client(wire, clock=clock, monitor=ear) as client:
        await fetch(client)
    assert ear.waits == [("Bitbucket's rate limit is reached (429)", start + 60)]
    assert ear.resumes == 1


async def test_the_monitor_hears_the_end_of_a_wait_that_was_cancelled() -> None:
    class Sleepless(FakeClock):
        async def sleep(self, _seconds: float) -> None:
            raise asyncio.CancelledError

    ear = Ear()
    async with open_client(Wire(limited(), ok()), clock=Sleepless(), monitor=ear) as client:
        with pytest.raises(asyncio.CancelledError):
            await fetch(client)
    assert (len(ear.waits), ear.resumes) == (1, 1)
