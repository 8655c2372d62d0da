"""What the SQL answers is what the naive interpreter answers: rows, cells and order, on graphs with a past."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from j1ql.graphs import graphs, write
from j1ql.oracle import alike, oracle_answer
from j1ql.question_conditions import VARIABLES
from j1ql.questions import moments, queries

from bucketgraph.j1ql.results import Answer, Request
from bucketgraph.store.store import Store

_SHARDS, _STORIES, _QUESTIONS = 4, 50, 25
"""5,000 questions in all, in shards that run side by side."""
_FEWER = 5
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def whole_of_pages(store: Store, request: Request) -> list[Any]:
    """Ask page by page until there is no more."""
    rows: list[Any] = []
    answer = store.ask(request)
    rows += answer.data
    while answer.cursor is not None:
        answer = store.ask(replace(request, cursor=answer.cursor))
        rows += answer.data
    return rows


def assert_alike(found: Answer, expected: Answer) -> None:
    note(f"found:    {found.data}")
    note(f"expected: {expected.data}")
    assert found.type == expected.type
    assert alike(found.data, expected.data)
    assert found.cursor is None
    assert found.total in {None, expected.total}
    if found.data:
        assert found.columns == expected.columns


@pytest.mark.timeout(900)  # a failure is made small, which takes its time
@pytest.mark.parametrize("shard", range(_SHARDS))
@settings(max_examples=_STORIES, deadline=None, suppress_health_check=_SLOW, report_multiple_bugs=False)
@given(data=st.data())
def test_sql_answers_what_the_oracle_answers(shard: int, data: st.DataObject) -> None:
    story = data.draw(graphs(), "story")
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder) / "graph.db", story)
        try:
            for _ in range(_QUESTIONS):
                text = data.draw(queries(story), "query")
                as_of, deleted = data.draw(moments(story), "as of, deleted too")
                request = Request(
                    text, VARIABLES, now=story.now, as_of=as_of, include_deleted=deleted, page=None
                )
                assert_alike(store.ask(request), oracle_answer(store, request))
        finally:
            store.close()


@settings(max_examples=30, deadline=None, suppress_health_check=_SLOW)
@given(st.data())
def test_the_past_is_what_a_store_would_have_answered_then(data: st.DataObject) -> None:
    story = data.draw(graphs(), "story")
    last = data.draw(st.integers(0, len(story.moments) - 1), "moment")
    deleted = data.draw(st.booleans(), "deleted too")
    with tempfile.TemporaryDirectory() as folder:
        later = write(Path(folder) / "later.db", story)
        then = write(Path(folder) / "then.db", story, until=last + 1)
        try:
            for _ in range(_FEWER):
                text = data.draw(queries(story), "query")
                request = Request(text, VARIABLES, now=story.now, include_deleted=deleted, page=None)
                found = later.ask(replace(request, as_of=story.times[last]))
                assert_alike(found, then.ask(request))
        finally:
            later.close()
            then.close()


@settings(max_examples=30, deadline=None, suppress_health_check=_SLOW)
@given(st.data())
def test_pages_together_are_the_whole(data: st.DataObject) -> None:
    story = data.draw(graphs(), "story")
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder) / "graph.db", story)
        try:
            for _ in range(_FEWER):
                text = data.draw(queries(story).filter(lambda one: "TREE" not in one), "query")
                request = Request(text, VARIABLES, now=story.now, page=data.draw(st.integers(1, 3), "page"))
                assert alike(whole_of_pages(store, request), store.ask(replace(request, page=None)).data)
        finally:
            store.close()
