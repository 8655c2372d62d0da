"""What stands around an entity: counts by kind, pages of one kind, pictures, ways between two, search by name.

All of it reads the indexes that hold a hop, and all of it is bounded: a hub with a hundred thousand neighbours
is counted, never listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Select, func, select

from bucketgraph.graph.values import Value, parse_properties
from bucketgraph.store import tables as t
from bucketgraph.store.transaction import chunks

Direction = Literal["out", "in"]
DIRECTIONS: tuple[Direction, ...] = ("out", "in")

WHOLE: Final = 25
"""A kind with at most so many relationships is drawn whole; of others a picture shows the first few."""

MOST: Final = 300
"""Entities of one picture."""

_FIRST: Final = (8, 3, 2)
"""How many of a large kind are drawn, by how far from the beginning."""

MOST_READ: Final = 200_000
"""Relationships that are looked at for a way between two entities."""


@dataclass(frozen=True, slots=True)
class Node:
    """An entity that is alive, as far as a picture needs it."""

    id: int
    key: str
    type: str
    classes: tuple[str, ...]
    name: str


class Kind(NamedTuple):
    """A kind of relationship as seen from an entity (`out`: it is the `from`), with the other end's type."""

    verb: str
    direction: Direction
    type: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A relationship that is alive."""

    id: int
    verb: str
    from_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class Link:
    """A neighbour with the relationship that leads to it."""

    edge: Edge
    node: Node
    properties: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Picture:
    """Entities, how many relationships each has by kind, and the relationships among them."""

    nodes: tuple[Node, ...] = ()
    kinds: Mapping[int, Mapping[Kind, int]] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()


class Way(NamedTuple):
    """A shortest way as ids from one end to the other, empty where there is none.

    Not `whole`: the search was given up before all was looked at.
    """

    ids: tuple[int, ...]
    whole: bool = True


class _Side(NamedTuple):
    """The columns of a hop as seen from one end."""

    here: Column[Any]
    there: Column[Any]
    there_type: Column[Any]


_edge = t.relationship.c
_SIDES: Final[Mapping[Direction, _Side]] = {
    "out": _Side(_edge.from_id, _edge.to_id, _edge.to_type_id),
    "in": _Side(_edge.to_id, _edge.from_id, _edge.from_type_id),
}


class Surroundings:
    """The graph around entities, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._verbs: dict[int, str] = {row.id: row.name for row in connection.execute(select(t.verb))}
        types = connection.execute(select(t.entity_type)).all()
        self._types: dict[int, str] = {row.id: row.name for row in types}
        self._classes = {row.id: tuple(msgspec.json.decode(row.classes)) for row in types}

    def nodes(self, ids: Iterable[int]) -> dict[int, Node]:
        """Return the living among entities by id, in the order given."""
        wanted = list(dict.fromkeys(ids))
        found: dict[int, Node] = {}
        of = t.entity.c
        for chunk in chunks(wanted):
            query = select(of.id, of.key, of.type_id, of.name).where(of.id.in_(chunk), of.end_on.is_(None))
            for row in self._connection.execute(query):
                type_id = row.type_id
                found[row.id] = Node(row.id, row.key, self._types[type_id], self._classes[type_id], row.name)
        return {one: found[one] for one in wanted if one in found}

    def kinds(self, ids: Iterable[int]) -> dict[int, dict[Kind, int]]:
        """Return how many relationships entities have by kind, by verb and type."""
        found: dict[int, dict[Kind, int]] = defaultdict(dict)
        for chunk in chunks(ids):
            for direction, side in _SIDES.items():
                by = (side.here, _edge.verb_id, side.there_type)
                query = select(*by, func.count()).where(side.here.in_(chunk), _edge.end_on.is_(None))
                for of, verb, type_id, count in self._connection.execute(query.group_by(*by)):
                    kind = Kind(self._verbs[verb], direction, self._types[type_id])
                    found[of][kind] = found[of].get(kind, 0) + count
        return {of: dict(sorted(kinds.items())) for of, kinds in found.items()}

    def neighbours(self, of: int, kind: Kind, *, skip: int = 0, limit: int = WHOLE) -> list[int]:
        """Return a page of the neighbours of one kind, in the order in which they were first seen."""
        side = _SIDES[kind.direction]
        query = self._hop(of, kind, side.there).distinct().order_by(side.there).offset(skip).limit(limit)
        return list(self._connection.execute(query).scalars())

    def links(self, of: int, kind: Kind, *, skip: int = 0, limit: int = WHOLE) -> list[Link]:
        """Return a page of the relationships of one kind with the neighbours, in the same order."""
        side = _SIDES[kind.direction]
        hop = self._hop(
            of, kind, _edge.id, _edge.from_id, _edge.to_id, _edge.props, side.there.label("there")
        )
        rows = self._connection.execute(hop.order_by(side.there, _edge.id).offset(skip).limit(limit)).all()
        nodes = self.nodes(row.there for row in rows)
        return [
            Link(
                Edge(row.id, kind.verb, row.from_id, row.to_id),
                nodes[row.there],
                parse_properties(row.props),
            )
            for row in rows
            if row.there in nodes
        ]

    def edges(self, ids: Collection[int]) -> list[Edge]:
        """Return the relationships between entities, oldest first."""
        among = sorted(frozenset(ids))
        found: list[Edge] = []
        for starts, ends in product(chunks(among), chunks(among)):
            query = select(_edge.id, _edge.verb_id, _edge.from_id, _edge.to_id).where(
                _edge.from_id.in_(starts), _edge.to_id.in_(ends), _edge.end_on.is_(None)
            )
            found += [
                Edge(row.id, self._verbs[row.verb_id], row.from_id, row.to_id)
                for row in self._connection.execute(query)
            ]
        return sorted(found, key=lambda edge: edge.id)

    def picture(self, ids: Iterable[int]) -> Picture:
        """Return entities as a picture; those that are not alive are left out."""
        nodes = self.nodes(ids)
        return Picture(tuple(nodes.values()), self.kinds(nodes), tuple(self.edges(nodes)))

    def around(self, starts: Iterable[int], depth: int) -> Picture:
        """Return the picture of what is so many steps around, the nearest first, at most `MOST`.

        Of a kind with more than `WHOLE` relationships only the first few are in it.
        """
        seen = dict.fromkeys(list(dict.fromkeys(starts))[:MOST])
        ring = list(seen)
        for step in range(depth):
            room = MOST - len(seen)
            ring = [one for one in self._ring(ring, _FIRST[min(step, len(_FIRST) - 1)]) if one not in seen]
            ring = list(dict.fromkeys(ring))[:room]
            seen.update(dict.fromkeys(ring))
        return self.picture(seen)

    def expanded(self, of: int) -> Picture:
        """Return the picture of an entity and all its neighbours of kinds that are drawn whole."""
        small = [kind for kind, count in self.kinds([of]).get(of, {}).items() if count <= WHOLE]
        near = [one for kind in small for one in self.neighbours(of, kind)]
        return self.picture(list(dict.fromkeys([of, *near]))[:MOST])

    def way(self, start: int, goal: int, *, most: int = MOST_READ) -> Way:
        """Return a shortest way between two entities, whatever the directions; `most` bounds the work."""
        if len(self.nodes([start, goal])) < len({start, goal}):
            return Way(())
        if start == goal:
            return Way((start,))
        return _Search(self, start, goal, most).way()

    def hops(self, ids: Iterable[int], most: int) -> list[tuple[int, int]]:
        """Return (here, there) for the relationships of entities, at most so many."""
        found: list[tuple[int, int]] = []
        for chunk in chunks(sorted(ids)):
            for side in _SIDES.values():
                query = select(side.here, side.there).where(side.here.in_(chunk), _edge.end_on.is_(None))
                rows = self._connection.execute(query.limit(most - len(found)))
                found += [(row[0], row[1]) for row in rows]
        return found

    def _ring(self, ids: Sequence[int], first: int) -> list[int]:
        """Return the neighbours of entities, entity by entity; of large kinds the first few."""
        counted = self.kinds(ids)
        hubs = {of for of in ids if any(count > WHOLE for count in counted.get(of, {}).values())}
        near: dict[int, list[int]] = defaultdict(list)
        # What is small comes in few statements; only hubs are asked kind by kind.
        for here, there in self.hops((of for of in ids if of not in hubs), MOST_READ):
            near[here].append(there)
        for of in hubs:
            for kind, count in counted[of].items():
                near[of] += self.neighbours(of, kind, limit=count if count <= WHOLE else first)
        return [one for of in ids for one in near[of]]

    def _hop(self, of: int, kind: Kind, *columns: Column[Any] | Any) -> Select[Any]:
        side = _SIDES[kind.direction]
        verbs = [number for number, name in self._verbs.items() if name == kind.verb]
        types = [number for number, name in self._types.items() if name == kind.type]
        return select(*columns).where(
            side.here == of,
            _edge.verb_id.in_(verbs),
            side.there_type.in_(types),
            _edge.end_on.is_(None),
        )


