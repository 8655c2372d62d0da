"""The tables of operators and functions, which documents and back ends read."""

from __future__ import annotations

import textwrap

import pytest

from bucketgraph import j1ql
from bucketgraph.j1ql import parser, patterns, printer
from bucketgraph.j1ql.functions import FUNCTIONS, Function
from bucketgraph.j1ql.operators import OPERATORS, Operator
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.syntax import Compare, Regex


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda one: one.text)
def test_a_negated_operator_denies_one_that_is_not_negated(operator: Operator) -> None:
    assert operator.meaning
    if operator.text.startswith("!"):
        assert operator.negates == operator.text.replace("!=", "=").removeprefix("!")
        denied = OPERATORS[operator.negates]
        assert denied.negates is None
        assert denied.operands == operator.operands
    else:
        assert operator.negates is None


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_of_the_table_is_read(operator: str) -> None:
    condition = parse(f"FIND User WITH a{operator}1").start.condition
    assert isinstance(condition, Compare)
    assert condition.op == operator


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda one: one.name)
def test_every_function_takes_the_arguments_that_it_says(function: Function) -> None:
    args = ", ".join(["User.a"] * function.least)
    assert parse(f"FIND User RETURN {function.name.lower()}({args})")
    assert function.takes(function.least)
    assert not function.takes(function.least - 1)
    assert function.takes(99) == (function.most is None)
    assert str(function.least) in function.arity()
    assert function.meaning


def test_five_functions_are_aggregates() -> None:
    assert {one.name for one in FUNCTIONS.values() if one.aggregate} == {"COUNT", "MIN", "MAX", "AVG", "SUM"}


def found(literal: str, text: str) -> bool:
    """Tell whether a regular expression as written in a query occurs in a text."""
    condition = parse(f"FIND User WITH a ~= {literal}").start.condition
    assert isinstance(condition, Compare)
    assert isinstance(condition.right, Regex)
    return bool(patterns.compile_pattern(condition.right.pattern, condition.right.flags).search(text))


def test_a_pattern_is_searched_anywhere_and_respects_case_without_its_flag() -> None:
    assert found("/james/", "st. james park")
    assert not found("/james/", "St. James Park")
    assert found("/james/i", "St. James Park")


def test_flags_change_dots_and_lines_and_the_others_nothing() -> None:
    assert not found("/a.b/", "a\nb")
    assert found("/a.b/s", "a\nb")
    assert not found("/^b/", "a\nb")
    assert found("/^b/m", "a\nb")
    assert found("/é/gu", "cliché")


def test_an_escaped_slash_is_a_slash() -> None:
    assert found(r"/^release\//", "release/1.0")


def test_a_pattern_that_would_run_away_elsewhere_is_answered_at_once() -> None:
    assert not found("/^(a+)+$/", "a" * 50_000 + "b")


@pytest.mark.parametrize(
    "pattern", ["a(", "[z-a]", "(?=a)", r"(a)\1", "a{9999}", "((a{100}){100}){100}", "*"]
)
def test_a_pattern_that_cannot_be_run_says_why(pattern: str) -> None:
    assert patterns.problem(pattern)


def test_the_example_of_the_room_is_true() -> None:
    example = (j1ql.__doc__ or "").split("Example::\n")[1]
    names = {"parser": parser, "printer": printer}
    exec(textwrap.dedent(example), names)  # noqa: S102  # our own docstring
    assert "errors" in names
