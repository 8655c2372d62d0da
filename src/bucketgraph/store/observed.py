"""The observed names: every kind of relationship and of property ever seen, and how many objects are alive.

A name is written when it is first seen and outlives what showed it, until an integration is purged; whoever asks
the graph relies on nothing being missing. What this process has written it remembers, so that a publication of
well-known shapes touches no row but the counts.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Table,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from bucketgraph.graph.shapes import Shape
from bucketgraph.graph.values import TAG_PREFIX
from bucketgraph.store import tables as t
from bucketgraph.store.sightings import Sightings, Triple
from bucketgraph.store.transaction import next_id, parameter

Owner: TypeAlias = Literal["entity", "relationship"]
Sighting: TypeAlias = tuple[Owner, int, Shape]
"""A shape that a type, or a kind of relationship, was seen with."""

_MOST_KEPT = 50_000
_FORGETTINGS = "names forgotten"
"""The row of `high_water` that counts how often names were forgotten."""


@dataclass(slots=True)
class Known:
    """What this process knows to be written already.

    True until names are forgotten (`forgettings` counts) or a backup is restored (which changes the schema's number).
    """

    kinds: dict[Triple, int] = field(default_factory=dict)
    shapes: set[Sighting] = field(default_factory=set)
    forgettings: int = 0
    schema_number: int = 0

    def keep_for(self, schema_number: int) -> None:
        """Forget what was known of a graph in whose place another one is now."""
        if schema_number != self.schema_number:
            self.kinds, self.shapes, self.schema_number = {}, set(), schema_number

    def learn(self, written: Known) -> None:
        """Remember what a committed transaction wrote, unless another graph is there since."""
        if written.schema_number != self.schema_number:
            return
        if len(self.shapes) > _MOST_KEPT or self.forgettings != written.forgettings:
            self.shapes.clear()
        self.forgettings = written.forgettings
        self.kinds.update(written.kinds)
        self.shapes.update(written.shapes)


def save(connection: Connection, seen: Sightings, known: Known) -> Known:
    """Write what is new, and the numbers of the living; returns what to `learn` after the commit."""
    kinds = _kinds(connection, seen, known)
    _add_live(connection, t.entity_type, seen.live_types.items())
    _add_live(connection, t.relationship_kind, ((kinds[one], n) for one, n in seen.live_edges.items()))
    met: list[Sighting] = [("entity", type_id, shape) for type_id, shape in seen.types]
    met += [("relationship", kinds[triple], shape) for triple, shape in seen.edges]
    forgettings = _forgettings(connection)
    written = known.shapes if forgettings == known.forgettings else frozenset()
    shapes = {one for one in met if one not in written}
    _add_properties(connection, shapes)
    for old, new in dict.fromkeys(seen.moves):
        _inherit(connection, kinds[old], kinds[new])
    return Known(kinds, shapes, forgettings, known.schema_number)


def subtract(
    connection: Connection, *, entities: ColumnElement[bool] | None = None, edges: ColumnElement[bool]
) -> None:
    """Take entities and relationships that fit off the numbers of the living."""
    if entities is not None:
        by_type = select(t.entity.c.type_id, func.count()).where(entities).group_by(t.entity.c.type_id)
        _add_live(connection, t.entity_type, [(row[0], -row[1]) for row in connection.execute(by_type)])
    edge, kind = t.relationship.c, t.relationship_kind.c
    same = (
        (kind.from_type_id == edge.from_type_id)
        & (kind.verb_id == edge.verb_id)
        & (kind.to_type_id == edge.to_type_id)
    )
    by_kind = (
        select(kind.id, func.count())
        .select_from(t.relationship)
        .join(t.relationship_kind, same)
        .where(edges)
        .group_by(kind.id)
    )
    _add_live(connection, t.relationship_kind, [(row[0], -row[1]) for row in connection.execute(by_kind)])


def forget_names(connection: Connection, types: Iterable[int]) -> None:
    """Forget names of properties after a purge: all of types that no row is of, and tags that no row has.

    Every process then learns anew what is written.
    """
    for type_id in types:
        if not _shown(connection, type_id):
            _forget_type(connection, type_id)
        for name in _tags_of(connection, type_id):
            if not _shown(connection, type_id, name):
                _forget_name(connection, type_id, name)
    number = _forgettings(connection) + 1
    row = upsert(t.high_water).values(name=_FORGETTINGS, id=number)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"id": number}))


def _forget_type(connection: Connection, type_id: int) -> None:
    """Forget a type's properties and those of relationships to and from it: none has an end any more."""
    table, kind = t.property_kind, t.relationship_kind
    kinds = select(kind.c.id).where((kind.c.from_type_id == type_id) | (kind.c.to_type_id == type_id))
    own = (table.c.owner == "entity") & (table.c.owner_id == type_id)
    connection.execute(
        delete(table).where(own | (table.c.owner == "relationship") & table.c.owner_id.in_(kinds))
    )


def _forget_name(connection: Connection, type_id: int, name: str) -> None:
    table = t.property_kind
    connection.execute(
        delete(table).where(table.c.owner == "entity", table.c.owner_id == type_id, table.c.name == name)
    )


def _tags_of(connection: Connection, type_id: int) -> list[str]:
    table = t.property_kind
    query = select(table.c.name).where(table.c.owner == "entity", table.c.owner_id == type_id)
    names = connection.execute(query.distinct()).scalars()
    return [name for name in names if name.startswith(TAG_PREFIX)]


def _shown(connection: Connection, type_id: int, name: str | None = None) -> bool:
    """Say whether a present or older row is of a type, and has a property when one is named."""
    for table in (t.entity, t.entity_history):
        query = select(literal(1)).where(table.c.type_id == type_id)
        if name is not None:
            each = func.json_each(table.c.props).table_valued("key", name="property")
            query = query.where(exists(select(each.c.key).where(each.c.key == name)))
        if connection.execute(query.limit(1)).first() is not None:
            return True
    return False


def _forgettings(connection: Connection) -> int:
    """Return how often names were forgotten; as plain text, because every publication asks."""
    query = f"SELECT id FROM {t.high_water.name} WHERE name = '{_FORGETTINGS}'"  # noqa: S608  # our own names
    return int(connection.exec_driver_sql(query).scalar() or 0)


def _kinds(connection: Connection, seen: Sightings, known: Known) -> dict[Triple, int]:
    """Return the ids of all kinds of relationships that are needed, inserting new ones."""
    wanted = {
        *seen.live_edges,
        *(triple for triple, _ in seen.edges),
        *(x for pair in seen.moves for x in pair),
    }
    if wanted <= known.kinds.keys():
        return known.kinds
    table = t.relationship_kind
    kinds = {
        (row.from_type_id, row.verb_id, row.to_type_id): row.id for row in connection.execute(select(table))
    }
    new = next_id(connection, table)
    for number, (from_type, verb, to_type) in enumerate(sorted(wanted - kinds.keys()), new):
        connection.execute(
            insert(table).values(id=number, from_type_id=from_type, verb_id=verb, to_type_id=to_type, live=0)
        )
        kinds[from_type, verb, to_type] = number
    return kinds


def _add_live(connection: Connection, table: Table, numbers: Iterable[tuple[int, int]]) -> None:
    """Add to the numbers of the living; as plain text, because every publication does it."""
    rows = [{"of": of, "more": more} for of, more in numbers if more]
    if rows:
        connection.exec_driver_sql(_live_text(table, connection.dialect), rows)


@functools.cache
def _live_text(table: Table, dialect: Dialect) -> str:
    more, of = parameter("more", dialect), parameter("of", dialect)
    return f"UPDATE {table.name} SET live = live + {more} WHERE id = {of}"  # noqa: S608  # our own names


def _add_properties(connection: Connection, shapes: Iterable[Sighting]) -> None:
    found = {(owner, of, name, kind) for owner, of, shape in shapes for name, kind in shape.kinds}
    rows = [{"owner": o, "owner_id": of, "name": n, "kind": k} for o, of, n, k in sorted(found)]
    if rows:
        connection.execute(upsert(t.property_kind).on_conflict_do_nothing(), rows)


def _inherit(connection: Connection, old: int, new: int) -> None:
    """Let a kind of relationship have the properties of the one its rows had before."""
    table = t.property_kind
    mine = select(literal("relationship"), literal(new), table.c.name, table.c.kind).where(
        table.c.owner == "relationship", table.c.owner_id == old
    )
    connection.execute(
        upsert(table).from_select(["owner", "owner_id", "name", "kind"], mine).on_conflict_do_nothing()
    )
