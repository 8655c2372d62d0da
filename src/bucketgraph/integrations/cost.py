"""What an integration's runs cost in calls, source by source, and whether its schedule can pay for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bucketgraph.bitbucket.endpoints import Group
from bucketgraph.collect.sources import SOURCES, Sizes, estimate, switched_off
from bucketgraph.collect.steps import members, projects, repositories, workspaces
from bucketgraph.collect.steps.pull_request_schema import TYPE as PULL_REQUEST
from bucketgraph.integrations.configuration import Integration, Interval, Polling
from bucketgraph.integrations.schedule import rhythm
from bucketgraph.store.base import Run
from bucketgraph.store.store import Store

_HOUR = 3600
_LONGER: tuple[Interval, ...] = (
    "THIRTY_MINUTES",
    "ONE_HOUR",
    "FOUR_HOURS",
    "EIGHT_HOURS",
    "TWELVE_HOURS",
    "ONE_DAY",
    "ONE_WEEK",
)


@dataclass(frozen=True, slots=True)
class SourceCost:
    """One source of an integration: whether it is on, and what it costs in calls.

    `last` is what it took in the run that ended last, None where there is none. `first` and `later` are about what
    a first and an incremental run take, None while the graph does not know how much there is.
    """

    id: str
    title: str
    description: str
    on: bool
    required: bool
    last: int | None
    first: int | None
    later: int | None


@dataclass(frozen=True, slots=True)
class Costs:
    """What runs cost: by source, all together by group of endpoints, and what stands against it."""

    sources: tuple[SourceCost, ...]
    first: dict[Group, int] | None
    later: dict[Group, int] | None
    warnings: tuple[str, ...]


def sizes_of(store: Store, integration_id: str) -> Sizes | None:
    """Return how much there is, as the graph knows; None before the first run."""
    entities, edges = store.counts(integration_id)
    if not entities[workspaces.TYPE]:
        return None
    open_pulls = store.entities(PULL_REQUEST, integration_id=integration_id, where={"state": "OPEN"})
    return Sizes(
        workspaces=entities[workspaces.TYPE],
        members=edges[f"{workspaces.TYPE} HAS {members.TYPE}"],
        projects=entities[projects.TYPE],
        repositories=entities[repositories.TYPE],
        pull_requests=entities[PULL_REQUEST],
        open_pull_requests=sum(1 for _ in open_pulls),
    )


def costs(store: Store, integration: Integration, hourly_calls: int) -> Costs:
    """Return what an integration's runs cost; `hourly_calls` are allowed an hour, consumer and group."""
    sizes = sizes_of(store, integration.id)
    off = switched_off(integration.config.sources)
    last = next((run for run in store.runs(integration.id, limit=20) if run.finished_on is not None), None)
    first = later = None
    if sizes is not None:
        first, later = estimate(sizes, off, first=True), estimate(sizes, off, first=False)
    return Costs(
        sources=tuple(_source_costs(sizes, off, last)),
        first=first,
        later=later,
        warnings=() if later is None else tuple(too_much(later, integration, hourly_calls)),
    )


def _source_costs(sizes: Sizes | None, off: frozenset[str], last: Run | None) -> Sequence[SourceCost]:
    return [
        SourceCost(
            id=one.id,
            title=one.title,
            description=one.description,
            on=one.id not in off,
            required=one.required,
            last=None if last is None else one.spent(last.report.calls),
            first=None if sizes is None else one.first(sizes),
            later=None if sizes is None else one.later(sizes),
        )
        for one in SOURCES
    ]


def too_much(calls: dict[Group, int], integration: Integration, hourly_calls: int) -> list[str]:
    """Return a warning for each group in which a run needs more calls than its interval allows.

    Consumers add up at best: each workspace is read with one of them.
    """
    config = integration.config
    if config.polling.interval in {"DISABLED", "TEN_SECONDS"}:
        return []
    consumers = max(1, min(len(config.consumer_keys), len(config.workspaces)))
    found: list[str] = []
    for group, number in calls.items():
        allowed = _allowed(config.polling, hourly_calls * consumers)
        if number > allowed:
            found.append(
                f"A run takes about {number:,} calls of the group {group}, but only {allowed:,} fit into "
                f"{config.polling.interval}: runs will begin late. {_advice(number, hourly_calls * consumers)}"
            )
    return found


def _allowed(polling: Polling, hourly: int) -> int:
    known = rhythm(polling, "")
    return 0 if known is None else hourly * known.period // _HOUR


def _advice(number: int, hourly: int) -> str:
    fits = [interval for interval in _LONGER if _allowed(Polling(interval), hourly) >= number]
    longer = f"Choose {fits[0]} or longer, or switch" if fits else "Switch"
    return f"{longer} sources off."
