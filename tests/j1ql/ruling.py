"""Plans of queries on the graph of the case files, with some rules applied."""

from __future__ import annotations

from functools import cache

from j1ql.casegraph import NOW, case_store
from j1ql.oracle import plan_of

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import Expand, Plan
from bucketgraph.j1ql.results import Request
from bucketgraph.j1ql.rules import Rule


@cache
def known() -> KnownGraph:
    """Return what is known of the graph of the case files."""
    return case_store().known()


def ids(*names: str) -> frozenset[int]:
    """Return the ids of types."""
    return frozenset(one for name in names for one in known().of_type(name))


def resolved(text: str) -> Plan:
    """Return the plan of a query before any rule."""
    return plan_of(Request(text, now=NOW), known())


def ruled(text: str, *rules: Rule, graph: KnownGraph | None = None) -> Plan:
    """Return the plan of a query after some rules."""
    made = resolved(text)
    for rule in rules:
        made = rule(made, graph or known())
    return made


def hops(made: Plan) -> list[Expand]:
    """Return the hops of a plan that are no part of a test or group."""
    return [one for one in made.steps if isinstance(one, Expand)]
