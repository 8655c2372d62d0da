"""RETURN, HAVING and ORDER BY of a query, resolved.

In HAVING, and in ORDER BY of grouped rows, a name is a column; elsewhere it is an alias with its property.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import diagnostics, plan, syntax
from bucketgraph.j1ql.context import Context
from bucketgraph.j1ql.plan import (
    TRUE,
    Aggregate,
    Column,
    ColumnOutput,
    ListOutput,
    Nothing,
    Prop,
    SortKey,
    TableOutput,
    TreeOutput,
    Whole,
)
from bucketgraph.j1ql.resolve_conditions import Resolver, aggregates, parts
from bucketgraph.j1ql.rules.visit import changed_predicate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is made of the rows, how it is sorted, and what HAVING asks of rows that are not grouped."""

    output: plan.Output
    order: tuple[SortKey, ...]
    where: plan.Predicate = TRUE


def output_of(context: Context, query: syntax.Query, steps: Sequence[plan.Step]) -> Outcome:
    """Resolve RETURN, HAVING and ORDER BY. Raises `QueryError`."""
    if query.having is not None and not isinstance(query.returns, tuple):
        message = "HAVING speaks of the columns of RETURN"
        raise context.fail(
            query.having.span, message, hint="Name the columns: RETURN u.name AS n, COUNT(p) AS c."
        )
    if isinstance(query.returns, tuple):
        return _table(context, query, query.returns)
    row = _Row(context)
    order = tuple(row.key(one) for one in query.order)
    if isinstance(query.returns, syntax.Tree):
        return Outcome(TreeOutput(), order)
    return Outcome(ListOutput((0, *_trailing(context, steps))), order)


def _trailing(context: Context, steps: Sequence[plan.Step]) -> list[int]:
    """Return the entities in the optional groups that the query ends in: a list shows them too."""
    found: list[int] = []
    for step in reversed(steps):
        if not isinstance(step, plan.Maybe):
            break
        found += _entities(context, step.steps)
    return sorted(found)


def _entities(context: Context, steps: Sequence[plan.Step]) -> list[int]:
    found: list[int] = []
    for step in steps:
        if isinstance(step, plan.Expand):
            found.append(step.target)
        elif isinstance(step, plan.Maybe):
            found += _entities(context, step.steps)
    return found


def _table(context: Context, query: syntax.Query, items: Sequence[syntax.ReturnItem]) -> Outcome:
    row = _Row(context)
    columns = tuple(row.column(one) for one in items)
    grouped = any(aggregates(one.expression) for one in columns)
    if grouped:
        for item, column in zip(items, columns, strict=True):
            _check_mixture(context, item, column)
    finished = _Finished(context, row, columns)
    having = TRUE if query.having is None else finished.condition(query.having)
    order = tuple(finished.key(one, grouped=grouped) for one in query.order)
    if grouped:
        return Outcome(TableOutput(columns, grouped, having), order)
    return Outcome(TableOutput(columns), order, changed_predicate(having, finished.inlined))


def _outside(expression: plan.Expression) -> bool:
    """Tell whether a property or thing is read outside of aggregates."""
    match expression:
        case Prop() | Whole():
            return True
        case plan.Arithmetic(_, left, right):
            return _outside(left) or _outside(right)
        case plan.Function(_, args):
            return any(_outside(one) for one in args)
        case _:
            return False


