"""Shapes: which properties an object has, and of which JSON kinds.

Most objects of a type share a few shapes. Equal ones are one object, so to know which shapes were met is to
keep a set that compares by identity, and costs next to nothing for every further object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from bucketgraph.graph.values import Properties

PropertyKind: TypeAlias = Literal["string", "number", "boolean", "list"]
"""The JSON kind of a value; times are numbers."""

_KINDS: Final[tuple[tuple[type, PropertyKind], ...]] = (
    (bool, "boolean"),
    (str, "string"),
    (int, "number"),
    (float, "number"),
)
_MOST_KEPT = 20_000
"""A bound on the memory of odd data; beyond it shapes are made again, which only costs time."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Names and kinds of an object's properties; compared by identity."""

    kinds: tuple[tuple[str, PropertyKind], ...]


_shapes: dict[tuple[Any, ...], Shape] = {}


def shape_of(properties: Properties) -> Shape:
    """Return the shape of an object with the given properties."""
    outline = (*properties, *map(type, properties.values()))
    found = _shapes.get(outline)
    if found is None:
        if len(_shapes) >= _MOST_KEPT:
            _shapes.clear()
        found = Shape(tuple((name, _kind(type(value))) for name, value in properties.items()))
        _shapes[outline] = found
    return found


def _kind(of: type) -> PropertyKind:
    return next((kind for base, kind in _KINDS if issubclass(of, base)), "list")
