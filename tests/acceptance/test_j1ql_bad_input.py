"""Whatever is asked, and with whatever values: an answer or one clear error of ours comes back, soon."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from j1ql import casefile
from j1ql.casegraph import CATALOGUE, NOW, case_store
from j1ql.sentences import sentences

from bucketgraph.errors import QueryError, QueryTimeout
from bucketgraph.graph.entity import Entity, Record, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.j1ql.results import Request
from bucketgraph.store.base import IntegrationRow, Publication
from bucketgraph.store.store import Store

SECONDS = 8.0
"""Far more than any of it takes on a slow computer."""


def ask(text: str, **more: Any) -> Any:
    """Return the rows of the whole answer."""
    return case_store().ask(Request(text, now=NOW, page=None, **more)).data


def refused(text: str, **more: Any) -> QueryError:
    """Return the error of a query that cannot be asked, which must come soon and say what to do."""
    start = time.perf_counter()
    with pytest.raises(QueryError) as caught:
        case_store().ask(Request(text, **{"now": NOW, **more}))
    assert time.perf_counter() - start < SECONDS
    assert caught.value.message
    return caught.value


# too large --------------------------------------------------------------------------------------------

MANY = [f"none {number}" for number in range(20_000)]


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("slug = ${v}", ["pay-api", 1, True], 1),
        ("slug != ${v}", ["pay-api"], 4),
        ("_id = ${v}", ["nonsense"], 0),
        ("_key = ${v}", ["repo:pay-api", "repo:pay-ui"], 2),
        ("_class = ${v}", ["CodeRepo"], 5),
        ("topics = ${v}", ["payments"], 2),
        ("topics != ${v}", ["payments"], 3),
        ("size = ${v}", [4200, 900.0], 2),
        ("public = ${v}", [True], 1),
        ('[not "there] = ${v}', [1], 0),
        ('[not "there] != ${v}', [1], 5),
    ],
)
def test_a_list_of_twenty_thousand_values_answers_as_a_short_one(
    condition: str, values: list[Any], found: int
) -> None:
    text = f"FIND bitbucket_repo WITH {condition}"
    short = ask(text, variables={"v": values})
    assert len(short) == found
    assert ask(text, variables={"v": [*values, *MANY]}) == short
    where = f"FIND bitbucket_repo AS r WHERE r.{condition}"
    assert ask(where, variables={"v": [*MANY, *values]}) == short


def test_a_long_list_of_values_for_an_expression_answers_as_a_short_one() -> None:
    text = "FIND bitbucket_repo AS r WHERE COALESCE(r.nothing, r.topics, r.slug) = ${v}"
    short = ask(text, variables={"v": ["payments"]})
    assert short
    assert ask(text, variables={"v": ["payments", *MANY]}) == short


@pytest.mark.parametrize("joiner", ["AND", "OR"])
def test_thousands_of_conditions_are_asked(joiner: str) -> None:
    conditions = [
        f"slug ~= 'x{number}'" if joiner == "OR" else f"slug !~= 'x{number}'" for number in range(3000)
    ]
    found = ask("FIND bitbucket_repo WITH " + f" {joiner} ".join(conditions))
    assert len(found) == (0 if joiner == "OR" else 5)


def test_thirty_undirected_hops_between_anything_are_walked() -> None:
    text = "FIND bitbucket_workspace" + " THAT RELATES TO *" * 30
    assert case_store().check(Request(text)) == ()


def test_too_many_hops_are_refused_where_they_begin() -> None:
    text = "FIND User" + " THAT HAS Group" * 61
    error = refused(text)
    assert "61 hops; 60 are the limit" in error.message
    assert text[error.span[0] : error.span[1]] == "THAT HAS Group"
    assert error.hint


@pytest.mark.parametrize(
    "text",
    [
        "FIND *" + " (THAT RELATES TO *)?" * 20,
        "FIND *" + " (THAT RELATES TO *" * 20 + ")?" * 20,
        "FIND * THAT !HAS *" + " (THAT HAS *)?" * 20 + " THAT HAS *",
        "FIND *" + " THAT !HAS * (THAT HAS *)?" * 20 + " THAT HAS *",
        "FIND *" + " THAT !RELATES TO *" * 60,
        "FIND *"
        + "".join(f" THAT RELATES TO * AS x{n} WITH slug != 'x'" for n in range(60))
        + " RETURN x1.slug, x9.slug",
        "FIND bitbucket_repo AS r RETURN " + ", ".join(f"r.slug AS c{n}" for n in range(2001)),
        "FIND bitbucket_repo AS r RETURN CONCAT(" + ", ".join(["r.slug"] * 500) + ")",
    ],
    ids=lambda text: text[:40],
)
def test_what_is_too_much_is_refused_soon_with_advice(text: str) -> None:
    assert "several queries" in refused(text).hint


def test_an_answer_of_too_many_cells_is_refused_and_its_pages_are_not() -> None:
    columns = ", ".join(f"{number} AS c{number}" for number in range(1900))
    text = "FIND *" + " THAT RELATES TO *" * 4 + f" RETURN {columns}"
    error = refused(text, page=None)
    assert "more than 5,263 rows" in error.message
    assert "page by page" in error.hint
    assert len(case_store().ask(Request(text, page=3)).data) == 3


# values that come with a query ------------------------------------------------------------------------

BAD_VALUES = [
    None, {}, {"a": 1}, [[]], [None], math.nan, math.inf, 10**30, -(2**63) - 1, 2**63, [2**63], "\ud800",
    ["\ud800"], b"x", (1, 2), {1},
]  # fmt: skip


@pytest.mark.parametrize("value", BAD_VALUES, ids=ascii)
@pytest.mark.parametrize("kind", ["variables", "parameters"])
def test_a_value_that_no_property_has_is_refused_by_name(value: Any, kind: str) -> None:
    error = refused("FIND bitbucket_repo WITH slug = ${password}", **{kind: {"password": value}})
    assert '"password"' in error.message


def test_the_error_for_a_value_does_not_repeat_it() -> None:
    error = refused("FIND * WITH x = ${param.token}", parameters={"token": ["hunter2", {"hunter2": 1}]})
    assert "hunter2" not in error.paragraph()
    error = refused("FIND * LIMIT ${param.token}", parameters={"token": "hunter2"})
    assert "hunter2" not in error.paragraph()


OPTIONS: list[dict[str, Any]] = [
    {"limit": 0}, {"limit": -1}, {"limit": 10**30}, {"page": 0}, {"page": -1}, {"page": 10**30},
    {"as_of": 10**30}, {"now": 10**30}, {"now": -(10**30)}, {"now": math.nan}, {"as_of": True},
    {"cursor": ""}, {"cursor": "x"}, {"cursor": "\ud800"}, {"cursor": "W10"}, {"cursor": "A" * 100_000},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ascii(options)[:30])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    refused("FIND bitbucket_repo AS r RETURN r.slug, date.now", **options)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("ABS((r.size * 0) - 9223372036854775807 - 1)", 2.0**63),
        ("SUM(9223372036854775806 + r.size * 0)", 2 * 2.0**63),
        ("COUNT(r) * 9223372036854775807", 2 * 2.0**63),
        ("r.size * 0 + 999999999999999999 days", 999999999999999999.0 * 86_400_000),
        ("r.size / 0", None),
        ("r.size ^ 9999", None),
        ("r.slug + 1", None),
        ("SQRT(0 - r.size)", None),
        ("r.size - 9999999999 years", None),
    ],
)
def test_numbers_beyond_64_bits_are_near_or_missing(expression: str, value: float | None) -> None:
    rows = ask(f"FIND bitbucket_repo AS r WITH slug = ('pay-api' OR 'pay-ui') RETURN {expression} AS x")
    assert rows[0]["x"] == (None if value is None else pytest.approx(value))


_PROPERTIES = [
    "a", "[a'b]", '[a"b]', '[$."]', "[a\\b]", "[\x00]", "[']", f"[{'x' * 10_000}]", "[; DROP TABLE entity]",
]  # fmt: skip
_VALUES = [
    "1", "1.0", "true", "'1'", "''", "'\x00'", "'\"; DROP TABLE entity; --'", "/(a+)+$/", "/a{1000}{1000}/", "/(/",
    "undefined", "9223372036854775808", "date.now - 99999 years", "(1 OR 'a' OR true OR /x/)", "'\U0001f600'",
]  # fmt: skip


@pytest.mark.parametrize("name", _PROPERTIES, ids=lambda name: ascii(name)[:20])
def test_hostile_names_and_values_are_data(name: str) -> None:
    for value in _VALUES:
        for op in ("=", "!=", "~=", "^=", "$=", ">", "<="):
            for text in (
                f"FIND * WITH {name} {op} {value}",
                f"FIND * AS r WHERE r.{name} {op} {value} RETURN r.{name}",
            ):
                assert_ends_well(Request(text, now=NOW))
    assert len(ask("FIND bitbucket_repo")) == 5


def assert_ends_well(request: Request) -> None:
    """Ask; nothing but a query's own errors may come out."""
    with contextlib.suppress(QueryError):
        case_store().ask(request)


