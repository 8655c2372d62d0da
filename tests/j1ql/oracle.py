"""The naive interpreter's answer to a request, and what it means that two answers are alike."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from j1ql.memory_load import load_memory

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.plan import Plan
from bucketgraph.j1ql.results import Answer, Request
from bucketgraph.store.memory import run
from bucketgraph.store.store import Store


def plan_of(request: Request, known: KnownGraph) -> Plan:
    """Return the plan of a request as it is resolved, before any rule rewrites it. Raises `QueryError`."""
    from bucketgraph.j1ql.resolve import resolve  # noqa: PLC0415

    if request.now is None:
        raise ValueError("Without `now` an answer cannot be compared.")
    return resolve(
        parse(request.text),
        text=request.text,
        known=known,
        now=request.now,
        variables=request.variables,
        parameters=request.parameters,
    ).plan


def oracle_answer(store: Store, request: Request) -> Answer:
    """Answer a request by the naive interpreter: all of it, without pages and messages."""
    graph = load_memory(store)
    plan = plan_of(request, graph.known)
    limits = [limit for limit in (plan.limit, request.limit) if limit is not None]
    state = graph.at(request.as_of, include_deleted=request.include_deleted)
    return run(replace(plan, limit=min(limits, default=None)), state)


def alike(one: Any, other: Any) -> bool:
    """Compare what stands in answers: rows in their order, cells by name, fractions but for a tiny difference."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, int | float) and isinstance(other, int | float)
        return numbers and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return type(one) is type(other) and bool(one == other)
