"""Move tests of the type from a filter into its slot, where the store can use them to find rows."""

from __future__ import annotations

from dataclasses import replace

from bucketgraph.j1ql.known import KnownGraph, TypeIds
from bucketgraph.j1ql.plan import Expand, Not, OfType, Plan, Predicate, Slot, Step
from bucketgraph.j1ql.rules.visit import conjunction, conjuncts


def narrow_types(made: Plan, known: KnownGraph) -> Plan:
    """Return the plan with every `OfType` that must hold (or must not) folded into its slot's types."""
    slots = list(made.slots)
    start = replace(made.start, filter=_narrowed(made.start.filter, slots, known))
    steps = tuple(_step(one, slots, known) for one in made.steps)
    return replace(made, slots=tuple(slots), start=start, steps=steps)


def _step(step: Step, slots: list[Slot], known: KnownGraph) -> Step:
    if isinstance(step, Expand):
        return replace(step, filter=_narrowed(step.filter, slots, known))
    return replace(step, steps=tuple(_step(one, slots, known) for one in step.steps))


def _narrowed(filtered: Predicate, slots: list[Slot], known: KnownGraph) -> Predicate:
    kept: list[Predicate] = []
    for one in conjuncts(filtered):
        match one:
            case OfType(slot, types):
                slots[slot] = replace(slots[slot], types=_both(slots[slot].types, types))
            case Not(OfType(slot, types)):
                others = frozenset(known.by_id) - types
                slots[slot] = replace(slots[slot], types=_both(slots[slot].types, others))
            case _:
                kept.append(one)
    return conjunction(kept)


def _both(one: TypeIds | None, other: TypeIds) -> TypeIds:
    return other if one is None else one & other
