"""Threads for calls that block: the store's methods are synchronous, and the event loop must not wait for them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from bucketgraph.errors import BucketgraphError, Unavailable

ResultT = TypeVar("ResultT")
MOST_WAITING: Final = 200


class FailedCall(Exception):  # named for what happened, as all errors
    """A call raised what nobody expected; `cause` is that. It is told to the log and not to the client."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class Workers:
    """A few threads; more callers wait, but not without end."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="bucketgraph-api")
        self._inside = 0

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Return what a call returns, or raise the BucketgraphError that it raises.

        Raises FailedCall for any other, and Unavailable when too many wait already.
        """
        if self._inside >= MOST_WAITING:
            raise Unavailable(
                "The server has more requests waiting than it can hold.", hint="Try again shortly."
            )
        self._inside += 1
        try:
            return await self._outcome(work)
        finally:
            self._inside -= 1

    def later(self, work: Callable[[], None]) -> None:
        """Let something be done that nobody waits for."""
        self._pool.submit(work)

    def close(self) -> None:
        """Wait for what is being done, and end the threads."""
        self._pool.shutdown(wait=True)

    async def _outcome(self, work: Callable[[], ResultT]) -> ResultT:
        run = partial(contextvars.copy_context().run, work)
        done = asyncio.get_running_loop().run_in_executor(self._pool, run)
        await asyncio.wait([done])
        failure = done.exception()
        if failure is not None and not isinstance(failure, BucketgraphError):
            raise FailedCall(failure)
        return done.result()
