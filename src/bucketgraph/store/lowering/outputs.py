"""Outputs as selects: lists, tables and trees over the rows of a plan's branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, Subquery, func, select, union_all

from bucketgraph.j1ql import plan
from bucketgraph.j1ql.plan import Nothing, Whole
from bucketgraph.store.lowering.frame import Frame, bound_slots, by_id, on_column
from bucketgraph.store.lowering.groups import grouped_table
from bucketgraph.store.lowering.paths import Path
from bucketgraph.store.lowering.setting import Setting, number
from bucketgraph.store.lowering.terms import Term, TermKind, identity, sort_keys

CellKind: TypeAlias = TermKind | Literal["entity", "edge", "calculated"]
"""A `calculated` number may have left the range of numbers."""

VERTEX = ("id", "type_id", "integration_id", "key", "version", "created_on", "begin_on", "end_on", "props")
"""The columns that a whole entity is read from."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """A statement, and how to read its rows.

    A list's rows are whole entities, a table's are cells of these kinds, a tree's are ids, slot by slot. SKIP and
    LIMIT are not in it, so that pages can be cut; a tree's are counted in entities by who reads it.
    """

    statement: Select[Any]
    cells: tuple[CellKind, ...] = ()
    slots: tuple[int, ...] = ()


def lowered(
    made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting, *, with_slots: bool = False
) -> Lowered:
    """Return the statement for the branches of a plan.

    `with_slots`: behind the cells of a row that stands for one path come the ids of all its slots.
    """
    match made.output:
        case plan.ListOutput():
            return Lowered(_list(made, branches, setting))
        case plan.TreeOutput():
            return _tree(made, branches, setting)
        case plan.TableOutput(_, True):
            statement, terms = grouped_table(made, branches, setting)
            return Lowered(statement, tuple(map(_cell_kind, terms)))
        case plan.TableOutput():
            return _table(made, branches, setting, with_slots=with_slots and not made.unique)


def _cell_kind(term: Term) -> CellKind:
    if term.kind == "number" and term.prop is None:
        return "calculated"
    if term.kind != "whole":
        return term.kind
    return "edge" if term.is_edge else "entity"


def _add_order(frame: Frame) -> list[int]:
    """Take in the keys of ORDER BY."""
    count = len(frame.made.order)
    return [
        frame.add([branch.order[index].expression for branch in frame.branches]) for index in range(count)
    ]


def _sorting(
    frame: Frame, terms: Sequence[Term], keys: Sequence[int], slots: range
) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    for index, one in zip(keys, frame.made.order, strict=True):
        found += sort_keys(terms[index], descending=one.descending)
    # The first entity is always there; sorting by whether it is would hide an index's order from the planner.
    first, *others = [terms[index] for index in slots]
    return [*found, first.value, *by_id(others)]


# tables ----------------------------------------------------------------------------------------------


def _table(made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting, *, with_slots: bool) -> Lowered:
    frame = Frame(made, branches, setting)
    count = len(made.output.columns) if isinstance(made.output, plan.TableOutput) else 0
    cells = [frame.add([_column(branch, index) for branch in branches]) for index in range(count)]
    keys, slots = _add_order(frame), frame.add_slots()
    every, members = _add_members(frame) if with_slots else ((), [])
    terms = frame.close(read_twice=made.unique)
    kinds = tuple(_cell_kind(terms[index]) for index in cells)
    order = _sorting(frame, terms, keys, slots)
    if not made.unique:
        chosen = [terms[index].value for index in (*cells, *members)]
        return Lowered(frame.select(*chosen).order_by(*order), kinds, every)
    shown = [terms[index] for index in cells]
    ranked = _ranked(frame, shown, order)
    again = [on_column(ranked, f"c{index}", one) for index, one in enumerate(shown)]
    unique = select(*(one.value for one in again), func.min(ranked.c.rank)).group_by(*map(identity, again))
    return Lowered(unique.order_by(func.min(ranked.c.rank)), kinds)


def _column(branch: plan.Plan, index: int) -> plan.Expression:
    assert isinstance(branch.output, plan.TableOutput)  # noqa: S101  # branches have their plan's output
    return branch.output.columns[index].expression


def _ranked(frame: Frame, shown: Sequence[Term], order: Sequence[ColumnElement[Any]]) -> Subquery:
    """Return the shown columns of all rows with each row's place."""
    columns = [one.value.label(f"c{index}") for index, one in enumerate(shown)]
    place = func.row_number().over(order_by=list(order)).label("rank")
    return frame.select(*columns, place).subquery("ranked")


