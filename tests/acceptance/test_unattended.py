"""Integrations that run by themselves: a server that is killed loses no run, doubles none, and goes on."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from pathlib import Path

from support.serving import Server, eventually, set_polling
from support.workbench import Graph, add, assert_true_to, settings_for

from bucketgraph.app import App, SyncOptions, open_app
from bucketgraph.demo import create_app, generate_world, mutations, serve
from bucketgraph.errors import Conflict
from bucketgraph.integrations.configuration import Integration, Polling
from bucketgraph.integrations.schedule import rhythm
from bucketgraph.store.base import Run

ACME = "acme-rockets"
ROUNDS = 20
LATE_MS = 30_000
"""How much later than its tick a run may begin, while servers are killed again and again."""


def test_twenty_kills_of_the_server_lose_no_run_and_double_none(tmp_path: Path) -> None:
    world = generate_world(repositories=16, pull_requests=200, members=12, projects=3)
    fake = create_app(world, latency_seconds=0.06)
    rng = random.Random(4)
    asked: list[str] = []
    with serve(fake) as url, open_app(settings_for(tmp_path)) as app:
        both = [add(app, url, [ACME], name=name) for name in ("one", "two")]
        server = Server.start(tmp_path)
        eventually(lambda: app.serving)
        for one in both:
            set_polling(app, one, Polling("TEN_SECONDS"))
        began = int(time.time() * 1000)
        for _ in range(ROUNDS):
            asked += [job for one in both if (job := ask(app, one))]
            if rng.random() < 0.7:
                server.url()
            time.sleep(rng.random() * 1.2)  # whatever it does then, in its start, a run or between two
            server.kill()
            server = Server.start(tmp_path)
        server.url()
        mutations.rename_workspace(world, world.workspaces[0], "Renamed at the source")
        seen = int(time.time() * 1000)
        eventually(lambda: all(later_tick(app, one, seen) for one in both), within=40)
        assert server.stop() == 0
        for one in both:
            runs = app.store.runs(one.id)
            assert [run.status for run in runs if run.status != "COMPLETED"] == []
            assert_every_tick_was_covered(one, runs, began, seen)
            assert_true_to(Graph.of(app.store, one.id), world, [ACME])
            workspace = Graph.of(app.store, one.id).one("bitbucket_workspace")
            assert workspace["displayName"] == "Renamed at the source"
        all_runs = [run for one in both for run in app.store.runs(one.id)]
        jobs = Counter(run.workflow_id for run in all_runs)
        assert [job for job in asked if jobs[job] != 1] == []
        assert None not in jobs
        assert set(jobs.values()) == {1}
        logs = [Counter(event.name for event in app.store.events(run.id)) for run in all_runs]
        assert [one for one in logs if one["run_start"] > 1 or one["run_end"] > 1] == []
        assert sum(one["run_resumed"] for one in logs) >= ROUNDS // 4, "many kills hit a run"
        assert app.store.check_integrity() == "ok"
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def ask(app: App, integration: Integration) -> str | None:
    """Ask for a run and return its job; None while one is under way."""
    try:
        return app.request_run(integration, SyncOptions())
    except Conflict:
        return None


def later_tick(app: App, integration: Integration, moment: int) -> Run | None:
    """Return the ended run of a tick that was due after a moment."""
    runs = [run for run in app.store.runs(integration.id, limit=3) if run.status == "COMPLETED"]
    return next((run for run in runs if (due := due_of(run)) is not None and due > moment), None)


def due_of(run: Run) -> int | None:
    """Return the moment (epoch ms) that a tick's run was due."""
    job = run.workflow_id or ""
    return int(job.rsplit("-", 1)[1]) if job.startswith("tick-") else None


def assert_every_tick_was_covered(integration: Integration, runs: list[Run], began: int, seen: int) -> None:
    """Look that each tick had its run, or met one under way, or was caught up with by one soon after."""
    known = rhythm(Polling("TEN_SECONDS"), integration.id)
    assert known is not None
    due = known.next_due(began + 2_000)  # a schedule is followed from the second after its change
    while due < seen:
        assert any(run.started_on - LATE_MS <= due <= (run.finished_on or 0) for run in runs), (
            f"nothing ran for the tick {due}"
        )
        due = known.next_due(due)
    dues = [one for run in runs if (one := due_of(run)) is not None]
    assert all(one == known.last_due(one) for one in dues)
