"""The words a query may use on a graph: what is known of it joined with what the catalogue declares.

The graph knows what was seen; the catalogue knows what it means, also before anything was collected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bucketgraph.graph.schema import Catalogue, Property
from bucketgraph.j1ql.known import EDGE_METADATA, ENTITY_METADATA, Kinds, KnownGraph

METADATA_MEANINGS: Final[Mapping[str, str]] = {
    "_id": "The store's own name of it.",
    "_key": "Its key at the source; survives renames.",
    "_type": "Its type, such as `bitbucket_repo`.",
    "_class": "Its classes, such as `CodeRepo`; of a relationship its verb.",
    "_source": "How it came here.",
    "_integrationType": "What kind of source it was collected from.",
    "_integrationName": "The integration that brought it.",
    "_integrationClass": "What its source is for.",
    "_integrationInstanceId": "The id of the integration that brought it.",
    "_createdOn": "When it was first seen.",
    "_beginOn": "When this version of it began.",
    "_endOn": "When it was deleted; missing while it lives.",
    "_version": "How many versions of it there were; 1: never changed.",
    "_deleted": "Whether it is deleted; such are found only where asked for.",
    "_fromEntityKey": "The key of the entity at the beginning.",
    "_toEntityKey": "The key of the entity at the end.",
    "displayName": "What it is called.",
}
"""What the properties mean that everything has."""


@dataclass(frozen=True, slots=True)
class PropertyWord:
    """A property: its kind in a word (`string`, `time`, `string or list`) and what it means, if declared."""

    name: str
    kind: str
    meaning: str = ""


@dataclass(slots=True)
class TypeWord:
    """A `_type`: its classes, how many entities have it, its meaning and its own properties by name."""

    name: str
    classes: tuple[str, ...] = ()
    count: int = 0
    meaning: str = ""
    properties: dict[str, PropertyWord] = field(default_factory=dict)


@dataclass(slots=True)
class EdgeWord:
    """One kind of relationship, with its own properties by name."""

    from_type: str
    verb: str
    to_type: str
    count: int = 0
    meaning: str = ""
    properties: dict[str, PropertyWord] = field(default_factory=dict)


@dataclass(frozen=True)
class Vocabulary:
    """All types by name, and all kinds of relationships."""

    types: Mapping[str, TypeWord]
    edges: tuple[EdgeWord, ...]

    @classmethod
    def of(cls, known: KnownGraph, catalogue: Catalogue | None = None) -> Vocabulary:
        """Join what is known with what is declared."""
        types: dict[str, TypeWord] = {}
        edges: dict[tuple[str, str, str], EdgeWord] = {}
        if catalogue is not None:
            _declare(catalogue, types, edges)
        _see(known, types, edges)
        return cls(types, tuple(edges.values()))

    def classes(self) -> dict[str, list[TypeWord]]:
        """Return the types of every class, by its name."""
        found: dict[str, list[TypeWord]] = {}
        for one in self.types.values():
            for name in one.classes:
                found.setdefault(name, []).append(one)
        return found

    def verbs(self) -> dict[str, list[EdgeWord]]:
        """Return the kinds of relationships of every verb, by its name."""
        found: dict[str, list[EdgeWord]] = {}
        for one in self.edges:
            found.setdefault(one.verb, []).append(one)
        return found

    def named(self, name: str) -> frozenset[str]:
        """Return the types that a class or type name stands for."""
        if name in self.types:
            return frozenset({name})
        return frozenset(one.name for one in self.types.values() if name in one.classes)

    def chosen(self, types: Collection[str] | None) -> Iterable[TypeWord]:
        """Return the types with these names; None stands for all."""
        return self.types.values() if types is None else [self.types[n] for n in types if n in self.types]

    def properties(self, types: Collection[str] | None) -> dict[str, PropertyWord]:
        """Return what entities of these types may have, their own first, then what every entity has."""
        own = _joined(one.properties for one in self.chosen(types))
        return own | {n: w for n, w in _metadata(ENTITY_METADATA).items() if n not in own}

    def edge_properties(self, verbs: Collection[str] | None) -> dict[str, PropertyWord]:
        """Return what relationships with these verbs may have, their own first."""
        own = _joined(one.properties for one in self.edges if verbs is None or one.verb in verbs)
        return own | {n: w for n, w in _metadata(EDGE_METADATA).items() if n not in own}

    def touching(self, types: Collection[str] | None) -> list[EdgeWord]:
        """Return the kinds of relationships that begin or end at one of the types."""
        if types is None:
            return list(self.edges)
        return [one for one in self.edges if one.from_type in types or one.to_type in types]


def kind_in_words(kinds: Kinds) -> str:
    """Write a set of kinds: `string`, `list or string`; `unknown` for what was never seen."""
    return " or ".join(sorted(kinds)) or "unknown"


def _metadata(table: Mapping[str, Kinds]) -> dict[str, PropertyWord]:
    names: dict[str, Kinds] = {**table, "displayName": frozenset({"string"})}
    return {
        name: PropertyWord(name, _metadata_kind(name, kinds), METADATA_MEANINGS.get(name, ""))
        for name, kinds in names.items()
    }


def _metadata_kind(name: str, kinds: Kinds) -> str:
    return "time" if name.endswith("On") else kind_in_words(kinds)


def _joined(several: Iterable[Mapping[str, PropertyWord]]) -> dict[str, PropertyWord]:
    found: dict[str, PropertyWord] = {}
    for properties in several:
        for name, word in properties.items():
            found.setdefault(name, word)
    return found


def _declare(
    catalogue: Catalogue, types: dict[str, TypeWord], edges: dict[tuple[str, str, str], EdgeWord]
) -> None:
    for one in catalogue.entities.values():
        types[one.name] = TypeWord(one.name, one.classes, 0, one.meaning, _words(one.properties))
    for edge in catalogue.relationships:
        key = (edge.from_type, edge.verb, edge.to_type)
        edges[key] = EdgeWord(*key, meaning=edge.meaning, properties=_words(edge.properties))


def _words(properties: Iterable[Property]) -> dict[str, PropertyWord]:
    return {one.name: PropertyWord(one.name, one.kind, one.meaning) for one in properties}


def _see(known: KnownGraph, types: dict[str, TypeWord], edges: dict[tuple[str, str, str], EdgeWord]) -> None:
    for one in known.types:
        word = types.setdefault(one.name, TypeWord(one.name))
        word.classes = tuple(dict.fromkeys((*word.classes, *one.classes)))
        word.count += one.count
        _see_properties(one.properties, word.properties)
    for edge in known.edges:
        ends = known.by_id.get(edge.from_type), known.by_id.get(edge.to_type)
        if ends[0] is None or ends[1] is None:
            continue
        key = (ends[0].name, edge.verb, ends[1].name)
        kind = edges.setdefault(key, EdgeWord(*key))
        kind.count += edge.count
        _see_properties(edge.properties, kind.properties)


def _see_properties(seen: Mapping[str, Kinds], words: dict[str, PropertyWord]) -> None:
    for name, kinds in seen.items():
        if name not in words:
            words[name] = PropertyWord(name, kind_in_words(kinds))
