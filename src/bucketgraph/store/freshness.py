"""How fresh what the graph says is: every scope with whose it is and when it was seen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from bucketgraph.store import tables as t
from bucketgraph.store.base import ScopeFreshness
from bucketgraph.store.transaction import chunks


def freshness(connection: Connection, integration_id: str) -> list[ScopeFreshness]:
    """Return the scopes of an integration that were ever collected, by their owners' names.

    Scopes whose owner is gone are left out: there is nothing to be seen there.
    """
    scope, run = t.scope.c, t.run.c
    seen_on = func.coalesce(scope.seen_on, run.finished_on, run.started_on).label("last_seen_on")
    query = (
        select(t.scope, seen_on)
        .outerjoin(t.run, run.id == scope.run_id)
        .where(scope.integration_id == integration_id)
        .where(or_(scope.run_id.is_not(None), scope.whole_on.is_not(None), scope.empty_since.is_not(None)))
    )
    rows = connection.execute(query).all()
    names = _names(connection, integration_id, {row.name.partition("/")[2] for row in rows})
    found = [_one(row, names) for row in rows]
    return sorted(found, key=lambda one: (one.owner_name.casefold(), one.kind, one.scope))


def _one(row: Row[Any], names: dict[str, str]) -> ScopeFreshness:
    kind, _, owner = row.name.partition("/")
    return ScopeFreshness(
        scope=row.name,
        kind=kind,
        owner_key=owner,
        owner_name=names.get(owner, owner),
        whole_on=row.whole_on,
        watermark=row.watermark,
        run_id=row.run_id,
        last_seen_on=row.last_seen_on,
        empty_since=row.empty_since,
    )


def _names(connection: Connection, integration_id: str, keys: Collection[str]) -> dict[str, str]:
    """Return display names by key, of what is deleted too."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(keys)):
        query = select(t.entity.c.key, t.entity.c.name).where(
            t.entity.c.integration_id == integration_id, t.entity.c.key.in_(chunk)
        )
        found.update({row.key: row.name for row in connection.execute(query)})
    return found
