"""The observed names: every kind of relationship and of property ever seen, and how many objects are alive.

A name is written when it is first seen and never removed, so it may outlive what showed it; whoever asks the
graph relies on nothing being missing. What this process has written it remembers, so that a publication of
well-known shapes touches no row but the counts.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy import Connection, Dialect, Table, func, insert, literal, select
from sqlalchemy.dialects.sqlite import insert as upsert

from bucketgraph.graph.shapes import Shape
from bucketgraph.store import tables as t
from bucketgraph.store.sightings import Sightings, Triple
from bucketgraph.store.transaction import next_id, parameter

Owner: TypeAlias = Literal["entity", "relationship"]
Sighting: TypeAlias = tuple[Owner, int, Shape]
"""A shape that a type, or a kind of relationship, was seen with."""

_MOST_KEPT = 50_000


@dataclass(slots=True)
class Known:
    """What this process knows to be written already.

    Rows are never removed, so it stays true until a backup is restored, which changes the schema's number.
    """

    kinds: dict[Triple, int] = field(default_factory=dict)
    shapes: set[Sighting] = field(default_factory=set)
    schema_number: int = 0

    def keep_for(self, schema_number: int) -> None:
        """Forget what was known of a graph in whose place another one is now."""
        if schema_number != self.schema_number:
            self.kinds, self.shapes, self.schema_number = {}, set(), schema_number

    def learn(self, written: Known) -> None:
        """Remember what a committed transaction wrote, unless another graph is there since."""
        if written.schema_number != self.schema_number:
            return
        if len(self.shapes) > _MOST_KEPT:
            self.shapes.clear()
        self.kinds.update(written.kinds)
        self.shapes.update(written.shapes)


def save(connection: Connection, seen: Sightings, known: Known) -> Known:
    """Write what is new, and the numbers of the living; returns what to `learn` after the commit."""
    kinds = _kinds(connection, seen, known)
    _add_live(connection, t.entity_type, seen.live_types.items())
    _add_live(connection, t.relationship_kind, ((kinds[one], n) for one, n in seen.live_edges.items()))
    met: list[Sighting] = [("entity", type_id, shape) for type_id, shape in seen.types]
    met += [("relationship", kinds[triple], shape) for triple, shape in seen.edges]
    shapes = {one for one in met if one not in known.shapes}
    _add_properties(connection, shapes)
    for old, new in dict.fromkeys(seen.moves):
        _inherit(connection, kinds[old], kinds[new])
    return Known(kinds, shapes, known.schema_number)


def subtract_integration(connection: Connection, integration_id: str) -> None:
    """Take what is alive of an integration off the counts, before it is removed."""
    mine = (t.entity.c.integration_id == integration_id) & t.entity.c.end_on.is_(None)
    by_type = select(t.entity.c.type_id, func.count()).where(mine).group_by(t.entity.c.type_id)
    _add_live(connection, t.entity_type, [(row[0], -row[1]) for row in connection.execute(by_type)])
    edge, kind = t.relationship.c, t.relationship_kind.c
    by_kind = (
        select(kind.id, func.count())
        .select_from(t.relationship)
        .join(t.record, t.record.c.id == edge.record_id)
        .join(
            t.relationship_kind,
            (kind.from_type_id == edge.from_type_id)
            & (kind.verb_id == edge.verb_id)
            & (kind.to_type_id == edge.to_type_id),
        )
        .where(t.record.c.integration_id == integration_id, edge.end_on.is_(None))
        .group_by(kind.id)
    )
    _add_live(connection, t.relationship_kind, [(row[0], -row[1]) for row in connection.execute(by_kind)])


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