def _check_mixture(context: Context, item: syntax.ReturnItem, column: ColumnOutput) -> None:
    if aggregates(column.expression) and _outside(column.expression):
        raise context.fail(
            item.span,
            f'"{column.name}" mixes an aggregate with values of single rows',
            hint="Return them as columns of their own: what is not aggregated groups the rows.",
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """What names mean where rows are at hand: in RETURN, and in ORDER BY of what is not grouped."""

    context: Context

    def path(self, path: syntax.Path) -> plan.Expression:
        """Return the property, or with one segment the thing itself."""
        slot = self.slot(path)
        if not self.context.slots[slot].bound:
            return Nothing()
        if len(path.segments) == 1:
            return Whole(slot)
        name = ".".join(path.segments[1:])
        self.context.warn_property(slot, name)
        return Prop(slot, name)

    def slot(self, path: syntax.Path) -> int:
        """Return the slot of a path's alias."""
        slot = self.context.names.find(path.segments[0])
        if slot is None:
            raise _unknown(self.context, path)
        return slot

    def resolver(self, *, inside: bool = False) -> Resolver:
        """Return who resolves expressions here; `inside` an aggregate there is none other."""
        return (
            Resolver(self.context, self.path) if inside else Resolver(self.context, self.path, self.aggregate)
        )

    def aggregate(self, node: syntax.Call) -> Aggregate:
        """Return an aggregate."""
        argument = self.resolver(inside=True).expression(node.args[0])
        over = {one.slot for one in parts(argument) if isinstance(one, Prop | Whole)}
        return Aggregate(cast("plan.AggregateName", node.name), argument, tuple(sorted(over)))

    def column(self, item: syntax.ReturnItem) -> ColumnOutput:
        """Return a column of RETURN."""
        node = item.expression
        if isinstance(node, syntax.Path) and node.star:
            slot = self.slot(node)
            bound = self.context.slots[slot].bound
            return ColumnOutput(node.segments[0], Whole(slot) if bound else Nothing(), star=True)
        return ColumnOutput(item.name, self.resolver().expression(node))

    def key(self, node: syntax.OrderKey) -> SortKey:
        """Return a sort key over rows."""
        return SortKey(_sortable(self.resolver(inside=True).expression(node.expression)), node.descending)


def _sortable(expression: plan.Expression) -> plan.Expression:
    return Prop(expression.slot, "_id") if isinstance(expression, Whole) else expression


def _unknown(context: Context, path: syntax.Path) -> QueryError:
    name = path.segments[0]
    error = diagnostics.return_selector(context.text, path.span, name, context.names.valid())
    is_property = len(path.segments) == 1 and any(name in one.properties for one in context.known.types)
    if is_property and (valid := context.names.valid()):
        error.hint = f"A property is written with what has it: {valid[0]}.{name}."
    return error


def _is_text(node: syntax.Expression) -> bool:
    return isinstance(node, syntax.Literal) and isinstance(node.value, str)


@dataclass(frozen=True, slots=True)
class _Finished:
    """What names mean where columns are finished: in HAVING and ORDER BY."""

    context: Context
    row: _Row
    columns: tuple[ColumnOutput, ...]

    def condition(self, node: syntax.Condition) -> plan.Predicate:
        """Resolve HAVING."""
        return Resolver(self.context, self._column, self._repeated).condition(self._named(node))

    def key(self, node: syntax.OrderKey, *, grouped: bool) -> SortKey:
        """Resolve a key of ORDER BY."""
        expression = node.expression
        if _is_text(expression):
            resolved: plan.Expression = Column(self._named_by(expression))
        elif grouped:
            resolved = Resolver(self.context, self._column, self._repeated).expression(expression)
        else:
            resolved = Resolver(self.context, self._column_or_row, self._repeated).expression(expression)
        if not grouped:
            resolved = _sortable(self.inlined(resolved))
        return SortKey(resolved, node.descending)

    def inlined(self, expression: plan.Expression) -> plan.Expression:
        """Replace a column by what it is made of: rows that are not grouped have no finished columns."""
        match expression:
            case Column(index):
                return self.columns[index].expression
            case plan.Arithmetic(op, left, right):
                return plan.Arithmetic(op, self.inlined(left), self.inlined(right))
            case plan.Function(name, args):
                return plan.Function(name, tuple(self.inlined(one) for one in args))
            case _:
                return expression

    def _column(self, path: syntax.Path) -> plan.Expression:
        index = self._find(self._text(path))
        if index is None:
            index = self._same(path)
        if index is None:
            name = self._text(path)
            raise diagnostics.return_selector(self.context.text, path.span, name, self._names())
        return Column(index)

    def _column_or_row(self, path: syntax.Path) -> plan.Expression:
        index = self._find(self._text(path))
        return self.row.path(path) if index is None else Column(index)

    def _same(self, path: syntax.Path) -> int | None:
        """Return the column that shows what a path means, whatever its name."""
        if self.context.names.find(path.segments[0]) is None:
            return None
        wanted = self.row.path(path)
        return next(
            (i for i, one in enumerate(self.columns) if one.expression == wanted and not one.star), None
        )

    def _repeated(self, node: syntax.Call) -> plan.Expression:
        wanted = self.row.aggregate(node)
        for index, one in enumerate(self.columns):
            if one.expression == wanted:
                return Column(index)
        start, end = node.span
        name = self.context.text[start:end]
        raise diagnostics.return_selector(self.context.text, node.span, name, self._names())

    def _named_by(self, node: syntax.Expression) -> int:
        """Return the column that a text in quotes names."""
        index = self._find(self._text(node))
        if index is None:
            raise diagnostics.return_selector(self.context.text, node.span, self._text(node), self._names())
        return index

    def _find(self, name: str) -> int | None:
        """Return the column of that name; of two the later one."""
        found = [i for i, one in enumerate(self.columns) if one.name == name and not one.star]
        return found[-1] if found else None

    def _text(self, node: syntax.Expression) -> str:
        if isinstance(node, syntax.Literal):
            return node.value if isinstance(node.value, str) else ""
        return ".".join(node.segments) if isinstance(node, syntax.Path) else ""

    def _names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.columns)

    def _named(self, node: syntax.Condition) -> syntax.Condition:
        """Take a text at the left of a comparison for the column that has it as a name."""
        match node:
            case syntax.Compare(syntax.Literal(value) as left, op, right) if _is_text(left):
                self._named_by(left)
                path = syntax.Path((str(value),), span=left.span)
                return syntax.Compare(path, op, right, span=node.span)
            case syntax.And(items):
                return syntax.And(tuple(self._named(one) for one in items), span=node.span)
            case syntax.Or(items):
                return syntax.Or(tuple(self._named(one) for one in items), span=node.span)
            case syntax.Not(item):
                return syntax.Not(self._named(item), span=node.span)
            case _:
                return node
