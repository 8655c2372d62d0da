"""Noticing that somebody asked a run to stop, from whatever process."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from bucketgraph.errors import StoreError
from bucketgraph.store.base import Problem
from bucketgraph.store.store import Store

CANCELLED = "cancelled"
"""The code of the problem that a run has which was asked to stop."""

_LOOK_EVERY_SECONDS = 1.0


def cancelled() -> Problem:
    """Return what a run says that was asked to stop."""
    return Problem(
        "Run",
        CANCELLED,
        "The run was cancelled. What was published before stays, and nothing was deleted.",
        "The next run begins anew.",
    )


class Cancellation:
    """Cancels the task it is entered in when the run's row asks for it; `asked` tells afterwards.

    The cancellation ends here, unless the task was cancelled by somebody else too.
    """

    def __init__(self, store: Store, run_id: int) -> None:
        self._store, self._run_id = store, run_id
        self.asked = False

    async def __aenter__(self) -> Self:
        """Begin to look, once a second."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine is always run by a task
        self._task = task
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Stop looking."""
        self._watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watcher
        others = self._task.uncancel() if self.asked else 1
        return kind is not None and issubclass(kind, asyncio.CancelledError) and others == 0

    async def _watch(self) -> None:
        while not await self._is_asked():  # noqa: ASYNC110  # another process writes it: no event can tell
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        self.asked = True
        self._task.cancel()

    async def _is_asked(self) -> bool:
        try:
            run = await asyncio.to_thread(self._store.run, self._run_id)
        except StoreError:
            return False  # the run itself meets it, and says so
        return run is not None and run.cancel_on is not None
