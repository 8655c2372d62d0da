"""Doing what a durable job asks for: one collection, which may begin again after a crash, and what follows it.

Knows nothing of the engine that calls it. Each collection has an event loop of its own, in the thread it is
called from, so that nothing else waits for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from bucketgraph.errors import BucketgraphError, Conflict, StoreError
from bucketgraph.store.base import Run, Trigger

_RETRY_STORE_SECONDS = (2.0, 15.0, 60.0)
"""Pauses after the graph file could not be used: a full disk or a long backup may pass."""

_LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is asked to do; `since` is epoch ms. Holds nothing secret: the engine writes it down."""

    integration_id: str
    trigger: Trigger
    full: bool = False
    wait: bool = True
    since: int | None = None


Collect = Callable[[Order, str], Awaitable[Run | None]]
"""Collects for an order and a job's id; None when the integration is gone. Raises Conflict while another process
collects the same, StoreError, CancelledError. Anything else that goes wrong is in the run it returns."""

Outcome = dict[str, Any]
"""What the engine keeps of a job: `run` (id or None) and `status`."""


class Stopped(BaseException):
    """The server stops: the job is left as it is, to go on when the server starts again.

    No Exception, because the engine would take that for the job's end.
    """


class Worker:
    """Runs orders until it is told to stop."""

    def __init__(self, collect: Collect, *, withdrawn: Callable[[str], bool]) -> None:
        """Take how to collect, and how to ask whether a job was withdrawn before its run began."""
        self._collect, self._withdrawn = collect, withdrawn
        self._running: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = {}
        self._lock = threading.Lock()
        self._stopping = False

    @property
    def busy(self) -> int:
        """Return how many orders are being worked on."""
        with self._lock:
            return len(self._running)

    def stop(self) -> None:
        """Interrupt what runs, and begin nothing any more. Does not wait."""
        with self._lock:
            self._stopping = True
            for loop, task in self._running.values():
                loop.call_soon_threadsafe(task.cancel)

    def work(self, order: Order, workflow_id: str) -> Outcome:
        """Do an order; raises Stopped when the server stops."""
        return asyncio.run(self._work(order, workflow_id))

    async def _work(self, order: Order, workflow_id: str) -> Outcome:
        log = structlog.get_logger().bind(integration=order.integration_id, workflow=workflow_id)
        with self._registered(workflow_id):
            try:
                return await self._patiently(order, workflow_id)
            except asyncio.CancelledError:
                raise Stopped from None
            except BucketgraphError as error:
                log.error("run not possible", code=error.code, why=error.paragraph())  # noqa: TRY400  # no bug of ours
                return {"run": None, "status": "FAILED", "code": error.code}
            except Exception:
                log.exception("run broken off")
                raise

    async def _patiently(self, order: Order, workflow_id: str) -> Outcome:
        """Wait for another process that collects the same, and a while for a store that cannot be written."""
        pauses = iter(_RETRY_STORE_SECONDS)
        while not self._withdrawn(workflow_id):
            try:
                run = await self._collect(order, workflow_id)
            except Conflict:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
            except StoreError:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return {"run": run and run.id, "status": run.status if run else "REMOVED"}
        return {"run": None, "status": "CANCELLED"}

    @contextmanager
    def _registered(self, workflow_id: str) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine is always run by a task
        with self._lock:
            if self._stopping:
                raise Stopped
            self._running[workflow_id] = (asyncio.get_running_loop(), task)
        try:
            yield
        finally:
            with self._lock:
                del self._running[workflow_id]


def run_quietly(name: str, step: Callable[[], object]) -> None:
    """Do what follows a run; that it is not possible is logged and changes nothing of the run."""
    try:
        step()
    except BucketgraphError as error:
        structlog.get_logger().error("step after the run failed", step=name, why=error.paragraph())


def as_order(integration_id: str, trigger: Trigger, options: Mapping[str, Any]) -> Order:
    """Return an order from what the engine wrote down; what an older server left out has its default."""
    known = {name: options[name] for name in ("full", "wait", "since") if name in options}
    return Order(integration_id, trigger, **known)
