"""Looking up what a run needs to know of the last one: records to refresh, idle entities, former names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import Connection, exists, or_, select

from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import parse_properties
from bucketgraph.store import tables as t
from bucketgraph.store import tags
from bucketgraph.store.base import StoredRelationship
from bucketgraph.store.lower import json_property, property_value
from bucketgraph.store.read import is_a, live_edges, stored_relationship, type_ids
from bucketgraph.store.transaction import chunks


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
    mine, edge = t.entity.c.integration_id == integration_id, t.relationship.c
    fits, names = is_a(connection, type_name), tuple(properties)
    types = type_ids(connection, type_name)
    for chunk in chunks(sorted(keys)):
        near = select(t.entity.c.id).where(mine, t.entity.c.key.in_(chunk))
        queries = [
            select(edge.to_id).where(
                edge.end_on.is_(None), edge.from_id.in_(near), edge.to_type_id.in_(types)
            ),
            select(edge.from_id).where(
                edge.end_on.is_(None), edge.to_id.in_(near), edge.from_type_id.in_(types)
            ),
        ]
        for name in names:
            value = property_value(t.entity, name, catalogue)
            queries.append(
                select(t.entity.c.id).where(mine, fits, value.in_(chunk), t.entity.c.end_on.is_(None))
            )
        for query in queries:
            ids.update(connection.execute(query).scalars())
    return load_records(connection, ids)


def load_records(connection: Connection, ids: Collection[int]) -> list[tuple[str, Record]]:
    """Return (scope, record) for the live records with the given ids, without their raw answers and our tags."""
    untagged = tags.owned(connection)
    found: list[tuple[str, Record]] = []
    for chunk in chunks(sorted(ids)):
        edges: dict[int, list[Relationship]] = defaultdict(list)
        for row in connection.execute(
            live_edges().add_columns(t.relationship.c.record_id).where(t.relationship.c.record_id.in_(chunk))
        ):
            edges[row.record_id].append(_plain(stored_relationship(row)))
        query = (
            select(
                t.record.c.id,
                t.record.c.key,
                t.scope.c.name.label("scope"),
                t.entity.c.props,
                t.entity.c.integration_id,
                t.entity_type.c.name,
                t.entity_type.c.classes,
                t.entity_type.c.declared,
            )
            .join(t.scope, t.scope.c.id == t.record.c.scope_id)
            .join(t.entity, t.entity.c.id == t.record.c.id)
            .join(t.entity_type, t.entity_type.c.id == t.entity.c.type_id)
            .where(t.record.c.id.in_(chunk), t.record.c.live)
        )
        for row in connection.execute(query):
            classes = None if row.declared else tuple(msgspec.json.decode(row.classes))
            properties = parse_properties(row.props)
            if row.integration_id in untagged:
                properties = tags.without(properties)
            entity = Entity(row.key, row.name, properties, classes)
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
    """Return the keys of entities that no live relationship of theirs touches and no property names.

    Mapped relationships, which another integration owns, keep nothing alive. `named_by` lists (type, property)
    pairs whose values are keys.
    """
    edge, brought = t.relationship, t.record.alias("brought")
    touched = exists().where(
        edge.c.end_on.is_(None),
        or_(edge.c.from_id == t.entity.c.id, edge.c.to_id == t.entity.c.id),
        brought.c.id == edge.c.record_id,
        brought.c.integration_id == integration_id,
    )
    query = select(t.entity.c.key).where(
        t.entity.c.integration_id == integration_id,
        is_a(connection, type_name),
        t.entity.c.end_on.is_(None),
        ~touched,
    )
    idle = set(connection.execute(query).scalars())
    for other_type, name in named_by:
        value = property_value(t.entity, name, catalogue)
        for chunk in chunks(sorted(idle)):
            named = select(value).where(
                t.entity.c.integration_id == integration_id,
                is_a(connection, other_type),
                t.entity.c.end_on.is_(None),
                value.in_(chunk),
            )
            idle -= set(connection.execute(named).scalars())
    return frozenset(idle)


def key_by_property(
    connection: Connection, integration_id: str, type_name: str, name: str, value: str
) -> str | None:
    """Return the key of an entity whose property has the value now, or else of the last that had it."""
    mine = (t.entity.c.integration_id == integration_id) & is_a(connection, type_name)
    alive_first = (t.entity.c.end_on.is_not(None), t.entity.c.end_on.desc())
    now = select(t.entity.c.key).where(mine, json_property(t.entity, name) == value).order_by(*alive_first)
    once = (
        select(t.entity.c.key)
        .join(t.entity_history, t.entity_history.c.entity_id == t.entity.c.id)
        .where(mine, json_property(t.entity_history, name) == value)
        .order_by(t.entity_history.c.end_on.desc(), t.entity_history.c.publication.desc())
    )
    found = connection.execute(now.limit(1)).scalar() or connection.execute(once.limit(1)).scalar()
    return None if found is None else str(found)


def _plain(edge: StoredRelationship) -> Relationship:
    return Relationship(
        edge.verb,
        edge.from_type,
        edge.from_key,
        edge.to_type,
        edge.to_key,
        edge.properties,
        edge.own_key,
        edge.own_type,
    )
