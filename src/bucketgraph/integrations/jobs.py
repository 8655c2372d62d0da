"""Durable jobs on DBOS: a queue of collections and a schedule for each integration, in `jobs.db`.

The one module that knows DBOS. A job's id says what it is for, so that nothing is ever done twice: a tick is
`tick-<integration>-<due>`, whoever noticed that it was due. A job that a crash interrupted is found by the next
server, which has the same executor id, and goes on with the run it began.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, ScheduleInput
from dbos import error as dbos_errors

from bucketgraph.errors import Bug, Conflict, StoreError
from bucketgraph.integrations.plans import Plans
from bucketgraph.integrations.serving import executing, jobs_file, locked, run_lock_file, serving
from bucketgraph.integrations.worker import Collect, Order, Outcome, Worker, as_order, run_quietly
from bucketgraph.observe.log import adopt
from bucketgraph.store.base import Trigger
from bucketgraph.store.sqlite import translated
from bucketgraph.store.store import Store

__all__ = ["Jobs", "Queue", "serving"]

_NAME = "bucketgraph"
_QUEUE = "collections"
_VERSION = "1"
"""Fixed, so that an upgraded server recovers the jobs of the one before."""

_WORKFLOW, _TICK, _SCHEDULE = "collect", "tick", "integration-"
_UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED"]
_RECONCILE_EVERY_SECONDS = 1.0
_CLEAN_EVERY_SECONDS = 3600.0
_GRACE_MS = 15_000
"""A schedule may be late by ten seconds (DBOS spreads its ticks); what is later was missed."""

_STOP_WITHIN_SECONDS = 30.0
_DAY_MS = 86_400_000
_FORGOTTEN_AT_ONCE = 1000


class Queue:
    """The queue of collections of a graph file, from any process. Use as a context."""

    def __init__(self, database: str | Path) -> None:
        adopt("dbos")
        self._database, self._where = database, str(jobs_file(database))
        with translated(self._where):
            self._client = DBOSClient(
                system_database_url=_url(database), application_name=_NAME, retry_connection_errors=False
            )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.destroy()

    def request(self, order: Order) -> str:
        """Ask for a run and return its job's id; raises Conflict while one is queued or in progress."""
        if locked(run_lock_file(self._database, order.integration_id)):
            raise _under_way()
        return self.add(order, f"manual-{uuid.uuid4()}")

    def add(self, order: Order, workflow_id: str) -> str:
        """Queue an order under a job's id, once for all times; raises Conflict while another is unfinished."""
        options = EnqueueOptions(
            workflow_name=_WORKFLOW,
            queue_name=_QUEUE,
            workflow_id=workflow_id,
            deduplication_id=order.integration_id,
        )
        try:
            with translated(self._where):
                self._client.enqueue(options, order.integration_id, order.trigger, asdict(order))
        except dbos_errors.DBOSQueueDeduplicatedError:
            raise _under_way() from None
        return workflow_id

    def unfinished(self) -> dict[str, tuple[str, str]]:
        """Return the unfinished jobs, as (id, `ENQUEUED` or `PENDING`) by integration."""
        with translated(self._where):
            found = self._client.list_workflows(
                status=_UNFINISHED, name=_WORKFLOW, load_input=False, load_output=False
            )
        return {one.deduplication_id or "": (one.workflow_id, one.status) for one in found}

    def status(self, workflow_id: str) -> str | None:
        """Return a job's status in the engine's words, or None where it is not known."""
        with translated(self._where):
            found = self._client.list_workflows(
                workflow_ids=[workflow_id], load_input=False, load_output=False
            )
        return found[0].status if found else None

    def withdraw(self, integration_id: str) -> str | None:
        """Take an integration's job out of the queue, if its run has not begun, and return the job's id."""
        workflow_id, _ = self.unfinished().get(integration_id, (None, ""))
        if workflow_id is not None:
            with translated(self._where):
                self._client.cancel_workflow(workflow_id)
        return workflow_id

    def forget(self, before: int) -> int:
        """Delete finished jobs from before a moment (epoch ms) and return how many there were."""
        moment = datetime.fromtimestamp(before / 1000, UTC).isoformat()
        with translated(self._where):
            old = self._client.list_workflows(
                status=_FINISHED,
                end_time=moment,
                limit=_FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            self._client.delete_workflows([one.workflow_id for one in old])
        return len(old)


class Jobs:
    """The server's half: runs the queue, keeps the schedules equal to the configurations.

    `collect` does an order; `after` are the steps that follow each run, by name. There is one in a process and,
    held by a lock, one on a graph file. `broken` is set when it cannot go on.
    """

    def __init__(
        self,
        store: Store,
        *,
        collect: Collect,
        after: Sequence[tuple[str, Callable[[], object]]] = (),
        concurrent: int = 4,
        keep_days: int = 90,
    ) -> None:
        self._store, self._after = store, after
        self._concurrent, self._keep_ms = concurrent, keep_days * _DAY_MS
        self._worker = Worker(collect, withdrawn=lambda one: self.queue.status(one) == "CANCELLED")
        self._plans = Plans(store)
        self._closing, self.broken = threading.Event(), threading.Event()
        self._following: dict[str, str] = {}
        self._lock = threading.Lock()
        self._at_work = 0
        self._cleaned = time.monotonic()
        self._exits = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._keep_reconciling, name="reconciler", daemon=True)

    @property
    def queue(self) -> Queue:
        """Return the queue; raises Bug before the start."""
        if self._queue is None:
            raise Bug("The jobs were asked for something before they were started.")
        return self._queue

    _queue: Queue | None = None

    def start(self) -> None:
        """Begin: recover what was interrupted, catch up with what was missed; raises Conflict for a second server."""
        self._exits.enter_context(executing(self._store.where))
        try:
            with translated(str(jobs_file(self._store.where))):
                self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        global _present  # noqa: PLW0603  # the engine is one for a process, and calls functions, not methods
        adopt("dbos")
        _present = self
        config = DBOSConfig(
            name=_NAME,
            system_database_url=_url(self._store.where),
            application_version=_VERSION,
            executor_id=_NAME,
            log_level="WARNING",
            scheduler_polling_interval_sec=1.0,
        )
        self._exits.callback(DBOS.destroy)
        jobs_file(self._store.where).touch(
            mode=0o600
        )  # nobody else's, as the engine reads it back trustingly
        DBOS(config=config)
        DBOS.launch()
        self._queue = self._exits.enter_context(Queue(self._store.where))
        DBOS.register_queue(
            _QUEUE,
            global_concurrency=self._concurrent,
            polling_interval_sec=0.5,
            on_conflict="always_update",
        )
        self._following = {one["schedule_name"]: one["schedule"] for one in DBOS.list_schedules()}
        self.reconcile(grace_ms=0)
        self._resume()
        self._thread.start()

    def interrupt(self) -> None:
        """Let no run begin any more and interrupt those in progress; does not wait."""
        self._closing.set()
        self._worker.stop()

    def stop(self) -> None:
        """Interrupt, wait until all is put down, and end. What was interrupted goes on at the next start."""
        self.interrupt()
        if self._thread.is_alive():
            self._thread.join()
        until = time.monotonic() + _STOP_WITHIN_SECONDS
        while self._at_work and time.monotonic() < until:
            time.sleep(0.02)
        self._exits.close()

    def request_run(self, integration_id: str, trigger: Trigger = "manual", **options: Any) -> str:
        """Ask for a run (`full`, `wait`, `since`) and return its job's id.

        Raises Conflict while a run of the integration is queued or in progress.
        """
        return self.queue.request(as_order(integration_id, trigger, options))

    def cancel(self, run_id: int) -> bool:
        """Ask a run to stop, which it does within seconds; tell whether it was still in progress."""
        return self._store.request_cancel(run_id)

    def reconcile(self, *, grace_ms: int = _GRACE_MS) -> None:
        """Make the schedules equal to the configurations, and catch up with ticks that were missed."""
        wanted = {f"{_SCHEDULE}{one}": (one, known.cron()) for one, known in self._plans.read().items()}
        for name in self._following.keys() - wanted.keys():
            DBOS.delete_schedule(name)
            del self._following[name]
        changed = {name: one for name, one in wanted.items() if self._following.get(name) != one[1]}
        if changed:
            DBOS.apply_schedules([_schedule(name, *one) for name, one in changed.items()])
            self._following |= {name: cron for name, (_, cron) in changed.items()}
        for integration_id, due in self._plans.missed(int(time.time() * 1000), grace_ms):
            self.tick(integration_id, due, "catch-up")

    def tick(self, integration_id: str, due: int, trigger: Trigger = "schedule") -> None:
        """Queue the run of a tick, unless the schedule changed, it is to rest, or a run is under way."""
        log = structlog.get_logger().bind(integration=integration_id, due=due)
        if not self._plans.wants(integration_id, due):
            log.info("tick left out")
            return
        try:
            self.queue.add(Order(integration_id, trigger), f"tick-{integration_id}-{due}")
        except Conflict:
            log.info("tick met a run under way")

    def _resume(self) -> None:
        """Queue what a crash or an interruption of another process left in progress."""
        unfinished = self.queue.unfinished()
        for run in self._plans.interrupted():
            if run.integration_id in unfinished or locked(
                run_lock_file(self._store.where, run.integration_id)
            ):
                continue
            options = {"full": bool(run.options.get("full"))}
            order = as_order(run.integration_id, "resume", options)
            with contextlib.suppress(Conflict):
                self.queue.add(order, f"resume-{run.id}-{uuid.uuid4()}")

    def _keep_reconciling(self) -> None:
        try:
            while not self._closing.wait(_RECONCILE_EVERY_SECONDS):
                with _store_errors_logged(), translated(str(jobs_file(self._store.where))):
                    self.reconcile()
                    self._clean()
        except BaseException:
            structlog.get_logger().exception("schedules cannot be followed any more")
            self.broken.set()
            raise

    def _clean(self) -> None:
        if time.monotonic() - self._cleaned > _CLEAN_EVERY_SECONDS:
            self._cleaned = time.monotonic()
            self.queue.forget(int(time.time() * 1000) - self._keep_ms)

    def perform(self, integration_id: str, trigger: Trigger, options: dict[str, Any]) -> Outcome:
        """Do a job's steps; the engine skips those that were done before a crash."""
        workflow_id = DBOS.workflow_id
        if workflow_id is None:
            raise Bug("A job was begun without an id.")
        order = as_order(integration_id, trigger, options)
        with self._counted():
            outcome = DBOS.run_step({"name": "collect"}, self._worker.work, order, workflow_id)
            for name, step in self._after:
                DBOS.run_step({"name": name}, run_quietly, name, step)
        return outcome

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1


