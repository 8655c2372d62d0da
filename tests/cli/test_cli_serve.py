"""`serve`, and the commands beside it: sync handed over, runs, log, cancel; stopping and going on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from support import processes
from support.command import Shell
from support.serving import Server, ended, eventually, set_polling
from support.workbench import KEY, Bench, Graph, assert_true_to, workbench

from bucketgraph.app import SyncOptions
from bucketgraph.demo import generate_world
from bucketgraph.integrations.configuration import Polling
from bucketgraph.integrations.jobs import Queue

SLOW = 0.2


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Serve a small world, with an integration that is collected only when asked for."""
    world = generate_world(repositories=14, pull_requests=60)
    with workbench(world, tmp_path, workspaces=["acme-rockets"]) as made:
        made.integration = set_polling(made.app, made.integration, Polling("DISABLED"))
        yield made


def test_sync_is_handed_over_to_the_server_and_says_the_same(bench: Bench, tmp_path: Path) -> None:
    shell = Shell(tmp_path, bench.url)
    refused = shell.run("sync", "test", "--detach")
    assert refused.code == 2
    assert "No server runs" in refused.said
    server = Server.start(tmp_path)
    assert httpx2.get(f"{server.url()}/healthz").status_code == 200
    first = shell.run("sync", "test")
    assert first.code == 0, first.err
    assert "Pull requests: 14 of 14" in first.err
    assert "COMPLETED with" in first.out
    assert_true_to(Graph.of(bench.store, bench.integration.id), bench.world, ["acme-rockets"])
    again = shell.run("sync", "test", "--json")
    assert again.code == 0, again.err
    assert again.json["status"] == "COMPLETED"
    detached = shell.run("sync", "test", "--detach", "--json").json["job"]
    assert eventually(lambda: ended(bench.app, detached)).trigger == "cli"
    bench.fake.consumers.pop(KEY)
    with Queue(bench.store.where) as queue:
        eventually(lambda: not queue.unfinished())
    failed = shell.run("sync", "test", "--json")
    assert failed.code == 2
    assert json.loads(failed.err)["error"]["code"] == "credentials"
    runs = shell.run("integration", "runs", "test", "--json").json
    assert [one["status"] for one in runs] == ["FAILED", "COMPLETED", "COMPLETED", "COMPLETED"]
    assert {one["trigger"] for one in runs} == {"cli"}
    second = shell.run("serve", "--port", "0")
    assert second.code == 2
    assert "already" in second.said
    assert server.stop(signal.SIGINT) == 0
    assert "run_end" in server.said
    assert f"run={runs[-1]['run']}" in server.said
    assert "Traceback" not in server.said


def test_a_stopped_server_leaves_the_run_to_the_next_one(bench: Bench, tmp_path: Path) -> None:
    bench.fake.latency_seconds = SLOW
    server = Server.start(tmp_path)
    server.url()
    job = bench.app.request_run(bench.integration, SyncOptions())
    eventually(lambda: bench.calls("pullrequests") > 1)
    follower = subprocess.Popen(
        [sys.executable, "-m", "bucketgraph", "integration", "log", "test", "--follow", "--json"],
        env={"BUCKETGRAPH_HOME": str(tmp_path), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stop() == 0
    told, _ = follower.communicate(timeout=30)
    assert json.loads(told.splitlines()[0])["name"] == "run_start"
    run = bench.store.run_of_workflow(job)
    assert run is not None
    assert run.status == "IN_PROGRESS"
    bench.fake.latency_seconds = 0.0
    after = Server.start(tmp_path)
    finished = eventually(lambda: ended(bench.app, job))
    assert (finished.id, finished.status) == (run.id, "COMPLETED")
    assert after.stop() == 0


def test_runs_log_and_cancel_without_a_server(bench: Bench, tmp_path: Path) -> None:
    shell = Shell(tmp_path, bench.url)
    assert "never collected" in shell.run("integration", "runs", "test").out
    nothing = shell.run("integration", "log", "test")
    assert nothing.code == 2
    assert "never collected" in nothing.said
    idle = shell.run("integration", "cancel", "test", "--json")
    assert idle.code == 2
    assert json.loads(idle.err)["error"]["code"] == "conflict"
    run = bench.sync()
    shown = shell.run("integration", "runs", "test")
    assert "COMPLETED" in shown.out
    log = shell.run("integration", "log", "test", str(run.id), "--json").json
    assert log["run"]["run"] == run.id
    assert [log["events"][0]["name"], log["events"][-1]["name"]] == ["run_start", "run_end"]
    assert "step_end" in shell.run("integration", "log", "test", "--follow").out
    assert shell.run("integration", "log", "test", "--level", "warning").out == ""
    for wrong in (("log", "test", "999"), ("log", "test", "--level", "loud"), ("runs", "nobody")):
        refused = shell.run("integration", *wrong)
        assert refused.code == 2, wrong
        assert refused.said.startswith("error"), wrong
    bench.store.start_run(bench.integration.id, {})
    closed = shell.run("integration", "cancel", "test")
    assert closed.code == 0
    assert "is closed" in closed.out


def test_an_address_that_cannot_be_listened_on_is_said(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    for wrong in (("--host", "203.0.113.9"), ("--host", "no such host"), ("--log-level", "loud")):
        refused = shell.run("serve", *wrong)
        assert refused.code == 2, refused.err
        assert refused.said.startswith("error")


def test_sync_without_a_server_never_loads_the_engine(bench: Bench, tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv = ['bucketgraph', 'sync', 'test', '--json']\n"
        "from bucketgraph.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('ENGINE', 'dbos' in sys.modules, file=sys.stderr)"
    )
    ended_ = subprocess.run(
        [sys.executable, "-c", script],
        env={"BUCKETGRAPH_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "ENGINE False" in ended_.stderr
    assert json.loads(ended_.stdout)["status"] == "COMPLETED"


def test_while_there_is_no_account_it_prints_a_link_that_makes_the_first_admin(tmp_path: Path) -> None:
    server = Server.start(tmp_path)
    url = server.url()
    link = eventually(lambda: next((word for word in server.said.split() if "/setup/" in word), ""))
    assert link.startswith(f"{url}/setup/")
    page = httpx2.get(link)
    assert page.status_code == 200
    assert "Set up the first administrator" in page.text
    assert link.rpartition("/")[2] not in server.said.replace(link, ""), "the link is logged nowhere"
    assert server.stop() == 0
    assert Shell(tmp_path).run("user", "add", "ada", "--role", "admin").code == 0
    again = Server.start(tmp_path)
    assert httpx2.get(f"{again.url()}/signin").status_code == 200
    assert "/setup/" not in again.said
    assert again.stop() == 0


def test_the_demo_ends_with_a_link_into_its_console(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with out.open("w") as file:
        demo = processes.start(
            [sys.executable, "-m", "bucketgraph", "demo"], stdout=file, stderr=file, stdin=subprocess.DEVNULL
        )
    link = eventually(
        lambda: next((word for word in out.read_text().split() if "/setup/" in word), ""), within=120
    )
    assert "Open the demo" in httpx2.get(link).text
    eventually(lambda: "Ctrl-C ends it." in out.read_text())
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=30) == 0
