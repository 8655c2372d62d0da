"""The generated questions are J1QL: the parser takes every one and the printer keeps its meaning."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from j1ql.graphs import graphs
from j1ql.questions import queries

from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.printer import to_text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_question_parses_and_prints(data: st.DataObject) -> None:
    text = data.draw(graphs().flatmap(queries))
    tree = parse(text)
    assert parse(to_text(tree)) == tree