# cursors ----------------------------------------------------------------------------------------------

_PAGED = Request("FIND bitbucket_repo AS r RETURN r.name, r._key ORDER BY r.name", page=4)


def publish(store: Store, run: int, names: dict[str, str]) -> None:
    """Let the graph be repositories with these keys and names."""
    records = {
        key: seal(Record(key, Entity(key, "bitbucket_repo", {"name": name}))) for key, name in names.items()
    }
    store.publish(Publication("one", run, (Snapshot("all", records, whole=True),)))


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[tuple[Store, int]]:
    """Give a store of twenty repositories that may change, whose clock moves on by itself, and its run."""
    clock = count(NOW)
    store = Store.open(f"sqlite:///{tmp_path / 'graph.db'}", CATALOGUE, clock=lambda: next(clock))
    store.add_integration(IntegrationRow("one", "one", "", "{}", "", 1, 1))
    run = store.start_run("one", {}).id
    publish(store, run, {f"repo:{number}": f"name {number}" for number in range(20)})
    yield store, run
    store.close()


def test_pages_go_on_through_many_changes_of_the_graph(moving: tuple[Store, int]) -> None:
    store, run = moving
    whole = store.ask(replace(_PAGED, page=None)).data
    answer = store.ask(_PAGED)
    rows = list(answer.data)
    for change in range(4):
        publish(store, run, {f"repo:{number}": f"other {change}" for number in range(change, 9)})
        answer = store.ask(replace(_PAGED, cursor=answer.cursor))
        rows += answer.data
    assert answer.cursor is None
    assert rows == whole