_present: Jobs | None = None


def _jobs() -> Jobs:
    if _present is None:
        raise Bug("A job was begun where no server runs.")
    return _present


@DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
def _collect(integration_id: str, trigger: Trigger, options: dict[str, Any]) -> Outcome:
    return _jobs().perform(integration_id, trigger, options)


@DBOS.workflow(name=_TICK, max_recovery_attempts=None)
def _tick(due: datetime, integration_id: str) -> None:
    DBOS.run_step({"name": _TICK}, _jobs().tick, integration_id, round(due.timestamp() * 1000))


def _schedule(name: str, integration_id: str, cron: str) -> ScheduleInput:
    return ScheduleInput(schedule_name=name, workflow_fn=_tick, schedule=cron, context=integration_id)


def _url(database: str | Path) -> str:
    return f"sqlite:///{jobs_file(database)}"


def _under_way() -> Conflict:
    return Conflict(
        "A run of this integration is queued or under way already.",
        hint="Wait for its end (`bucketgraph integration log NAME --follow`), or stop it with "
        "`bucketgraph integration cancel NAME`.",
    )


@contextlib.contextmanager
def _store_errors_logged() -> Iterator[None]:
    """Let a graph file that is locked or full pass: the next second tries again."""
    try:
        yield
    except StoreError as error:
        structlog.get_logger().warning("configurations not read", why=error.message)
