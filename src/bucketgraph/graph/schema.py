"""The schema catalogue: which entities and relationships can exist, declared once by the steps.

Everything that needs to know types derives it from here: indexes, completion, the data-model page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from bucketgraph.errors import Bug

Kind = Literal["string", "number", "boolean", "time", "list"]
"""`time` is a number of epoch milliseconds; `list` a list of strings."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its JSON kind, what it means, and whether questions often filter by it."""

    name: str
    kind: Kind
    meaning: str
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class EntityType:
    """One `_type` with its `_class` list and its properties."""

    name: str
    classes: tuple[str, ...]
    meaning: str
    properties: tuple[Property, ...]

    def property_names(self) -> frozenset[str]:
        """Return the names of all declared properties."""
        return frozenset(p.name for p in self.properties)


@dataclass(frozen=True, slots=True)
class RelationshipType:
    """One kind of edge: `from_type` VERB `to_type`."""

    from_type: str
    verb: str
    to_type: str
    meaning: str
    properties: tuple[Property, ...] = ()

    @property
    def name(self) -> str:
        """Return the relationship's `_type`."""
        return relationship_type_name(self.from_type, self.verb, self.to_type)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All declared types."""

    entities: Mapping[str, EntityType]
    relationships: tuple[RelationshipType, ...]
    triples: frozenset[tuple[str, str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Check that every relationship joins declared entity types and is declared once."""
        for edge in self.relationships:
            for end in (edge.from_type, edge.to_type):
                if end not in self.entities:
                    raise Bug(f"{edge.name} joins the undeclared type {end}.")
        triples = frozenset((r.from_type, r.verb, r.to_type) for r in self.relationships)
        if len(triples) != len(self.relationships):
            raise Bug("A relationship is declared twice.")
        object.__setattr__(self, "triples", triples)

    def classes(self, type_name: str) -> tuple[str, ...]:
        """Return the `_class` list of a type; empty for a type the catalogue does not know."""
        declared = self.entities.get(type_name)
        return declared.classes if declared else ()

    def indexed(self) -> tuple[tuple[str, str], ...]:
        """Return (type, property) for every property that deserves an index."""
        return tuple((e.name, p.name) for e in self.entities.values() for p in e.properties if p.indexed)


def catalogue(
    entities: Iterable[EntityType],
    relationships: Iterable[RelationshipType],
) -> Catalogue:
    """Build a catalogue; declaring anything twice is a bug."""
    by_name: dict[str, EntityType] = {}
    for entity in entities:
        if entity.name in by_name:
            raise Bug(f"The entity type {entity.name} is declared twice.")
        by_name[entity.name] = entity
    return Catalogue(by_name, tuple(relationships))


@cache
def relationship_type_name(from_type: str, verb: str, to_type: str) -> str:
    """Return the `_type` of an edge: `bitbucket_workspace_has_user`.

    The words the target shares with the beginning of the source are said once; at least the target's last
    word stays (JupiterOne SDK's rule).
    """
    source, target = from_type.split("_"), to_type.split("_")
    shared = 0
    while shared < min(len(source), len(target) - 1) and source[shared] == target[shared]:
        shared += 1
    return "_".join([from_type, verb.lower(), *target[shared:]])
