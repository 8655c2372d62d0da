"""Progress of a run on the terminal: a bar a step, calls used, budget left, and waits with their end."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bucketgraph.cli.output import plain, when
from bucketgraph.store.base import Counts, Problem, Run


class TerminalProgress:
    """Draws bars on a terminal; elsewhere prints a line when a step is done and when the run waits."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console, self._quiet = console, quiet
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, tuple[str, int, int]] = {}
        self._status = ""
        self._problems = 0

    def __enter__(self) -> Self:
        """Begin drawing."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing; the bars stay."""
        self._bars.stop()

    def run_started(self, run: Run, *, resumed: bool) -> None:
        """Say that an interrupted run goes on: its bars begin where it stopped."""
        if resumed:
            self._say(f"going on with run {run.id}, begun {when(run.started_on)} UTC")

    def run_ended(self, run: Run) -> None:
        """Nothing: the final table tells."""

    def step_ended(self, step: str) -> None:
        """Nothing: its bar is full."""

    def step_started(self, step: str, title: str, total: int) -> None:
        """Add a bar."""
        self._tasks[step] = self._bars.add_task(f"{title:<14}", total=total, note="")
        self._done[step] = (title, 0, total)

    def step_advanced(self, step: str, label: str) -> None:
        """Move a bar; without a terminal, say when a step is done."""
        del label
        title, done, total = self._done[step]
        self._done[step] = (title, done + 1, total)
        self._bars.update(self._tasks[step], advance=1, note=self._status)
        if done + 1 == total and not self._console.is_terminal:
            self._say(f"{title}: {total:,} of {total:,}")

    def published(self, counts: Counts) -> None:
        """Nothing: the final table tells."""

    def problem(self, problem: Problem, step: str = "") -> None:
        """Show the first problems at once; the final table has them all."""
        del step
        self._problems += 1
        if self._problems <= 3:  # noqa: PLR2004  # enough to see what goes wrong
            self._say(f"not seen: {problem.scope}: {problem.message}", style="yellow")

    def called(self, calls: int, left: int | None) -> None:
        """Remember the calls for the next bar movement."""
        budget = "" if left is None else f" · {left:,} left this hour"
        self._status = f"{calls:,} calls{budget}"

    def waiting(self, reason: str, until: float) -> None:
        """Say why and until when."""
        moment = datetime.fromtimestamp(until).astimezone().strftime("%H:%M:%S")
        self._say(f"waiting until {moment}: {reason}", style="cyan")

    def resumed(self) -> None:
        """Nothing: the bars move again."""

    def _say(self, text: str, *, style: str = "") -> None:
        if not self._quiet:
            self._bars.console.print(plain(text), style=style, markup=False, highlight=False)
