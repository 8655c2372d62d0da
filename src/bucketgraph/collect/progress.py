"""What a run tells while it works."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from bucketgraph.bitbucket.budget import Budget
from bucketgraph.store.base import Counts, Problem, Run


class Progress(Protocol):
    """Receives a run's events, from the event loop's thread; must not block."""

    def run_started(self, run: Run, *, resumed: bool) -> None:
        """The run begins, or goes on after an interruption."""
        ...

    def run_ended(self, run: Run) -> None:
        """The run ended, or was interrupted (then it is still IN_PROGRESS)."""
        ...

    def step_started(self, step: str, title: str, total: int) -> None:
        """A step begins; `total` units (workspaces or repositories) are to be done."""
        ...

    def step_advanced(self, step: str, label: str) -> None:
        """One unit of a step is done."""
        ...

    def step_ended(self, step: str) -> None:
        """A step is over and published, or as much of it as could be read."""
        ...

    def published(self, counts: Counts) -> None:
        """A transaction was committed."""
        ...

    def problem(self, problem: Problem, step: str = "") -> None:
        """Something could not be seen; `step` is the id of the step that met it, where there is one."""
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

    def run_started(self, run: Run, *, resumed: bool) -> None:
        """Ignore."""

    def run_ended(self, run: Run) -> None:
        """Ignore."""

    def step_ended(self, step: str) -> None:
        """Ignore."""

    def step_started(self, step: str, title: str, total: int) -> None:
        """Ignore."""

    def step_advanced(self, step: str, label: str) -> None:
        """Ignore."""

    def published(self, counts: Counts) -> None:
        """Ignore."""

    def problem(self, problem: Problem, step: str = "") -> None:
        """Ignore."""

    def called(self, calls: int, left: int | None) -> None:
        """Ignore."""

    def waiting(self, reason: str, until: float) -> None:
        """Ignore."""

    def resumed(self) -> None:
        """Ignore."""


class Both:
    """Progress that two watch: a person, and the event log."""

    def __init__(self, first: Progress, second: Progress) -> None:
        self._two = (first, second)

    def run_started(self, run: Run, *, resumed: bool) -> None:
        """Tell both."""
        for one in self._two:
            one.run_started(run, resumed=resumed)

    def run_ended(self, run: Run) -> None:
        """Tell both."""
        for one in self._two:
            one.run_ended(run)

    def step_started(self, step: str, title: str, total: int) -> None:
        """Tell both."""
        for one in self._two:
            one.step_started(step, title, total)

    def step_advanced(self, step: str, label: str) -> None:
        """Tell both."""
        for one in self._two:
            one.step_advanced(step, label)

    def step_ended(self, step: str) -> None:
        """Tell both."""
        for one in self._two:
            one.step_ended(step)

    def published(self, counts: Counts) -> None:
        """Tell both."""
        for one in self._two:
            one.published(counts)

    def problem(self, problem: Problem, step: str = "") -> None:
        """Tell both."""
        for one in self._two:
            one.problem(problem, step)

    def called(self, calls: int, left: int | None) -> None:
        """Tell both."""
        for one in self._two:
            one.called(calls, left)

    def waiting(self, reason: str, until: float) -> None:
        """Tell both."""
        for one in self._two:
            one.waiting(reason, until)

    def resumed(self) -> None:
        """Tell both."""
        for one in self._two:
            one.resumed()


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
