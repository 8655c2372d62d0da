"""The tables of truth: comparing with lists and missing values, calculating, counting, sorting, words."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.values import (
    arithmetic,
    call,
    elements,
    fold,
    holds,
    identity,
    kind_of,
    order_key,
    text_of,
    words,
    words_of,
)

POSITIVE = [one.text for one in OPERATORS.values() if one.negates is None]


@pytest.mark.parametrize(
    ("left", "op", "right", "truth"),
    [
        # equality, without coercion
        ("a", "=", "a", True),
        ("a", "=", "A", False),
        ("", "=", "", True),
        (1, "=", 1.0, True),
        (1, "=", "1", False),
        (1, "=", True, False),
        (0, "=", False, False),
        (True, "=", True, True),
        (True, "=", "true", False),
        # order is for two numbers or two strings
        (2, ">", 1, True),
        (2, ">", 2, False),
        (2, ">=", 2, True),
        (1, "<", 2.5, True),
        (2, "<=", 1, False),
        ("b", ">", "a", True),
        ("a", ">", "B", True),
        ("Z", "<", "a", True),
        ("é", ">", "z", True),
        ("2", ">", 1, False),
        ("2", "<", 1, False),
        (True, ">", False, False),
        (True, ">=", True, False),
        # text
        ("payApi", "~=", "Api", True),
        ("payApi", "~=", "api", False),
        ("payApi", "~=", "", True),
        ("payApi", "^=", "pay", True),
        ("payApi", "^=", "Api", False),
        ("payApi", "$=", "Api", True),
        ("payApi", "$=", "pay", False),
        ("100%_x", "~=", "%", True),
        ("100", "~=", "_", False),
        (100, "~=", "1", False),
        ("100", "~=", 1, False),
        (True, "~=", "true", False),
        # lists: any element
        (["a", "b"], "=", "b", True),
        (["a", "b"], "=", "c", False),
        (["a", "b"], "~=", "b", True),
        (["ab", "c"], "^=", "a", True),
        ([1, 5], ">", 4, True),
        ([1, "x"], "=", "x", True),
        ([True], "=", True, True),
        ([True], "=", 1, False),
        ([], "=", "", False),
        ("b", "=", ["a", "b"], True),
        (["a", "b"], "=", ["b", "c"], True),
        (["a"], "=", ["b", "c"], False),
        (["abc"], "~=", ["x", "b"], True),
        ([], "=", [], False),
    ],
)
def test_a_comparison_holds_as_the_table_says(left: Any, op: str, right: Any, truth: bool) -> None:
    assert holds(left, op, right) is truth


@pytest.mark.parametrize("op", POSITIVE)
@pytest.mark.parametrize("value", ["a", 1, True, [], ["a"], None])
def test_what_is_missing_compares_to_nothing(op: str, value: Any) -> None:
    assert not holds(None, op, value)
    assert not holds(value, op, None)


SCALARS = st.text(max_size=3) | st.integers(-9, 9) | st.sampled_from([0.5, 1.0, -2.5]) | st.booleans()
CELLS = st.none() | SCALARS | st.lists(SCALARS, max_size=3)


@given(CELLS, st.sampled_from(POSITIVE), CELLS)
def test_a_list_holds_when_any_pair_of_elements_does(left: Any, op: str, right: Any) -> None:
    pairs = itertools.product(elements(left), elements(right))
    assert holds(left, op, right) == any(holds(one, op, other) for one, other in pairs)


def test_kinds_are_four_and_booleans_are_no_numbers() -> None:
    found = [kind_of(one) for one in ("a", 1, 1.5, True, [], ["a"])]
    assert found == ["string", "number", "number", "boolean", "list", "list"]


# calculating -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "op", "right", "result"),
    [
        (1, "+", 2, 3),
        (1, "-", 2.5, -1.5),
        (2, "*", 3, 6),
        (1, "/", 2, 0.5),
        (4, "/", 2, 2),
        (2, "^", 10, 1024),
        (2, "^", -1, 0.5),
        (4, "^", 0.5, 2),
        (1, "/", 0, None),
        (0, "^", -1, None),
        (-1, "^", 0.5, None),
        (10.0, "^", 400, None),
        (1e308, "*", 10, None),
        ("1", "+", 1, None),
        (1, "+", True, None),
        (None, "+", 1, None),
        ([1], "+", 1, None),
    ],
)
def test_arithmetic_gives_a_number_or_nothing(left: Any, op: str, right: Any, result: Any) -> None:
    assert arithmetic(op, left, right) == result


def test_whole_numbers_beyond_what_a_database_holds_become_fractions() -> None:
    found = arithmetic("*", 2**62, 4)
    assert (type(found), found) == (float, float(2**64))


@pytest.mark.parametrize(
    ("name", "args", "result"),
    [
        ("CONCAT", ["a", None, "-", 1, 2.0, 2.5, True, False], "a-122.5truefalse"),
        ("CONCAT", [["x", 1], "y"], "x,1y"),
        ("CONCAT", [None], ""),
        ("MERGE", ["a", None, ["b", "a"], 1, 1.0, True], ["a", "b", 1, True]),
        ("MERGE", [None, None], []),
        ("MERGE", [[]], []),
        ("COALESCE", [None, "", "x"], ""),
        ("COALESCE", [None, [], 1], []),
        ("COALESCE", [None, False], False),
        ("COALESCE", [None], None),
        ("ABS", [-2.5], 2.5),
        ("ABS", ["-2"], None),
        ("ABS", [True], None),
        ("ABS", [None], None),
        ("SQRT", [9], 3.0),
        ("SQRT", [-1], None),
        ("CEIL", [1.2], 2),
        ("CEIL", [-1.2], -1),
        ("FLOOR", [1.8], 1),
        ("FLOOR", [-1.2], -2),
        ("ROUND", [2.5], 3),
        ("ROUND", [-2.5], -3),
        ("ROUND", [2.4], 2),
        ("ROUND", [7], 7),
        ("ROUND", [[1.5]], None),
        ("SHIFT", [0, 1, "month"], 31 * 86_400_000),
        ("SHIFT", [30 * 86_400_000, 1, "month"], 58 * 86_400_000),  # 31 January: the last of February
        ("SHIFT", [0, -1, "year"], -365 * 86_400_000),
        ("SHIFT", ["0", 1, "month"], None),
        ("SHIFT", [None, 1, "month"], None),
        ("SHIFT", [0, 99_999, "year"], None),
    ],
)
def test_a_function_gives_what_the_table_says(name: str, args: list[Any], result: Any) -> None:
    found = call(name, args)
    assert identity(found) == identity(result)


def test_concat_writes_whole_numbers_without_a_fraction() -> None:
    assert [text_of(one) for one in (3.0, 2.5, 3, True, None)] == ["3", "2.5", "3", "true", ""]


@pytest.mark.parametrize(
    ("name", "values", "result"),
    [
        ("COUNT", ["a", "b", "a", None], 2),
        ("COUNT", [1, 1.0, True, "1"], 3),
        ("COUNT", [["a", "b"], ["b"], "a", []], 2),
        ("COUNT", [], 0),
        ("SUM", [1, 2.5, None, "3", True], 3.5),
        ("SUM", [1, 1], 2),
        ("MIN", [3, -1, "a"], -1),
        ("MAX", [3, 2.5], 3),
        ("AVG", [1, 2], 1.5),
        ("AVG", ["a", None, [1]], None),
        ("SUM", [], None),
        ("MIN", [], None),
        ("MAX", [None], None),
    ],
)
def test_an_aggregate_gives_what_the_table_says(name: str, values: list[Any], result: Any) -> None:
    assert fold(name, values) == result


# identity, order, words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, "", False),
        (None, [], False),
        (["a"], "a", False),
        (["a", 1], ["a", 1.0], True),
        ([1], [True], False),
        (["a", "b"], ["b", "a"], False),
    ],
)
def test_identity_tells_what_is_the_same_value(one: Any, other: Any, same: bool) -> None:
    assert (identity(one) == identity(other)) is same


def test_values_sort_by_kind_and_then_by_themselves() -> None:
    scalars = [-1, 0.5, 2, "", "Z", "a", "é", False, True]
    lists = [["a", 1], ["a"], [1], [2, 1], []]  # by their JSON text
    ordered = [*scalars, *lists, None]
    shuffled = [*ordered[7:], *ordered[:7]]
    assert sorted(shuffled, key=order_key) == ordered


@given(st.lists(CELLS, max_size=6))
def test_any_values_can_be_sorted(cells: list[Any]) -> None:
    ranks = [order_key(one)[0] for one in sorted(cells, key=order_key)]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("payApi-v2", ["pay", "api", "v2"]),
        ("HTTPServer", ["http", "server"]),
        ("aws_cloudwatch_metric_alarm root", ["aws", "cloudwatch", "metric", "alarm", "root"]),
        ("Straße ÜBUNG", ["strasse", "übung"]),
        ("a.b@c", ["a", "b", "c"]),
        ("ABC", ["abc"]),
        ("x1Y", ["x1", "y"]),
        ("日本語", ["日本語"]),
        (" ._- ", []),
        ("", []),
    ],
)
def test_a_text_splits_at_punctuation_and_capitals(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_words_of_a_value_are_those_of_its_elements() -> None:
    assert words_of(["payApi", "x y"]) == {"pay", "api", "x", "y"}
    assert words_of([True]) == {"true"}
    assert words_of(2.0) == {"2"}
    assert words_of(None) == set()
