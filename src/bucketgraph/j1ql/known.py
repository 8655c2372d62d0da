"""What is known of a graph before it is asked: its types, verbs and properties, and roughly how many there are.

Names and kinds are everything that was ever seen, present or past, so they may say too much but never too
little; a plan may rely on that. Counts are estimates: a plan may be slower for a wrong one, never wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

PropertyKind: TypeAlias = Literal["string", "number", "boolean", "list"]
Kinds: TypeAlias = frozenset[PropertyKind]
"""The JSON kinds that a property was seen with; an empty set: never seen."""

TypeIds: TypeAlias = frozenset[int]

NOTHING: Final[Kinds] = frozenset()
_NO_PROPERTIES: Final[Mapping[str, Kinds]] = MappingProxyType({})

ENTITY_METADATA: Final[Mapping[str, Kinds]] = MappingProxyType(
    {
        "_id": frozenset({"string"}),
        "_key": frozenset({"string"}),
        "_type": frozenset({"string"}),
        "_class": frozenset({"list"}),
        "_source": frozenset({"string"}),
        "_integrationType": frozenset({"string"}),
        "_integrationName": frozenset({"string"}),
        "_integrationClass": frozenset({"list"}),
        "_integrationInstanceId": frozenset({"string"}),
        "_createdOn": frozenset({"number"}),
        "_beginOn": frozenset({"number"}),
        "_endOn": frozenset({"number"}),
        "_version": frozenset({"number"}),
        "_deleted": frozenset({"boolean"}),
    }
)
"""Properties that every entity has besides its own. Times are epoch milliseconds; `_endOn` is missing while
it lives."""

EDGE_METADATA: Final[Mapping[str, Kinds]] = MappingProxyType(
    {
        "_id": frozenset({"string"}),
        "_key": frozenset({"string"}),
        "_type": frozenset({"string"}),
        "_class": frozenset({"string"}),
        "_fromEntityKey": frozenset({"string"}),
        "_toEntityKey": frozenset({"string"}),
        "_createdOn": frozenset({"number"}),
        "_beginOn": frozenset({"number"}),
        "_endOn": frozenset({"number"}),
        "_version": frozenset({"number"}),
        "_deleted": frozenset({"boolean"}),
    }
)
"""Properties that every relationship has besides its own."""


@dataclass(frozen=True, slots=True)
class KnownType:
    """One `_type` together with one `_class` list; `id` is the store's number for the two.

    A type that was seen with several class lists stands here once for each.
    """

    id: int
    name: str
    classes: tuple[str, ...]
    count: int = 0
    properties: Mapping[str, Kinds] = field(default_factory=lambda: _NO_PROPERTIES)


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """One kind of relationship: from a type, by a verb in upper case, to a type (types by their ids)."""

    from_type: int
    verb: str
    to_type: int
    count: int = 0
    properties: Mapping[str, Kinds] = field(default_factory=lambda: _NO_PROPERTIES)


@dataclass(frozen=True)
class KnownGraph:
    """The whole of it.

    `indexed` lists (type id, property) pairs that the store finds without a scan, and `owners` the integrations
    that entities belong to.

    `version` changes whenever a name, kind or owner is added, so that a plan made before can be told from one after.
    """

    types: tuple[KnownType, ...] = ()
    edges: tuple[KnownEdge, ...] = ()
    indexed: frozenset[tuple[int, str]] = frozenset()
    owners: tuple[str, ...] = ()
    version: int = 0

    @cached_property
    def by_id(self) -> Mapping[int, KnownType]:
        """The types by their ids."""
        return {one.id: one for one in self.types}

    @cached_property
    def type_names(self) -> frozenset[str]:
        """All `_type`s."""
        return frozenset(one.name for one in self.types)

    @cached_property
    def class_names(self) -> frozenset[str]:
        """All `_class`es."""
        return frozenset(name for one in self.types for name in one.classes)

    @cached_property
    def verbs(self) -> frozenset[str]:
        """All verbs, in upper case."""
        return frozenset(one.verb for one in self.edges)

    def of_type(self, name: str) -> TypeIds:
        """Return the ids of a `_type`."""
        return frozenset(one.id for one in self.types if one.name == name)

    def of_class(self, name: str) -> TypeIds:
        """Return the ids of the types that belong to a `_class`."""
        return frozenset(one.id for one in self.types if name in one.classes)

    def chosen(self, types: Collection[int] | None) -> Iterable[KnownType]:
        """Return the types with these ids; None stands for all."""
        return self.types if types is None else [one for one in self.types if one.id in types]

    def count(self, types: Collection[int] | None) -> int:
        """Estimate how many entities have one of the types."""
        return sum(one.count for one in self.chosen(types))

    def kinds(self, types: Collection[int] | None, name: str) -> Kinds:
        """Return the kinds that a property of these types was seen with, metadata included."""
        if name in ENTITY_METADATA:
            return ENTITY_METADATA[name]
        return frozenset(kind for one in self.chosen(types) for kind in one.properties.get(name, NOTHING))

    def between(
        self, sources: Collection[int] | None, verbs: Collection[str] | None, targets: Collection[int] | None
    ) -> list[KnownEdge]:
        """Return the kinds of relationships from one of the types, by one of the verbs, to one of the types."""
        return [
            one
            for one in self.edges
            if (sources is None or one.from_type in sources)
            and (verbs is None or one.verb in verbs)
            and (targets is None or one.to_type in targets)
        ]

    def edge_kinds(self, verbs: Collection[str] | None, name: str) -> Kinds:
        """Return the kinds that a property of relationships with these verbs was seen with."""
        if name in EDGE_METADATA:
            return EDGE_METADATA[name]
        edges = self.between(None, verbs, None)
        return frozenset(kind for one in edges for kind in one.properties.get(name, NOTHING)) | (
            frozenset({"string"}) if name == "displayName" else NOTHING
        )
