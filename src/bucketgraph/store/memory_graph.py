"""A graph in plain Python objects, with every version of everything, and what of it is visible when.

Small and obviously right: the naive interpreter asks it, and what that answers is the truth for the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from bucketgraph.graph.values import Properties
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.shapes import End, Life, Origin, edge_metadata, entity_metadata
from bucketgraph.j1ql.values import Cell

HERE = Origin("integration-managed", "bitbucket", "memory", ("VersionControl",), "memory")
"""Where an entity comes from when nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Version:
    """When a version was valid (epoch ms): from `begin_on` until `end_on`, None for ever.

    The end is that of the next version's beginning, or of the deletion. `created_on` is when the thing was
    seen first.
    """

    version: int
    created_on: int
    begin_on: int
    end_on: int | None = None


@dataclass(frozen=True, slots=True)
class EntityVersion:
    """One version of an entity."""

    id: int
    type_id: int
    key: str
    properties: Properties
    when: Version
    origin: Origin = HERE


@dataclass(frozen=True, slots=True)
class EdgeVersion:
    """One version of a relationship."""

    id: int
    verb: str
    from_id: int
    to_id: int
    properties: Properties
    when: Version


@dataclass(frozen=True, slots=True, eq=False)
class MemoryEntity:
    """A visible entity. Two are equal when they are one object."""

    id: int
    type_id: int
    key: str
    properties: Properties
    metadata: Properties

    def get(self, name: str) -> Cell:
        """Return a property or metadata, None when it is missing."""
        return self.metadata.get(name, self.properties.get(name))


@dataclass(frozen=True, slots=True, eq=False)
class MemoryEdge:
    """A visible relationship. Two are equal when they are one object."""

    id: int
    verb: str
    from_id: int
    to_id: int
    properties: Properties
    metadata: Properties

    def get(self, name: str) -> Cell:
        """Return a property or metadata, None when it is missing."""
        return self.metadata.get(name, self.properties.get(name))


Thing: TypeAlias = MemoryEntity | MemoryEdge


@dataclass(frozen=True)
class GraphState:
    """What is visible at one moment, in the order of ids. Both ends of every edge are among the entities."""

    entities: dict[int, MemoryEntity]
    edges: tuple[MemoryEdge, ...]
    touching: dict[int, list[MemoryEdge]] = field(init=False)

    def __post_init__(self) -> None:
        """Note which edges touch which entity; a self-loop touches its own once."""
        touching: dict[int, list[MemoryEdge]] = defaultdict(list)
        for one in self.edges:
            for end in {one.from_id, one.to_id}:
                touching[end].append(one)
        object.__setattr__(self, "touching", touching)


class _Versioned(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def when(self) -> Version: ...


T = TypeVar("T", bound=_Versioned)


@dataclass(frozen=True)
class MemoryGraph:
    """All versions of all things."""

    known: KnownGraph
    entities: Sequence[EntityVersion]
    edges: Sequence[EdgeVersion]

    def at(self, as_of: int | None = None, *, include_deleted: bool = False) -> GraphState:
        """Return what is visible now or, given `as_of` (epoch ms), was then.

        With `include_deleted` what was deleted by then is there too, in its last version.
        """
        entities = {
            one.id: self._entity(one, life) for one, life in _visible(self.entities, as_of, include_deleted)
        }
        edges = tuple(
            self._edge(one, life, entities[one.from_id], entities[one.to_id])
            for one, life in _visible(self.edges, as_of, include_deleted)
            if one.from_id in entities and one.to_id in entities
        )
        return GraphState(entities, edges)

    def _entity(self, one: EntityVersion, life: Life) -> MemoryEntity:
        kind = self.known.by_id[one.type_id]
        metadata = entity_metadata(one.id, one.key, kind.name, kind.classes, origin=one.origin, life=life)
        return MemoryEntity(one.id, one.type_id, one.key, one.properties, metadata)

    def _edge(self, one: EdgeVersion, life: Life, start: MemoryEntity, end: MemoryEntity) -> MemoryEdge:
        ends = [End(entity.key, self.known.by_id[entity.type_id].name) for entity in (start, end)]
        metadata = edge_metadata(one.id, one.verb, *ends, life=life, properties=one.properties)
        return MemoryEdge(one.id, one.verb, one.from_id, one.to_id, one.properties, metadata)


def _visible(versions: Iterable[T], as_of: int | None, include_deleted: bool) -> list[tuple[T, Life]]:  # noqa: FBT001
    """Return the version of each thing that counts, by id."""
    newest: dict[int, T] = {}
    for one in sorted(versions, key=lambda one: (one.id, one.when.version)):
        if as_of is None or one.when.begin_on <= as_of:
            newest[one.id] = one
    lives = [(one, _life(one.when, as_of)) for one in newest.values()]
    return [(one, life) for one, life in lives if include_deleted or life.ended_on is None]


def _life(when: Version, as_of: int | None) -> Life:
    ended = when.end_on is not None and (as_of is None or when.end_on <= as_of)
    return Life(when.version, when.created_on, when.begin_on, when.end_on if ended else None)
