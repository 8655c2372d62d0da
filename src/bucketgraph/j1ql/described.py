"""What can be asked about, as programs and people get it: classes, types, verbs and properties with their counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from bucketgraph.errors import Unknown
from bucketgraph.graph.values import Value
from bucketgraph.j1ql.diagnostics import closest
from bucketgraph.j1ql.vocabulary import EdgeWord, TypeWord, Vocabulary

Example: TypeAlias = dict[str, Value]


def overview(words: Vocabulary) -> dict[str, Any]:
    """Return all classes, types and relationships with their counts."""
    return {
        "classes": [
            {"name": name, "count": sum(one.count for one in types), "types": sorted(t.name for t in types)}
            for name, types in sorted(words.classes().items())
        ],
        "types": [_type_line(one) for one in sorted(words.types.values(), key=lambda one: one.name)],
        "relationships": _edge_lines(words.edges),
    }


def of_name(words: Vocabulary, name: str, example: Callable[[str], Example]) -> dict[str, Any]:
    """Return what is behind a class, type or verb; raises Unknown that knows what may have been meant."""
    types = words.named(name)
    if types:
        return {
            "name": name,
            "types": [_whole_type(words, words.types[one], example) for one in sorted(types)],
            "relationships": _edge_lines(words.touching(types)),
        }
    edges = words.verbs().get(name.upper())
    if not edges:
        raise _unknown(words, name)
    return {"name": name.upper(), "types": [], "relationships": _edge_lines(edges)}


def _unknown(words: Vocabulary, name: str) -> Unknown:
    names = [*words.classes(), *words.types, *words.verbs()]
    near = closest(name, names)
    hint = f"Did you mean {near[0]}?" if near else "`bucketgraph schema` lists all of them."
    return Unknown(f"There is no class, type or verb {name!r}.", hint=hint)


def _type_line(one: TypeWord) -> dict[str, Any]:
    return {"name": one.name, "classes": one.classes, "count": one.count, "meaning": one.meaning}


def _whole_type(words: Vocabulary, one: TypeWord, example: Callable[[str], Example]) -> dict[str, Any]:
    sample = example(one.name)
    properties = [
        {"name": p.name, "kind": p.kind, "meaning": p.meaning, "example": sample.get(p.name)}
        for p in words.properties({one.name}).values()
    ]
    return {**_type_line(one), "properties": properties}


def _edge_lines(edges: Iterable[EdgeWord]) -> list[dict[str, Any]]:
    return [
        {
            "from": one.from_type,
            "verb": one.verb,
            "to": one.to_type,
            "count": one.count,
            "meaning": one.meaning,
            "properties": [
                {"name": p.name, "kind": p.kind, "meaning": p.meaning} for p in one.properties.values()
            ],
        }
        for one in sorted(edges, key=lambda one: (one.from_type, one.verb, one.to_type))
    ]
