"""The event log: what a run did and met, in the words and levels that a person filters by."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.serving import eventually
from support.workbench import KEY, SECRET, Bench, workbench

from bucketgraph.demo import Fault, Faults, generate_world
from bucketgraph.errors import CredentialError, StoreFull
from bucketgraph.integrations.events import EventLog
from bucketgraph.store.base import NewEvent, RunEvent
from bucketgraph.store.store import Store

STEPS = ["fetch-workspaces", "fetch-members", "fetch-repositories", "fetch-projects", "fetch-pull-requests"]


def events(bench: Bench, level: str = "info") -> list[RunEvent]:
    """Return the newest run's events."""
    run = bench.store.runs(bench.integration.id, limit=1)[0]
    return bench.store.events(run.id, level=level)  # type: ignore[arg-type]


def test_a_run_tells_its_steps_with_counts(tmp_path: Path) -> None:
    world = generate_world(repositories=4, pull_requests=30, members=5, projects=2)
    with workbench(world, tmp_path) as bench:
        run = bench.sync()
        told = events(bench)
        assert told[0].name == "run_start"
        assert told[0].details["trigger"] == "cli"
        assert told[-1].name == "run_end"
        assert told[-1].details["status"] == "COMPLETED"
        assert told[-1].details["calls"] == sum(run.report.calls.values())
        assert [one.step for one in told if one.name == "step_start"] == STEPS
        assert [one.step for one in told if one.name == "step_end"] == STEPS
        pulls = next(one for one in told if one.name == "step_end" and one.step == STEPS[-1])
        assert pulls.details["entities_created"] == 30
        assert (pulls.details["done"], pulls.details["total"]) == (4, 4)
        assert {one.level for one in told} == {"info"}
        assert all(run.started_on <= one.on <= (run.finished_on or 0) + 1000 for one in told)


def test_what_is_denied_or_incomplete_is_warned_of_by_name(tmp_path: Path) -> None:
    world = generate_world(repositories=3, pull_requests=12)
    faults = Faults(
        [Fault("status:403", match="permissions|/members"), Fault("status:503", match="/projects")]
    )
    with workbench(world, tmp_path, faults=faults) as bench:
        assert bench.sync().status == "COMPLETED_WITH_ERRORS"
        told = {one.name: one for one in events(bench, "warning")}
        assert told["warn_missing_permission"].step == "fetch-members"
        assert told["warn_missing_permission"].level == "warning"
        assert told["step_failure"].step == "fetch-projects"
        assert told["step_failure"].level == "error"
        assert told["run_end"].level == "warning"
        assert told["run_end"].details["problems"] == 2


def test_refused_credentials_are_told_and_the_secret_is_not(tmp_path: Path) -> None:
    with workbench(generate_world(repositories=1), tmp_path) as bench:
        bench.fake.consumers.pop(KEY)
        with pytest.raises(CredentialError):
            bench.sync()
        told = events(bench)
        assert [one.name for one in told] == ["run_start", "credentials_refused", "run_end"]
        assert told[1].level == told[2].level == "error"
        assert SECRET not in repr(told)


def test_waits_are_told_with_their_end(tmp_path: Path) -> None:
    faults = Faults([Fault("rate_limit", match="permissions", times=1)])
    with workbench(generate_world(repositories=2), tmp_path, faults=faults) as bench:
        assert bench.sync().status == "COMPLETED"
        told = events(bench)
        wait = next(one for one in told if one.name == "rate_limit_wait")
        assert wait.level == "warning"
        assert isinstance(wait.details["until"], int | float)
        assert any(one.name == "rate_limit_resumed" and one.id > wait.id for one in told)


def test_a_long_run_tells_its_progress(tmp_path: Path) -> None:
    world = generate_world(repositories=30, pull_requests=60)
    with workbench(world, tmp_path, latency_seconds=0.15, settings={"workers": 1}) as bench:
        bench.sync()
        told = [one for one in events(bench, "debug") if one.name == "progress"]
        assert told
        assert 0 < int(told[-1].details["done"] or 0) <= int(told[-1].details["total"] or 0) == 30
        assert int(told[-1].details["calls"] or 0) > 0


def test_a_run_whose_events_cannot_be_written_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise StoreFull("There is no space left.")

    with workbench(generate_world(repositories=2), tmp_path) as bench:
        monkeypatch.setattr(Store, "add_events", full)
        assert bench.sync().status == "COMPLETED"


def test_cancelling_ends_a_run_within_seconds_and_keeps_what_was_published(tmp_path: Path) -> None:
    world = generate_world(repositories=40, pull_requests=80)
    with workbench(world, tmp_path, latency_seconds=0.1, settings={"workers": 1}) as bench:
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(bench.sync)
            eventually(lambda: bench.calls("pullrequests") >= 5)
            assert bench.app.cancel(bench.integration).what == "in-progress"
            run = running.result(timeout=5)
        assert run.status == "FAILED"
        assert [one.code for one in run.report.problems] == ["cancelled"]
        assert bench.graph().entities, "what was published stays"
        told = Counter(one.name for one in events(bench))
        assert told["cancelled"] == told["run_end"] == 1
        bench.fake.latency_seconds = 0.0
        assert bench.sync().status == "COMPLETED"
        assert len(bench.store.runs(bench.integration.id)) == 2, "the next run began anew"


def test_old_events_are_forgotten_and_live_progress_sooner(tmp_path: Path) -> None:
    day = 86_400_000
    with workbench(generate_world(repositories=1), tmp_path, settings={"event_retention_days": 30}) as bench:
        run = bench.store.start_run(bench.integration.id, {})
        now = int(time.time() * 1000)
        old = [
            NewEvent("info", "old", "", on=now - 31 * day),
            NewEvent("info", "young", "", on=now - 29 * day),
            NewEvent("debug", "progress", "", on=now - 2 * day),
            NewEvent("debug", "progress of today", "", on=now),
        ]
        bench.store.add_events(run.id, bench.integration.id, old)
        bench.app.forget_events()
        assert [one.name for one in bench.store.events(run.id)] == ["young", "progress of today"]


def test_events_are_written_while_the_run_goes_on(tmp_path: Path) -> None:
    with workbench(generate_world(repositories=1), tmp_path) as bench:
        run = bench.store.start_run(bench.integration.id, {})
        with EventLog(bench.store) as log:
            log.run_started(run, resumed=False)
            eventually(lambda: bench.store.events(run.id), within=5)
            log.step_started("fetch-members", "Members", 1)
            eventually(lambda: len(bench.store.events(run.id)) == 2, within=5)
            assert log.live.total == 1
