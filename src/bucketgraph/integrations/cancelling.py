"""Stopping a run wherever it is: waiting in the queue, in progress somewhere, or left by an interruption."""

from __future__ import annotations

import time
from dataclasses import dataclass
from shlex import quote
from typing import Literal

from bucketgraph.collect.cancelling import cancelled
from bucketgraph.errors import Conflict
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.registry import Registry
from bucketgraph.integrations.serving import locked, run_lock_file, serving
from bucketgraph.store.base import Run
from bucketgraph.store.store import Store

_BEGINS_WITHIN_SECONDS = 2.0
_LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was stopped: a job that was `queued`, a run `in-progress` (it ends within seconds), or one `interrupted`.

    `run` is the run's id, None for a job whose run had not begun; `job` the job's id, if there is one.
    """

    what: Literal["queued", "in-progress", "interrupted"]
    run: int | None
    job: str | None


def cancel(store: Store, registry: Registry, integration: Integration) -> Cancelled:
    """Stop an integration's run; raises Conflict when there is none."""
    queued = _withdraw(store, integration)
    last = next(iter(store.runs(integration.id, limit=1)), None)
    if last is not None and store.request_cancel(last.id):
        if locked(run_lock_file(store.where, integration.id)):
            return Cancelled("in-progress", last.id, last.workflow_id)
        return _close(store, registry, integration, last)
    if queued is not None:
        return Cancelled("queued", None, queued)
    raise Conflict(
        f"No run of {integration.name!r} is queued or in progress.",
        hint=f"`bucketgraph integration runs {quote(integration.name)}` shows how the last ones ended.",
    )


def _withdraw(store: Store, integration: Integration) -> str | None:
    """Take a job whose run has not begun out of the server's queue."""
    if not serving(store.where):
        return None
    from bucketgraph.integrations.jobs import Queue  # noqa: PLC0415  # loads the engine

    with Queue(store.where) as queue:
        job = queue.unfinished().get(integration.id)
        if job is None or (
            (run := store.run_of_workflow(job[0])) is not None and run.status == "IN_PROGRESS"
        ):
            return None
        withdrawn = queue.withdraw(integration.id)
    if withdrawn is not None and job[1] != "ENQUEUED":
        _wait_for_its_run(store, withdrawn)
    return withdrawn


def _wait_for_its_run(store: Store, job: str) -> None:
    """Wait a moment for the run of a job that had left the queue: it may have looked just before it was withdrawn."""
    until = time.monotonic() + _BEGINS_WITHIN_SECONDS
    while store.run_of_workflow(job) is None and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_SECONDS)


def _close(store: Store, registry: Registry, integration: Integration, run: Run) -> Cancelled:
    """End a run that nobody is working on: its process was killed or stopped."""
    with registry.running(integration):
        report = run.report
        report.problems = [*report.problems, cancelled()]
        store.end_run(run.id, "FAILED", report)
    return Cancelled("interrupted", run.id, run.workflow_id)
