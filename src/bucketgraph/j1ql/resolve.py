"""From syntax tree to plan: looks up every name, fills every parameter, says what cannot be asked.

Unknown classes, types, verbs and properties match nothing and are told in `messages`: shipped rule packs hold
such typing errors. Unknown aliases are refused, in the wording that clients match on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bucketgraph.j1ql import diagnostics, plan, syntax
from bucketgraph.j1ql.context import Context
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import TRUE, Nothing, Plan, Prop, Whole
from bucketgraph.j1ql.resolve_conditions import Resolver
from bucketgraph.j1ql.resolve_output import output_of
from bucketgraph.j1ql.resolve_steps import start, steps
from bucketgraph.j1ql.results import Parameter

MAX_HOPS: Final = 60
"""Hops of a query: SQLite joins 64 tables."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A plan, and what a person should know of it."""

    plan: Plan
    messages: tuple[str, ...]


def resolve(
    query: syntax.Query,
    *,
    text: str,
    known: KnownGraph,
    now: int,
    variables: Mapping[str, Parameter] | None = None,
    parameters: Mapping[str, Parameter] | None = None,
) -> Resolved:
    """Return the plan of a query; `text` is what it was parsed from, `now` in epoch ms. Raises `QueryError`."""
    context = Context(text, known, variables or {}, parameters or {}, now)
    _check_length(context, query)
    first = start(context, query.start)
    followed, _ = steps(context, first.slot, query.steps)
    where = _where(context, query.where)
    outcome = output_of(context, query, followed)
    output = outcome.output
    if outcome.where != TRUE:
        where = plan.And((where, outcome.where))
    made = Plan(
        tuple(context.slots),
        first,
        followed,
        where,
        output,
        outcome.order,
        unique=query.unique and isinstance(output, plan.TableOutput),
        skip=_count(context, query.skip, "skip", 0) or 0,
        limit=_count(context, query.limit, "limit", 1),
    )
    return Resolved(made, tuple(context.messages))


def _check_length(context: Context, query: syntax.Query) -> None:
    hops = [one for one in syntax.walk(query) if isinstance(one, syntax.Hop)]
    if len(hops) > MAX_HOPS:
        message = f"The query has {len(hops):,} hops; {MAX_HOPS} are the limit"
        raise context.fail(hops[MAX_HOPS].span, message, hint="Ask in several queries.")


def _where(context: Context, node: syntax.Condition | None) -> plan.Predicate:
    if node is None:
        return TRUE

    def meaning(path: syntax.Path) -> plan.Expression:
        slot = context.names.find(path.segments[0])
        if slot is None:
            valid = context.names.valid()
            raise diagnostics.predicate_selector(context.text, path.span, path.segments[0], valid)
        if not context.slots[slot].bound:
            return Nothing()
        if len(path.segments) == 1:
            return Whole(slot)
        name = ".".join(path.segments[1:])
        context.warn_property(slot, name)
        return Prop(slot, name)

    return Resolver(context, meaning).condition(node)


def _count(context: Context, node: syntax.Count | None, name: str, least: int) -> int | None:
    if node is None or isinstance(node, int):
        return node
    if isinstance(node, syntax.Placeholder):
        raise context.unfilled(node, node.span)
    value = context.value(node)
    if type(value) is not int or not least <= value <= diagnostics.LARGEST_COUNT:
        raise diagnostics.out_of_range(context.text, node.span, name, least)
    return value
