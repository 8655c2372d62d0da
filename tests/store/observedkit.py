"""What is really in a file, counted by hand, to compare with what the store says it observed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from store.graphkit import World

from bucketgraph.j1ql.known import KnownGraph

_KINDS = {
    "text": "string",
    "integer": "number",
    "real": "number",
    "true": "boolean",
    "false": "boolean",
    "array": "list",
}
_EDGES = """
    (SELECT r.*, r.from_type_id || ' ' || v.name || ' ' || r.to_type_id AS owner FROM relationship r
    JOIN verb v ON v.id = r.verb_id) x
"""
_EDGE_HISTORY = f"{_EDGES} JOIN relationship_history h ON h.relationship_id = x.id"
_EACH = (
    "SELECT type_id, j.key, j.type FROM entity x, json_each(x.props) j",
    "SELECT type_id, j.key, j.type FROM entity_history x, json_each(x.props) j",
    f"SELECT owner, j.key, j.type FROM {_EDGES}, json_each(x.props) j",  # noqa: S608
    f"SELECT owner, j.key, j.type FROM {_EDGE_HISTORY}, json_each(h.props) j",  # noqa: S608
)


@dataclass(frozen=True)
class Seen:
    """Live counts and (owner, property, kind); an owner is a type's id or `id VERB id`."""

    living: Counter[str]
    kinds: frozenset[str]
    properties: frozenset[tuple[str, str, str]]


def recount(world: World) -> Seen:
    """Read it from the rows of the graph itself and their history."""
    living = world.rows("SELECT type_id, count(*) FROM entity WHERE end_on IS NULL GROUP BY 1")
    living += world.rows(f"SELECT owner, count(*) FROM {_EDGES} WHERE end_on IS NULL GROUP BY 1")  # noqa: S608
    return Seen(
        living=Counter({str(owner): number for owner, number in living}),
        kinds=frozenset(row[0] for row in world.rows(f"SELECT DISTINCT owner FROM {_EDGES}")),  # noqa: S608
        properties=frozenset(
            (str(owner), name, _KINDS[kind]) for query in _EACH for owner, name, kind in world.rows(query)
        ),
    )


def told(graph: KnownGraph) -> Seen:
    """Read the same from what the store says."""
    owners = [(str(one.id), one) for one in graph.types]
    edges = [(f"{one.from_type} {one.verb} {one.to_type}", one) for one in graph.edges]
    return Seen(
        living=Counter({owner: one.count for owner, one in (*owners, *edges)}),
        kinds=frozenset(owner for owner, _ in edges),
        properties=frozenset(
            (owner, name, kind)
            for owner, one in (*owners, *edges)
            for name, kinds in one.properties.items()
            for kind in kinds
        ),
    )


def check(world: World) -> Seen:
    """Hold the law: counts are exact, and every name that is to be found was observed."""
    actual, found = recount(world), told(world.store.known())
    assert +found.living == actual.living
    assert all(number >= 0 for number in found.living.values())
    assert found.kinds >= actual.kinds
    assert found.properties >= actual.properties
    return replace(found, living=+found.living)
