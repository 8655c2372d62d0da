"""Whatever comes in, an answer or a `QueryError` comes out, soon."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from j1ql.sentences import sentences

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.parser import MAX_LENGTH, parse, parse_all
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.syntax import Compare, Query, ValueList
from bucketgraph.j1ql.tokens import Kind, tokenize

SIZE = 100_000
SECONDS = 5.0
"""Far more than it takes; what grows with the square of the length takes minutes."""

FUZZ = settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))

_HOSTILE = """
' " \\'~ [ [a~ { {{ ${ ${a / =/ =/[ =/\\ ( ) /* * // ~// date( date(1 \u201c 1. 1.1. a. .. ! !!= !~ ^ \\ \0 \u00e9
THAT_ THAT_HAS_ WITH_ AND_ RETURN_ (_THAT_ a=( a=1_AND_ | , ; ?_ FIND_ LIMIT_ BETWEEN_ x_IN_( AS_a_ << NOT( !(
a=/x/_OR_( a=(1)+( -( ABS( CONCAT(a, ,b a=(( #a_ 9 1+ 2^ -1+ (A| THAT_(A| (THAT_HAS_X_ 5_days_ date.now- \u200b
"""
HOSTILE = [piece.replace("_", " ").replace("~", "\n") for piece in _HOSTILE.split()]


def within(text: str) -> tuple[Query | None, list[QueryError]]:
    """Parse in time."""
    start = time.perf_counter()
    answer = parse_all(text)
    assert time.perf_counter() - start < SECONDS
    return answer


@pytest.mark.parametrize("start", ["", "FIND User ", "FIND User WITH a = ", "FIND User RETURN "])
@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_a_hundred_kilobytes_of_anything_are_answered_in_time(start: str, piece: str) -> None:
    query, errors = within(start + piece * (SIZE // len(piece)))
    assert (query is None) == bool(errors)


def test_two_hundred_hops_are_read_and_printed() -> None:
    query = parse("FIND User" + " THAT HAS >> AS e Group WITH x = 1 AS g" * 200)
    assert len(query.steps) == 200
    assert parse(to_text(query)) == query


def test_a_list_of_thousands_of_values_is_read() -> None:
    query, _ = within("FIND User WITH a = (" + " OR ".join(f"'value {n}'" for n in range(6000)) + ")")
    assert query is not None
    condition = query.start.condition
    assert isinstance(condition, Compare)
    assert isinstance(condition.right, ValueList)
    assert len(condition.right.items) == 6000


def test_thousands_of_conditions_are_read() -> None:
    query, _ = within("FIND User WITH " + " AND ".join(f"a{n} != {n}" for n in range(5000)))
    assert query is not None


@pytest.mark.parametrize(
    ("opening", "inner", "closing"),
    [
        ("FIND User WITH ", "a = 1", ("(", ")")),
        ("FIND User WITH ", "a = 1", ("NOT (", ")")),
        ("FIND User WITH a = ", "1", ("(", ")")),
        ("FIND User WITH a = ", "1 OR 2", ("(", ")")),
        ("FIND User RETURN ", "User.a", ("(", ")")),
        ("FIND User RETURN ", "User.a", ("-(", ")")),
        ("FIND User RETURN ", "User.a", ("ABS(", ")")),
        ("FIND User ", "(THAT HAS A)?", ("(THAT HAS A ", ")?")),
    ],
)
def test_deep_nesting_is_read_to_a_point_and_then_refused(
    opening: str, inner: str, closing: tuple[str, str]
) -> None:
    for depth in (1, 10, 60):
        query = parse(opening + closing[0] * depth + inner + closing[1] * depth)
        assert parse(to_text(query)) == query
    for depth in (100, 1000, 12_000):
        with pytest.raises(QueryError) as caught:
            parse(opening + closing[0] * depth + inner + closing[1] * depth)
        assert "nested 64 deep" in caught.value.hint


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "^", "+ 1 *", "- 5 ^ 2 +"])
def test_long_sums_are_read_to_a_point_and_then_refused(sign: str) -> None:
    query = parse("FIND User RETURN 1" + f" {sign} User.a" * 30)
    assert parse(to_text(query)) == query
    assert hash(query) == hash(parse(to_text(query)))
    with pytest.raises(QueryError) as caught:
        parse("FIND User RETURN 1" + f" {sign} User.a" * 10_000)
    assert "100 arithmetic operators" in caught.value.hint


def test_every_column_may_hold_as_many_operators_as_one() -> None:
    column = "1" + " + 1" * 100
    assert parse(f"FIND User RETURN {column}, {column}") is not None


def test_nesting_and_sums_together_stay_shallow_enough_for_python() -> None:
    text = "1"
    for _ in range(60):
        text = f"({text} + 1)"
    query = parse(f"FIND User RETURN {text}")
    assert parse(to_text(query)) == query
    assert repr(query).count("Arithmetic") == 60
    with pytest.raises(QueryError):
        parse("FIND User RETURN " + text.replace("1)", "1 + 1 + 1)"))


def test_a_query_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(QueryError, match=r"200001 characters long; 200000 are the limit") as caught:
        parse("'" * (MAX_LENGTH + 1))
    assert caught.value.hint
    assert parse("FIND User" + " " * (MAX_LENGTH - 9)) == parse("FIND User")
    with pytest.raises(QueryError, match="9 characters long; 8 are the limit"):
        parse("FIND User", max_length=8)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(QueryError, match=r"Unexpected token .* at line 1 column 21"):
        parse("FIND User WITH a = '\ud800'")


def test_a_pattern_that_is_too_long_is_refused() -> None:
    assert parse(f"FIND User WITH a = /{'a' * 1000}/")
    with pytest.raises(QueryError) as caught:
        parse(f"FIND User WITH a = /{'a' * 1001}/")
    assert "1000 characters" in caught.value.hint


def test_numbers_beyond_all_bounds_are_refused() -> None:
    for number in ("9" * 20, "9" * 50_000, "9" * 400 + ".5"):
        with pytest.raises(QueryError) as caught:
            parse(f"FIND User WITH a = {number}")
        assert caught.value.hint == "The number is too large."


@FUZZ
@given(st.text(max_size=80))
@example("FIND User WITH a = 1 \x00")
def test_no_text_raises_anything_else(text: str) -> None:
    query, errors = parse_all(text)
    assert (query is None) == bool(errors)
    assert all(type(error) is QueryError for error in errors)


@FUZZ
@given(sentences(), st.data())
def test_a_sentence_cut_off_or_torn_raises_nothing_else(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    middle = data.draw(st.text(max_size=3))
    for torn in (text[:start], text[start:], text[:start] + text[end:], text[:start] + middle + text[end:]):
        query, errors = parse_all(torn)
        assert (query is None) == bool(errors)
        assert [error.span for error in errors] == sorted({error.span for error in errors})


@FUZZ
@given(st.text(max_size=60) | sentences())
def test_tokens_cover_the_text_in_order_and_end_with_its_end(text: str) -> None:
    tokens = tokenize(text)
    assert tokens[-1][:1] == (Kind.END,)
    assert tokens[-1].start == len(text)
    for one, other in pairwise(tokens):
        assert one.start < one.end <= other.start
        assert text[one.start : one.end] == one.text
