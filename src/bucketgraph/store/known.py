"""What the store knows of its graph, for those who plan a question: read from the observed names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, select

from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import fingerprint
from bucketgraph.j1ql.known import Kinds, KnownEdge, KnownGraph, KnownType, PropertyKind
from bucketgraph.store import tables as t

_Owned = Mapping[tuple[str, int], Mapping[str, Kinds]]


def known_graph(connection: Connection, catalogue: Catalogue) -> KnownGraph:
    """Read the observed names and the numbers of the living: a few small tables, never the graph itself."""
    owned = _properties(connection)
    rows = connection.execute(select(t.entity_type).order_by(t.entity_type.c.id)).all()
    types = tuple(
        KnownType(
            row.id,
            row.name,
            tuple(msgspec.json.decode(row.classes)),
            row.live,
            owned.get(("entity", row.id), {}),
        )
        for row in rows
    )
    declared = {row.name: row.id for row in rows if row.declared}
    edges = _edges(connection, owned)
    owners = tuple(connection.execute(select(t.integration.c.id).order_by(t.integration.c.id)).scalars())
    return KnownGraph(
        types=types,
        edges=edges,
        indexed=frozenset((declared[name], p) for name, p in catalogue.indexed() if name in declared),
        owners=owners,
        version=_version(types, edges, owners),
    )


def _edges(connection: Connection, owned: _Owned) -> tuple[KnownEdge, ...]:
    kind = t.relationship_kind
    query = select(kind, t.verb.c.name.label("verb")).join(t.verb, t.verb.c.id == kind.c.verb_id)
    return tuple(
        KnownEdge(
            row.from_type_id, row.verb, row.to_type_id, row.live, owned.get(("relationship", row.id), {})
        )
        for row in connection.execute(query.order_by(kind.c.id))
    )


def _properties(connection: Connection) -> _Owned:
    found: dict[tuple[str, int], dict[str, set[PropertyKind]]] = defaultdict(lambda: defaultdict(set))
    for owner, of, name, kind in connection.execute(select(t.property_kind)):
        found[owner, of][name].add(kind)
    return {
        owner: {name: frozenset(kinds) for name, kinds in names.items()} for owner, names in found.items()
    }


def _version(types: tuple[KnownType, ...], edges: tuple[KnownEdge, ...], owners: tuple[str, ...]) -> int:
    """Return a number made of all names, the same in every process: a plan may be kept under it."""
    parts = [repr((x.id, x.name, x.classes, _names(x.properties))).encode() for x in types]
    parts.append(repr(owners).encode())
    parts += [repr((x.from_type, x.verb, x.to_type, _names(x.properties))).encode() for x in edges]
    return int.from_bytes(fingerprint(*parts)[:7], "big")


def _names(properties: Mapping[str, Kinds]) -> list[tuple[str, list[PropertyKind]]]:
    return [(name, sorted(kinds)) for name, kinds in sorted(properties.items())]
