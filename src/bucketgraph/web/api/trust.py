"""How far the graph can be trusted, and what it costs: freshness of every listing, what is not seen, calls of runs."""

from __future__ import annotations

import msgspec

from bucketgraph.errors import Unknown
from bucketgraph.integrations.freshness import Freshness
from bucketgraph.web import owning
from bucketgraph.web.api.integrations import IntegrationName
from bucketgraph.web.bodies import Moment, Shown
from bucketgraph.web.routing import Call, Route


class SeenShown(Shown):
    """A listing: what it is, of whom, when anything of it was published last, when it was read from end to end.

    `newest` is the newest change of it in the graph; `emptySince` since when it comes back suddenly empty.
    """

    scope: str
    what: str
    of: str
    last_seen_on: Moment | None
    whole_on: Moment | None
    newest: Moment | None
    empty_since: Moment | None
    off: bool


class UnseenShown(Shown):
    """Something that is not seen: where, why, and what can be done."""

    where: str
    code: str
    why: str
    hint: str


class FreshnessShown(Shown):
    """An integration's listings, the longest unseen first, and what is not seen."""

    integration: str
    last_run: int | None
    last_success_on: Moment | None
    seen: list[SeenShown]
    unseen: list[UnseenShown]


class SourceCostShown(Shown):
    """A source: whether it is on, and its calls in the last run, a first one and a later one; null: not known."""

    id: str
    title: str
    description: str
    on: bool
    required: bool
    last: int | None
    first: int | None
    later: int | None


class CostsShown(Shown):
    """What runs cost in calls, by source and by group of endpoints, and what stands against it."""

    sources: list[SourceCostShown]
    first: dict[str, int] | None
    later: dict[str, int] | None
    warnings: list[str]


def freshness(call: Call[IntegrationName, None]) -> FreshnessShown:
    """Tell when each listing was seen last, and what is not seen."""
    return _shown(call.app.freshness(owning.integration(call, call.given.integration)))


def costs(call: Call[IntegrationName, None]) -> CostsShown:
    """Tell what runs cost."""
    one = owning.integration(call, call.given.integration)
    return msgspec.convert(call.app.costs(one), CostsShown, from_attributes=True)


def _shown(found: Freshness) -> FreshnessShown:
    return FreshnessShown(
        integration=found.integration,
        last_run=None if found.last_run is None else found.last_run.id,
        last_success_on=found.last_success_on,
        seen=[msgspec.convert(one, SeenShown, from_attributes=True) for one in found.seen],
        unseen=[msgspec.convert(one, UnseenShown, from_attributes=True) for one in found.unseen],
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/integrations/{integration}/freshness",
        "Tell when each listing was seen last, and what is not seen, and why.",
        "viewer",
        freshness,
        FreshnessShown,
        IntegrationName,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/integrations/{integration}/costs",
        "Tell what runs cost in calls, source by source.",
        "viewer",
        costs,
        CostsShown,
        IntegrationName,
        errors=(Unknown,),
        bound="own",
    ),
)
