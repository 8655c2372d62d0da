"""The rules change how a plan is carried out and never what it answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from j1ql.graphs import graphs, write
from j1ql.memory_load import load_memory
from j1ql.oracle import alike, plan_of
from j1ql.question_conditions import VARIABLES
from j1ql.questions import moments, queries

from bucketgraph.j1ql.branches import branches
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import Plan, TreeOutput
from bucketgraph.j1ql.results import Answer, Request
from bucketgraph.j1ql.rules import RULES
from bucketgraph.j1ql.words import steps_of
from bucketgraph.store.memory import GraphState, match, run
from bucketgraph.store.memory_values import Row

_QUESTIONS = 4
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
@given(st.data())
def test_every_rule_leaves_answers_and_branches_leave_rows(data: st.DataObject) -> None:
    story = data.draw(graphs(moments=2), "story")
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder) / "graph.db", story)
        graph = load_memory(store)
        store.close()
    for _ in range(_QUESTIONS):
        text = data.draw(queries(story), "query")
        as_of, deleted = data.draw(moments(story), "as of, deleted too")
        made = plan_of(Request(text, VARIABLES, now=story.now), graph.known)
        state = graph.at(as_of, include_deleted=deleted)
        _assert_rules_hold(made, graph.known, state)
        _assert_branches_hold(made, graph.known, state)


def _assert_rules_hold(made: Plan, known: KnownGraph, state: GraphState) -> None:
    expected = run(made, state)
    sofar = made
    for rule in RULES:
        sofar = rule(sofar, known)
        for ruled, how in ((rule(made, known), "alone"), (sofar, "after those before it")):
            _assert_alike(run(ruled, state), expected, ruled, known, f"{rule.__name__} {how}")
    for one in branches(made, known):
        # What is true of a whole plan need not be of a branch, which has slots and tests that no query writes.
        _assert_branch_holds(one, known, state)


def _assert_branch_holds(branch: Plan, known: KnownGraph, state: GraphState) -> None:
    expected = run(branch, state)
    for rule in RULES:
        ruled = rule(branch, known)
        _assert_alike(run(ruled, state), expected, ruled, known, f"{rule.__name__} on a branch")


def _assert_alike(found: Answer, expected: Answer, ruled: Plan, known: KnownGraph, how: str) -> None:
    same = alike(found.data, expected.data) and found.columns == expected.columns
    if not same:
        note(f"{how}:\n" + "\n".join(steps_of([ruled], known)))
        note(f"found:    {found.data}")
        note(f"expected: {expected.data}")
    assert same, how


def _assert_branches_hold(made: Plan, known: KnownGraph, state: GraphState) -> None:
    whole = replace(made, output=TreeOutput(), order=(), unique=False)  # or else hops may become tests
    parts = branches(whole, known)
    found = sorted(row for one in parts for row in _ids(match(one, state), len(made.slots)))
    expected = sorted(_ids(match(whole, state), len(made.slots)))
    if found != expected:
        note("\n".join(steps_of(parts, known)))
    assert found == expected


def _ids(rows: Iterable[Row], count: int) -> list[tuple[int, ...]]:
    """Return the rows as ids, 0 for nothing, without what branches have beyond the plan's slots."""
    return [tuple(0 if one is None else one.id for one in row[:count]) for row in rows]