def test_a_cursor_says_so_when_an_integration_was_removed_with_its_history(moving: tuple[Store, int]) -> None:
    store, _ = moving
    cursor = store.ask(_PAGED).cursor
    store.remove_integration("one", purge=True)
    with pytest.raises(QueryError, match="An integration was removed"):
        store.ask(replace(_PAGED, cursor=cursor))


# time -------------------------------------------------------------------------------------------------

_ENDLESS = (
    "FIND *"
    + "".join(f" AS x{n} THAT RELATES TO *" for n in range(9))
    + " AS y RETURN COUNT(x1.size + y.size)"
)


@pytest.mark.parametrize(
    "text",
    [_ENDLESS, "FIND *" + " THAT RELATES TO *" * 9 + " RETURN TREE", "FIND *" + " (THAT RELATES TO *)?" * 5],
)
def test_no_query_runs_much_longer_than_it_may(text: str) -> None:
    store = Store.open(case_store().url, CATALOGUE, query_timeout_seconds=0.3)
    start = time.perf_counter()
    try:
        with pytest.raises(QueryTimeout, match=r"stopped after 0\.3 seconds"):
            store.ask(Request(text, page=None))
    finally:
        store.close()
    assert time.perf_counter() - start < SECONDS


# any text ---------------------------------------------------------------------------------------------

_TEXTS = sorted({case.text for path in casefile.files() for case in casefile.read(path)[1]})
_PIECES = st.sampled_from(
    [
        "'", '"', "(", ")", "[", "]", "\x00", "${x}", "{{x}}", "/", "NOT (", " THAT !HAS * ", ")? ", " AS x ", " OR ",
        "9" * 19, "date.now", "~=", " RETURN TREE", ".*", "COUNT(", "\u00e9", "-", "^",
    ]
)  # fmt: skip


@st.composite
def torn(draw: st.DrawFn) -> str:
    """Draw a query of the case files, or a sentence of the grammar, with something wrong in it."""
    text = draw(st.sampled_from(_TEXTS) | sentences())
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        text = text[:start] + draw(_PIECES | st.text(max_size=3)) + text[end:]
    return text


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(torn(), st.sampled_from([None, NOW, 0]), st.booleans())
def test_no_text_brings_out_anything_but_our_errors(
    text: str, as_of: int | None, deleted: bool
) -> None:  # drawn
    variables = {"x": ["a", 1, True], "name": "pay"}
    request = Request(text, variables, now=NOW, as_of=as_of, include_deleted=deleted)
    assert_ends_well(request)
    assert_ends_well(replace(request, page=2, row_metadata=True))
