"""The event log of a run: what it did and met, with level, time and counts, written beside the work.

Events are written by a thread of their own, a second's worth at a time, so that the event loop never waits for
the disk; where they cannot be written, the run goes on without them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import structlog

from bucketgraph.collect.cancelling import CANCELLED
from bucketgraph.collect.steps import STEPS
from bucketgraph.errors import BudgetSpent, CredentialError, Denied, Retryable, StoreError
from bucketgraph.store.base import Counts, Level, NewEvent, Problem, Run, Tally
from bucketgraph.store.store import Store

Details = dict[str, str | int | float | bool | None]

_FLUSH_EVERY_SECONDS = 1.0
_MOST_HELD_BACK = 1000
"""Events that wait for a store that cannot be written; beyond this the oldest are given up."""

_PROGRESS_SHARE = 60
"""A run tells its progress each second at first, and then once in a sixtieth of the time it has taken."""

_LEVEL_OF: Mapping[str, tuple[Level, str]] = {
    Denied.code: ("warning", "warn_missing_permission"),
    CredentialError.code: ("error", "credentials_refused"),
    CANCELLED: ("warning", "cancelled"),
    Retryable.code: ("error", "step_failure"),
    BudgetSpent.code: ("warning", "budget_spent"),
}
"""What a problem's code is called in the log; any other is `warn_incomplete_data`, or the failure of the run."""


@dataclass(frozen=True, slots=True)
class Live:
    """How far a run is right now. `waiting_until` is epoch seconds; `left` the calls left of this hour."""

    step: str = ""
    title: str = ""
    done: int = 0
    total: int = 0
    calls: int = 0
    left: int | None = None
    waiting_until: float | None = None


