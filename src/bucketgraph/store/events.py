"""The event log of runs as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from bucketgraph.store import tables as t
from bucketgraph.store.base import LEVELS, Level, NewEvent, RunEvent

_DETAILS = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


def add(
    connection: Connection, *, run_id: int, integration_id: str, now: int, new: Sequence[NewEvent]
) -> None:
    """Append events to a run's log."""
    rows = [
        {
            "run_id": run_id,
            "integration_id": integration_id,
            "on": now if one.on is None else one.on,
            "level": one.level,
            "name": one.name,
            "step": one.step,
            "message": one.message,
            "details": msgspec.json.encode(one.details).decode(),
        }
        for one in new
    ]
    if rows:
        connection.execute(insert(t.run_event), rows)


def read(
    connection: Connection,
    run_id: int,
    *,
    after: int = 0,
    level: Level = "debug",
    limit: int | None = None,
    names: Collection[str] | None = None,
    newest: bool = False,
    skip: int = 0,
) -> list[RunEvent]:
    """Return a run's events with greater ids than `after`, at least a level and one of the names, oldest first.

    Where there are more than `limit`, the oldest behind `skip` of them are returned, or with `newest` the newest.
    """
    event = t.run_event.c
    query = select(t.run_event).where(
        event.run_id == run_id, event.id > after, event.level.in_(LEVELS[LEVELS.index(level) :])
    )
    if names is not None:
        query = query.where(event.name.in_(names))
    rows = connection.execute(
        query.order_by(event.id.desc() if newest else event.id).limit(limit).offset(skip)
    )
    found = [_event(row) for row in rows]
    return found[::-1] if newest else found


def number(connection: Connection, run_id: int, *, after: int = 0, level: Level = "debug") -> int:
    """Count a run's events with greater ids than `after` and at least a level."""
    event = t.run_event.c
    worth = event.level.in_(LEVELS[LEVELS.index(level) :])
    query = select(func.count()).where(event.run_id == run_id, event.id > after, worth)
    return connection.execute(query).scalar_one()


def forget(connection: Connection, before: int, level: Level | None = None) -> int:
    """Delete events (of one level, or all) from before a moment (epoch ms) and return how many there were."""
    old = delete(t.run_event).where(t.run_event.c.on < before)
    if level is not None:
        old = old.where(t.run_event.c.level == level)
    return connection.execute(old).rowcount


def _event(row: Row[Any]) -> RunEvent:
    return RunEvent(
        row.id,
        row.run_id,
        row.integration_id,
        row.on,
        row.level,
        row.name,
        row.step,
        row.message,
        _DETAILS.decode(row.details),
    )
