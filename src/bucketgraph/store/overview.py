"""What a first look at the graph shows: how many there were of each type day by day, and finding things by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from bucketgraph.store import feed
from bucketgraph.store import tables as t

DAY_MS: Final = 86_400_000
_LOOKED_AT: Final = 20_000
"""How many of a type's newest entities are looked through for a part of a name; whole names and keys find any."""
_ESCAPE: Final = "\\"


@dataclass(frozen=True, slots=True)
class Found:
    """An entity that bears a name."""

    id: int
    type: str
    name: str
    key: str


def trend(connection: Connection, days: int, now: int) -> dict[str, list[int]]:
    """Return how many live entities of each type there were at the end of each of so many days, the last being now.

    The last day ends at `now` (epoch ms). Types that were there at some time are there with zeros for others.
    """
    since = now - days * DAY_MS
    first = feed.publication_before(connection, since)
    entity, kind = t.entity.c, t.entity_type.c
    rows = connection.execute(select(kind.name, func.sum(kind.live)).group_by(kind.name))
    live: Counter[str] = Counter({name: int(number or 0) for name, number in rows})
    began = _by_day(connection, entity.created_on, since, entity.publication > first)
    ended = _by_day(connection, entity.end_on, since, entity.end_publication > first)
    return {
        name: found
        for name in live
        if any(found := _backwards(live[name], days, began.get(name, {}), ended.get(name, {})))
    }


def _by_day(
    connection: Connection, moment: ColumnElement[int], since: int, recent: ColumnElement[bool]
) -> dict[str, dict[int, int]]:
    """Count entities by type and by the day (0: the first) in which something happened to them."""
    whole = (moment - since) // DAY_MS
    query = (
        select(t.entity.c.type_id, whole, func.count())
        .where(recent, moment >= since)
        .group_by(t.entity.c.type_id, whole)
    )
    names = {row.id: row.name for row in connection.execute(select(t.entity_type.c.id, t.entity_type.c.name))}
    found: dict[str, dict[int, int]] = {}
    for type_id, number, count in connection.execute(query):
        days = found.setdefault(names[type_id], {})
        days[int(number)] = days.get(int(number), 0) + count
    return found


def _backwards(live: int, days: int, began: dict[int, int], ended: dict[int, int]) -> list[int]:
    """Return the number at the end of each day, reckoned back from how many there are now."""
    changes = [began.get(day, 0) - ended.get(day, 0) for day in range(days - 1, 0, -1)]
    return [
        max(0, number) for number in accumulate(changes, lambda total, change: total - change, initial=live)
    ][::-1]


def named(connection: Connection, text: str, limit: int) -> list[Found]:
    """Return live entities whose key is a text, or whose name holds it; the likeliest to be meant first."""
    entity, low = t.entity.c, text.lower()
    like = (
        "%" + low.replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_") + "%"
    )
    name = func.lower(entity.name)
    rank = case(
        (or_(name == low, entity.key == text), 0), (name.startswith(low, autoescape=True), 1), else_=2
    )
    by_key = select(entity.id).where(
        entity.integration_id.in_(select(t.integration.c.id)), entity.key == text
    )
    ids = [*connection.execute(by_key).scalars()]
    for type_id in connection.execute(select(t.entity_type.c.id).where(t.entity_type.c.live > 0)).scalars():
        newest = (
            select(entity.id, name.label("name"))
            .where(entity.type_id == type_id, entity.end_on.is_(None))
            .order_by(entity.id.desc())
            .limit(_LOOKED_AT)
            .subquery()
        )
        hit = newest.c.name.like(like, escape=_ESCAPE)
        ids += connection.execute(select(newest.c.id).where(hit).limit(limit * 5)).scalars()
    return _found(connection, ids, rank, limit)


def _found(connection: Connection, ids: Sequence[int], rank: ColumnElement[int], limit: int) -> list[Found]:
    entity, kind = t.entity.c, t.entity_type.c
    query = (
        select(entity.id, kind.name, entity.name, entity.key)
        .join(t.entity_type, kind.id == entity.type_id)
        .where(entity.id.in_(ids), entity.end_on.is_(None))
        .order_by(rank, func.length(entity.name), entity.name, entity.id)
        .limit(limit)
    )
    return [Found(*row) for row in connection.execute(query)]
