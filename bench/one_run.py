"""One collection run in a process of its own: prints what it cost and found as a line of JSON.

    python bench/one_run.py HOME URL KEY WORKSPACE…

The home is made on first use; a second call on the same home is the second run.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bucketgraph.app import App, SyncOptions, open_app
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.integrations.configuration import Integration, NewIntegration
from bucketgraph.observe.log import configure
from bucketgraph.settings import Settings

NAME = "bench"
_SECRET = "demo-secret"  # noqa: S105  # the fake's own, made up
_NO_LIMIT = 10_000_000


class Cost(msgspec.Struct, frozen=True):
    """What a run cost and found. `start_cpu` is the part of `cpu` before the run began: imports, opening."""

    status: str
    problems: int
    cpu: float
    start_cpu: float
    wall: float
    peak_mb: float
    entities: int
    relationships: int
    written: int


def main(arguments: Sequence[str]) -> None:
    """Run once and print the cost."""
    configure("error")  # standard output is for the result alone
    home, url, key, *workspaces = arguments
    with open_app(Settings(home=Path(home), hourly_calls=_NO_LIMIT)) as app:
        integration = _integration(app, url, key, workspaces)
        start_cpu, begun = _cpu(), time.perf_counter()
        run = asyncio.run(app.sync(integration, SyncOptions()))
        cpu, wall, peak = _cpu(), time.perf_counter() - begun, _peak_mb()
        entities, relationships = app.store.counts()
    tallies = (*run.report.counts.entities.values(), *run.report.counts.relationships.values())
    cost = Cost(
        status=run.status,
        problems=len(run.report.problems),
        cpu=cpu,
        start_cpu=start_cpu,
        wall=wall,
        peak_mb=peak,
        entities=entities.total(),
        relationships=relationships.total(),
        written=sum(tally.created + tally.updated + tally.deleted for tally in tallies),
    )
    print(msgspec.json.encode(cost).decode())


def _integration(app: App, url: str, key: str, workspaces: Sequence[str]) -> Integration:
    known = app.registry.all()
    if known:
        return known[0]
    consumer = Consumer(key, _SECRET)
    return app.registry.add(NewIntegration(NAME, workspaces, [consumer], api_url=url, oauth_url=url))


def _cpu() -> float:
    """Return the CPU seconds of this process so far, all threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    """Return the peak resident memory of this process.

    `ru_maxrss` also remembers what the parent held when it started us, so Linux's own count comes first.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main(sys.argv[1:])
