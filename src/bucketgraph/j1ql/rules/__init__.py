"""Rewrites: each takes a plan and what is known of the graph, and returns a plan with the same rows, cheaper.

`RULES` lists them in the order in which they run; each may rely on those before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import Plan
from bucketgraph.j1ql.rules.fold_types import fold_types
from bucketgraph.j1ql.rules.narrow_types import narrow_types
from bucketgraph.j1ql.rules.point_hops import point_hops
from bucketgraph.j1ql.rules.push_filters import push_filters
from bucketgraph.j1ql.rules.simplify import simplify
from bucketgraph.j1ql.rules.start_cheap import start_cheap
from bucketgraph.j1ql.rules.stop_early import stop_early

Rule: TypeAlias = Callable[[Plan, KnownGraph], Plan]

RULES: Final[tuple[Rule, ...]] = (
    fold_types,
    simplify,
    push_filters,
    narrow_types,
    point_hops,
    simplify,
    start_cheap,
    stop_early,
)


def rewrite(plan: Plan, known: KnownGraph) -> Plan:
    """Apply all rules."""
    for rule in RULES:
        plan = rule(plan, known)
    return plan
