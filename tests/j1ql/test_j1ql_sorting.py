"""Another order for an answer, and values of variables as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.errors import ConfigError
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.sorting import sortable, sorted_by
from bucketgraph.j1ql.variables import parameter, variables, written


@pytest.mark.parametrize(
    ("text", "column", "wanted"),
    [
        ("FIND repo", "name", "FIND repo ORDER BY repo.displayName"),
        ("FIND Repo ORDER BY Repo.x", "tag.Team", "FIND Repo ORDER BY Repo.tag.Team"),
        ("FIND *", "key", "FIND * AS found ORDER BY found._key"),
        (
            "FIND (a_b|c) THAT HAS x AS found",
            "n",
            "FIND (a_b|c) AS found_ THAT HAS x AS found ORDER BY found_.n",
        ),
        ("FIND repo AS r RETURN r.a, COUNT(r) AS 'how many'", "how many", None),
    ],
)
def test_a_query_is_sorted_under_the_names_it_has(text: str, column: str, wanted: str | None) -> None:
    found = sorted_by(parse(text), column)
    assert wanted is None or found == wanted
    assert sorted_by(parse(found), column, descending=True) == f"{found} DESC"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("FIND repo", {"name", "x"}),
        ("FIND repo LIMIT 3", set()),
        ("FIND repo SKIP 3", set()),
        ("FIND repo RETURN TREE", set()),
        ("FIND repo AS r RETURN r.a, r.b AS b, r.c AS b, r.*", {"r.a"}),
    ],
)
def test_only_what_leaves_the_answer_the_same_is_sortable(text: str, columns: set[str]) -> None:
    assert sortable(parse(text), ("name", "x")) == columns


_scalars = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.text())


@given(st.one_of(_scalars, st.lists(_scalars, min_size=1)))
def test_a_value_that_is_written_reads_the_same(value: str | int | bool | list[str | int | bool]) -> None:
    found = parameter(written(value), name="x")
    assert found == value
    assert type(found) is type(value)


def test_variables_are_found_in_their_order_and_a_broken_list_is_told_without_its_value() -> None:
    assert variables("FIND a WITH b = ${y} AND c = ${x} OR d = ${y} AND e = '${z}'") == ("y", "x")
    with pytest.raises(ConfigError, match="list") as caught:
        parameter("[secret", name="list")
    assert "secret" not in str(caught.value)
