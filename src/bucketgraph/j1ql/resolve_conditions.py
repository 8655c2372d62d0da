"""Conditions and expressions of a query, resolved: names to slots, negated operators to `Not`, lists to AND/OR.

Who resolves says what a path means: a property of one slot in WITH, an alias and its property in WHERE and
RETURN, a column in HAVING.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from bucketgraph.graph.values import Scalar
from bucketgraph.j1ql import dates, plan, syntax, values
from bucketgraph.j1ql.context import Context
from bucketgraph.j1ql.functions import FUNCTIONS
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.plan import FALSE, Compare, Const, Defined, Matches, Not, Nothing, Or, Predicate

Meaning: TypeAlias = Callable[[syntax.Path], plan.Expression]
Calls: TypeAlias = Callable[[syntax.Call], plan.Expression | None]
"""What a call means where it stands; None: it is a function like any other."""

_TAG: Final = "tag."
_TRUE_TAG: Final = (True, "true")


def _no_aggregates(_: syntax.Call) -> plan.Expression | None:
    return None


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves conditions and expressions. `path` says what a path means, `aggregate` what an aggregate."""

    context: Context
    path: Meaning
    aggregate: Calls = _no_aggregates

    # conditions --------------------------------------------------------------------------------------

    def condition(self, node: syntax.Condition) -> Predicate:
        """Return what a condition means."""
        match node:
            case syntax.And(items):
                return plan.And(tuple(self.condition(one) for one in items))
            case syntax.Or(items):
                return Or(tuple(self.condition(one) for one in items))
            case syntax.Not(item):
                return Not(self.condition(item))
            case syntax.Compare():
                return self._compare(node)

    def _compare(self, node: syntax.Compare) -> Predicate:
        operator = OPERATORS[node.op]
        positive = cast("plan.Comparison", operator.negates or operator.text)
        if isinstance(node.left, syntax.Undefined) and positive == "=":
            choices: list[Predicate] = [Not(Defined(right)) for right in self._defined(node.right)]
        else:
            choices = [self._values(left, positive, node.right) for left in self._scalars(node.left)]
        found = choices[0] if len(choices) == 1 else Or(tuple(choices))
        return Not(found) if operator.negates else found

    def _values(self, left: plan.Expression, op: plan.Comparison, node: syntax.Value) -> Predicate:
        match node:
            case syntax.ValueList("AND", items):
                return plan.And(tuple(self._values(left, op, one) for one in items))
            case syntax.ValueList(_, items):
                return Or(tuple(self._values(left, op, one) for one in items))
            case syntax.Regex(pattern, flags):
                return Matches(left, pattern, flags)
            case syntax.Undefined():
                return Not(Defined(left)) if op == "=" else FALSE
        choices = [self._scalar(left, op, one) for one in self._scalars(node)]
        return choices[0] if len(choices) == 1 else Or(tuple(choices))

    def _defined(self, node: syntax.Value) -> list[plan.Expression]:
        """Return what is asked to be missing when `undefined` stands at the left."""
        if isinstance(node, syntax.ValueList):
            return [right for one in node.items for right in self._defined(one)]
        return [Nothing()] if isinstance(node, syntax.Regex) else [self.expression(node)]

    def _scalar(self, left: plan.Expression, op: plan.Comparison, right: plan.Expression) -> Predicate:
        pairs = ((left, right), (right, left))
        for tag, value in pairs:
            if op == "=" and _is_tag(tag) and isinstance(value, Const) and _is_true(value.value):
                return Or(tuple(Compare(tag, "=", Const(one)) for one in _TRUE_TAG))
        return Compare(left, op, right)

    def _scalars(self, node: syntax.Expression) -> list[plan.Expression]:
        """Return the expression, or one for each value of a parameter that is a list."""
        if isinstance(node, syntax.Parameter) and isinstance(given := self.context.value(node), list):
            return [Const(one) for one in given] or [Nothing()]
        return [self.expression(node)]

    # expressions -------------------------------------------------------------------------------------

    def expression(self, node: syntax.Expression) -> plan.Expression:
        """Return what an expression means; what holds no property is calculated at once."""
        match node:
            case syntax.Path():
                return self.path(node)
            case syntax.Negate(operand):
                return _calculated("-", Const(0), self.expression(operand))
            case syntax.Arithmetic():
                return self._arithmetic(node)
            case syntax.Call():
                return self._call(node)
            case _:
                return self._constant(node)

    def _constant(self, node: syntax.Expression) -> plan.Expression:
        match node:
            case syntax.Literal(value):
                return Const(value)
            case syntax.DateNow():
                return Const(self.context.now)
            case syntax.DateLiteral(_, ms):
                return Const(ms)
            case syntax.Parameter():
                return self._parameter(node)
            case syntax.Placeholder():
                raise self.context.unfilled(node, node.span)
        return Nothing()

    def _parameter(self, node: syntax.Parameter) -> Const:
        value = self.context.value(node)
        if isinstance(value, list):
            raise self.context.fail(
                node.span, f'"{node.name}" is a list', hint="A list stands alone behind an operator."
            )
        return Const(value)

    def _arithmetic(self, node: syntax.Arithmetic) -> plan.Expression:
        if isinstance(node.right, syntax.Duration):
            return self._moved(node, self.expression(node.left), node.right)
        if isinstance(node.left, syntax.Duration):
            return self._moved(node, self.expression(node.right), node.left)
        return _calculated(node.op, self.expression(node.left), self.expression(node.right))

    def _moved(self, node: syntax.Arithmetic, date: plan.Expression, by: syntax.Duration) -> plan.Expression:
        amount = -by.amount if node.op == "-" else by.amount
        if isinstance(date, Const) and (start := values.number(date.value)) is not None:
            moved = dates.shift(round(start), amount, by.unit)
            if moved is None:
                raise self.context.fail(node.span, "The date is outside of the years 1 to 9999")
            return Const(moved)
        if by.unit in dates.FIXED_UNITS:
            return _calculated("+", date, _calculated("*", Const(amount), Const(dates.FIXED_UNITS[by.unit])))
        return plan.Function("SHIFT", (date, Const(amount), Const(by.unit)))

    def _call(self, node: syntax.Call) -> plan.Expression:
        if FUNCTIONS[node.name].aggregate:
            meant = self.aggregate(node)
            if meant is None:
                raise self.context.fail(
                    node.span,
                    f"{node.name} counts over many rows and cannot stand here",
                    hint="Aggregates stand in RETURN, and repeated from there in HAVING and ORDER BY.",
                )
            return meant
        name = cast("plan.FunctionName", node.name)
        return plan.Function(name, tuple(self.expression(one) for one in node.args))


def _calculated(op: plan.Sign, left: plan.Expression, right: plan.Expression) -> plan.Expression:
    if isinstance(left, Const) and isinstance(right, Const):
        result = values.arithmetic(op, left.value, right.value)
        return Nothing() if result is None else Const(result)
    return plan.Arithmetic(op, left, right)


def _is_tag(expression: plan.Expression) -> bool:
    return isinstance(expression, plan.Prop) and expression.name.startswith(_TAG)


def _is_true(value: Scalar) -> bool:
    return value is True or value == "true"


def parts(expression: plan.Expression) -> Iterator[plan.Expression]:
    """Yield an expression and everything in it."""
    yield expression
    match expression:
        case plan.Arithmetic(_, left, right):
            yield from parts(left)
            yield from parts(right)
        case plan.Function(_, args):
            for one in args:
                yield from parts(one)
        case plan.Aggregate(_, argument):
            yield from parts(argument)


def aggregates(expression: plan.Expression) -> list[plan.Aggregate]:
    """Return the aggregates of an expression, in the order of its text."""
    return [one for one in parts(expression) if isinstance(one, plan.Aggregate)]
