"""The naive interpreter of plans: every row by trying everything, every clause by its words in `plan`.

It is slow and has no cleverness in which to be wrong; what it answers is what the SQL must answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from bucketgraph.j1ql import plan as p
from bucketgraph.j1ql.results import Answer
from bucketgraph.store.memory_graph import GraphState, MemoryEdge, MemoryEntity, MemoryGraph, Thing
from bucketgraph.store.memory_output import answer
from bucketgraph.store.memory_values import Row, Scene, held, true

__all__ = ["GraphState", "MemoryGraph", "match", "run"]

_Walked = frozenset[int]
"""The ids of the edges that a chain has walked."""


def run(plan: p.Plan, state: GraphState) -> Answer:
    """Answer a plan on what is visible of a graph; the whole answer at once."""
    return answer(plan, match(plan, state))


def match(plan: p.Plan, state: GraphState) -> list[Row]:
    """Return all rows for which `where` holds, each once, in their order."""
    found = list(dict.fromkeys(_bound(plan, row) for row in _Walk(plan.slots, state).rows(plan)))
    kept = [row for row in _without_subsumed(found) if true(plan.where, Scene(plan.slots, row))]
    return sorted(kept, key=lambda row: _place(plan, row))


class _Walk:
    """Walks the steps of a plan through a graph."""

    def __init__(self, slots: tuple[p.Slot, ...], state: GraphState) -> None:
        self._slots, self._state = slots, state

    def rows(self, plan: p.Plan) -> Iterator[Row]:
        """Yield every row, with what negated chains bound along the way already forgotten."""
        empty: Row = (None,) * len(plan.slots)
        for entity in self._state.entities.values():
            row = _with(empty, plan.start.slot, entity)
            if self._fits(plan.start.slot, entity) and true(plan.start.filter, Scene(self._slots, row)):
                for whole, _ in self._extend(row, plan.steps, frozenset()):
                    yield whole

    def _extend(self, row: Row, steps: tuple[p.Step, ...], walked: _Walked) -> Iterator[tuple[Row, _Walked]]:
        """Yield the row extended by all steps in every possible way, with the edges walked."""
        if not steps:
            yield row, walked
            return
        first, *others = steps
        for longer, more in self._once(row, first, walked):
            yield from self._extend(longer, tuple(others), more)

    def _once(self, row: Row, step: p.Step, walked: _Walked) -> Iterator[tuple[Row, _Walked]]:
        match step:
            case p.Expand():
                for edge, target in self._edges(row, step):
                    longer = _with(_with(row, step.edge, edge), step.target, target)
                    if edge.id not in walked and true(step.filter, Scene(self._slots, longer)):
                        yield longer, walked | {edge.id}
            case p.Absent():
                if not self._leads_somewhere(row, step, walked):
                    yield row, walked
            case p.Present():
                if next(self._extend(row, step.steps, frozenset()), None) is not None:
                    yield row, walked
            case p.Maybe():
                yield row, walked
                yield from self._extend(row, step.steps, walked)

    def _leads_somewhere(self, row: Row, test: p.Absent, walked: _Walked) -> bool:
        """Tell whether the steps of a negation can be walked to an end that counts."""
        ways = (longer for longer, _ in self._extend(row, test.steps, walked if test.apart else frozenset()))
        if test.back_to is None:
            return next(ways, None) is not None
        wanted = held(self._slots, row, test.back_to)
        last = [step for step in test.steps if isinstance(step, p.Expand)][-1]
        return any(longer[last.target] is wanted for longer in ways)

    def _edges(self, row: Row, step: p.Expand) -> Iterator[tuple[MemoryEdge, Thing]]:
        """Yield the edges of a hop, each once, with the entity at the other end."""
        source = held(self._slots, row, step.source)
        if not isinstance(source, MemoryEntity) or source.id not in self._state.touching:
            return
        for edge in self._state.touching[source.id]:
            along, against = edge.from_id == source.id, edge.to_id == source.id
            if {"right": along, "left": against, "any": True}[step.direction]:
                target = self._state.entities[edge.to_id if along else edge.from_id]
                if self._fits(step.edge, edge) and self._fits(step.target, target):
                    yield edge, target

    def _fits(self, slot: int, thing: Thing) -> bool:
        place = self._slots[slot]
        if isinstance(thing, MemoryEdge):
            return place.verbs is None or thing.verb in place.verbs
        return place.types is None or thing.type_id in place.types


def _with(row: Row, slot: int, thing: Thing) -> Row:
    return (*row[:slot], thing, *row[slot + 1 :])


def _bound(plan: p.Plan, row: Row) -> Row:
    """Forget what slots hold that no row binds."""
    return tuple(thing if slot.bound else None for slot, thing in zip(plan.slots, row, strict=True))


def _without_subsumed(rows: list[Row]) -> list[Row]:
    """Drop each row with which another one agrees in all that it binds, and binds more.

    Rows that bind the same slots are looked at together, as there are few choices of slots and many rows.
    """
    by_slots: dict[frozenset[int], list[Row]] = {}
    for row in rows:
        bound = frozenset(slot for slot, thing in enumerate(row) if thing is not None)
        by_slots.setdefault(bound, []).append(row)
    kept: list[Row] = []
    for bound, these in by_slots.items():
        more = [row for other, those in by_slots.items() if bound < other for row in those]
        covered = {_only(row, bound) for row in more}
        kept += [row for row in these if row not in covered]
    return kept


def _only(row: Row, slots: frozenset[int]) -> Row:
    return tuple(thing if slot in slots else None for slot, thing in enumerate(row))


def _place(plan: p.Plan, row: Row) -> list[tuple[bool, int]]:
    """Return where a row stands: by the ids of its slots in turn, the unbound last."""
    things = [held(plan.slots, row, slot) for slot in range(len(plan.slots))]
    return [(thing is None, 0 if thing is None else thing.id) for thing in things]
