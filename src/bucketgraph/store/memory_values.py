"""What expressions and predicates of a plan mean in the naive interpreter, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from bucketgraph.j1ql import plan as p
from bucketgraph.j1ql import values
from bucketgraph.j1ql.patterns import compile_pattern
from bucketgraph.j1ql.values import Cell
from bucketgraph.store.memory_graph import MemoryEdge, MemoryEntity, Thing

Row: TypeAlias = tuple[Thing | None, ...]
"""What each slot binds. An `either` binds nothing of its own: ask `held`."""

Found: TypeAlias = Cell | Thing
"""The value of an expression; a whole entity or relationship is one too."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an expression may read: a row, the rows of its group, and the finished columns."""

    slots: tuple[p.Slot, ...]
    row: Row
    group: Sequence[Row] = ()
    columns: Sequence[Found] = ()

    def held(self, slot: int) -> Thing | None:
        """Return what a slot holds."""
        return held(self.slots, self.row, slot)


def held(slots: tuple[p.Slot, ...], row: Row, slot: int) -> Thing | None:
    """Return what a slot of a row holds; an `either` holds what the first bound of its slots holds."""
    if slots[slot].kind != "either":
        return row[slot]
    found = (held(slots, row, other) for other in slots[slot].of)
    return next((thing for thing in found if thing is not None), None)


def value(expression: p.Expression, scene: Scene) -> Found:  # noqa: PLR0911  # one answer for each kind
    """Return the value of an expression, None when it is missing."""
    match expression:
        case p.Const():
            return expression.value
        case p.Nothing():
            return None
        case p.Prop():
            thing = scene.held(expression.slot)
            return None if thing is None else thing.get(expression.name)
        case p.Whole():
            return scene.held(expression.slot)
        case p.Column():
            return scene.columns[expression.index]
        case p.Arithmetic():
            sides = (plain(value(side, scene)) for side in (expression.left, expression.right))
            return values.arithmetic(expression.op, *sides)
        case p.Function():
            return values.call(expression.name, [plain(value(one, scene)) for one in expression.args])
        case p.Aggregate():
            return _aggregate(expression, scene)
        case _:
            assert_never(expression)


def _aggregate(aggregate: p.Aggregate, scene: Scene) -> int | float | None:
    bindings: dict[Row, Row] = {}
    for row in scene.group:
        bindings.setdefault(tuple(held(scene.slots, row, slot) for slot in aggregate.over), row)
    found = [value(aggregate.argument, Scene(scene.slots, row)) for row in bindings.values()]
    return values.fold(aggregate.name, map(plain, found))


def true(predicate: p.Predicate, scene: Scene) -> bool:  # noqa: PLR0911  # one answer for each kind
    """Tell whether a predicate holds."""
    match predicate:
        case p.Always():
            return predicate.truth
        case p.And():
            return all(true(one, scene) for one in predicate.items)
        case p.Or():
            return any(true(one, scene) for one in predicate.items)
        case p.Not():
            return not true(predicate.item, scene)
        case p.Compare():
            return _compare(value(predicate.left, scene), predicate.op, value(predicate.right, scene))
        case p.Defined():
            return value(predicate.item, scene) is not None
        case p.Matches():
            pattern = compile_pattern(predicate.pattern, predicate.flags)
            found = values.elements(plain(value(predicate.item, scene)))
            return any(isinstance(one, str) and bool(pattern.search(one)) for one in found)
        case p.HasWords():
            return set(predicate.words) <= _words(scene.held(predicate.slot))
        case p.OfType():
            thing = scene.held(predicate.slot)
            return isinstance(thing, MemoryEntity) and thing.type_id in predicate.types
        case _:
            assert_never(predicate)


def _compare(left: Found, op: p.Comparison, right: Found) -> bool:
    if is_thing(left) or is_thing(right):
        return op == "=" and left is right
    return values.holds(plain(left), op, plain(right))


def _words(thing: Thing | None) -> set[str]:
    if thing is None:
        return set()
    said = [*thing.properties.values(), thing.get("_type")]
    return {word for one in said for word in values.words_of(one)}


def is_thing(found: Found) -> bool:
    """Tell a whole entity or relationship from a plain value."""
    return isinstance(found, MemoryEntity | MemoryEdge)


def plain(found: Found) -> Cell:
    """Return a plain value: to functions a whole entity is its `_id`."""
    return found.get("_id") if isinstance(found, MemoryEntity | MemoryEdge) else found
