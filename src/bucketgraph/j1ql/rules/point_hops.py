"""Give hops the direction, the verbs and the types that the graph has: what was never seen need not be sought.

`user THAT OPENED pull_request` names no direction, but relationships of that kind were only ever seen one
way, so one index lookup does. What a slot can be also narrows what its neighbours can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bucketgraph.j1ql.known import KnownEdge, KnownGraph, TypeIds
from bucketgraph.j1ql.plan import Expand, Plan, Slot, Step


def point_hops(made: Plan, known: KnownGraph) -> Plan:
    """Return the plan with its hops pointed and their slots narrowed."""
    slots = list(made.slots)
    steps = _forwards(made.steps, slots, known)
    _backwards(steps, slots, known)
    return replace(made, slots=tuple(slots), steps=tuple(_forwards(steps, slots, known)))


def _forwards(steps: Sequence[Step], slots: list[Slot], known: KnownGraph) -> tuple[Step, ...]:
    done: list[Step] = []
    for step in steps:
        if isinstance(step, Expand):
            done.append(_pointed(step, slots, known))
        else:
            done.append(replace(step, steps=_forwards(step.steps, slots, known)))
    return tuple(done)


def ways(step: Expand, slots: Sequence[Slot], known: KnownGraph) -> tuple[list[KnownEdge], list[KnownEdge]]:
    """Return the kinds of relationships that a hop may walk along, and those it may walk against."""
    source, target, verbs = slots[step.source].types, slots[step.target].types, slots[step.edge].verbs
    along = known.between(source, verbs, target) if step.direction != "left" else []
    against = known.between(target, verbs, source) if step.direction != "right" else []
    return along, against


def _pointed(step: Expand, slots: list[Slot], known: KnownGraph) -> Expand:
    along, against = ways(step, slots, known)
    reached = frozenset(one.to_type for one in along) | frozenset(one.from_type for one in against)
    slots[step.target] = replace(slots[step.target], types=reached)
    verbs = frozenset(one.verb for one in (*along, *against))
    slots[step.edge] = replace(slots[step.edge], verbs=verbs)
    if step.direction == "any" and bool(along) != bool(against):
        return replace(step, direction="right" if along else "left")
    return step


def _backwards(steps: Sequence[Step], slots: list[Slot], known: KnownGraph) -> None:
    """Narrow the sources of hops that every row takes; a negation or an optional group says nothing of them."""
    for step in reversed([one for one in steps if isinstance(one, Expand)]):
        if slots[step.source].kind == "entity":
            along, against = ways(step, slots, known)
            starts: TypeIds = frozenset(one.from_type for one in along) | frozenset(
                one.to_type for one in against
            )
            slots[step.source] = replace(slots[step.source], types=starts)
