"""A graph that is known from the catalogue alone, for tests that need no store."""

from __future__ import annotations

from bucketgraph.graph.schema import Property
from bucketgraph.j1ql.known import Kinds, KnownEdge, KnownGraph, KnownType
from bucketgraph.people.catalogue import CATALOGUE


def known_graph(*, count: int = 0) -> KnownGraph:
    """Return what is known when every declared type and property was seen, each `count` times."""
    ids = {name: number for number, name in enumerate(CATALOGUE.entities, start=1)}
    return KnownGraph(
        types=tuple(
            KnownType(ids[one.name], one.name, one.classes, count, _kinds(one.properties))
            for one in CATALOGUE.entities.values()
        ),
        edges=tuple(
            KnownEdge(ids[one.from_type], one.verb, ids[one.to_type], count, _kinds(one.properties))
            for one in CATALOGUE.relationships
        ),
    )


def _kinds(properties: tuple[Property, ...]) -> dict[str, Kinds]:
    return {one.name: frozenset({"number" if one.kind == "time" else one.kind}) for one in properties}
