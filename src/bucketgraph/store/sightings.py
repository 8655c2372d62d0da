"""What one publication saw: shapes of objects, kinds of relationships, and how many came to life or died."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

from bucketgraph.graph.entity import SealedRecord
from bucketgraph.graph.shapes import Shape, shape_of
from bucketgraph.graph.values import parse_properties

Triple: TypeAlias = tuple[int, int, int]
"""A kind of relationship by ids: from type, verb, to type."""

_KIND_OF = itemgetter("from_type_id", "verb_id", "to_type_id")
_NO_PROPERTIES = "{}"


@dataclass(slots=True)
class Sightings:
    """Collected while a publication is written; `observed.save` writes what is new of it.

    `live_types` and `live_edges` say by how much the numbers of the living change. `moves` are the kinds that
    relationships had and have since an end got another type, in the order of the moves.
    """

    types: set[tuple[int, Shape]] = field(default_factory=set)
    edges: set[tuple[Triple, Shape]] = field(default_factory=set)
    live_types: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    live_edges: defaultdict[Triple, int] = field(default_factory=lambda: defaultdict(int))
    moves: list[tuple[Triple, Triple]] = field(default_factory=list)
    tags: Shape | None = None
    """The shape of the tags that every entity gets."""

    def entity(self, type_id: int, record: SealedRecord) -> None:
        """Note a version of an entity."""
        self.types.add((type_id, record.shape or shape_of(parse_properties(record.properties))))
        self.tagged(type_id)

    def tagged(self, type_id: int) -> None:
        """Note that an entity gets the tags."""
        if self.tags is not None:
            self.types.add((type_id, self.tags))

    def new_edges(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note the rows of new relationships: most have no properties, so they are only counted."""
        for kind, number in Counter(map(_KIND_OF, rows)).items():
            self.live_edges[kind] += number
        for row in rows:
            if row["props"] != _NO_PROPERTIES:
                self.edge(_KIND_OF(row), row["props"])

    def edge(self, triple: Triple, properties: str) -> None:
        """Note a version of a relationship."""
        if properties != _NO_PROPERTIES:
            self.edges.add((triple, shape_of(parse_properties(properties))))

    def move(self, old: Triple, new: Triple, live: int) -> None:
        """Note that relationships, `live` of them alive, are of another kind now."""
        self.moves.append((old, new))
        self.live_edges[old] -= live
        self.live_edges[new] += live
