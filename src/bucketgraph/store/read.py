"""Reading the present graph: entities, relationships, counts, and what a run needs to know of the last one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, exists, func, or_, select

from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import Scalar, parse_properties
from bucketgraph.store import tables as t
from bucketgraph.store.base import ScopeState, StoredEntity, StoredRelationship
from bucketgraph.store.lower import json_property, property_equals, property_value
from bucketgraph.store.transaction import chunks

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
    limit: int | None = None,
) -> Iterator[StoredEntity]:
    """Yield live entities, in the order they were first seen."""
    query = (
        select(t.entity, t.entity_type.c.name.label("type"), t.entity_type.c.classes)
        .join(t.entity_type, t.entity_type.c.id == t.entity.c.type_id)
        .where(t.entity.c.end_on.is_(None))
        .order_by(t.entity.c.id)
        .limit(limit)
    )
    if integration_id is not None:
        query = query.where(t.entity.c.integration_id == integration_id)
    if type_or_class is not None:
        query = query.where(t.entity.c.type_id.in_(_type_ids(connection, type_or_class)))
    if scope is not None:
        query = (
            query.join(t.record, t.record.c.id == t.entity.c.id)
            .join(t.scope, t.scope.c.id == t.record.c.scope_id)
            .where(t.scope.c.name == scope)
        )
    for name, value in (where or {}).items():
        query = query.where(property_equals(t.entity, name, value, catalogue))
    for row in connection.execution_options(yield_per=500).execute(query):
        yield _entity(row)


def relationships(
    connection: Connection,
    *,
    integration_id: str | None = None,
    verb: str | None = None,
    from_type: str | None = None,
    to_type: str | None = None,
    end_key: str | None = None,
    limit: int | None = None,
) -> Iterator[StoredRelationship]:
    """Yield live relationships with both ends."""
    query = _edges().limit(limit).order_by(t.relationship.c.id)
    if integration_id is not None:
        query = query.where(_from.c.integration_id == integration_id)
    if verb is not None:
        query = query.where(t.verb.c.name == verb.upper())
    if from_type is not None:
        query = query.where(_from_type.c.name == from_type)
    if to_type is not None:
        query = query.where(_to_type.c.name == to_type)
    if end_key is not None:
        query = query.where(or_(_from.c.key == end_key, _to.c.key == end_key))
    for row in connection.execution_options(yield_per=500).execute(query):
        yield _relationship(row)


def counts(connection: Connection, integration_id: str | None = None) -> tuple[Counter[str], Counter[str]]:
    """Return the number of live entities by type, and of relationships as `type VERB type`."""
    entity_rows = (
        select(t.entity_type.c.name, func.count())
        .join(t.entity, t.entity.c.type_id == t.entity_type.c.id)
        .where(t.entity.c.end_on.is_(None))
        .group_by(t.entity_type.c.name)
    )
    edge_rows = (
        select(_from_type.c.name, t.verb.c.name, _to_type.c.name, func.count())
        .select_from(t.relationship)
        .join(t.verb, t.verb.c.id == t.relationship.c.verb_id)
        .join(_from_type, _from_type.c.id == t.relationship.c.from_type_id)
        .join(_to_type, _to_type.c.id == t.relationship.c.to_type_id)
        .where(t.relationship.c.end_on.is_(None))
        .group_by(_from_type.c.name, t.verb.c.name, _to_type.c.name)
    )
    if integration_id is not None:
        entity_rows = entity_rows.where(t.entity.c.integration_id == integration_id)
        edge_rows = edge_rows.join(t.record, t.record.c.id == t.relationship.c.record_id).where(
            t.record.c.integration_id == integration_id
        )
    entity_counts = Counter({name: number for name, number in connection.execute(entity_rows)})
    edges = connection.execute(edge_rows).all()
    return entity_counts, Counter({f"{start} {verb} {end}": number for start, verb, end, number in edges})


def records_linked(
    connection: Connection,
    catalogue: Catalogue,
    integration_id: str,
    *,
    type_name: str,
    keys: Collection[str],
    properties: Iterable[str] = (),
) -> list[tuple[str, Record]]:
    """Return (scope, record) of entities of a type that are joined to one of the keys.

    Joined means: by a live relationship in either direction, or because one of the named properties holds
    the key.
    """
    ids: set[int] = set()
    type_ids = _type_ids(connection, type_name)
    for chunk in chunks(sorted(keys)):
        near = select(t.entity.c.id).where(
            t.entity.c.integration_id == integration_id, t.entity.c.key.in_(chunk)
        )
        alive = t.relationship.c.end_on.is_(None)
        ids.update(
            connection.execute(
                select(t.relationship.c.to_id).where(
                    alive, t.relationship.c.from_id.in_(near), t.relationship.c.to_type_id.in_(type_ids)
                )
            ).scalars()
        )
        for name in properties:
            value = property_value(t.entity, name, catalogue)
            mine = t.entity.c.integration_id == integration_id
            ids.update(
                connection.execute(
                    select(t.entity.c.id).where(
                        mine, t.entity.c.type_id.in_(type_ids), value.in_(chunk), t.entity.c.end_on.is_(None)
                    )
                ).scalars()
            )
    return load_records(connection, ids)


def load_records(connection: Connection, ids: Collection[int]) -> list[tuple[str, Record]]:
    """Return (scope, record) for the live records with the given ids, without their raw answers."""
    found: list[tuple[str, Record]] = []
    for chunk in chunks(sorted(ids)):
        edges: dict[int, list[Relationship]] = defaultdict(list)
        for row in connection.execute(
            _edges().add_columns(t.relationship.c.record_id).where(t.relationship.c.record_id.in_(chunk))
        ):
            edges[row.record_id].append(_plain(_relationship(row)))
        query = (
            select(
                t.record.c.id,
                t.record.c.key,
                t.scope.c.name.label("scope"),
                t.entity.c.props,
                t.entity_type.c.name,
            )
            .join(t.scope, t.scope.c.id == t.record.c.scope_id)
            .join(t.entity, t.entity.c.id == t.record.c.id)
            .join(t.entity_type, t.entity_type.c.id == t.entity.c.type_id)
            .where(t.record.c.id.in_(chunk), t.record.c.live)
        )
        for row in connection.execute(query):
            entity = Entity(row.key, row.name, parse_properties(row.props))
            found.append((row.scope, Record(row.key, entity, tuple(edges[row.id]))))
    return found


def unreferenced(
    connection: Connection,
    catalogue: Catalogue,
    integration_id: str,
    *,
    type_name: str,
    named_by: Iterable[tuple[str, str]] = (),
) -> frozenset[str]:
    """Return the keys of entities that no live relationship touches and no property names.

    `named_by` lists (type, property) pairs whose values are keys.
    """
    edge = t.relationship
    touched = exists().where(
        edge.c.end_on.is_(None), or_(edge.c.from_id == t.entity.c.id, edge.c.to_id == t.entity.c.id)
    )
    query = select(t.entity.c.key).where(
        t.entity.c.integration_id == integration_id,
        t.entity.c.type_id.in_(_type_ids(connection, type_name)),
        t.entity.c.end_on.is_(None),
        ~touched,
    )
    idle = set(connection.execute(query).scalars())
    for other_type, name in named_by:
        value = property_value(t.entity, name, catalogue)
        for chunk in chunks(sorted(idle)):
            named = select(value).where(
                t.entity.c.integration_id == integration_id,
                t.entity.c.type_id.in_(_type_ids(connection, other_type)),
                t.entity.c.end_on.is_(None),
                value.in_(chunk),
            )
            idle -= set(connection.execute(named).scalars())
    return frozenset(idle)


def key_by_property(
    connection: Connection, integration_id: str, type_name: str, name: str, value: str
) -> str | None:
    """Return the key of an entity whose property has the value now, or else had it in an older version."""
    mine = (t.entity.c.integration_id == integration_id) & t.entity.c.type_id.in_(
        _type_ids(connection, type_name)
    )
    now = select(t.entity.c.key).where(mine, json_property(t.entity, name) == value)
    once = (
        select(t.entity.c.key)
        .join(t.entity_history, t.entity_history.c.entity_id == t.entity.c.id)
        .where(mine, json_property(t.entity_history, name) == value)
    )
    found = connection.execute(now).scalar() or connection.execute(once).scalar()
    return None if found is None else str(found)


def _type_ids(connection: Connection, type_or_class: str) -> list[int]:
    """Return the ids a type name (lower case) or a class name (upper case first) stands for."""
    rows = connection.execute(select(t.entity_type)).all()
    if type_or_class[:1].isupper():
        return [row.id for row in rows if type_or_class in msgspec.json.decode(row.classes)]
    return [row.id for row in rows if row.name == type_or_class]


def _edges() -> Select[Any]:
    edge = t.relationship
    return (
        select(
            edge.c.id,
            edge.c.version,
            edge.c.begin_on,
            edge.c.props,
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
        .where(edge.c.end_on.is_(None))
    )


def _entity(row: Row[Any]) -> StoredEntity:
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
    )


def _relationship(row: Row[Any]) -> StoredRelationship:
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
    )


def _plain(edge: StoredRelationship) -> Relationship:
    return Relationship(edge.verb, edge.from_type, edge.from_key, edge.to_type, edge.to_key, edge.properties)
