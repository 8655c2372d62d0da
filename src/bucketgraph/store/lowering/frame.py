"""The rows of all branches as one source of columns: what grouping, sorting and cutting are built on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, null, select, union_all

from bucketgraph.j1ql import plan
from bucketgraph.j1ql.plan import Expression, Nothing, Whole
from bucketgraph.j1ql.rules.visit import expands
from bucketgraph.store.lowering.paths import Path
from bucketgraph.store.lowering.setting import Setting
from bucketgraph.store.lowering.terms import Term, TermKind, sort_keys, to_json


class Frame:
    """Collects columns, one expression a branch each, then closes over them.

    With one branch the columns are read where they are found; several branches, or a caller that needs to read
    columns twice, make a subquery.
    """

    def __init__(self, made: plan.Plan, branches: Sequence[plan.Plan], setting: Setting) -> None:
        """Join every branch's path."""
        self.made, self.branches, self.setting = made, branches, setting
        self._paths: list[Path] = []
        for branch in branches:
            path = Path(setting, branch.slots)
            path.follow(branch)
            self._paths.append(path)
        self._columns: list[list[Term]] = []
        self._source: FromClause | None = None

    def add(self, expressions: Sequence[Expression]) -> int:
        """Take in a column: what it is in each branch. Returns its number."""
        terms = [path.terms.of(one) for path, one in zip(self._paths, expressions, strict=True)]
        self._columns.append(_of_one_kind(terms))
        return len(self._columns) - 1

    def add_slots(self) -> range:
        """Take in the ids that put rows in their order: of the first slot and all relationships.

        A hop's target follows from where it began and its relationship, so it says nothing new.
        """
        slots = [0, *(hop.edge for hop in expands(_positive(self.made.steps)))]
        bound = [bound_slots(branch) for branch in self.branches]
        begin = len(self._columns)
        for slot in sorted(slots):
            self.add([Whole(slot) if slot in held else Nothing() for held in bound])
        return range(begin, len(self._columns))

    def close(self, *, read_twice: bool = False) -> list[Term]:
        """Return all columns as they can be read now."""
        if len(self._paths) == 1 and not read_twice:
            return [terms[0] for terms in self._columns]
        parts = [
            path.select(*(terms[index].value.label(f"c{n}") for n, terms in enumerate(self._columns)))
            for index, path in enumerate(self._paths)
        ]
        sub = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("rows")
        self._source = sub
        return [on_column(sub, f"c{n}", terms[0]) for n, terms in enumerate(self._columns)]

    def select(self, *columns: Any) -> Select[Any]:
        """Return a select from the closed frame."""
        if self._source is None:
            return self._paths[0].select(*columns)
        return select(*columns).select_from(self._source)


def on_column(source: Subquery, name: str, like: Term) -> Term:
    """Return a term of the same kind that stands in a column of a subquery."""
    return Term(source.c[name], like.kind, is_edge=like.is_edge)


def _of_one_kind(terms: list[Term]) -> list[Term]:
    kinds: set[TermKind] = {one.kind for one in terms if one.kind != "nothing"}
    if len(kinds) > 1:
        return [Term(to_json(one), "json") for one in terms]
    like = next((one for one in terms if one.kind != "nothing"), terms[0])
    return [Term(null(), like.kind, is_edge=like.is_edge) if one.kind == "nothing" else one for one in terms]


def bound_slots(branch: plan.Plan) -> frozenset[int]:
    """Return the slots that the rows of a branch bind."""
    hops = expands(_positive(branch.steps))
    return frozenset({branch.start.slot, *(slot for hop in hops for slot in (hop.edge, hop.target))})


def _positive(steps: Sequence[plan.Step]) -> Iterator[plan.Step]:
    for step in steps:
        if isinstance(step, plan.Expand):
            yield step
        elif isinstance(step, plan.Maybe):
            yield from _positive(step.steps)


def by_id(terms: Sequence[Term]) -> list[ColumnElement[Any]]:
    """Return what sorts rows by ids, an unbound slot last."""
    return [key for one in terms for key in sort_keys(one, descending=False)]
