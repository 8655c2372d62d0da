"""Mapped relationships: their far end is described, and looked for among what the import holds or keeps. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bucketgraph.exchange.normal import Invalid, PlainEdge, properties_of
from bucketgraph.graph.entity import Entity, Record
from bucketgraph.graph.values import Value

_DEFAULT_FILTERS = [["_type", "_key"]]
_DEFAULT_CLASS = ("Entity",)
_REVERSE = "REVERSE"
_UNNAMED = "mapping_source"
"""What JupiterOne writes where the source's type is not known: no name of a type."""


@dataclass(slots=True)
class Mapper:
    """Resolves mapped relationships against entities by key; what it creates stands in `created`.

    The entities are those that were read, and those that stay though they were not.
    """

    entities: Mapping[str, Record]
    created: dict[str, Record] = field(default_factory=dict)
    _index: dict[str, dict[Any, list[str]]] = field(default_factory=dict)

    def resolve(self, edge: PlainEdge) -> list[PlainEdge]:
        """Return the relationships that a mapped one stands for; raises Invalid when it cannot be read.

        Each alternative of the filter is tried in turn; the first that finds something counts, with all it
        finds. None found: the target is created as described, unless that is not wanted.
        """
        mapping = edge.mapping or {}
        source = mapping.get("sourceEntityKey")
        target = mapping.get("targetEntity")
        if not isinstance(source, str) or not isinstance(target, dict):
            raise Invalid("its `_mapping` names no source or no target")
        wanted = properties_of(target) | _identity(target)
        found: list[str] = []
        for names in _alternatives(mapping):
            found = self._matching(names, wanted)
            if found:
                break
        if not found:
            if mapping.get("skipTargetCreation"):
                return []
            found = [self._create(target)]
        backwards = mapping.get("relationshipDirection") == _REVERSE
        return list(_between(edge, source, found, backwards=backwards))

    def _matching(self, names: Sequence[str], wanted: Mapping[str, Any]) -> list[str]:
        """Return the keys of the entities that have all the named properties of the target."""
        if not names or any(name not in wanted for name in names):
            return []
        buckets = [self._having(name, wanted[name]) for name in names]
        smallest = min(buckets, key=len)
        rest = [set(bucket) for bucket in buckets if bucket is not smallest]
        return [key for key in dict.fromkeys(smallest) if all(key in bucket for bucket in rest)]

    def _having(self, name: str, value: Any) -> list[str]:
        """Return the keys of entities with a value, or with one of the values of a list."""
        if name not in self._index:
            index: dict[Any, list[str]] = defaultdict(list)
            for key, record in self.entities.items():
                for one in _values(_property(record.entity, name)):
                    index[one].append(key)
            self._index[name] = index
        return [key for one in _values(value) for key in self._index[name].get(one, ())]

    def _create(self, target: Mapping[str, Any]) -> str:
        """Create a target, or add what one that was created before lacks; return its key."""
        key, kind = target.get("_key"), target.get("_type")
        if not isinstance(key, str) or not isinstance(kind, str) or not key.strip() or not kind.strip():
            raise Invalid("its target is not there and cannot be created without `_key` and `_type`")
        if key in self.entities:
            return key
        known = self.created.get(key)
        entity = Entity(key, kind, properties_of(target), _classes(target))
        if known is not None and known.entity is not None:
            entity = replace(known.entity, properties={**entity.properties, **known.entity.properties})
        self.created[key] = Record(key, entity)
        return key


def _alternatives(mapping: Mapping[str, Any]) -> list[list[str]]:
    filters = mapping.get("targetFilterKeys", _DEFAULT_FILTERS)
    if isinstance(filters, list) and filters and all(isinstance(one, str) for one in filters):
        filters = [filters]
    good = isinstance(filters, list) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in filters
    )
    if not good:
        raise Invalid("its `targetFilterKeys` are no lists of names")
    alternatives: list[list[str]] = filters
    return alternatives


def _between(edge: PlainEdge, source: str, targets: Sequence[str], *, backwards: bool) -> Iterator[PlainEdge]:
    """Yield a relationship to each target; only a single one can keep the key that was given."""
    for target in targets:
        start, end = (target, source) if backwards else (source, target)
        yield replace(
            edge,
            key=edge.key if len(targets) == 1 else "",
            type="" if edge.type.startswith(_UNNAMED) else edge.type,
            from_key=start,
            to_key=end,
            mapping=None,
        )


def _identity(target: Mapping[str, Any]) -> dict[str, Any]:
    return {name: target[name] for name in ("_key", "_type", "_class") if target.get(name) is not None}


def _property(entity: Entity | None, name: str) -> Value | tuple[str, ...] | None:
    if entity is None:
        return None
    match name:
        case "_key":
            return entity.key
        case "_type":
            return entity.type
        case "_class":
            return entity.classes
        case _:
            return entity.properties.get(name)


def _values(value: Any) -> Iterator[Any]:
    """Yield what a value is compared by: `1` is neither `true` nor `"1"`."""
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, str | int | float):
            yield (isinstance(one, bool), one)


def _classes(target: Mapping[str, Any]) -> tuple[str, ...]:
    classes = target.get("_class")
    named = classes if isinstance(classes, list) else [classes]
    return tuple(one for one in named if isinstance(one, str)) or _DEFAULT_CLASS
