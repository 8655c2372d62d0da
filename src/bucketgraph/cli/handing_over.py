"""`sync` where a server runs on the graph: hand the run over, and show its progress from the event log."""

from __future__ import annotations

import time
from collections.abc import Callable
from shlex import quote
from typing import TYPE_CHECKING

from bucketgraph.cli.output import messages
from bucketgraph.cli.progress import TerminalProgress
from bucketgraph.errors import BucketgraphError, Interrupted
from bucketgraph.store.base import Problem

if TYPE_CHECKING:
    from bucketgraph.app import App, SyncOptions
    from bucketgraph.integrations.configuration import Integration
    from bucketgraph.store.base import Run, RunEvent

_LOOK_EVERY_SECONDS = 0.3


def run_by_server(opened: App, integration: Integration, options: SyncOptions, *, quiet: bool) -> Run:
    """Ask the server for a run and follow it to its end, with the same progress as a run of our own.

    Raises Conflict while another is under way, what the run met where nothing could be seen, and Interrupted on
    Ctrl-C: then the run goes on in the server.
    """
    job = opened.request_run(integration, options, "cli")
    try:
        with TerminalProgress(messages(), quiet=quiet) as progress:
            run = _followed(opened, integration, job, _Replay(progress))
    except KeyboardInterrupt:
        raise Interrupted(
            "Not followed any more; the run goes on in the server.",
            hint=f"`bucketgraph integration log {quote(integration.name)} --follow` shows it, "
            f"`bucketgraph integration cancel {quote(integration.name)}` stops it.",
        ) from None
    failure = next((one for one in run.report.problems if one.scope == "Run"), None)
    if run.status == "FAILED" and failure is not None:
        raise _as_raised(failure)
    return run


def _followed(opened: App, integration: Integration, job: str, replay: _Replay) -> Run:
    from bucketgraph.integrations.jobs import Queue  # noqa: PLC0415

    with Queue(opened.store.where) as queue:
        while True:
            over = queue.status(job) not in {"ENQUEUED", "DELAYED", "PENDING"}
            run = opened.store.run_of_workflow(job)
            if run is not None:
                replay.catch_up(opened, run)
            if run is not None and over:
                return run
            if over:
                raise Interrupted(
                    "The run was cancelled before it began.", hint="Run the same command again."
                )
            if not opened.serving:
                raise Interrupted(
                    "The server stopped; the run goes on when it starts again.",
                    hint=f"`bucketgraph integration runs {quote(integration.name)}` shows how it ends.",
                )
            time.sleep(_LOOK_EVERY_SECONDS)


class _Replay:
    """Turns events back into the progress they were made of."""

    def __init__(self, progress: TerminalProgress) -> None:
        self._progress = progress
        self._after = 0
        self._done: dict[str, int] = {}
        self._actions: dict[str, Callable[[RunEvent], None]] = {
            "step_start": self._step_started,
            "step_end": self._advanced,
            "progress": self._advanced,
            "rate_limit_wait": self._waiting,
        }

    def catch_up(self, opened: App, run: Run) -> None:
        """Show what happened since the last time."""
        for event in opened.store.events(run.id, after=self._after):
            self._after = event.id
            if "code" in event.details:
                where, code = str(event.details["where"]), str(event.details["code"])
                self._progress.problem(Problem(where, code, event.message))
            elif event.name in self._actions:
                self._actions[event.name](event)

    def _step_started(self, event: RunEvent) -> None:
        if event.step not in self._done:
            self._progress.step_started(event.step, event.message, _whole(event, "total"))
        self._done[event.step] = 0

    def _advanced(self, event: RunEvent) -> None:
        if "calls" in event.details:
            left = event.details.get("left")
            self._progress.called(_whole(event, "calls"), left if isinstance(left, int) else None)
        done, known = _whole(event, "done"), self._done.get(event.step)
        for _ in range(0 if known is None else done - known):
            self._progress.step_advanced(event.step, "")
        if known is not None:
            self._done[event.step] = max(done, known)

    def _waiting(self, event: RunEvent) -> None:
        until = event.details.get("until")
        if isinstance(until, int | float):
            self._progress.waiting(event.message, float(until))


def _whole(event: RunEvent, name: str) -> int:
    value = event.details.get(name)
    return value if isinstance(value, int) else 0


def _as_raised(problem: Problem) -> BucketgraphError:
    """Return what a run of our own would have raised, by its code."""
    kinds = [BucketgraphError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.code == problem.code:
            return _made(kind, problem)
    return Interrupted(problem.message, hint=problem.hint)


def _made(kind: type[BucketgraphError], problem: Problem) -> BucketgraphError:
    error = kind.__new__(kind)
    BucketgraphError.__init__(error, problem.message, hint=problem.hint)
    return error
