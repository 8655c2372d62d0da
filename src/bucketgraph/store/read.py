"""Reading the present graph: scopes, entities, relationships, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, func, or_, select

from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import Scalar, parse_properties
from bucketgraph.store import tables as t
from bucketgraph.store import tags
from bucketgraph.store.base import ScopeState, StoredEntity, StoredRelationship
from bucketgraph.store.lower import property_equals

_from = t.entity.alias("from_entity")
_to = t.entity.alias("to_entity")
_from_type = t.entity_type.alias("from_type")
_to_type = t.entity_type.alias("to_type")


def scope_states(connection: Connection, integration_id: str) -> dict[str, ScopeState]:
    """Return how far each scope of an integration was collected."""
    columns = t.scope.c
    query = select(t.scope).where(columns.integration_id == integration_id)
    return {
        row.name: ScopeState(row.run_id, row.whole_on, row.watermark, row.floor, row.empty_since)
        for row in connection.execute(query)
    }


def scope_keys(connection: Connection, integration_id: str, scope: str) -> set[str]:
    """Return the keys of the live records of a scope."""
    query = (
        select(t.record.c.key)
        .join(t.scope, t.scope.c.id == t.record.c.scope_id)
        .where(t.scope.c.integration_id == integration_id, t.scope.c.name == scope, t.record.c.live)
    )
    return set(connection.execute(query).scalars())


def entities(
    connection: Connection,
    catalogue: Catalogue,
    *,
    integration_id: str | None = None,
    type_or_class: str | None = None,
    where: Mapping[str, Scalar] | None = None,
    scope: str | None = None,
    after: int = 0,
    limit: int | None = None,
    tagged: bool = True,
) -> Iterator[StoredEntity]:
    """Yield live entities with greater ids than `after`, in the order they were first seen.

    Without `tagged` they come without our tags.
    """
    query = (
        select(
            t.entity, t.entity_type.c.name.label("type"), t.entity_type.c.classes, t.entity_type.c.declared
        )
        .join(t.entity_type, t.entity_type.c.id == t.entity.c.type_id)
        .where(t.entity.c.end_on.is_(None))
        .order_by(t.entity.c.id)
        .limit(limit)
    )
    if scope is not None:
        query = query.where(t.entity.c.id.in_(_ids_of_scope(scope, integration_id)))
    elif integration_id is not None:
        query = query.where(t.entity.c.integration_id == integration_id)
    if type_or_class is not None:
        query = query.where(is_a(connection, type_or_class))
    if after:
        query = query.where(t.entity.c.id > after)
    for name, value in (where or {}).items():
        query = query.where(property_equals(t.entity, name, value, catalogue))
    untagged = frozenset() if tagged else tags.owned(connection)
    for row in connection.execution_options(yield_per=500).execute(query):
        found = stored_entity(row)
        if found.integration_id in untagged:
            found = replace(found, properties=tags.without(found.properties))
        yield found


def relationships(
    connection: Connection,
    *,
    integration_id: str | None = None,
    verb: str | None = None,
    from_type: str | None = None,
    to_type: str | None = None,
    end_key: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[StoredRelationship]:
    """Yield live relationships with both ends and greater ids than `after`; an integration's are those it brought."""
    query = live_edges().limit(limit).order_by(t.relationship.c.id)
    if after:
        query = query.where(t.relationship.c.id > after)
    if integration_id is not None:
        query = query.join(t.record, t.record.c.id == t.relationship.c.record_id).where(
            t.record.c.integration_id == integration_id
        )
    # By ids, so that a page is read in the order of ids instead of sorting all of a verb or type.
    edge = t.relationship.c
    if verb is not None:
        query = query.where(
            edge.verb_id == select(t.verb.c.id).where(t.verb.c.name == verb.upper()).scalar_subquery()
        )
    if from_type is not None:
        query = query.where(edge.from_type_id.in_(_ids_of_type(from_type)))
    if to_type is not None:
        query = query.where(edge.to_type_id.in_(_ids_of_type(to_type)))
    if end_key is not None:
        # By way of the integrations, because keys are indexed within one.
        named = select(t.entity.c.id).where(
            t.entity.c.integration_id.in_(select(t.integration.c.id)), t.entity.c.key == end_key
        )
        query = query.where(or_(edge.from_id.in_(named), edge.to_id.in_(named)))
    for row in connection.execution_options(yield_per=500).execute(query):
        yield stored_relationship(row)


def _ids_of_type(name: str) -> Select[tuple[int]]:
    return select(t.entity_type.c.id).where(t.entity_type.c.name == name)


def counts(connection: Connection, integration_id: str | None = None) -> tuple[Counter[str], Counter[str]]:
    """Return the number of live entities by type, and of relationships as `type VERB type`."""
    if integration_id is None:
        return _kept_counts(connection)
    entity_rows = (
        select(t.entity_type.c.name, func.count())
        .join(t.entity, t.entity.c.type_id == t.entity_type.c.id)
        .where(t.entity.c.end_on.is_(None), t.entity.c.integration_id == integration_id)
        .group_by(t.entity_type.c.name)
    )
    edge = t.relationship.c
    edge_rows = (
        _named(select(*_EDGE_NAMES, func.count()), t.relationship)
        .join(t.record, t.record.c.id == edge.record_id)
        .where(edge.end_on.is_(None), t.record.c.integration_id == integration_id)
        .group_by(*_EDGE_NAMES)
    )
    return _counter(connection, entity_rows), _edge_counter(connection, edge_rows)


