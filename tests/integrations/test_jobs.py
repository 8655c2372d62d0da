"""Durable jobs in this process: one run at a time, ticks once, failures that rest, stopping and going on."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.inprocess import CommandLine
from support.serving import ended, eventually, quiet_polling, set_polling
from support.workbench import KEY, SECRET, Bench, workbench

from bucketgraph.app import SyncOptions
from bucketgraph.demo import FakeConsumer, generate_world
from bucketgraph.errors import Conflict
from bucketgraph.integrations.configuration import Integration, Polling
from bucketgraph.integrations.jobs import Jobs, Queue
from bucketgraph.integrations.schedule import Rhythm, next_due, rhythm
from bucketgraph.integrations.worker import Order
from bucketgraph.store.base import Run

SLOW = 0.15


@contextlib.contextmanager
def serving(bench: Bench) -> Iterator[Jobs]:
    """Run the server's jobs in this process."""
    jobs = bench.app.jobs()
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.stop()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Serve a small world, with an integration that has no tick during the test."""
    world = generate_world(repositories=12, pull_requests=40)
    with workbench(world, tmp_path, settings={"workers": 1}) as made:
        made.integration = set_polling(made.app, made.integration, Polling("DISABLED"))
        yield made


def newest(bench: Bench) -> Run:
    """Return the newest run."""
    return bench.store.runs(bench.integration.id, limit=1)[0]


def scheduled(bench: Bench) -> tuple[Integration, Rhythm]:
    """Give the integration a schedule, and return its rhythm."""
    bench.integration = set_polling(bench.app, bench.integration, quiet_polling(bench.integration))
    known = rhythm(bench.integration.config.polling, bench.integration.id)
    assert known is not None
    return bench.integration, known


def test_a_second_request_is_refused_while_a_run_is_under_way(bench: Bench) -> None:
    bench.fake.latency_seconds = SLOW
    with serving(bench) as jobs:
        job = jobs.request_run(bench.integration.id)
        with pytest.raises(Conflict, match="under way"):
            jobs.request_run(bench.integration.id)
        eventually(lambda: bench.store.run_of_workflow(job))
        with pytest.raises(Conflict, match="under way"):
            bench.app.request_run(bench.integration, SyncOptions())
        bench.fake.latency_seconds = 0.0
        run = eventually(lambda: ended(bench.app, job))
        assert (run.status, run.trigger) == ("COMPLETED", "manual")
        again = eventually(lambda: retried(jobs, bench))
        assert eventually(lambda: ended(bench.app, again)).status == "COMPLETED"
    assert len(bench.store.runs(bench.integration.id)) == 2


def retried(jobs: Jobs, bench: Bench) -> str | None:
    """Ask for a run; None while the last one is still being put away."""
    try:
        return jobs.request_run(bench.integration.id)
    except Conflict:
        return None


def test_a_queued_run_can_be_cancelled_before_it_begins(bench: Bench) -> None:
    with serving(bench), bench.app.registry.running(bench.integration), Queue(bench.store.where) as queue:
        with pytest.raises(Conflict, match="under way"):
            bench.app.request_run(bench.integration, SyncOptions())
        job = queue.add(order(bench), "manual-queued")
        eventually(lambda: queue.status(job) == "PENDING")
        assert bench.app.cancel(bench.integration).job == job
        assert queue.status(job) == "CANCELLED"
        with pytest.raises(Conflict, match="No run"):
            bench.app.cancel(bench.integration)
    assert bench.store.runs(bench.integration.id) == []


def test_the_run_that_was_just_handed_over_is_the_one_whose_log_is_followed(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.sync()
    shell = CommandLine(tmp_path, monkeypatch)
    with serving(bench):
        shell.fine("sync", bench.integration.name, "--detach")
        shell.fine("integration", "log", bench.integration.name, "--follow")
        assert len(bench.store.runs(bench.integration.id)) == 2
        assert newest(bench).status == "COMPLETED"


def test_a_run_that_begins_while_its_job_is_withdrawn_is_stopped_too(bench: Bench) -> None:
    bench.fake.latency_seconds = SLOW
    begun, withdrawn = threading.Event(), threading.Event()

    async def collect(order: Order, job: str) -> Run | None:
        begun.set()
        await asyncio.to_thread(withdrawn.wait)
        return await bench.app.perform(order, job)

    jobs = Jobs(bench.store, collect=collect)
    jobs.start()
    with contextlib.closing(_Stopping(jobs, withdrawn)), ThreadPoolExecutor(1) as pool:
        job = jobs.request_run(bench.integration.id)
        assert begun.wait(30)
        cancelled = pool.submit(bench.app.cancel, bench.integration)
        eventually(lambda: jobs.queue.status(job) == "CANCELLED")
        withdrawn.set()
        assert cancelled.result().what == "in-progress"
        assert eventually(lambda: ended(bench.app, job)).status == "FAILED"


class _Stopping:
    """Ends jobs whatever becomes of a test that holds them up."""

    def __init__(self, jobs: Jobs, held: threading.Event) -> None:
        self._jobs, self._held = jobs, held

    def close(self) -> None:
        """Let go, and stop."""
        self._held.set()
        self._jobs.stop()


def order(bench: Bench) -> Order:
    """Return a request for a run."""
    return Order(bench.integration.id, "manual")


def test_a_run_in_the_server_can_be_cancelled(bench: Bench) -> None:
    bench.fake.latency_seconds = SLOW
    with serving(bench) as jobs:
        job = jobs.request_run(bench.integration.id)
        eventually(lambda: bench.calls("pullrequests") > 1)
        assert bench.app.cancel(bench.integration).what == "in-progress"
        run = eventually(lambda: ended(bench.app, job), within=10)
        assert run.status == "FAILED"
        assert [one.code for one in run.report.problems] == ["cancelled"]


def test_a_tick_runs_once_however_often_it_is_noticed(bench: Bench) -> None:
    integration, known = scheduled(bench)
    due = known.last_due(int(time.time() * 1000))
    with serving(bench) as jobs:
        jobs.tick(integration.id, due)
        job = f"tick-{integration.id}-{due}"
        eventually(lambda: ended(bench.app, job))
        eventually(lambda: not jobs.queue.unfinished())
        jobs.tick(integration.id, due)
        jobs.tick(integration.id, due, "catch-up")
        jobs.tick(integration.id, due + 1000)
        assert jobs.queue.unfinished() == {}
    assert [run.workflow_id for run in bench.store.runs(integration.id)] == [job]
    assert newest(bench).trigger == "schedule"


def test_missed_ticks_are_caught_up_with_once(bench: Bench) -> None:
    long_ago = int(time.time() * 1000) - 40 * 86_400_000
    polling = quiet_polling(bench.integration)
    integration = set_polling(bench.app, bench.integration, polling, updated_on=long_ago)
    known = rhythm(polling, integration.id)
    assert known is not None
    for _ in range(2):
        with serving(bench) as jobs:
            eventually(lambda: bench.store.runs(integration.id) and newest(bench).status == "COMPLETED")
            eventually(lambda: not jobs.queue.unfinished())
    due = known.last_due(int(time.time() * 1000))
    assert [(one.trigger, one.workflow_id) for one in bench.store.runs(integration.id)] == [
        ("catch-up", f"tick-{integration.id}-{due}")
    ]


def test_a_paused_integration_has_no_ticks_and_its_schedule_returns(bench: Bench) -> None:
    integration, known = scheduled(bench)
    due = known.last_due(int(time.time() * 1000))
    set_polling(bench.app, integration, integration.config.polling, paused=True)
    with serving(bench) as jobs:
        jobs.tick(integration.id, due)
        assert jobs.queue.unfinished() == {}
        set_polling(bench.app, integration, integration.config.polling, paused=False)
        jobs.tick(integration.id, due)
        assert eventually(lambda: ended(bench.app, f"tick-{integration.id}-{due}")).status == "COMPLETED"


def test_a_change_of_the_schedule_is_followed_at_once(bench: Bench) -> None:
    with serving(bench):
        set_polling(bench.app, bench.integration, Polling("TEN_SECONDS"))
        due = next_due(Polling("TEN_SECONDS"), bench.integration.id, int(time.time() * 1000) + 2500) or 0
        run = eventually(lambda: ended(bench.app, f"tick-{bench.integration.id}-{due}"), within=20)
        assert run.trigger == "schedule"
        assert run.started_on >= due


def test_revoked_credentials_show_rest_and_recover(bench: Bench) -> None:
    integration, known = scheduled(bench)
    period = 1000 * known.period
    consumer = bench.fake.consumers.pop(KEY)
    with serving(bench) as jobs:

        def ran(moment: int) -> Run | None:
            jobs.tick(integration.id, moment)
            job = f"tick-{integration.id}-{moment}"
            if jobs.queue.status(job) is None:
                return None
            run = eventually(lambda: ended(bench.app, job))
            eventually(lambda: not jobs.queue.unfinished())
            return run

        first = known.last_due(int(time.time() * 1000))
        while known.rests(first, 3):
            first += period
        failed = ran(first)
        assert failed is not None
        assert failed.status == "FAILED"
        assert [one.code for one in failed.report.problems] == ["credentials"]
        assert ran(first + period) is None, "it rests"
        assert next_due(integration.config.polling, integration.id, first, failures=1) == first + 2 * period
        second = ran(first + 2 * period)
        assert second is not None
        assert second.status == "FAILED"
        assert ran(first + 3 * period) is None
        bench.fake.consumers[KEY] = consumer
        asked = jobs.request_run(integration.id)
        assert eventually(lambda: ended(bench.app, asked)).status == "COMPLETED", (
            "a person's request always goes"
        )
        eventually(lambda: not jobs.queue.unfinished())
        after = ran(first + 5 * period)
        assert after is not None
        assert after.status == "COMPLETED", "and the schedule has its rhythm again"


def test_a_workspace_that_disappears_is_told_and_deletes_nothing(bench: Bench) -> None:
    with serving(bench) as jobs:
        asked = jobs.request_run(bench.integration.id)
        assert eventually(lambda: ended(bench.app, asked)).status == "COMPLETED"
        graph = bench.graph()
        bench.fake.consumers[KEY] = FakeConsumer(KEY, SECRET, workspaces=frozenset())
        bench.fake.expire_tokens()
        job = eventually(lambda: retried(jobs, bench))
        run = eventually(lambda: ended(bench.app, job))
        assert run.status == "FAILED"
        assert [one.code for one in run.report.problems] == ["config"]
        assert "knows no workspace" in run.report.problems[0].message
        assert bench.graph() == graph


def test_stopping_interrupts_a_run_and_the_next_start_goes_on_with_it(bench: Bench) -> None:
    bench.fake.latency_seconds = SLOW
    with serving(bench) as jobs:
        job = jobs.request_run(bench.integration.id)
        eventually(lambda: bench.calls("pullrequests") > 2)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    left = newest(bench)
    assert left.status == "IN_PROGRESS"
    bench.fake.latency_seconds = 0.0
    with serving(bench):
        run = eventually(lambda: ended(bench.app, job))
    assert (run.id, run.status) == (left.id, "COMPLETED")
    names = [one.name for one in bench.store.events(run.id)]
    assert names.count("run_interrupted") == names.count("run_resumed") == names.count("run_end") == 1


def test_a_run_that_another_process_left_is_resumed_at_the_start(bench: Bench) -> None:
    options = {"full": True, "workspaces": ",".join(bench.integration.config.workspaces)}
    left = bench.store.start_run(bench.integration.id, options)
    with serving(bench):
        eventually(lambda: newest(bench).status == "COMPLETED")
    run = newest(bench)
    assert run.id == left.id
    assert (run.workflow_id or "").startswith(f"resume-{left.id}-")


def test_a_run_that_nobody_works_on_is_closed_when_it_is_cancelled(bench: Bench) -> None:
    left = bench.store.start_run(bench.integration.id, {})
    assert bench.app.cancel(bench.integration).what == "interrupted"
    assert newest(bench).id == left.id
    assert newest(bench).status == "FAILED"


def test_credentials_that_cannot_be_decrypted_are_a_failed_run(bench: Bench) -> None:
    (bench.app.settings.home / "secret.key").unlink()
    with serving(bench) as jobs:
        job = jobs.request_run(bench.integration.id)
        run = eventually(lambda: ended(bench.app, job))
    assert run.status == "FAILED"
    assert [one.code for one in run.report.problems] == ["credentials"]
    assert "secret.key" in run.report.problems[0].message


def test_a_second_server_on_the_same_graph_is_refused(bench: Bench) -> None:
    assert not bench.app.serving
    with serving(bench):
        assert bench.app.serving
        with pytest.raises(Conflict, match="already"):
            bench.app.jobs().start()
    assert not bench.app.serving


def test_a_run_of_what_was_removed_ends_without_one(bench: Bench) -> None:
    with serving(bench) as jobs:
        removed = Order("gone", "manual")
        job = jobs.queue.add(removed, "manual-gone")
        eventually(lambda: jobs.queue.status(job) == "SUCCESS")
        assert jobs.queue.forget(int(time.time() * 1000) - 60_000) == 0
        assert jobs.queue.forget(int(time.time() * 1000) + 60_000) == 1
        assert jobs.queue.status(job) is None
    assert bench.store.runs("gone") == []
