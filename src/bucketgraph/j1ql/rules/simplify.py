"""Simplify predicates: `Not` down to the leaves, constants away, AND in AND and OR in OR made flat."""

from __future__ import annotations

from collections.abc import Iterable

from bucketgraph.j1ql import values
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import (
    FALSE,
    TRUE,
    Always,
    And,
    Compare,
    Const,
    Defined,
    HasWords,
    Matches,
    Not,
    Nothing,
    OfType,
    Or,
    Plan,
    Predicate,
)
from bucketgraph.j1ql.rules.visit import with_predicates


def simplify(made: Plan, _: KnownGraph) -> Plan:
    """Return the plan with all its predicates simplified."""
    return with_predicates(made, simple)


def simple(node: Predicate) -> Predicate:
    """Return a predicate that is true for the same rows."""
    match node:
        case And(items):
            return _joined(items, neutral=TRUE)
        case Or(items):
            return _joined(items, neutral=FALSE)
        case Not(item):
            return _negated(item)
        case _:
            return _leaf(node)


def _negated(item: Predicate) -> Predicate:
    match item:
        case Not(inner):
            return simple(inner)
        case And(items):
            return simple(Or(tuple(Not(one) for one in items)))
        case Or(items):
            return simple(And(tuple(Not(one) for one in items)))
        case _:
            leaf = _leaf(item)
            return Always(not leaf.truth) if isinstance(leaf, Always) else Not(leaf)


def _joined(items: Iterable[Predicate], *, neutral: Always) -> Predicate:
    """Join with AND (whose neutral element is true) or OR (false)."""
    kind = And if neutral.truth else Or
    found: dict[Predicate, None] = {}
    for item in items:
        one = simple(item)
        if isinstance(one, Always):
            if one != neutral:
                return one
        elif isinstance(one, kind):
            found.update(dict.fromkeys(one.items))
        else:
            found[one] = None
    if not found:
        return neutral
    return next(iter(found)) if len(found) == 1 else kind(tuple(found))


def _leaf(node: Predicate) -> Predicate:
    match node:
        case Compare(Nothing(), _, _) | Compare(_, _, Nothing()) | Defined(Nothing()) | Matches(Nothing()):
            return FALSE
        case Compare(Const(left), op, Const(right)):
            return Always(values.holds(left, op, right))
        case Defined(Const()) | HasWords(_, ()):
            return TRUE
        case OfType(_, types) if not types:
            return FALSE
        case _:
            return node