def _kept_counts(connection: Connection) -> tuple[Counter[str], Counter[str]]:
    """Return the same for the whole graph, from the numbers that publications keep."""
    live, kind = t.entity_type.c, t.relationship_kind.c
    # Several types may bear one name, each with classes of its own.
    entity_rows = select(live.name, func.sum(live.live)).where(live.live > 0).group_by(live.name)
    edge_rows = (
        _named(select(*_EDGE_NAMES, func.sum(kind.live)), t.relationship_kind)
        .where(kind.live > 0)
        .group_by(*_EDGE_NAMES)
    )
    return _counter(connection, entity_rows), _edge_counter(connection, edge_rows)


_EDGE_NAMES = (_from_type.c.name, t.verb.c.name, _to_type.c.name)


def _named(query: Select[Any], table: Table) -> Select[Any]:
    """Join the names that a table of relationships, or of their kinds, refers to."""
    return (
        query.select_from(table)
        .join(t.verb, t.verb.c.id == table.c.verb_id)
        .join(_from_type, _from_type.c.id == table.c.from_type_id)
        .join(_to_type, _to_type.c.id == table.c.to_type_id)
    )


def _counter(connection: Connection, query: Select[Any]) -> Counter[str]:
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _edge_counter(connection: Connection, query: Select[Any]) -> Counter[str]:
    return Counter({f"{row[0]} {row[1]} {row[2]}": row[3] for row in connection.execute(query)})


def type_ids(connection: Connection, type_or_class: str) -> list[int]:
    """Return the ids a type name (lower case) or a class name (upper case first) stands for."""
    rows = connection.execute(select(t.entity_type)).all()
    if type_or_class[:1].isupper():
        return [row.id for row in rows if type_or_class in msgspec.json.decode(row.classes)]
    return [row.id for row in rows if row.name == type_or_class]


def is_a(connection: Connection, type_or_class: str) -> ColumnElement[bool]:
    """Compare an entity's type, with the ids in the statement's text so that partial indexes can be used."""
    ids = type_ids(connection, type_or_class)
    if len(ids) == 1:  # SQLite does not see that `IN (4)` is `= 4`
        return t.entity.c.type_id == bindparam(None, ids[0], literal_execute=True)
    return t.entity.c.type_id.in_(ids)


def _ids_of_scope(scope: str, integration_id: str | None) -> Select[Any]:
    """Select the ids of a scope's live records.

    They are the only way in that the statement offers: beside a comparison of the entity's integration,
    SQLite would rather walk through the whole integration.
    """
    query = (
        select(t.record.c.id)
        .join(t.scope, t.scope.c.id == t.record.c.scope_id)
        .where(t.scope.c.name == scope, t.record.c.live)
    )
    return query if integration_id is None else query.where(t.scope.c.integration_id == integration_id)


def live_edges() -> Select[Any]:
    """Return the query for live relationships with both ends."""
    return all_edges().where(t.relationship.c.end_on.is_(None))


def all_edges() -> Select[Any]:
    """Return the query for relationships, deleted ones too, with both ends."""
    edge = t.relationship
    return (
        select(
            edge.c.id,
            edge.c.version,
            edge.c.begin_on,
            edge.c.props,
            edge.c.key,
            edge.c.type,
            t.verb.c.name.label("verb"),
            _from.c.key.label("from_key"),
            _from.c.name.label("from_name"),
            _from_type.c.name.label("from_type"),
            _to.c.key.label("to_key"),
            _to.c.name.label("to_name"),
            _to_type.c.name.label("to_type"),
        )
        .join(t.verb, t.verb.c.id == edge.c.verb_id)
        .join(_from, _from.c.id == edge.c.from_id)
        .join(_to, _to.c.id == edge.c.to_id)
        .join(_from_type, _from_type.c.id == edge.c.from_type_id)
        .join(_to_type, _to_type.c.id == edge.c.to_type_id)
    )


def stored_entity(row: Row[Any]) -> StoredEntity:
    """Read a row of an entity with its type."""
    return StoredEntity(
        id=row.id,
        integration_id=row.integration_id,
        key=row.key,
        type=row.type,
        classes=tuple(msgspec.json.decode(row.classes)),
        name=row.name,
        version=row.version,
        created_on=row.created_on,
        begin_on=row.begin_on,
        end_on=row.end_on,
        properties=parse_properties(row.props),
        declared=row.declared,
    )


def stored_relationship(row: Row[Any]) -> StoredRelationship:
    """Read a row of `live_edges`."""
    return StoredRelationship(
        id=row.id,
        verb=row.verb,
        from_key=row.from_key,
        from_type=row.from_type,
        from_name=row.from_name,
        to_key=row.to_key,
        to_type=row.to_type,
        to_name=row.to_name,
        version=row.version,
        begin_on=row.begin_on,
        properties=parse_properties(row.props),
        own_key=row.key,
        own_type=row.type,
    )
