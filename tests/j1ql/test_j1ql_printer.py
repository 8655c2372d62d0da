"""What is printed is read back as the same tree."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from j1ql.grammar import belongs
from j1ql.trees import QUERIES

from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.syntax import Node, Path, Query, walk

ROUNDS = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@ROUNDS
@given(QUERIES)
def test_every_tree_survives_printing_and_parsing(query: Query) -> None:
    printed = to_text(query)
    assert parse(printed) == query


@settings(ROUNDS, max_examples=60)
@given(QUERIES)
def test_what_is_printed_belongs_to_the_grammar(query: Query) -> None:
    assert belongs(to_text(query))


@settings(ROUNDS, max_examples=60)
@given(QUERIES)
def test_equal_trees_hash_alike_and_every_node_below_has_its_own_place(query: Query) -> None:
    again = parse(to_text(query))
    assert hash(again) == hash(query)
    spans = [node.span for node in walk(again)]
    assert all(start <= end for start, end in spans)
    assert spans[0].end == max(end for _, end in spans)


def test_what_has_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="Node has no text"):
        to_text(Node())


def test_numbers_strings_and_booleans_are_never_taken_for_each_other() -> None:
    texts = ["1", "1.0", "true", "'1'", "'true'"]
    assert len({parse(f"FIND User WITH x = {text}") for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("1e5".replace("e5", "00000.0"), "100000.0"),
        ("0.0000001", "0.0000001"),
        ("123456789012345678901234567890.0", "123456789012345680000000000000.0"),
    ],
)
def test_numbers_are_printed_without_exponents(written: str, printed: str) -> None:
    assert to_text(parse(f"FIND User WITH x = {written}")) == f"FIND User WITH x = {printed}"


def test_a_column_keeps_its_authors_words_as_its_name() -> None:
    query = parse("find User as u return  count( u ),\n u.name /* who */  , u.x   -  u.y as gap")
    assert isinstance(query.returns, tuple)
    assert [item.name for item in query.returns] == ["count( u )", "u.name", "gap"]
    assert to_text(query) == "FIND User AS u RETURN count( u ), u.name, u.x - u.y AS gap"


def test_a_tree_is_walked_in_the_order_of_writing() -> None:
    query = parse("FIND User WITH a = 1 AND b.c = (2 OR 3) RETURN User.d, COUNT(User.e)")
    paths = [".".join(node.segments) for node in walk(query) if isinstance(node, Path)]
    assert paths == ["a", "b.c", "User.d", "User.e"]
