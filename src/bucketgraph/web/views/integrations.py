"""Integrations as their pages show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bucketgraph.collect.sources import SOURCES, estimate, switched_off
from bucketgraph.integrations.check import Check, passed, sizes_seen
from bucketgraph.integrations.configuration import Config, Integration
from bucketgraph.integrations.cost import Costs, SourceCost, too_much
from bucketgraph.integrations.facts import Shown, schedule_in_words
from bucketgraph.store.base import Run
from bucketgraph.web.views.runs import Status, duration, status

_KINDS: Mapping[str, str] = {
    "bitbucket": "Bitbucket Cloud",
    "import": "imported folder",
    "people": "imported people",
}
_KIND_ICONS: Mapping[str, str] = {"bitbucket": "integrations", "import": "download", "people": "people"}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list; times are epoch ms."""

    id: int
    status: Status
    started_on: int
    took: str
    calls: int
    problems: int


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """An integration in a list; times are epoch ms."""

    id: str
    name: str
    kind: str
    icon: str
    collected: bool
    description: str
    workspaces: tuple[str, ...]
    schedule: str
    paused: bool
    lost: bool
    next_run_on: int | None
    last: RunRow | None
    status: Status
    entities: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a test found; `calls` are those that a first run takes at least."""

    ok: bool
    checks: tuple[Check, ...]
    calls: int
    warnings: tuple[str, ...]

    @property
    def several(self) -> bool:
        """Tell whether it is about several consumers, so that each line has to name its own."""
        return len({one.consumer for one in self.checks}) > 1


@dataclass(frozen=True, slots=True)
class Losses:
    """What a removal takes away: live objects by type, the biggest first, and what else there is."""

    entities: int
    relationships: int
    runs: int
    by_type: tuple[tuple[str, int], ...]
    consumers: int


def row(shown: Shown, entities: int) -> IntegrationRow:
    """Return an integration as a list shows it, with how many entities it has."""
    one, last = shown.integration, next(iter(shown.runs), None)
    config = one.config
    return IntegrationRow(
        id=one.id,
        name=one.name,
        kind=_KINDS.get(config.kind, config.kind),
        icon=_KIND_ICONS.get(config.kind, "integrations"),
        collected=one.collected,
        description=one.description,
        workspaces=config.workspaces,
        schedule=schedule_in_words(one) if one.collected else "when imported",
        paused=config.paused,
        lost=shown.lost,
        next_run_on=shown.next_run,
        last=None if last is None else run_row(last, shown.now),
        status=status(last),
        entities=entities,
    )


def run_row(run: Run, now: int) -> RunRow:
    """Return a run as a list shows it; `now` is epoch ms."""
    return RunRow(
        id=run.id,
        status=status(run),
        started_on=run.started_on,
        took=duration((run.finished_on or now) - run.started_on),
        calls=sum(run.report.calls.values()),
        problems=len(run.report.problems),
    )


def report(checks: Sequence[Check], one: Integration, hourly_calls: int) -> Report:
    """Return what a test found of an integration, stored or not."""
    good = passed(checks, one.config.workspaces)
    calls = estimate(sizes_seen(checks), switched_off(one.config.sources), first=True) if good else {}
    return Report(good, tuple(checks), sum(calls.values()), tuple(too_much(calls, one, hourly_calls)))


def trial(config: Config) -> Integration:
    """Return a configuration that is not stored as an integration, to be judged like one."""
    return Integration("", "", "", config, 0, 0)


def losses(entities: Counter[str], relationships: Counter[str], runs: int, consumers: int) -> Losses:
    """Return what a removal takes away."""
    by_type = tuple((name, number) for name, number in entities.most_common() if number)
    return Losses(entities.total(), relationships.total(), runs, by_type, consumers)


def sources(costs: Costs | None) -> tuple[SourceCost, ...]:
    """Return the sources with their costs, which nobody knows of an integration that is not there yet."""
    if costs is not None:
        return costs.sources
    return tuple(
        SourceCost(s.id, s.title, s.description, s.default, s.required, None, None, None) for s in SOURCES
    )
