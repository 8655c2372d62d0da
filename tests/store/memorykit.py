"""Plans and graphs by hand, in few words, for the tests of the naive interpreter.

Entities are numbered from 1 in the order given, relationships likewise; every entity's key is its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bucketgraph.j1ql import plan as p
from bucketgraph.j1ql.known import KnownGraph, KnownType
from bucketgraph.j1ql.results import Answer
from bucketgraph.store.memory import match, run
from bucketgraph.store.memory_graph import (
    EdgeVersion,
    EntityVersion,
    GraphState,
    MemoryEdge,
    MemoryGraph,
    Thing,
    Version,
)

TYPES = {"kit_user": ("User",), "kit_team": ("UserGroup",), "kit_repo": ("CodeRepo", "Thing")}
KNOWN = KnownGraph(
    tuple(KnownType(number, name, classes) for number, (name, classes) in enumerate(TYPES.items(), start=1))
)
ALIVE = Version(1, 10, 10)


def graph(nodes: Mapping[str, Any], *links: str, said: Mapping[str, Any] | None = None) -> GraphState:
    """Make a graph. A node is its properties; the first letter of its name tells its type: u, t or r.

    A link is written `u1 HAS t1`; `said` holds the properties of links by their text.
    """
    numbers = {name: number for number, name in enumerate(nodes, start=1)}
    entities = [
        EntityVersion(numbers[name], "utr".index(name[0]) + 1, name, properties, ALIVE)
        for name, properties in nodes.items()
    ]
    edges = []
    for number, link in enumerate(links, start=1):
        start, verb, end = link.split()
        properties = (said or {}).get(link, {})
        edges.append(EdgeVersion(number, verb, numbers[start], numbers[end], properties, ALIVE))
    return MemoryGraph(KNOWN, entities, edges).at()


def entity(kind: str = "", *, bound: bool = True) -> p.Slot:
    """Return a slot for entities of a type by its letter; empty: of any."""
    types = None if not kind else frozenset({"utr".index(kind) + 1})
    return p.Slot("entity", types=types, bound=bound)


def edge(*verbs: str, bound: bool = True) -> p.Slot:
    """Return a slot for relationships with one of the verbs; none: of any."""
    return p.Slot("edge", verbs=frozenset(verbs) or None, bound=bound)


def either(*of: int) -> p.Slot:
    """Return a slot that holds what the first bound of others holds."""
    return p.Slot("either", of=of)


def eq(slot: int, name: str, value: Any = True) -> p.Compare:  # noqa: FBT002
    """Return the predicate that a property equals a value."""
    return p.Compare(p.Prop(slot, name), "=", p.Const(value))


def plan(slots: Sequence[p.Slot], *steps: p.Step, **options: Any) -> p.Plan:
    """Return a plan that begins with slot 0."""
    return p.Plan(tuple(slots), options.pop("start", p.Scan(0)), steps, **options)


def rows(made: p.Plan, state: GraphState) -> list[str]:
    """Return each row as the keys of its entities and the verbs of its relationships, `-` for nothing."""
    return [
        " ".join(_called(one) for one, slot in zip(row, made.slots, strict=True) if slot.kind != "either")
        for row in match(made, state)
    ]


def _called(thing: Thing | None) -> str:
    if thing is None:
        return "-"
    return thing.verb if isinstance(thing, MemoryEdge) else thing.key


def listed(made: p.Plan, state: GraphState) -> list[str]:
    """Return the keys of a list."""
    answer = run(made, state)
    assert answer.type == "list"
    return [one["entity"]["_key"] for one in answer.data]


def column(name: str, expression: p.Expression, *, star: bool = False) -> p.ColumnOutput:
    """Return a column."""
    return p.ColumnOutput(name, expression, star)


def table(made: p.Plan, state: GraphState) -> list[Any]:
    """Return the rows of a table: tuples of their cells, or bare cells when there is one column."""
    answer: Answer = run(made, state)
    assert answer.type == "table"
    found = [tuple(row.values()) for row in answer.data]
    return [row[0] if len(row) == 1 else row for row in found]
