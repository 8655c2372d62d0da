"""What a run tells while it works."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from bucketgraph.bitbucket.budget import Budget
from bucketgraph.store.base import Counts, Problem


class Progress(Protocol):
    """Receives a run's events, from the event loop's thread; must not block."""

    def step_started(self, step: str, title: str, total: int) -> None:
        """A step begins; `total` units (workspaces or repositories) are to be done."""
        ...

    def step_advanced(self, step: str, label: str) -> None:
        """One unit of a step is done."""
        ...

    def published(self, counts: Counts) -> None:
        """A transaction was committed."""
        ...

    def problem(self, problem: Problem) -> None:
        """Something could not be seen."""
        ...

    def called(self, calls: int, left: int | None) -> None:
        """The number of HTTP calls so far grew; `left` of this hour's budget for repositories."""
        ...

    def waiting(self, reason: str, until: float) -> None:
        """The run waits until the epoch second `until`."""
        ...

    def resumed(self) -> None:
        """The wait is over."""
        ...


class Silent:
    """Progress that nobody watches."""

    def step_started(self, step: str, title: str, total: int) -> None:
        """Ignore."""

    def step_advanced(self, step: str, label: str) -> None:
        """Ignore."""

    def published(self, counts: Counts) -> None:
        """Ignore."""

    def problem(self, problem: Problem) -> None:
        """Ignore."""

    def called(self, calls: int, left: int | None) -> None:
        """Ignore."""

    def waiting(self, reason: str, until: float) -> None:
        """Ignore."""

    def resumed(self) -> None:
        """Ignore."""


class CallCounter:
    """The client's monitor: counts calls by endpoint and passes waits on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._budgets: list[Budget] = []
        self.calls: Counter[str] = Counter()

    def watch(self, budget: Budget) -> None:
        """Tell what is left of a consumer's budget, too."""
        self._budgets.append(budget)

    def called(self, endpoint: str) -> None:
        """Count one call."""
        self.calls[endpoint] += 1
        left = min((budget.likely_left for budget in self._budgets), default=None)
        self._progress.called(self.calls.total(), left)

    def waiting(self, reason: str, until: float) -> None:
        """Pass on."""
        self._progress.waiting(reason, until)

    def resumed(self) -> None:
        """Pass on."""
        self._progress.resumed()
