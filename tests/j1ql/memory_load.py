"""From a store's file to the naive interpreter's graph, with plain SELECTs and nothing of the store's own code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from bucketgraph.graph.values import Properties, parse_properties
from bucketgraph.j1ql.known import Kinds, KnownEdge, KnownGraph, KnownType
from bucketgraph.j1ql.shapes import Origin
from bucketgraph.j1ql.values import kind_of
from bucketgraph.store.memory_graph import EdgeVersion, EntityVersion, MemoryGraph, Version
from bucketgraph.store.store import Store

_ENTITIES = """
SELECT e.id, e.type_id, e.key, e.props, e.version, e.created_on, e.begin_on, e.end_on, i.id of_id, i.name of_name
FROM entity e JOIN integration i ON i.id = e.integration_id
UNION ALL
SELECT e.id, h.type_id, e.key, h.props, h.version, e.created_on, h.begin_on, h.end_on, i.id, i.name
FROM entity_history h JOIN entity e ON e.id = h.entity_id JOIN integration i ON i.id = e.integration_id
"""
_EDGES = """
SELECT r.id, v.name verb, r.from_id, r.to_id, r.props, r.version, r.created_on, r.begin_on, r.end_on
FROM relationship r JOIN verb v ON v.id = r.verb_id
UNION ALL
SELECT r.id, v.name, r.from_id, r.to_id, h.props, h.version, r.created_on, h.begin_on, h.end_on
FROM relationship_history h JOIN relationship r ON r.id = h.relationship_id JOIN verb v ON v.id = r.verb_id
"""


def load_memory(store: Store) -> MemoryGraph:
    """Read everything that a store holds, history included."""
    with closing(sqlite3.connect(store.where)) as connection:
        connection.row_factory = sqlite3.Row
        entities = [_entity(row) for row in connection.execute(_ENTITIES)]
        edges = [_edge(row) for row in connection.execute(_EDGES)]
        types = connection.execute("SELECT id, name, classes FROM entity_type").fetchall()
    return MemoryGraph(known_graph(types, entities, edges), entities, edges)


def known_graph(
    types: Iterable[Mapping[str, Any]], entities: Iterable[EntityVersion], edges: Iterable[EdgeVersion]
) -> KnownGraph:
    """Work out what is known from the things themselves; types are rows of id, name and JSON classes."""
    entities, edges = list(entities), list(edges)
    type_of: dict[int, set[int]] = {}
    for one in entities:
        type_of.setdefault(one.id, set()).add(one.type_id)
    triples: dict[tuple[int, str, int], list[Properties]] = {}
    for edge in edges:
        for start in type_of[edge.from_id]:
            for end in type_of[edge.to_id]:
                triples.setdefault((start, edge.verb, end), []).append(edge.properties)
    return KnownGraph(
        tuple(_known_type(row, [one for one in entities if one.type_id == row["id"]]) for row in types),
        tuple(
            KnownEdge(*triple, count=len(seen), properties=_kinds(seen)) for triple, seen in triples.items()
        ),
    )


def _known_type(row: Mapping[str, Any], these: list[EntityVersion]) -> KnownType:
    seen = _kinds(one.properties for one in these)
    classes = tuple(json.loads(row["classes"]))
    return KnownType(row["id"], row["name"], classes, len({one.id for one in these}), seen)


def _kinds(seen: Iterable[Properties]) -> dict[str, Kinds]:
    kinds: dict[str, Kinds] = {}
    for properties in seen:
        for name, value in properties.items():
            kinds[name] = kinds.get(name, frozenset()) | {kind_of(value)}  # type: ignore[assignment]
    return kinds


def _entity(row: sqlite3.Row) -> EntityVersion:
    origin = Origin("integration-managed", "bitbucket", row["of_name"], ("VersionControl",), row["of_id"])
    return EntityVersion(
        row["id"], row["type_id"], row["key"], parse_properties(row["props"]), _version(row), origin
    )


def _edge(row: sqlite3.Row) -> EdgeVersion:
    return EdgeVersion(
        row["id"], row["verb"], row["from_id"], row["to_id"], parse_properties(row["props"]), _version(row)
    )


def _version(row: sqlite3.Row) -> Version:
    return Version(row["version"], row["created_on"], row["begin_on"], row["end_on"])
