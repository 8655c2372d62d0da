"""Removed integrations whose history is kept: list, and erase for good."""

from __future__ import annotations

from bucketgraph.errors import ConfigError, Conflict, Unknown
from bucketgraph.web.bodies import Given, Moment, Name, Shown
from bucketgraph.web.routing import Call, Route


class RemovedId(Given):
    """A removed integration, by its id or the beginning of it."""

    id: Name


class RemovedShown(Shown):
    """A removed integration."""

    id: str
    name: str
    created_on: Moment
    removed_on: Moment | None


class RemovedList(Shown):
    """Removed integrations."""

    items: list[RemovedShown]


class Purged(Shown):
    """What was erased."""

    purged: str
    name: str


def list_all(call: Call[Given, None]) -> RemovedList:
    """List removed integrations."""
    return RemovedList(
        items=[
            RemovedShown(id=one.id, name=one.name, created_on=one.created_on, removed_on=one.removed_on)
            for one in call.app.store.removed_integrations()
        ]
    )


def purge(call: Call[RemovedId, None]) -> Purged:
    """Erase the history of a removed integration."""
    try:
        one = call.app.registry.find_removed(call.given.id)
    except ConfigError as error:
        raise Unknown(error.message, hint=error.hint) from None
    call.app.registry.purge_removed(one.id)
    return Purged(purged=one.id, name=one.name)


ROUTES = (
    Route(
        "GET",
        "/api/v1/removed",
        "List removed integrations whose history is kept.",
        "admin",
        list_all,
        RemovedList,
    ),
    Route(
        "DELETE",
        "/api/v1/removed/{id}",
        "Erase the history of a removed integration. This cannot be undone.",
        "admin",
        purge,
        Purged,
        RemovedId,
        errors=(Unknown, Conflict),
    ),
)
