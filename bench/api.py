"""Loads a server with mixed requests at a steady rate while runs go on: errors, latencies, memory.

    uv run python bench/api.py [--seconds 60] [--rate 200] [--pull-requests 100000] [--home FOLDER]

The server is `bucketgraph serve` in a process of its own, on a graph that is collected from the fake Bitbucket first
(with --home it is kept there, and found again). Requests begin when they are due, whatever became of the others, and
their latency counts from then; so a server that stalls is not asked less. Every --run-every seconds a run is asked
for, every third of them a full one. The exit code is 1 when a request failed, a run failed, or memory grew by more
than --most-growth megabytes after the first tenth of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2
import msgspec
from fake import Fake, serving
from rich.console import Console
from rich.table import Table
from worlds import Size

from bucketgraph.access.tokens import create
from bucketgraph.app import open_app
from bucketgraph.settings import Settings

_HERE = Path(__file__).parent
_NO_LIMIT = "10000000"
_UNDER_WAY = 409
_FAILED = 400
_LATE_SECONDS = 60.0
_QUERIES: tuple[tuple[int, dict[str, Any]], ...] = (
    (20, {"query": "FIND bitbucket_pull_request WITH state = 'OPEN' LIMIT 20"}),
    (10, {"query": "FIND bitbucket_repo THAT HAS bitbucket_pull_request WITH state = 'OPEN' LIMIT 20"}),
    (5, {"query": "FIND bitbucket_user AS u THAT OPENED bitbucket_pull_request AS p RETURN u.displayName, COUNT(p) "
         "ORDER BY COUNT(p) DESC LIMIT 5"}),
    (5, {"query": "FIND bitbucket_project THAT HAS bitbucket_repo RETURN TREE LIMIT 5"}),
)  # fmt: skip
_LISTS: tuple[tuple[int, str], ...] = (
    (15, "/api/v1/entities?type=bitbucket_repo&limit=20"),
    (10, "/api/v1/entities?type=bitbucket_pull_request&limit=50"),
    (10, "/api/v1/relationships?verb=APPROVED&limit=20"),
    (10, "/api/v1/changes?since=1h&limit=50"),
    (5, "/api/v1/stats"),
    (5, "/api/v1/questions?search=merged"),
    (3, "/api/v1/integrations"),
    (1, "/metrics"),
    (1, "/readyz"),
)


class Loaded(msgspec.Struct):
    """What came of it. Latencies in milliseconds, memory in megabytes."""

    seconds: float = 0.0
    requests: int = 0
    rate: float = 0.0
    failures: dict[str, int] = {}
    p50: float = 0.0
    p99: float = 0.0
    slowest: float = 0.0
    memory_start: float = 0.0
    memory_settled: float = 0.0
    memory_end: float = 0.0
    runs: dict[str, int] = {}

    @property
    def growth(self) -> float:
        """Return by how much memory grew after the beginning."""
        return self.memory_end - self.memory_settled


def main(arguments: Sequence[str] | None = None) -> int:
    """Load a server and print what came of it."""
    options = _parser().parse_args(arguments)
    size = Size("api", options.repositories, options.pull_requests, 300, 60)
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="bucketgraph-bench-"))
        home = options.home or Path(temporary)
        fake = stack.enter_context(serving(size, 0))
        token, integration = _prepared(home, fake)
        server, url = stack.enter_context(_server(home))
        found = asyncio.run(_load(url, token, integration, server.pid, options))
    _show(found, options)
    bad = found.failures or found.growth > options.most_growth or "FAILED" in found.runs
    return 1 if bad else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Load the API while runs go on.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--repositories", type=int, default=2_000)
    parser.add_argument("--pull-requests", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--run-every", type=float, default=10.0, help="seconds between runs; 0 for none")
    parser.add_argument("--most-growth", type=float, default=64.0, help="megabytes")
    parser.add_argument("--home", type=Path, help="keep the collected graph here")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


def _prepared(home: Path, fake: Fake) -> tuple[str, str]:
    """Collect, unless the home holds a graph already; returns a token and the integration's id."""
    hello = fake.hello
    if not (home / "graph.db").exists():
        print("collecting …", file=sys.stderr)
        command = [
            sys.executable,
            str(_HERE / "one_run.py"),
            str(home),
            hello.url,
            hello.key,
            *hello.workspaces,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open_app(Settings(home=home)) as app:
        (one, *_) = app.store.integrations()
        moved = msgspec.json.decode(one.config) | {"api_url": hello.url, "oauth_url": hello.url}
        app.store.update_integration(replace(one, config=msgspec.json.encode(moved).decode()))
        return create(app.store, f"bench {time.time_ns()}", "admin")[0], one.id


@contextlib.contextmanager
def _server(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `bucketgraph serve` while the context lasts; yields its process and address."""
    environment = os.environ | {"BUCKETGRAPH_HOME": str(home), "BUCKETGRAPH_HOURLY_CALLS": _NO_LIMIT}
    command = [sys.executable, "-m", "bucketgraph", "serve", "--port", "0", "--log-level", "warning"]
    # A file and no pipe: a pipe that nobody reads is full one day, and then the server waits for it.
    with (
        (home / "serve.log").open("w") as log,
        subprocess.Popen(command, env=environment, stderr=log) as process,
    ):
        try:
            yield process, _address(home / "serve.log")
        finally:
            process.terminate()
            try:
                process.wait(_LATE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _address(log: Path) -> str:
    """Wait until the server says where it answers."""
    until = time.monotonic() + _LATE_SECONDS
    while time.monotonic() < until:
        for line in log.read_text().splitlines():
            if "http://" in line:
                return line[line.index("http://") :].strip()
        time.sleep(0.05)
    raise TimeoutError(log.read_text())


async def _load(url: str, token: str, integration: str, pid: int, options: argparse.Namespace) -> Loaded:
    limits = httpx2.Limits(max_connections=options.connections, max_keepalive_connections=options.connections)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=_LATE_SECONDS
    ) as client:
        await asyncio.gather(*(_asked(client, *one) for one in _mix(40)))
        found = Loaded(memory_start=_memory(pid))
        latencies: list[float] = []
        failures: Counter[str] = Counter()
        running = asyncio.create_task(_run(client, integration, options.run_every, failures))
        begin = time.perf_counter()
        waiting: set[asyncio.Task[None]] = set()
        for number, one in enumerate(_mix(int(options.seconds * options.rate))):
            due = begin + number / options.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if not found.memory_settled and number > options.seconds * options.rate / 10:
                found.memory_settled = _memory(pid)
            task = asyncio.create_task(_timed(client, one, due, latencies, failures))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)
        found.seconds = time.perf_counter() - begin
        running.cancel()
        found.memory_end = _memory(pid)
        found.requests, found.rate = len(latencies), len(latencies) / found.seconds
        found.failures = dict(failures)
        cuts = quantiles(latencies, n=100)
        found.p50, found.p99, found.slowest = (1000 * one for one in (cuts[49], cuts[98], max(latencies)))
        runs = await client.get(f"/api/v1/integrations/{integration}/runs", params={"limit": 1000})
        found.runs = dict(
            Counter(one["status"] for one in runs.json()["items"] if one["trigger"] == "manual")
        )
        return found


def _mix(number: int) -> Iterator[tuple[str, str, Any]]:
    """Yield requests in the proportions of the tables above, in an order that is always the same."""
    kinds: list[tuple[str, str, Any]] = [("GET", path, None) for _, path in _LISTS]
    kinds += [("POST", "/api/v1/query", body) for _, body in _QUERIES]
    weights = [weight for weight, _ in (*_LISTS, *_QUERIES)]
    yield from random.Random(4).choices(kinds, weights, k=number)  # noqa: S311  # a seeded order is wanted


async def _asked(client: httpx2.AsyncClient, method: str, path: str, body: Any) -> httpx2.Response:
    return await client.request(method, path, json=body)


async def _timed(
    client: httpx2.AsyncClient,
    one: tuple[str, str, Any],
    due: float,
    latencies: list[float],
    failures: Counter[str],
) -> None:
    try:
        answer = await _asked(client, *one)
        if answer.status_code >= _FAILED:
            failures[f"{answer.status_code} {one[1].partition('?')[0]}"] += 1
    except httpx2.HTTPError as error:
        failures[f"{type(error).__name__} {one[1].partition('?')[0]}"] += 1
    latencies.append(time.perf_counter() - due)


async def _run(client: httpx2.AsyncClient, integration: str, every: float, failures: Counter[str]) -> None:
    """Ask for a run again and again; one under way is no failure."""
    number = 0
    while every:
        number += 1
        body = {"full": number % 3 == 0}
        answer = await _asked(client, "POST", f"/api/v1/integrations/{integration}/runs", body)
        if answer.status_code >= _FAILED and answer.status_code != _UNDER_WAY:
            failures[f"{answer.status_code} run"] += 1
        await asyncio.sleep(every)


def _memory(pid: int) -> float:
    """Return the resident memory of a process in megabytes, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _show(found: Loaded, options: argparse.Namespace) -> None:
    if options.json:
        print(msgspec.json.encode(found).decode())
        return
    rows = [
        ("requests", f"{found.requests:,} in {found.seconds:.0f} s, {found.rate:.0f} a second"),
        ("failed", ", ".join(f"{n} x {what}" for what, n in found.failures.items()) or "none"),
        ("latency", f"p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms, slowest {found.slowest:.0f} ms"),
        ("memory", (f"{found.memory_start:.0f} MB at the start, {found.memory_settled:.0f} MB after a tenth, "
                   f"{found.memory_end:.0f} MB at the end")),
        ("runs meanwhile", ", ".join(f"{n} {status}" for status, n in found.runs.items()) or "none"),
    ]  # fmt: skip
    if options.markdown:
        print("| what | figures |\n| --- | --- |")
        print("\n".join(f"| {name} | {text} |" for name, text in rows))
        return
    made = Table(box=None, show_header=False)
    for name, text in rows:
        made.add_row(name, text)
    Console().print(made)


if __name__ == "__main__":
    sys.exit(main())
