"""Lists of entities for people: of one type or class, filtered, sorted, by pages; and search by name or key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, func, literal_column, select

from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import Scalar
from bucketgraph.store import tables as t
from bucketgraph.store.base import StoredEntity
from bucketgraph.store.lower import property_equals, property_value
from bucketgraph.store.read import is_a, stored_entity, type_ids
from bucketgraph.store.transaction import chunks

_NAME: Final[ColumnElement[str]] = literal_column("entity.name COLLATE NOCASE")
_LAST: Final = "\U0010ffff"
_LONGEST: Final = 200
"""Characters of a search text that are looked at."""

COLUMNS: Final[Mapping[str, Column[Any]]] = {
    "_key": t.entity.c.key,
    "_createdOn": t.entity.c.created_on,
    "_beginOn": t.entity.c.begin_on,
    "_version": t.entity.c.version,
}
"""What entities can be sorted by besides their properties and their name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entities are wanted, and in which order.

    `text` is to be found in the name, whatever the letter case; `where` compares properties. `order` is
    `displayName`, one of `COLUMNS`, or a property.
    """

    type_or_class: str
    text: str = ""
    where: Mapping[str, Scalar] = field(default_factory=dict)
    order: str = "displayName"
    descending: bool = False
    offset: int = 0
    limit: int | None = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of entities; `total` counts those of all pages."""

    total: int
    entities: list[StoredEntity]


def listing(connection: Connection, catalogue: Catalogue, wanted: Wanted) -> Listing:
    """Return a page of live entities."""
    total = _total(connection, wanted, _conditions(connection, catalogue, wanted))
    return Listing(total, entities_by_id(connection, listed_ids(connection, catalogue, wanted)))


def listed_ids(connection: Connection, catalogue: Catalogue, wanted: Wanted) -> list[int]:
    """Return the ids of a page, without reading the rows of anything else."""
    conditions = _conditions(connection, catalogue, wanted)
    page = select(t.entity.c.id).where(*conditions).order_by(*_order(catalogue, wanted))
    return list(connection.execute(page.offset(wanted.offset).limit(wanted.limit)).scalars())


def entities_by_id(connection: Connection, ids: Iterable[int]) -> list[StoredEntity]:
    """Return entities, deleted ones too, in the order of their ids as given; unknown ids are left out."""
    wanted = list(ids)
    found: dict[int, StoredEntity] = {}
    for chunk in chunks(wanted):
        query = select(
            t.entity, t.entity_type.c.name.label("type"), t.entity_type.c.classes, t.entity_type.c.declared
        ).join(t.entity_type, t.entity_type.c.id == t.entity.c.type_id)
        for row in connection.execute(query.where(t.entity.c.id.in_(chunk))):
            found[row.id] = stored_entity(row)
    return [found[one] for one in wanted if one in found]


def search(connection: Connection, text: str, limit: int) -> list[StoredEntity]:
    """Return live entities whose key or name begins with a text, then those whose name holds it.

    Of each type there are some, types with few entities first: a repository is not lost among pull requests.
    """
    text = _plain(text)
    if not text:
        return []
    kind = t.entity_type.c
    types = (
        connection.execute(select(kind.id).where(kind.live > 0).order_by(kind.live, kind.id)).scalars().all()
    )
    found = dict.fromkeys(_by_key(connection, text, limit))
    holds = t.entity.c.name.like(f"%{_escaped(text)}%", escape="\\")
    found.update(dict.fromkeys(_of_each(connection, types, _begins(_NAME, text), limit)))
    if len(found) < limit:
        found.update(dict.fromkeys(_of_each(connection, types, holds, limit)))
    place = {type_id: number for number, type_id in enumerate(types)}
    rows = connection.execute(select(kind.id, kind.name)).all()
    sizes = {row.name: place[row.id] for row in rows if row.id in place}
    entities = entities_by_id(connection, found)
    return sorted(entities, key=lambda one: _rank(one, text.casefold(), sizes))[:limit]


def _conditions(connection: Connection, catalogue: Catalogue, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [is_a(connection, wanted.type_or_class), t.entity.c.end_on.is_(None)]
    text = _plain(wanted.text)
    if text:
        found.append(t.entity.c.name.like(f"%{_escaped(text)}%", escape="\\"))
    found += [property_equals(t.entity, name, value, catalogue) for name, value in wanted.where.items()]
    return found


def _order(catalogue: Catalogue, wanted: Wanted) -> list[ColumnElement[Any]]:
    if wanted.order == "displayName":
        by: ColumnElement[Any] = _NAME
    elif wanted.order in COLUMNS:
        by = COLUMNS[wanted.order]
    else:
        by = property_value(t.entity, wanted.order, catalogue)
    directed = by.desc() if wanted.descending else by.asc()
    last = t.entity.c.id
    # Only a property can be missing; who lacks it stands at the end in either direction.
    missing = [] if wanted.order == "displayName" or wanted.order in COLUMNS else [by.is_(None)]
    return [*missing, directed, last.desc() if wanted.descending else last.asc()]


def _total(connection: Connection, wanted: Wanted, conditions: Sequence[ColumnElement[bool]]) -> int:
    if _plain(wanted.text) or wanted.where:
        return int(
            connection.execute(select(func.count()).select_from(t.entity).where(*conditions)).scalar_one()
        )
    kind = t.entity_type.c
    ids = type_ids(connection, wanted.type_or_class)
    return int(connection.execute(select(func.sum(kind.live)).where(kind.id.in_(ids))).scalar() or 0)


def _by_key(connection: Connection, text: str, limit: int) -> list[int]:
    """Return entities whose key begins with a text, integration by integration, as keys are indexed."""
    found: list[int] = []
    for owner in connection.execute(select(t.integration.c.id)).scalars().all():
        mine = (t.entity.c.integration_id == owner, _begins(t.entity.c.key, text))
        query = select(t.entity.c.id).where(*mine, t.entity.c.end_on.is_(None)).order_by(t.entity.c.key)
        found += connection.execute(query.limit(limit)).scalars()
    return found


def _of_each(
    connection: Connection, types: Iterable[int], fits: ColumnElement[bool], limit: int
) -> Iterator[int]:
    """Yield some entities of each type; the index on names holds all that is compared."""
    for type_id in types:
        mine = (t.entity.c.type_id == type_id, fits, t.entity.c.end_on.is_(None))
        some = select(t.entity.c.id).where(*mine).order_by(_NAME).limit(limit)
        yield from connection.execute(some).scalars()


def _begins(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Compare as a range, which an index serves."""
    return (column >= text) & (column < text + _LAST)


def _plain(text: str) -> str:
    """Return what is looked for; SQLite takes the sign U+0000 for a text's end."""
    return text.replace("\0", "").strip()[:_LONGEST]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _rank(one: StoredEntity, text: str, place: Mapping[str, int]) -> tuple[int, int, str, int]:
    name = one.name.casefold()
    exact = text in {name, one.key.casefold()}
    return 0 if exact else 2 - name.startswith(text), place.get(one.type, 0), name, one.id
