"""Plans without optional groups: one for every choice of taking and skipping them.

The rows of a plan are those of its branches together. In a branch it is settled which slots are bound and what
each `either` stands for, so every rewrite and every index applies to it as to any other path.

A row that skips groups is dropped when another row agrees with it and binds more. It is enough to look for rows
that take some of the groups skipped between two hops, or behind the last one. Between hops the other row must
come back to where it left, because the next relationship is the same; it may go out by one group and come back
by another. At the end it may lead anywhere, so one group does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, dropwhile, product, takewhile
from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import (
    FALSE,
    Absent,
    Expand,
    Expression,
    ListOutput,
    Maybe,
    Nothing,
    Plan,
    Prop,
    Slot,
    Step,
    Whole,
)
from bucketgraph.j1ql.rules import rewrite
from bucketgraph.j1ql.rules.visit import expands, renumbered, substituted

MAX_BRANCHES: Final = 64
"""Six optional groups; the queries that people publish have three."""

MAX_WALKED: Final = 10_000
"""Hops and negations of all branches with all their tests: groups within groups and negations multiply."""


class _Work:
    """How much has been written of what may be written."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._walked = 0

    def add(self, path: Sequence[object]) -> None:
        """Take in a path. Raises `QueryError` when it is one too many."""
        self._walked += len(path) + 1
        if self._walked > MAX_WALKED:
            raise _too_many()


def _too_many() -> QueryError:
    return QueryError(
        f"The query has more optional groups than can be tried ({MAX_BRANCHES} combinations).",
        hint="Ask in several queries.",
    )


def branches(made: Plan, known: KnownGraph, look: Callable[[], None] = lambda: None) -> tuple[Plan, ...]:
    """Return rewritten plans that together have the plan's rows, at least one.

    A single group of one hop at the very end stays as it is: a store can keep the rows that it does not match.
    Raises `QueryError` for more groups than can be tried, and what `look` raises, which is called now and then.
    """
    found: list[Plan] = []
    work = _Work()
    last = made.steps[-1] if _ends_in_the_only_group(made) else None
    for path in _paths(made.steps[:-1] if last else made.steps, work):
        if len(found) >= MAX_BRANCHES:
            raise _too_many()
        look()
        found.append(_settled(made, path, last, work))
    rewritten = []
    for one in found:
        look()
        rewritten.append(_without_idle_tests(rewrite(one, known)))
    fruitful = tuple(one for one in rewritten if not _is_empty(one))
    return fruitful or (replace(rewritten[-1], where=FALSE),)


def _has_groups(steps: Sequence[Step]) -> bool:
    """Tell whether there is an optional group; those within negations do not count."""
    return any(isinstance(one, Maybe) for one in steps)


def _ends_in_the_only_group(made: Plan) -> bool:
    if not made.steps:
        return False
    *others, last = made.steps
    return (
        isinstance(last, Maybe)
        and len(last.steps) == 1
        and isinstance(last.steps[0], Expand)
        and not _has_groups(others)
    )


def _is_empty(made: Plan) -> bool:
    needed = [made.start.slot, *(one.target for one in made.steps if isinstance(one, Expand))]
    filters = [made.start.filter, made.where, *(one.filter for one in made.steps if isinstance(one, Expand))]
    return FALSE in filters or any(made.slots[slot].types == frozenset() for slot in needed)


def _without_idle_tests(made: Plan) -> Plan:
    """Return the plan without the negations that no row can fail: the graph has no such path."""
    return replace(
        made, steps=tuple(one for one in made.steps if not isinstance(one, Absent) or _can_fail(one, made))
    )


def _can_fail(test: Absent, made: Plan) -> bool:
    hops = [one for one in test.steps if isinstance(one, Expand)]
    if any(made.slots[one.target].types == frozenset() or one.filter == FALSE for one in hops):
        return False
    if test.back_to is None:
        return True
    ends = made.slots[hops[-1].target].types, made.slots[test.back_to].types
    return ends[0] is None or ends[1] is None or not ends[0].isdisjoint(ends[1])


# paths -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Skipped:
    """The place in a path where a group was left out."""

    group: Maybe


_Item = Expand | Absent | _Skipped


def _paths(steps: Sequence[Step], work: _Work) -> Iterator[tuple[_Item, ...]]:
    """Yield the steps with every choice made, those that take the most first."""
    if not steps:
        yield ()
        return
    first, rest = steps[0], steps[1:]
    if isinstance(first, Maybe):
        heads: list[tuple[_Item, ...]] = [one for one in _paths(first.steps, work) if _binds(one)]
        heads.append((_Skipped(first),))
    else:
        assert isinstance(first, Expand | Absent)  # noqa: S101  # only rules write the others, and later
        heads = [(first,)]
    for head in heads:
        for tail in _paths(rest, work):
            path = (*head, *tail)
            work.add(path)
            yield path


def _binds(path: Sequence[_Item]) -> bool:
    """Tell whether a path binds anything: taking a group that does not is the same as skipping it."""
    return any(isinstance(one, Expand) for one in path)


def _slots(steps: Sequence[Step]) -> frozenset[int]:
    found: set[int] = set()
    for step in steps:
        if isinstance(step, Expand):
            found |= {step.edge, step.target}
        elif isinstance(step, Maybe):
            found |= _slots(step.steps)
    return frozenset(found)


