"""Ask WHERE as soon as its slot is bound, where every row binds that slot.

A row that skips an optional group and the row that drops it agree in all that both bind, so a filter on what
every row binds keeps both or neither: it may run before rows are dropped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import Expand, Plan, Predicate
from bucketgraph.j1ql.rules.visit import conjunction, conjuncts, slots_of


def push_filters(made: Plan, _: KnownGraph) -> Plan:
    """Return the plan with the parts of WHERE that read one slot moved to where it is bound."""
    homes = {made.start.slot: made.start.slot}
    for step in made.steps:
        if isinstance(step, Expand):
            homes |= {step.edge: step.target, step.target: step.target}
    moved: dict[int, list[Predicate]] = defaultdict(list)
    kept: list[Predicate] = []
    for one in conjuncts(made.where):
        reads = slots_of(one)
        home = {homes.get(slot) for slot in reads}
        target = home.pop() if len(home) == 1 else None
        (kept if target is None else moved[target]).append(one)
    if not moved:
        return made
    steps = tuple(
        replace(step, filter=conjunction((*conjuncts(step.filter), *moved[step.target])))
        if isinstance(step, Expand) and step.target in moved
        else step
        for step in made.steps
    )
    start = made.start
    if start.slot in moved:
        start = replace(start, filter=conjunction((*conjuncts(start.filter), *moved[start.slot])))
    return replace(made, start=start, steps=steps, where=conjunction(kept))