class _Search:
    """A search from both ends, ring by ring, the smaller ring first: so the first meeting is a shortest way."""

    def __init__(self, graph: Surroundings, start: int, goal: int, most: int) -> None:
        self._graph, self._left = graph, most
        self._came: tuple[dict[int, int | None], ...] = ({start: None}, {goal: None})
        self._rings: list[list[int]] = [[start], [goal]]

    def way(self) -> Way:
        """Return the way."""
        while all(self._rings):
            side = 0 if len(self._rings[0]) <= len(self._rings[1]) else 1
            hops = self._graph.hops(self._rings[side], self._left)
            self._left -= len(hops)
            met = self._advance(side, hops)
            if met is not None:
                return Way((*reversed(self._back(0, met)), *self._back(1, met)[1:]))
            if self._left <= 0:
                return Way((), whole=False)
        return Way(())

    def _advance(self, side: int, hops: Iterable[tuple[int, int]]) -> int | None:
        """Go one ring on; return where the two sides meet, if they do."""
        mine, others, ring = self._came[side], self._came[1 - side], list[int]()
        for here, there in hops:
            if there not in mine:
                mine[there] = here
                ring.append(there)
                if there in others:
                    return there
        self._rings[side] = ring
        return None

    def _back(self, side: int, one: int) -> list[int]:
        found: list[int] = []
        at: int | None = one
        while at is not None:
            found.append(at)
            at = self._came[side][at]
        return found
