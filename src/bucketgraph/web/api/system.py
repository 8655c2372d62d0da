"""The server itself: its document, its health, its numbers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bucketgraph.app import App
from bucketgraph.bitbucket.budget import consumer_id
from bucketgraph.bitbucket.endpoints import GROUPS
from bucketgraph.observe.metrics import CONTENT_TYPE, Sample
from bucketgraph.web.bodies import Given, Shown
from bucketgraph.web.routing import Call, Plain, Route

METRICS = "/metrics"


class Ready(Shown):
    """Whether the server can work; it tells nothing else."""

    ok: bool


def openapi(_call: Call[Given, None]) -> dict[str, Any]:
    """Return the document."""
    from bucketgraph.web.openapi import document  # noqa: PLC0415  # it describes this module, too

    return document()


def metrics(call: Call[Given, None]) -> Plain:
    """Return all numbers."""
    return Plain(call.site.metrics.text(), CONTENT_TYPE)


def samples(app: App) -> Iterator[Sample]:
    """Yield what the graph file knows of runs, calls and its own size."""
    names = {one.id: one.name for one in app.registry.all()}
    now = time.time()
    for total in app.store.run_totals():
        name = names.get(total.integration_id)
        if name is not None:
            labels = (("integration", name), ("status", total.status))
            yield Sample("bucketgraph_runs", "Runs by integration and status.", total.number, labels)
            if total.status == "COMPLETED" and total.last_finished_on is not None:
                lag = max(0.0, now - total.last_finished_on / 1000)
                yield Sample(
                    "bucketgraph_seconds_since_success",
                    "Seconds since the last complete run ended.",
                    lag,
                    (("integration", name),),
                )
    yield from _calls(app, now)
    yield Sample("bucketgraph_store_bytes", "Size of the graph file with its log.", _size(app))


def _calls(app: App, now: float) -> Iterator[Sample]:
    """Yield the calls of the last hour; consumers go by their ids, which do not tell their keys."""
    keys = {key for one in app.registry.all() for key in one.config.consumer_keys}
    for consumer in sorted(consumer_id(key) for key in keys):
        for group in GROUPS:
            yield Sample(
                "bucketgraph_calls_last_hour",
                "Calls to Bitbucket in the last hour, by OAuth consumer and endpoint group.",
                app.ledger.used(consumer, group, now=now),
                (("consumer", consumer), ("group", group)),
            )


def _size(app: App) -> int:
    files = (Path(f"{app.store.where}{end}") for end in ("", "-wal"))
    return sum(os.stat(file).st_size for file in files if file.exists())  # noqa: PTH116  # one call a file


ROUTES = (
    Route(
        "GET", "/api/v1/openapi.json", "Read this document.", "viewer", openapi, dict[str, Any], bound="all"
    ),
    Route(
        "GET",
        METRICS,
        "Read the server's numbers in the format of Prometheus.",
        "viewer",
        metrics,
        str,
        shown="text/plain",
    ),
)
