"""Grouped tables: keys, aggregates, HAVING."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, literal, select

from bucketgraph.j1ql import plan
from bucketgraph.j1ql.plan import Aggregate, Expression, Nothing, Whole
from bucketgraph.j1ql.resolve_conditions import aggregates, parts
from bucketgraph.store.lowering.frame import Frame, bound_slots, by_id, on_column
from bucketgraph.store.lowering.predicates import condition
from bucketgraph.store.lowering.setting import Setting
from bucketgraph.store.lowering.terms import Term, Terms, identity, sort_keys, to_number

_TAKES_EACH_ONCE: Final = frozenset({"SUM", "AVG"})


@dataclass(frozen=True, slots=True)
class _Folded:
    """An aggregate with the numbers of its argument's column and of those that tell bindings apart."""

    node: Aggregate
    argument: int
    over: tuple[int, ...]


def grouped_table(
    made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting
) -> tuple[Select[Any], list[Term]]:
    """Return the sorted statement of a grouped table, and the terms of its columns."""
    output = made.output
    assert isinstance(output, plan.TableOutput)  # noqa: S101  # the caller's match
    frame = Frame(made, branches, setting)
    keys = [index for index, one in enumerate(output.columns) if not aggregates(one.expression)]
    key_columns = {index: frame.add(_column(branches, index)) for index in keys}
    folded = [one for index in range(len(output.columns)) for one in _fold(frame, branches, index, made)]
    once = {
        one.node
        for one in folded
        if one.node.name in _TAKES_EACH_ONCE and not (one.over and _single(branches))
    }
    terms = frame.close(read_twice=bool(once))
    source, terms, ranks = _ranked(frame, terms, folded, key_columns, once)
    values = {one.node: _value(one, terms, ranks, single=_single(branches)) for one in folded}

    def leaf(node: Expression) -> Term | None:
        return values.get(node) if isinstance(node, Aggregate) else None

    finished = [
        terms[key_columns[index]] if index in key_columns else Terms(None, leaf).of(one.expression)
        for index, one in enumerate(output.columns)
    ]
    shown = [
        (func.min(one.value) if one.kind in {"json", "list"} and index in key_columns else one.value).label(
            f"g{index}"
        )
        for index, one in enumerate(finished)
    ]
    group = source(*shown).group_by(*(identity(terms[one]) for one in key_columns.values()))
    return _finish(made, output, group, finished, keys)


def _finish(
    made: plan.Plan,
    output: plan.TableOutput,
    group: Select[Any],
    finished: list[Term],
    keys: Sequence[int],
) -> tuple[Select[Any], list[Term]]:
    sub = group.subquery("groups")
    columns = [on_column(sub, f"g{index}", one) for index, one in enumerate(finished)]

    def leaf(node: Expression) -> Term | None:
        return columns[node.index] if isinstance(node, plan.Column) else None

    terms = Terms(None, leaf)
    statement = select(*(one.value for one in columns))
    if output.having != plan.TRUE:
        statement = statement.where(condition(output.having, terms))
    order = [
        key for one in made.order for key in sort_keys(terms.of(one.expression), descending=one.descending)
    ]
    return statement.order_by(*order, *by_id([columns[index] for index in keys])), columns


def _column(branches: Sequence[plan.Plan], index: int) -> list[Expression]:
    found: list[Expression] = []
    for branch in branches:
        assert isinstance(branch.output, plan.TableOutput)  # noqa: S101  # branches have their plan's output
        found.append(branch.output.columns[index].expression)
    return found


def _fold(frame: Frame, branches: Sequence[plan.Plan], index: int, made: plan.Plan) -> Iterator[_Folded]:
    """Take in the arguments of a column's aggregates: they stand in the same order in every branch."""
    nodes = aggregates(_column([made], index)[0])
    for number, node in enumerate(nodes):
        mine = [aggregates(one)[number] for one in _column(branches, index)]
        argument = frame.add([one.argument for one in mine])
        over: list[int] = []
        if node.name in _TAKES_EACH_ONCE:
            leaves = zip(*(_holders(one.argument) for one in mine), strict=True)
            over = [frame.add(one) for one in leaves]
        yield _Folded(node, argument, tuple(over))


def _holders(argument: Expression) -> list[Expression]:
    """Return what an argument reads of, in the order of its text: in every branch the same places."""
    return [
        Nothing() if isinstance(one, Nothing) else Whole(one.slot)
        for one in parts(argument)
        if isinstance(one, plan.Prop | Whole | Nothing)
    ]


def _single(branches: Sequence[plan.Plan]) -> bool:
    """Tell whether every row binds one entity, so that none comes twice."""
    return len(branches) == 1 and len(bound_slots(branches[0])) == 1


def _ranked(
    frame: Frame,
    terms: list[Term],
    folded: Sequence[_Folded],
    keys: dict[int, int],
    once: set[Aggregate],
) -> tuple[Callable[..., Select[Any]], list[Term], dict[Aggregate, ColumnElement[Any]]]:
    """Number the rows of each binding within each group, where an aggregate takes each binding once."""
    if not once:
        return frame.select, terms, {}
    within = [identity(terms[one]) for one in keys.values()]
    labels: dict[Aggregate, str] = {}
    columns: list[Any] = [one.value.label(f"c{number}") for number, one in enumerate(terms)]
    for number, one in enumerate(folded):
        if one.node in once and one.node not in labels:
            partition = [*within, *(terms[slot].value for slot in one.over)]
            labels[one.node] = f"n{number}"
            columns.append(func.row_number().over(partition_by=partition or None).label(f"n{number}"))
    sub = frame.select(*columns).subquery("numbered")
    seen = [on_column(sub, f"c{number}", one) for number, one in enumerate(terms)]
    ranks: dict[Aggregate, ColumnElement[Any]] = {node: sub.c[label] for node, label in labels.items()}
    return (lambda *chosen: select(*chosen).select_from(sub)), seen, ranks


def _value(
    folded: _Folded, terms: list[Term], ranks: dict[Aggregate, ColumnElement[Any]], *, single: bool
) -> Term:
    argument = terms[folded.argument]
    if folded.node.name == "COUNT":
        return Term(_count(argument, single=single), "number")
    value = to_number(argument)
    rank = ranks.get(folded.node)
    if rank is not None:
        value = case((rank == 1, value))
    name = folded.node.name.lower()
    if name == "sum" and argument.prop is None:  # what is calculated may add up to more than 64 bits
        name = "j1_sum"
    return Term(getattr(func, name)(value), "number")


def _count(argument: Term, *, single: bool) -> ColumnElement[Any]:
    match argument.kind:
        case "nothing":
            return func.count(literal(None))
        case "whole" if single:
            return func.count()
        case "json" | "list":
            return func.coalesce(
                func.j1_count(argument.value), 0
            )  # Python's aggregates give null for no rows
        case _:
            return func.count(argument.value.distinct())
