"""Where only existence matters, stop at the first path: no row is made that grouping would only throw away.

A list shows each entity once, UNIQUE each row once, and every aggregate takes each binding once, however many
paths lead to it. So the hops at the end of the path that nothing reads need to be there, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import Absent, Expand, Maybe, Plan, Present, Slot, Step, TableOutput, TreeOutput
from bucketgraph.j1ql.rules.point_hops import ways
from bucketgraph.j1ql.rules.visit import expands, expressions_of, listed, slots_of


def stop_early(made: Plan, known: KnownGraph) -> Plan:
    """Return the plan with the hops at its end that nothing reads turned into tests."""
    if not _once_is_enough(made) or any(_speaks_of_the_row(one) for one in made.steps):
        return made
    cut = _end_of_what_is_read(made)
    kept, tested = made.steps[:cut], _branches(made.steps[cut:])
    groups = [group for group in tested if isinstance(group[0], Expand)]
    if not groups or _may_share([kept, *groups], made.slots, known):
        return made
    if not _keeps_order(made, kept, groups):
        return made
    tests: list[Step] = []
    for group in tested:
        tests += (Present(tuple(group)),) if isinstance(group[0], Expand) else group
    return replace(made, steps=(*kept, *tests))


def _speaks_of_the_row(step: Step) -> bool:
    """Tell whether a step minds which relationships the row holds, so that none may be left out of it."""
    return isinstance(step, Maybe | Present) or (isinstance(step, Absent) and step.apart)


def _once_is_enough(made: Plan) -> bool:
    if isinstance(made.output, TreeOutput):
        return False
    return made.unique or not isinstance(made.output, TableOutput) or made.output.grouped


def _end_of_what_is_read(made: Plan) -> int:
    """Return the number of steps up to the last hop that binds something which is read."""
    read = set(listed(made)) | set(slots_of(made.where))
    for expression in expressions_of(made):
        read |= slots_of(expression)
    hops = [
        index
        for index, step in enumerate(made.steps)
        if isinstance(step, Expand) and not read.isdisjoint((step.edge, step.target))
    ]
    return hops[-1] + 1 if hops else 0


def _branches(steps: Sequence[Step]) -> list[list[Step]]:
    """Put together what hangs together: a hop with all that goes on from it."""
    groups: list[list[Step]] = []
    homes: dict[int, list[Step]] = {}
    for step in steps:
        home = homes.get(next(expands((step,))).source)
        if home is None:
            home = []
            groups.append(home)
        home.append(step)
        if isinstance(step, Expand):
            homes[step.target] = home
    return groups


def _may_share(groups: Sequence[Sequence[Step]], slots: Sequence[Slot], known: KnownGraph) -> bool:
    """Tell whether hops of two groups could want the same relationship, which one row may not walk twice."""
    seen: set[tuple[int, str, int]] = set()
    for group in groups:
        hops = [one for one in group if isinstance(one, Expand)]
        kinds = {
            (one.from_type, one.verb, one.to_type)
            for hop in hops
            for side in ways(hop, slots, known)
            for one in side
        }
        if seen & kinds:
            return True
        seen |= kinds
    return False


def _keeps_order(made: Plan, kept: Sequence[Step], groups: Sequence[Sequence[Step]]) -> bool:
    """Tell whether rows keep their order: it goes by the slots, so those that are left must come first.

    Groups of rows are put in the order of their keys, and a list without ORDER BY in that of its entities.
    """
    grouped = isinstance(made.output, TableOutput) and made.output.grouped
    if grouped or (not isinstance(made.output, TableOutput) and not made.order):
        return True
    left = [made.start.slot, *(one.target for one in kept if isinstance(one, Expand))]
    gone = [one.edge for group in groups for one in group if isinstance(one, Expand)]
    return max(left) < min(gone)
