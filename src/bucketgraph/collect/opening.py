"""Which run a collection is: the one its job began, an interrupted one to go on with, or a new one."""

from __future__ import annotations

import time

from bucketgraph.store.base import Run, Trigger
from bucketgraph.store.store import Store

RESUME_WITHIN_MS = 24 * 3600 * 1000
"""An interrupted run that is older than this is closed, and a new one begins."""

Options = dict[str, str | bool | None]


def open_run(
    store: Store,
    integration_id: str,
    options: Options,
    *,
    trigger: Trigger = "cli",
    workflow_id: str | None = None,
) -> tuple[Run, bool]:
    """Return the run, and whether it goes on after an interruption.

    A durable job may begin again after a crash: the run it has is returned, also when that one has ended. An
    interrupted run with the same options becomes the job's; with others it is closed.
    """
    own = store.run_of_workflow(workflow_id) if workflow_id is not None else None
    if own is not None and own.status != "IN_PROGRESS":
        return own, False
    last = own or next(iter(store.runs(integration_id, limit=1)), None)
    if last is not None and last.status == "IN_PROGRESS":
        if last.options == options and time.time() * 1000 - last.started_on < RESUME_WITHIN_MS:
            return _taken_over(store, last, workflow_id), True
        if last.workflow_id is not None and last.workflow_id == workflow_id:
            store.adopt_run(last.id, None)  # its job begins anew, and a job has one run
        store.end_run(last.id, "FAILED", last.report)
    return store.start_run(integration_id, options, trigger=trigger, workflow_id=workflow_id), False


def _taken_over(store: Store, run: Run, workflow_id: str | None) -> Run:
    """Let the job go on with a run; who has no job leaves the run's own, so that it finds the run ended."""
    if workflow_id is not None and run.workflow_id != workflow_id:
        store.adopt_run(run.id, workflow_id)
    return run