# lists -----------------------------------------------------------------------------------------------


def _list(made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting) -> Select[Any]:
    if len(branches) == 1 and bound_slots(branches[0]) == {0}:
        return _of_one_slot(branches[0], setting)
    return _sorted_list(made, branches, setting) if made.order else _plain_list(branches, setting)


def _of_one_slot(branch: plan.Plan, setting: Setting) -> Select[Any]:
    path = Path(setting, branch.slots)
    path.follow(branch)
    keys = [
        key
        for one in branch.order
        for key in sort_keys(path.terms.of(one.expression), descending=one.descending)
    ]
    row = path.row_of(0)
    return path.select(*(row.c[name] for name in VERTEX)).order_by(*keys, row.c.id)


def _plain_list(branches: Sequence[plan.Plan], setting: Setting) -> Select[Any]:
    ids = []
    for branch in branches:
        for slot in _listed(branch):
            path = Path(setting, branch.slots)
            path.follow(branch)
            ids.append(path.select(path.id_of(slot).label("id")))
    row = setting.entities("e")
    statement = select(*(row.c[name] for name in VERTEX))
    found = union_all(*ids) if len(ids) > 1 else ids[0]
    return statement.where(row.c.id.in_(found)).order_by(row.c.id)


def _listed(branch: plan.Plan) -> tuple[int, ...]:
    return branch.output.slots if isinstance(branch.output, plan.ListOutput) else ()


def _sorted_list(made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting) -> Select[Any]:
    """Put each entity where its first row stands; of one row, in the order of the slots."""
    frame = Frame(made, branches, setting)
    listed = _listed(made)
    members = [
        frame.add([Whole(slot) if slot in bound_slots(branch) else Nothing() for branch in branches])
        for slot in listed
    ]
    keys, slots = _add_order(frame), frame.add_slots()
    terms = frame.close(read_twice=True)
    ranked = _ranked(frame, [terms[index] for index in members], _sorting(frame, terms, keys, slots))
    places = [
        select(
            ranked.c[f"c{index}"].label("id"), (ranked.c.rank * len(listed) + number(index)).label("place")
        )
        for index in range(len(listed))
    ]
    every = (union_all(*places) if len(places) > 1 else places[0]).subquery("places")
    first = select(every.c.id, func.min(every.c.place).label("place")).group_by(every.c.id).subquery("first")
    row = setting.entities("e")
    statement = select(*(row.c[name] for name in VERTEX)).join_from(first, row, first.c.id == row.c.id)
    return statement.order_by(first.c.place)


# trees -----------------------------------------------------------------------------------------------


def _tree(made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting) -> Lowered:
    frame = Frame(made, branches, setting)
    every, members = _add_members(frame)
    keys, slots = _add_order(frame), frame.add_slots()
    terms = frame.close()
    order = _sorting(frame, terms, keys, slots)
    return Lowered(frame.select(*(terms[index].value for index in members)).order_by(*order), slots=every)


def _add_members(frame: Frame) -> tuple[tuple[int, ...], list[int]]:
    """Take in the ids of all slots; return the slots and the numbers of their columns."""
    bound = [bound_slots(branch) for branch in frame.branches]
    every = sorted(frozenset[int]().union(*bound))
    members = [frame.add([Whole(slot) if slot in held else Nothing() for held in bound]) for slot in every]
    return tuple(every), members
