"""The texts that clients match on, the places they name, and the picture with carets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from j1ql.sentences import soups

from bucketgraph.errors import QueryError, UserError
from bucketgraph.j1ql import diagnostics
from bucketgraph.j1ql.foreign import CLAUSES, MARKS, OPERATORS, VALUES
from bucketgraph.j1ql.parser import parse, parse_all
from bucketgraph.j1ql.syntax import Span


def failure(text: str) -> QueryError:
    """Return the first error of a text."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


def test_a_parse_error_has_the_wording_that_clients_match_on() -> None:
    assert (
        failure("FIND User\n  WITH a @ 1").message
        == 'Error parsing query. Unexpected token "@" at line 2 column 10'
    )
    misspelt = failure("FIND User RETRUN User.a")
    assert misspelt.message == (
        'Error parsing query. Unexpected token "RETRUN" at line 1 column 11. Did you mean "RETURN"?'
    )
    assert (misspelt.span, misspelt.line, misspelt.column, misspelt.suggestions) == (
        (10, 16),
        1,
        11,
        ("RETURN",),
    )
    assert isinstance(misspelt, UserError)
    assert misspelt.code == "query"


def test_an_unknown_name_in_return_lists_the_valid_ones() -> None:
    text = "FIND bitbucket_user THAT IS Person RETURN bitbucket_usr.name"
    error = diagnostics.return_selector(text, Span(42, 55), "bitbucket_usr", ["bitbucket_user", "Person"])
    assert error.message == (
        'Invalid return selector provided: "bitbucket_usr", '
        'valid return selectors are: "bitbucket_user", "Person"'
    )
    assert (error.column, error.suggestions) == (43, ("bitbucket_user",))


def test_an_unknown_name_in_where_lists_the_valid_ones() -> None:
    error = diagnostics.predicate_selector("FIND User WHERE u.a = 1", Span(16, 17), "u", ["User"])
    assert error.message == (
        'Invalid predicate filter selector provided: "u", valid predicate selectors are: "User"'
    )
    assert error.suggestions == ()


def test_a_limit_that_is_no_count_names_its_bounds() -> None:
    assert failure("FIND User LIMIT 0").message == '"limit" must be a value between 1 and 9007199254740991'
    assert failure("FIND User SKIP -1").message == '"skip" must be a value between 0 and 9007199254740991'


def test_carets_stand_below_the_token_behind_tabs_too() -> None:
    text = "FIND User\n\tWITH\ta LIKE 'b'\nRETURN User.a"
    assert diagnostics.render(text, failure(text)).split("\n")[2:4] == [
        "  \tWITH\ta LIKE 'b'",
        "  \t    \t  ^^^^",
    ]


def test_carets_end_with_the_line() -> None:
    text = "FIND User WITH a = 'b\nc\nd"
    assert diagnostics.render(text, failure(text)).split("\n")[2:4] == [
        "  FIND User WITH a = 'b",
        "                     ^^",
    ]


def test_of_a_long_line_the_part_around_the_place_is_shown() -> None:
    text = (
        "FIND User WITH "
        + " AND ".join(f"a{n} = {n}" for n in range(50))
        + " AND b LIKE 2"
        + " AND c = 1" * 20
    )
    shown, carets = diagnostics.render(text, failure(text)).split("\n")[2:4]
    assert len(shown) <= 102
    assert shown[carets.index("^") : carets.index("^") + 4] == "LIKE"


@given(soups())
def test_every_picture_points_at_the_place_that_is_named(text: str) -> None:
    for error in parse_all(text)[1]:
        picture = diagnostics.render(text, error).split("\n")
        line = text.split("\n")[error.line - 1]
        assert re.fullmatch(r"\s*\^+", picture[3])
        assert 1 <= error.column <= len(line) + 1
        if error.column <= len(line) <= 100 and not line[error.column - 1].isspace():
            assert picture[2][picture[3].index("^")] == line[error.column - 1]


@given(st.text(), st.lists(st.text(max_size=6)))
def test_only_candidates_are_suggested(word: str, candidates: list[str]) -> None:
    assert set(diagnostics.closest(word, candidates)) <= set(candidates)


def test_letter_case_does_not_hide_a_likeness() -> None:
    assert diagnostics.closest("BITBUCKET_USER", ["bitbucket_repo", "bitbucket_user"])[0] == "bitbucket_user"


@pytest.mark.parametrize("word", [word for word in OPERATORS if " " not in word])
def test_an_operator_of_another_language_gets_its_advice(word: str) -> None:
    assert failure(f"FIND User WITH a {word.lower()} 'b'").suggestions == (OPERATORS[word].instead,)


@pytest.mark.parametrize("mark", sorted(MARKS))
def test_a_sign_of_another_language_gets_its_advice(mark: str) -> None:
    assert failure(f"FIND User WITH a {mark} 'b'").suggestions == (MARKS[mark].instead,)


@pytest.mark.parametrize("word", sorted(VALUES))
def test_an_absent_value_of_another_language_is_called_undefined(word: str) -> None:
    assert failure(f"FIND User WITH a = {word.lower()}").suggestions == ("undefined",)


@pytest.mark.parametrize("word", sorted(CLAUSES))
def test_a_clause_of_another_language_gets_its_advice(word: str) -> None:
    assert failure(f"FIND User {word.lower()} x").suggestions == (CLAUSES[word].instead,)


def test_at_most_twenty_errors_are_told() -> None:
    assert len(parse_all("FIND User RETURN " + ", ".join(["LOWER(x)"] * 50))[1]) == 20
