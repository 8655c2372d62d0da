"""Walking and rebuilding plans: the small tools of all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bucketgraph.j1ql.plan import (
    TRUE,
    Aggregate,
    And,
    Arithmetic,
    Column,
    ColumnOutput,
    Compare,
    Defined,
    Expand,
    Expression,
    Function,
    HasWords,
    ListOutput,
    Matches,
    Not,
    OfType,
    Or,
    Plan,
    Predicate,
    Prop,
    SortKey,
    Step,
    TableOutput,
    Whole,
)


def conjuncts(predicate: Predicate) -> tuple[Predicate, ...]:
    """Return the predicates that must all hold."""
    if isinstance(predicate, And):
        return tuple(inner for one in predicate.items for inner in conjuncts(one))
    return () if predicate == TRUE else (predicate,)


def conjunction(items: Iterable[Predicate]) -> Predicate:
    """Return one predicate for several that must all hold."""
    found = tuple(items)
    if not found:
        return TRUE
    return found[0] if len(found) == 1 else And(found)


def with_filters(step: Step, change: Callable[[Predicate], Predicate]) -> Step:
    """Rebuild a step with every filter in it changed."""
    if isinstance(step, Expand):
        return replace(step, filter=change(step.filter))
    return replace(step, steps=tuple(with_filters(one, change) for one in step.steps))


def with_predicates(made: Plan, change: Callable[[Predicate], Predicate]) -> Plan:
    """Rebuild a plan with every filter, WHERE and HAVING changed."""
    output = made.output
    if isinstance(output, TableOutput):
        output = replace(output, having=change(output.having))
    return replace(
        made,
        start=replace(made.start, filter=change(made.start.filter)),
        steps=tuple(with_filters(one, change) for one in made.steps),
        where=change(made.where),
        output=output,
    )


def expands(steps: Iterable[Step]) -> Iterator[Expand]:
    """Yield every hop, inside of groups and negations too."""
    for step in steps:
        if isinstance(step, Expand):
            yield step
        else:
            yield from expands(step.steps)


def slots_of(node: Expression | Predicate) -> frozenset[int]:
    """Return the slots that an expression or predicate reads."""
    match node:
        case Prop(slot) | Whole(slot) | HasWords(slot) | OfType(slot):
            return frozenset((slot,))
        case Arithmetic(_, left, right) | Compare(left, _, right):
            return slots_of(left) | slots_of(right)
        case Function(_, items) | And(items) | Or(items):
            return frozenset(slot for one in items for slot in slots_of(one))
        case Aggregate(_, item) | Not(item) | Defined(item) | Matches(item):
            return slots_of(item)
        case _:
            return frozenset()


def expressions_of(made: Plan) -> Iterator[Expression]:
    """Yield the expressions of output and order."""
    if isinstance(made.output, TableOutput):
        for column in made.output.columns:
            yield column.expression
    for key in made.order:
        yield key.expression


def substituted(made: Plan, change: Callable[[Expression], Expression]) -> Plan:
    """Rebuild WHERE, output and order with `change` applied to every `Prop` and `Whole` in them.

    Sets of slots (`Aggregate.over`) are made anew from what came out.
    """
    output = made.output
    if isinstance(output, TableOutput):
        columns = tuple(
            ColumnOutput(one.name, _changed(one.expression, change), one.star) for one in output.columns
        )
        output = replace(output, columns=columns)
    return replace(
        made,
        where=changed_predicate(made.where, change),
        output=output,
        order=tuple(SortKey(_changed(one.expression, change), one.descending) for one in made.order),
    )


def _changed(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    match node:
        case Prop() | Whole() | Column():
            return change(node)
        case Arithmetic(op, left, right):
            return Arithmetic(op, _changed(left, change), _changed(right, change))
        case Function(name, args):
            return Function(name, tuple(_changed(one, change) for one in args))
        case Aggregate(name, argument):
            changed = _changed(argument, change)
            return Aggregate(name, changed, tuple(sorted(slots_of(changed))))
        case _:
            return node


def with_leaves(node: Predicate, change: Callable[[Predicate], Predicate]) -> Predicate:
    """Rebuild a predicate with everything but AND, OR and NOT changed."""
    match node:
        case And(items):
            return And(tuple(with_leaves(one, change) for one in items))
        case Or(items):
            return Or(tuple(with_leaves(one, change) for one in items))
        case Not(item):
            return Not(with_leaves(item, change))
        case _:
            return change(node)


def changed_predicate(node: Predicate, change: Callable[[Expression], Expression]) -> Predicate:
    """Rebuild a predicate with `change` applied to every `Prop`, `Whole` and `Column` in it."""

    def leaf(one: Predicate) -> Predicate:
        match one:
            case Compare(left, op, right):
                return Compare(_changed(left, change), op, _changed(right, change))
            case Defined(item):
                return Defined(_changed(item, change))
            case Matches(item, pattern, flags):
                return Matches(_changed(item, change), pattern, flags)
            case _:
                return one

    return with_leaves(node, leaf)


def renumbered(steps: Sequence[Step], numbers: Mapping[int, int]) -> tuple[Step, ...]:
    """Return steps whose slots have other numbers; those that `numbers` does not name keep theirs."""

    def new(slot: int) -> int:
        return numbers.get(slot, slot)

    def expression(node: Expression) -> Expression:
        return replace(node, slot=new(node.slot)) if isinstance(node, Prop | Whole) else node

    def leaf(node: Predicate) -> Predicate:
        if isinstance(node, HasWords | OfType):
            return replace(node, slot=new(node.slot))
        return changed_predicate(node, expression)

    def step(one: Step) -> Step:
        if not isinstance(one, Expand):
            return replace(one, steps=tuple(step(inner) for inner in one.steps))
        filtered = with_leaves(one.filter, leaf)
        return Expand(new(one.source), new(one.edge), new(one.target), one.direction, filtered)

    return tuple(step(one) for one in steps)


def listed(made: Plan) -> tuple[int, ...]:
    """Return the slots whose entities a list shows."""
    return made.output.slots if isinstance(made.output, ListOutput) else ()
