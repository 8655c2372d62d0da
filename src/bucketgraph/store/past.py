"""The graph as it was at a moment: from the present rows and the history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, or_, select, union_all

from bucketgraph.store import tables as t
from bucketgraph.store.base import StoredEntity, StoredRelationship
from bucketgraph.store.read import all_edges, stored_entity, stored_relationship

_VERSIONED = ("version", "begin_on", "props", "type")
"""What a version of a relationship has of its own."""


def entities_at(connection: Connection, moment: int, integration_id: str | None) -> Iterator[StoredEntity]:
    """Yield the entities that were alive at a moment (epoch ms), with the properties they had then."""
    versions = []
    for version in (t.entity, t.entity_history):
        query = _entities(version).where(_alive(version, moment))
        if integration_id is not None:
            query = query.where(t.entity.c.integration_id == integration_id)
        versions.append(query)
    for row in _in_order(connection, versions):
        yield stored_entity(row)


def relationships_at(
    connection: Connection, moment: int, integration_id: str | None
) -> Iterator[StoredRelationship]:
    """Yield the relationships that were alive at a moment; names and types of their ends are today's."""
    edge, history = t.relationship, t.relationship_history
    former = all_edges().join(history, history.c.relationship_id == edge.c.id)
    shared = [column for column in former.selected_columns if column.name not in _VERSIONED]
    versions = []
    for version, query in ((edge, all_edges()), (history, former)):
        found = query.with_only_columns(*shared, *(version.c[name] for name in _VERSIONED))
        found = found.where(_alive(version, moment))
        if integration_id is not None:
            found = found.join(t.record, t.record.c.id == edge.c.record_id).where(
                t.record.c.integration_id == integration_id
            )
        versions.append(found)
    for row in _in_order(connection, versions):
        yield stored_relationship(row)


def _in_order(connection: Connection, versions: Sequence[Select[Any]]) -> Iterator[Row[Any]]:
    """Yield what the queries find in the order of today's graph: the one in which things were first seen."""
    found = union_all(*versions).subquery()
    query = select(found).order_by(found.c.id)
    yield from connection.execution_options(yield_per=500).execute(query)


def _entities(version: FromClause) -> Select[Any]:
    """Select versions with what they share: key, owner, and when the entity was first seen."""
    entity, kind, of = t.entity.c, t.entity_type.c, version.c
    query = select(
        entity.id,
        entity.integration_id,
        entity.key,
        entity.created_on,
        of.name,
        of.version,
        of.begin_on,
        of.end_on,
        of.props,
        kind.name.label("type"),
        kind.classes,
        kind.declared,
    )
    if version is not t.entity:
        query = query.join_from(t.entity, version, of.entity_id == entity.id)
    return query.join(t.entity_type, kind.id == of.type_id)


def _alive(version: FromClause, moment: int) -> ColumnElement[bool]:
    of = version.c
    return and_(of.begin_on <= moment, or_(of.end_on.is_(None), of.end_on > moment))
