"""A run as its page shows it: how it stands, its steps, what changed, what could not be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlencode

from bucketgraph.collect.cancelling import CANCELLED
from bucketgraph.collect.sources import active_steps
from bucketgraph.graph.schema import RelationshipType
from bucketgraph.integrations.events import Live
from bucketgraph.store.base import Problem, Run, RunEvent, Tally

State = Literal["ok", "warn", "bad", "unknown"]
StepState = Literal["done", "running", "waiting", "partial", "stopped"]

STEP_EVENTS: Final = ("step_start", "step_end")
WAIT_EVENTS: Final = ("rate_limit_wait", "rate_limit_resumed")
_MOST_PROBLEMS: Final = 200
_MINUTE, _HOUR = 60, 3600
_ENDS: Final = " RETURN a.displayName, b.displayName, a._key, b._key"

_STATUS: Mapping[str, tuple[State, str]] = {
    "IN_PROGRESS": ("unknown", "in progress"),
    "COMPLETED": ("ok", "complete"),
    "COMPLETED_WITH_ERRORS": ("warn", "partial"),
    "FAILED": ("bad", "failed"),
}
_TRIGGERS: Mapping[str, str] = {
    "cli": "by the command line",
    "manual": "by hand",
    "schedule": "by its schedule",
    "catch-up": "to catch up with a missed time",
    "resume": "after an interruption",
}


@dataclass(frozen=True, slots=True)
class Status:
    """How a run stands, in a word and one of the four states; `icon` goes with it."""

    state: State
    word: str
    icon: str
    running: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: how far it is, and what it changed. `percent` is None where nothing can be counted."""

    id: str
    title: str
    state: StepState
    done: int = 0
    total: int = 0
    note: str = ""

    @property
    def percent(self) -> int | None:
        """Return how far it is in percent."""
        return None if self.total == 0 else min(100, 100 * self.done // self.total)

    @property
    def told(self) -> str:
        """Return how much of it is done, in words."""
        if self.state == "waiting" or (self.state == "stopped" and not self.total):
            return "-"
        return f"{self.done:,} of {self.total:,}" if self.total > self.done else f"{self.done:,}"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What a run changed of one type; the addresses lead to a query that finds it, empty where none can."""

    name: str
    created: int
    updated: int
    deleted: int
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with everything that its page shows of it. Times are epoch ms; `waiting_until` is one, too."""

    id: int
    status: Status
    trigger: str
    full: bool
    cancelling: bool
    started_on: int
    finished_on: int | None
    took: str
    calls: int
    left: int | None
    waiting_until: int | None
    waiting: str
    steps: tuple[StepView, ...]
    entities: tuple[ChangeRow, ...]
    relationships: tuple[ChangeRow, ...]
    problems: tuple[Problem, ...]
    more_problems: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the log tells of a run: its steps' events, the newest progress, and the newest wait."""

    steps: Sequence[RunEvent] = ()
    progress: RunEvent | None = None
    wait: RunEvent | None = None


def view(
    run: Run,
    told: Told,
    live: Live | None,
    *,
    off: frozenset[str],
    left: int | None,
    edges: Iterable[RelationshipType],
    now: int,
) -> RunView:
    """Return what is shown of a run.

    `off` are the sources that are off, `left` the calls left of this hour, `edges` the declared relationships; `now`
    is epoch ms.
    """
    running = run.status == "IN_PROGRESS"
    live = live if running else None
    problems = run.report.problems
    until = _waiting_until(told, live, now) if running else None
    return RunView(
        id=run.id,
        status=status(run),
        trigger=_TRIGGERS.get(run.trigger, run.trigger),
        full=bool(run.options.get("full")),
        cancelling=running and run.cancel_on is not None,
        started_on=run.started_on,
        finished_on=run.finished_on,
        took=duration((run.finished_on or now) - run.started_on),
        calls=_calls(run, told, live),
        left=left if live is None or live.left is None else live.left,
        waiting_until=until,
        waiting="" if until is None else duration(until - now),
        steps=tuple(steps(run, told, live, off)),
        entities=tuple(_entity_rows(run)),
        relationships=tuple(_edge_rows(run, edges)),
        problems=tuple(problems[:_MOST_PROBLEMS]),
        more_problems=max(0, len(problems) - _MOST_PROBLEMS),
    )


def status(run: Run | None) -> Status:
    """Return how a run stands; None stands for no run yet."""
    if run is None:
        return Status("unknown", "never ran", "unknown", running=False)
    if run.status == "IN_PROGRESS":
        word = "stopping" if run.cancel_on is not None else "in progress"
        return Status("unknown", word, "clock", running=True)
    state, word = _STATUS[run.status]
    if run.status == "FAILED" and any(one.code == CANCELLED for one in run.report.problems):
        state, word = "warn", "cancelled"
    return Status(state, word, state, running=False)


def steps(run: Run, told: Told, live: Live | None, off: frozenset[str]) -> Iterable[StepView]:
    """Return the steps of a run, in their order."""
    known = {step.id: StepView(step.id, step.title, "waiting") for step in active_steps(off)}
    for event in told.steps:
        begun = known.get(event.step, StepView(event.step, event.message, "waiting"))
        known[event.step] = _after(begun, event)
    if told.progress is not None and told.progress.step in known:
        known[told.progress.step] = _counted(known[told.progress.step], told.progress)
    if live is not None and live.step in known and known[live.step].state != "done":
        known[live.step] = replace(known[live.step], state="running", done=live.done, total=live.total)
    return [_judged(one, run) for one in known.values()]


def duration(ms: int) -> str:
    """Return how long something takes, in words."""
    seconds = max(0, ms) / 1000
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004  # one more digit tells
    minutes, rest = divmod(round(seconds), _MINUTE)
    if seconds < _HOUR:
        return f"{minutes} min {rest} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def asked(query: str) -> str:
    """Return the address that asks a query."""
    return "/query?" + urlencode({"q": query})


def _after(step: StepView, event: RunEvent) -> StepView:
    total = _whole(event.details.get("total"))
    if event.name == "step_start":
        return replace(step, state="running", done=0, total=total, note="")
    return replace(step, state="done", done=_whole(event.details.get("done")), total=total, note=_sums(event))


def _counted(step: StepView, event: RunEvent) -> StepView:
    if step.state != "running":
        return step
    done, total = _whole(event.details.get("done")), _whole(event.details.get("total"))
    return replace(step, done=max(step.done, done), total=max(step.total, total))


def _judged(step: StepView, run: Run) -> StepView:
    """Return a step of a run that may have ended: what then still runs was stopped."""
    if run.status == "IN_PROGRESS":
        return step
    if step.state in {"running", "waiting"}:
        return replace(
            step, state="stopped", note="was not finished" if step.state == "running" else "did not begin"
        )
    return replace(step, state="partial") if step.done < step.total else step


def _sums(event: RunEvent) -> str:
    """Return in words what a step changed."""
    words = (
        f"{_whole(number):,} {'relationships ' if name.startswith('relationships') else ''}{name.rpartition('_')[2]}"
        for name, number in event.details.items()
        if name.startswith(("entities_", "relationships_"))
    )
    return ", ".join(words)


def _waiting_until(told: Told, live: Live | None, now: int) -> int | None:
    if live is not None:
        return None if live.waiting_until is None else round(live.waiting_until * 1000)
    if told.wait is None or told.wait.name != "rate_limit_wait":
        return None
    until = told.wait.details.get("until")
    ends = round(until * 1000) if isinstance(until, int | float) else 0
    return ends if ends > now else None


def _calls(run: Run, told: Told, live: Live | None) -> int:
    told_of = _whole(told.progress.details.get("calls")) if told.progress is not None else 0
    booked = sum(run.report.calls.values())
    return max(booked, live.calls if live is not None else 0, told_of if run.status == "IN_PROGRESS" else 0)


def _entity_rows(run: Run) -> Iterable[ChangeRow]:
    for name, tally in _moved(run.report.counts.entities):
        addresses = _asked(f"FIND {name} WITH ", "", "", run)
        yield ChangeRow(name, tally.created, tally.updated, tally.deleted, *addresses)


def _edge_rows(run: Run, edges: Iterable[RelationshipType]) -> Iterable[ChangeRow]:
    """Yield changed relationships; of a type that nobody declared the ends are not known, so no query finds it."""
    known = {edge.name: edge for edge in edges}
    for name, tally in _moved(run.report.counts.relationships):
        edge, label, addresses = known.get(name), name, ("", "")
        if edge is not None:
            label = f"{edge.from_type} {edge.verb} {edge.to_type}"
            path = f"FIND {edge.from_type} AS a THAT {edge.verb} AS r {edge.to_type} AS b WHERE "
            addresses = _asked(path, "r.", _ENDS, run)
        yield ChangeRow(label, tally.created, tally.updated, tally.deleted, *addresses)


def _moved(tallies: Mapping[str, Tally]) -> list[tuple[str, Tally]]:
    moved = ((name, one) for name, one in tallies.items() if one.created or one.updated or one.deleted)
    return sorted(moved, key=lambda one: one[0])


def _asked(query: str, of: str, end: str, run: Run) -> tuple[str, str]:
    """Return where a query is asked for what was created during a run, and for what was updated."""

    def during(name: str) -> str:
        until = "" if run.finished_on is None else f" AND {of}{name} <= {run.finished_on}"
        return f"{query}{of}{name} >= {run.started_on}{until}"

    return asked(during("_createdOn") + end), asked(f"{during('_beginOn')} AND {of}_version > 1{end}")


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
