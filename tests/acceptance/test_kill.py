"""A run that is killed leaves a sound file; the next one goes on and ends where an undisturbed one would."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import processes
from support.workbench import SECRET, Graph, add, assert_true_to, settings_for

from bucketgraph.app import SyncOptions, open_app
from bucketgraph.demo import FakeBitbucket, World, create_app, generate_world, serve

ACME = "acme-rockets"
ROUNDS = 20


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a run in another process."""
    return {**os.environ, "BUCKETGRAPH_HOME": str(home), "BUCKETGRAPH_HOURLY_CALLS": "1000000"}


def start(home: Path, *, sigint: bool = True) -> subprocess.Popen[str]:
    """Start a run in another process; without `sigint` one that ignores it, as in the background of a shell."""
    command = [sys.executable, "-m", "bucketgraph", "sync", "test", "--json"]
    return processes.start(
        command,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A test run in the background of a shell ignores SIGINT, and would hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL if sigint else signal.SIG_IGN),
    )


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[World, FakeBitbucket, str]]:
    """Serve one world for all tests of this file."""
    world = generate_world(repositories=30, pull_requests=500, members=20, projects=4)
    app = create_app(world, latency_seconds=0.01)
    with serve(app) as url:
        yield world, app.state.fake, url


def wait_for_calls(fake: FakeBitbucket, process: subprocess.Popen[str], calls: int) -> None:
    """Return as soon as the fake has counted so many calls, or the process ended."""
    while fake.counts().total() < calls and process.poll() is None:
        time.sleep(0.002)  # the other process decides when


def test_twenty_kills_at_random_moments_cost_nothing(
    served: tuple[World, FakeBitbucket, str], tmp_path: Path
) -> None:
    world, fake, url = served
    rng = random.Random(20)
    kills = 0
    for number in range(ROUNDS):
        home = tmp_path / str(number)
        with open_app(settings_for(home)) as app:
            integration = add(app, url, [ACME])
        fake.reset()
        process = start(home)
        wait_for_calls(fake, process, rng.randint(1, 34))
        time.sleep(rng.random() * 0.03)  # anywhere between two calls, a transaction included
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        with open_app(settings_for(home)) as app:
            assert app.store.check_integrity() == "ok"
            before = Graph.of(app.store)
            run = asyncio.run(app.sync(integration, SyncOptions()))
            assert run.status == "COMPLETED"
            after = Graph.of(app.store)
            assert set(before.entities) <= set(after.entities)
            assert all(after.entities[key] == one for key, one in before.entities.items())
            assert_true_to(after, world, [ACME])
            assert len(app.store.runs(integration.id)) == 1, "the killed run was resumed"
    assert kills >= ROUNDS * 3 // 4


def test_a_killed_run_is_resumed_at_the_first_unpublished_repository(
    served: tuple[World, FakeBitbucket, str], tmp_path: Path
) -> None:
    _, fake, url = served
    with open_app(settings_for(tmp_path)) as app:
        add(app, url, [ACME])
    fake.reset()
    process = start(tmp_path)
    wait_for_calls(fake, process, 24)
    process.kill()
    process.communicate()
    with open_app(settings_for(tmp_path)) as app:
        integration = app.registry.find("test")
        run_id = app.store.runs(integration.id)[0].id
        states = app.store.scope_states(integration.id)
        done = sum(s.run_id == run_id for name, s in states.items() if name.startswith("pullrequests/"))
        assert done > 0
        fake.reset()
        asyncio.run(app.sync(integration, SyncOptions()))
        pages = sum(max(1, -(-len(r.pull_requests) // 50)) for r in served[0].repositories())
        assert fake.counts()["pullrequests"] <= pages - done


@pytest.mark.parametrize(
    ("stop", "sigint"), [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGTERM, False)]
)
def test_stopping_a_run_is_said_and_it_goes_on_later(
    served: tuple[World, FakeBitbucket, str], tmp_path: Path, stop: signal.Signals, sigint: bool
) -> None:
    world, fake, url = served
    with open_app(settings_for(tmp_path)) as app:
        integration = add(app, url, [ACME])
    fake.reset()
    process = start(tmp_path, sigint=sigint)
    wait_for_calls(fake, process, 20)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "again to go on" in errors
    assert "Traceback" not in errors
    assert SECRET not in errors
    with open_app(settings_for(tmp_path)) as app:
        assert app.store.check_integrity() == "ok"
        assert asyncio.run(app.sync(integration, SyncOptions())).status == "COMPLETED"
        assert_true_to(Graph.of(app.store), world, [ACME])


def test_two_interrupts_at_once_lose_nothing(
    served: tuple[World, FakeBitbucket, str], tmp_path: Path
) -> None:
    world, fake, url = served
    with open_app(settings_for(tmp_path)) as app:
        integration = add(app, url, [ACME])
    fake.reset()
    process = start(tmp_path)
    wait_for_calls(fake, process, 20)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "Traceback" not in errors
    with open_app(settings_for(tmp_path)) as app:
        assert app.store.check_integrity() == "ok"
        assert asyncio.run(app.sync(integration, SyncOptions())).status == "COMPLETED"
        assert_true_to(Graph.of(app.store), world, [ACME])


def test_a_run_is_refused_while_another_process_runs_the_same_integration(
    served: tuple[World, FakeBitbucket, str], tmp_path: Path
) -> None:
    _, fake, url = served
    with open_app(settings_for(tmp_path)) as app:
        integration = add(app, url, [ACME])
        fake.reset()
        with app.registry.running(integration):
            second = start(tmp_path)
            _, errors = second.communicate(timeout=60)
    assert second.returncode == 2
    assert "under way" in errors
    assert fake.counts().total() == 0


def test_two_processes_collect_two_integrations_into_one_file(
    served: tuple[World, FakeBitbucket, str], tmp_path: Path
) -> None:
    world, _, url = served
    with open_app(settings_for(tmp_path)) as app:
        add(app, url, [ACME], name="test")
        other = add(app, url, [ACME], name="other")
    command = [sys.executable, "-m", "bucketgraph", "sync", "other", "--json"]
    first = start(tmp_path)
    second = processes.start(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    outputs = [first.communicate(timeout=120), second.communicate(timeout=120)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    with open_app(settings_for(tmp_path)) as app:
        assert_true_to(Graph.of(app.store, other.id), world, [ACME])
        assert_true_to(Graph.of(app.store, app.registry.find("test").id), world, [ACME])
        assert app.store.check_integrity() == "ok"
