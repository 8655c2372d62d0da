"""What the naive interpreter makes of the rows: a list, a tree or a table, sorted and cut."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bucketgraph.j1ql import plan as p
from bucketgraph.j1ql import shapes, values
from bucketgraph.j1ql.results import Answer
from bucketgraph.store.memory_graph import MemoryEdge, MemoryEntity, Thing
from bucketgraph.store.memory_values import Found, Row, Scene, is_thing, plain, true, value

T = TypeVar("T")


def answer(plan: p.Plan, rows: list[Row]) -> Answer:
    """Make the output of a plan from its rows, which are in their order."""
    if isinstance(plan.output, p.TableOutput):
        return _table(plan, plan.output, rows)
    scenes = _sorted([Scene(plan.slots, row) for row in rows], plan.order)
    if isinstance(plan.output, p.ListOutput):
        return _list(plan, plan.output, scenes)
    return _tree(plan, scenes)


def show(thing: Thing) -> dict[str, Any]:
    """Return an entity or relationship as clients get it."""
    if isinstance(thing, MemoryEntity):
        return shapes.vertex(thing.metadata, thing.properties)
    return shapes.edge(thing.metadata, thing.properties, from_id=thing.from_id, to_id=thing.to_id)


# ------------------------------------------------------------------------------------- lists and trees


def _list(plan: p.Plan, output: p.ListOutput, scenes: list[Scene]) -> Answer:
    found = _present(scene.held(slot) for scene in scenes for slot in output.slots)
    if not plan.order:
        found = sorted(found, key=lambda thing: thing.id)
    data = [show(thing) for thing in _cut(plan, found)]
    return Answer("list", data, total=len(data))


def _tree(plan: p.Plan, scenes: list[Scene]) -> Answer:
    starts = set(_cut(plan, _present(scene.held(0) for scene in scenes)))
    rows = [scene.row for scene in scenes if scene.held(0) in starts]
    things = sorted(_present(thing for row in rows for thing in row), key=lambda thing: thing.id)
    vertices = [show(thing) for thing in things if isinstance(thing, MemoryEntity)]
    edges = [show(thing) for thing in things if isinstance(thing, MemoryEdge)]
    return Answer("tree", {"vertices": vertices, "edges": edges}, total=len(starts))


def _present(things: Any) -> list[Thing]:
    """Return the different things, in the order in which they come first."""
    return [thing for thing in dict.fromkeys(things) if thing is not None]


# ---------------------------------------------------------------------------------------------- tables


def _table(plan: p.Plan, output: p.TableOutput, rows: list[Row]) -> Answer:
    scenes = _groups(plan, output, rows) if output.grouped else [Scene(plan.slots, row) for row in rows]
    lines = [_finished(output, scene) for scene in scenes]
    lines = _sorted([line for line in lines if true(output.having, line)], plan.order)
    if plan.unique:
        first: dict[Hashable, Scene] = {}
        for line in lines:
            first.setdefault(_same(line.columns), line)
        lines = list(first.values())
    return _named(output, _cut(plan, lines))


def _groups(plan: p.Plan, output: p.TableOutput, rows: list[Row]) -> list[Scene]:
    keys = [one.expression for one in output.columns if not _aggregates(one.expression)]
    groups: dict[Hashable, list[Row]] = {} if keys else {(): []}
    for row in rows:
        found = [value(key, Scene(plan.slots, row)) for key in keys]
        groups.setdefault(_same(found), []).append(row)
    nothing: Row = (None,) * len(plan.slots)
    scenes = [Scene(plan.slots, group[0] if group else nothing, group) for group in groups.values()]
    return _sorted(scenes, tuple(map(p.SortKey, keys)))


def _aggregates(expression: p.Expression) -> bool:
    match expression:
        case p.Aggregate():
            return True
        case p.Arithmetic():
            return _aggregates(expression.left) or _aggregates(expression.right)
        case p.Function():
            return any(map(_aggregates, expression.args))
        case _:
            return False


def _finished(output: p.TableOutput, scene: Scene) -> Scene:
    return replace(scene, columns=[value(one.expression, scene) for one in output.columns])


def _named(output: p.TableOutput, lines: Sequence[Scene]) -> Answer:
    data: list[dict[str, Any]] = []
    columns: list[list[str]] = [[] if one.star else [one.name] for one in output.columns]
    for line in lines:
        cells = [_cells(one, found) for one, found in zip(output.columns, line.columns, strict=True)]
        data.append({name: cell for these in cells for name, cell in these.items()})
        for names, these in zip(columns, cells, strict=True):
            names += [name for name in these if name not in names]
    return Answer(
        "table",
        data,
        columns=tuple(dict.fromkeys(name for names in columns for name in names)),
        total=len(data),
    )


def _cells(column: p.ColumnOutput, found: Found) -> dict[str, Any]:
    if isinstance(found, MemoryEntity | MemoryEdge):
        if column.star:
            return dict(shapes.star(column.name, found.metadata, found.properties))
        return {column.name: show(found)}
    return {} if column.star else {column.name: found}


# --------------------------------------------------------------------------------- sorting and cutting


def _same(found: Sequence[Found]) -> Hashable:
    """Return what is equal when all values are."""
    return tuple(
        (is_thing(one), type(one).__name__ if is_thing(one) else "", values.identity(plain(one)))
        for one in found
    )


def _sorted(scenes: list[Scene], keys: Sequence[p.SortKey]) -> list[Scene]:
    """Sort by the last key first, as each sorting leaves the order of equals alone."""
    for key in reversed(keys):
        found = [(value(key.expression, scene), scene) for scene in scenes]
        there = sorted(
            (pair for pair in found if pair[0] is not None),
            key=lambda pair: values.order_key(plain(pair[0])),
            reverse=key.descending,
        )
        scenes = [scene for _, scene in there] + [scene for one, scene in found if one is None]
    return scenes


def _cut(plan: p.Plan, items: Sequence[T]) -> Sequence[T]:
    return items[plan.skip :] if plan.limit is None else items[plan.skip : plan.skip + plan.limit]