# settling --------------------------------------------------------------------------------------------


def _settled(made: Plan, path: Sequence[_Item], last: Step | None, work: _Work) -> Plan:
    """Return the plan of one path; `last` is the group that stays."""
    bound = {made.start.slot}
    slots = list(made.slots)
    steps: list[Step] = []
    guards: list[Absent] = []
    skipping = False
    for index, item in enumerate(path):
        if isinstance(item, Expand):
            steps.append(replace(item, source=_holder(made.slots, item.source, bound)))
            bound |= {item.edge, item.target}
        elif isinstance(item, Absent):
            steps += _plain(item, made.slots, bound, work)
        elif not skipping:
            guards += _guards(made, path[index:], frozenset(bound), work)
        skipping = isinstance(item, _Skipped) or (skipping and isinstance(item, Absent))
    tests = [_with_slots_of_its_own(one, slots) for one in guards]
    steps = [_with_slots_of_its_own(one, slots) if isinstance(one, Absent) else one for one in steps]
    branch = replace(made, slots=tuple(slots), steps=(*steps, *tests))
    if last is not None:
        return replace(branch, steps=(*branch.steps, last))

    def settle(one: Expression) -> Expression:
        if not isinstance(one, Prop | Whole):
            return one
        holder = _holder(made.slots, one.slot, bound)
        return replace(one, slot=holder) if holder in bound else Nothing()

    branch = substituted(branch, settle)
    if isinstance(made.output, ListOutput):
        branch = replace(branch, output=ListOutput(tuple(one for one in made.output.slots if one in bound)))
    return branch


def _with_slots_of_its_own(test: Absent, slots: list[Slot]) -> Absent:
    """Return a test whose slots nothing else in the branch has, so that narrowing them narrows only it."""
    numbers: dict[int, int] = {}
    for hop in expands(test.steps):
        for slot in (hop.edge, hop.target):
            numbers[slot] = len(slots)
            slots.append(replace(slots[slot], bound=False))
    return replace(test, steps=renumbered(test.steps, numbers))


def _holder(slots: Sequence[Slot], slot: int, bound: Collection[int]) -> int:
    """Return the entity's slot that an `either` stands for, -1 for none; any other slot stands for itself."""
    while slot >= 0 and slots[slot].kind == "either":
        slot = next((one for one in slots[slot].of if _is_bound(slots, one, bound)), -1)
    return slot


def _is_bound(slots: Sequence[Slot], slot: int, bound: Collection[int]) -> bool:
    if slots[slot].kind == "either":
        return any(_is_bound(slots, one, bound) for one in slots[slot].of)
    return slot in bound


def _plain(step: Absent, slots: Sequence[Slot], bound: Iterable[int], work: _Work) -> list[Absent]:
    """Return negations without optional groups that together say the same, begun at what is bound.

    A group at the end of a negation changes nothing: the path is there with it or without it.
    """
    steps = list(step.steps)
    while isinstance(steps[-1], Maybe):
        steps.pop()
    return [replace(step, steps=_walk(path, slots, bound, work)) for path in _paths(steps, work)]


def _walk(
    path: Sequence[_Item], slots: Sequence[Slot], bound: Iterable[int], work: _Work
) -> tuple[Step, ...]:
    """Return the hops and negations of a path, begun at what is bound."""
    inside = set(bound)
    steps: list[Step] = []
    for item in path:
        if isinstance(item, Expand):
            steps.append(replace(item, source=_holder(slots, item.source, inside)))
            inside |= {item.edge, item.target}
        elif isinstance(item, Absent):
            steps += _plain(item, slots, inside, work)
    return tuple(steps)


def _guards(made: Plan, path: Sequence[_Item], bound: frozenset[int], work: _Work) -> Iterator[Absent]:
    """Yield what must not be there for a row to stay that skips the groups at the beginning of a path."""
    stretch = list(takewhile(lambda one: not isinstance(one, Expand), path))
    followed = len(stretch) < len(path)
    for other in _taking_more(stretch, work, one_will_do=not followed):
        steps = _walk(other, made.slots, bound, work)
        first = next(one for one in steps if isinstance(one, Expand))
        yield Absent(steps, apart=True, back_to=first.source if followed else None)


def _taking_more(stretch: Sequence[_Item], work: _Work, *, one_will_do: bool) -> Iterator[tuple[_Item, ...]]:
    """Yield paths that take at least one of the groups that a stretch skips.

    What the stretch denies behind a group, the other row must deny from where it has come to. Where nothing is
    denied and the row may end anywhere, one group will do: a row that takes more goes through one that takes it.
    """
    one_will_do &= not any(isinstance(one, Absent) for one in stretch)
    choices = [
        ((), *filter(_binds, _paths(one.group.steps, work))) if isinstance(one, _Skipped) else ((one,),)
        for one in stretch
    ]
    for chosen in product(*choices):
        work.add(chosen)
        taken = sum(_binds(one) for one in chosen)
        if taken == 1 or (taken and not one_will_do):
            yield tuple(dropwhile(lambda one: not isinstance(one, Expand), chain(*chosen)))
