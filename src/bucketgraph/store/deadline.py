"""How long a statement may run: SQLite looks at the clock while it works, and stops by itself."""

from __future__ import annotations

import math
import time
from typing import Any, Final

from bucketgraph.errors import QueryTimeout

_KEY: Final = "deadline"
_STEPS_BETWEEN_LOOKS: Final = 20_000
"""Instructions of SQLite's machine between two looks at the clock: about a millisecond."""


class Deadline:
    """When the present statement of one connection must have ended, by the monotonic clock."""

    def __init__(self) -> None:
        """Begin without one."""
        self.end = math.inf
        self.passed = False
        self._seconds = math.inf

    def begin(self, seconds: float) -> None:
        """Let the statements from here on run for so long together; setting `end` to infinity ends that."""
        self._seconds, self.passed = seconds, False
        self.end = time.monotonic() + seconds

    def explain(self, error: Exception) -> None:
        """Say so if an error came because the time was over. Raises `QueryTimeout`."""
        if self.passed:
            self.passed = False
            raise self._over() from error

    def check(self) -> None:
        """Raise `QueryTimeout` when the time is over, where no statement is running."""
        if time.monotonic() > self.end:
            raise self._over()

    def _over(self) -> QueryTimeout:
        return QueryTimeout(
            f"The query was stopped after {self._seconds:g} seconds.",
            hint="Narrow it (a type instead of a class, a filter on an indexed property, fewer hops), or raise "
            "BUCKETGRAPH_QUERY_TIMEOUT_SECONDS.",
        )

    def look(self) -> int:
        """Return 1, which stops the statement, once it has run for too long."""
        self.passed = time.monotonic() > self.end
        return int(self.passed)


def watch(connection: Any, info: dict[Any, Any]) -> None:
    """Have a new connection look at the clock; `info` is where SQLAlchemy keeps what belongs to it."""
    deadline = Deadline()
    info[_KEY] = deadline
    connection.set_progress_handler(deadline.look, _STEPS_BETWEEN_LOOKS)


def deadline_of(info: Any) -> Deadline:
    """Return the deadline of a connection by what SQLAlchemy keeps with it."""
    found: Deadline = info[_KEY]
    return found