class EventLog:
    """Progress that is written into a run's event log. Use as a context: leaving it writes what is left."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writer: _Writer | None = None
        self._steps: dict[str, Live] = {}
        self._counts = Counts()
        self._began = self._told = time.monotonic()
        self._logger = structlog.get_logger()
        self.live = Live()

    def __enter__(self) -> Self:
        """Begin; events are written from the moment the run is known."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()

    def run_started(self, run: Run, *, resumed: bool) -> None:
        """Note the beginning, or that an interrupted run goes on."""
        self._writer = _Writer(self._store, run)
        self._logger = self._logger.bind(run=run.id, integration=run.integration_id)
        options: Details = {name: value for name, value in run.options.items() if value is not None}
        details = options | {"trigger": run.trigger}
        if resumed:
            self._note("info", "run_resumed", "The run goes on where it was interrupted.", details=details)
        else:
            self._note("info", "run_start", "The run begins.", details=details)

    def run_ended(self, run: Run) -> None:
        """Note how the run ended, with counts and calls."""
        counts = run.report.counts
        details = _summed([*counts.entities.values()], "entities") | _summed(
            [*counts.relationships.values()], "relationships"
        )
        details |= {"calls": sum(run.report.calls.values()), "problems": len(run.report.problems)}
        if run.status == "IN_PROGRESS":
            self._note(
                "warning", "run_interrupted", "The run was interrupted; it goes on later.", details=details
            )
            return
        levels: dict[str, Level] = {"COMPLETED": "info", "COMPLETED_WITH_ERRORS": "warning"}
        message = f"The run ended: {run.status}."
        self._note(
            levels.get(run.status, "error"), "run_end", message, details={"status": run.status} | details
        )

    def step_started(self, step: str, title: str, total: int) -> None:
        """Note a step's beginning."""
        self.live = replace(self.live, step=step, title=title, done=0, total=total)
        self._steps[step] = self.live
        self._note("info", "step_start", title, step, {"total": total})

    def step_advanced(self, step: str, label: str) -> None:
        """Count, and tell now and then."""
        del label
        known = self._steps[step]
        self._steps[step] = known = replace(known, done=known.done + 1)
        self.live = replace(self.live, step=step, title=known.title, done=known.done, total=known.total)
        self._tell()

    def step_ended(self, step: str) -> None:
        """Note a step's end, with what it changed."""
        known = self._steps[step]
        details: Details = {"done": known.done, "total": known.total} | self._changed_by(step)
        self._note("info", "step_end", known.title, step, details)

    def published(self, counts: Counts) -> None:
        """Add up what was changed."""
        self._counts.add(counts)

    def problem(self, problem: Problem, step: str = "") -> None:
        """Note what could not be seen."""
        whole = problem.scope == "Run"
        level, name = _LEVEL_OF.get(
            problem.code, ("error", "run_failure") if whole else ("warning", "warn_incomplete_data")
        )
        message = f"{problem.message} {problem.hint}".strip()
        self._note(level, name, message, step, {"where": problem.scope, "code": problem.code})

    def called(self, calls: int, left: int | None) -> None:
        """Count."""
        self.live = replace(self.live, calls=calls, left=left)
        self._tell()

    def waiting(self, reason: str, until: float) -> None:
        """Note a wait and its end."""
        self.live = replace(self.live, waiting_until=until)
        seconds = max(0, round(until - time.time()))
        self._note("warning", "rate_limit_wait", reason, details={"until": until, "seconds": seconds})

    def resumed(self) -> None:
        """Note that the wait is over."""
        self.live = replace(self.live, waiting_until=None)
        self._note("info", "rate_limit_resumed", "The wait is over.")

    def _changed_by(self, step_id: str) -> Details:
        """Return counts of the types that a step brings."""
        step = next((one for one in STEPS if one.id == step_id), None)
        if step is None:
            return {}
        entities = [self._counts.entities.get(one.name, Tally()) for one in step.entities]
        relationships = [self._counts.relationships.get(one.name, Tally()) for one in step.relationships]
        return _summed(entities, "entities") | _summed(relationships, "relationships")

    def _tell(self) -> None:
        """Write the live progress, often at first and rarely in a long run."""
        now = time.monotonic()
        if now - self._told < max(1.0, (now - self._began) / _PROGRESS_SHARE):
            return
        self._told = now
        live = self.live
        details: Details = {"done": live.done, "total": live.total, "calls": live.calls, "left": live.left}
        self._note("debug", "progress", live.title, live.step, details)

    def _note(
        self, level: Level, name: str, message: str, step: str = "", details: Details | None = None
    ) -> None:
        event = NewEvent(level, name, message, step, details or {}, on=int(time.time() * 1000))
        if self._writer is not None:
            self._writer.add(event)
        more = {
            f"the_{key}" if key in {"event", "level"} else key: value for key, value in event.details.items()
        }
        self._logger.log(_NUMBERS[level], name, message=message, step=step or None, **more)


_NUMBERS: Mapping[Level, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def _summed(tallies: list[Tally], what: str) -> Details:
    """Return how many objects were created, updated and deleted, zeros left out."""
    sums = {
        "created": sum(one.created for one in tallies),
        "updated": sum(one.updated for one in tallies),
        "deleted": sum(one.deleted for one in tallies),
    }
    return {f"{what}_{name}": number for name, number in sums.items() if number}


class _Writer:
    """Writes events of one run, a second's worth in one transaction, from a thread of its own."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store, self._run = store, run
        self._waiting: list[NewEvent] = []
        self._lock = threading.Lock()
        self._closing, self._begun = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"events-of-run-{run.id}", daemon=True)
        self._thread.start()

    def add(self, event: NewEvent) -> None:
        """Hand an event over."""
        with self._lock:
            self._waiting.append(event)
        self._begun.set()

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._closing.set()
        self._begun.set()
        self._thread.join()

    def _work(self) -> None:
        """Write the first event at once: it says that there is a run, should the process be killed."""
        self._begun.wait()
        self._flush()
        while not self._closing.wait(_FLUSH_EVERY_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            self._store.add_events(self._run.id, self._run.integration_id, batch)
        except StoreError as error:
            structlog.get_logger().warning("events not written", run=self._run.id, why=error.message)
            with self._lock:
                self._waiting = [*batch, *self._waiting][-_MOST_HELD_BACK:]
