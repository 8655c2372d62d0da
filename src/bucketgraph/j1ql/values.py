"""What the language does with values: comparing, calculating, sorting, counting. Pure, and the last word.

A value is a string, number, boolean, a list of these, or None for what is missing. Booleans are no numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from bucketgraph.graph.values import Value, encode_json
from bucketgraph.j1ql.dates import shift

Cell: TypeAlias = Value | None

_LEAST, _GREATEST = -(2**63), 2**63 - 1
_RANKS: Final = {"number": 0, "string": 1, "boolean": 2, "list": 3}


def kind_of(value: Value) -> str:
    """Return `number`, `string`, `boolean` or `list`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "list"


def elements(value: Cell) -> Sequence[Any]:
    """Return what comparing looks at one by one: a list's elements, or the value itself."""
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def holds(left: Cell, op: str, right: Cell) -> bool:
    """Compare by a positive operator: true when any two elements compare so."""
    test = _TESTS[op]
    return any(test(one, other) for one in elements(left) for other in elements(right))


def _equal(one: Any, other: Any) -> bool:
    return kind_of(one) == kind_of(other) and bool(one == other)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda one, other: isinstance(one, str) and isinstance(other, str) and test(one, other)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(one: Any, other: Any) -> bool:
        kind = kind_of(one)
        return kind == kind_of(other) and kind in {"number", "string"} and test(one, other)

    return compare


_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": _equal,
    "~=": _text(lambda one, other: other in one),
    "^=": _text(str.startswith),
    "$=": _text(str.endswith),
    ">": _ordered(lambda one, other: one > other),
    "<": _ordered(lambda one, other: one < other),
    ">=": _ordered(lambda one, other: one >= other),
    "<=": _ordered(lambda one, other: one <= other),
}

# ---------------------------------------------------------------------------------------- calculating


def number(value: Cell) -> int | float | None:
    """Return the value if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def arithmetic(op: str, left: Cell, right: Cell) -> int | float | None:
    """Calculate; None where an operand is no number, the divisor is zero, or the result is out of range."""
    one, other = number(left), number(right)
    if one is None or other is None:
        return None
    try:
        return _in_range(_CALCULATIONS[op](one, other))
    except (ZeroDivisionError, OverflowError, ValueError):
        return None


def _in_range(result: Any) -> int | float | None:
    if isinstance(result, complex) or not math.isfinite(result):
        return None
    return result if isinstance(result, float) or _LEAST <= result <= _GREATEST else float(result)


def _power(one: float, other: float) -> float:
    exact = isinstance(one, int) and isinstance(other, int) and 0 <= other <= 64  # noqa: PLR2004  # beyond: inexact
    return one**other if exact else math.pow(one, other)


_CALCULATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "^": _power,
}


def call(name: str, args: Sequence[Cell]) -> Cell:
    """Call a function of one row."""
    return _FUNCTIONS[name](args)


def text_of(value: Cell) -> str:
    """Write a value as CONCAT does: a whole number without a fraction, a list's elements with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ",".join(text_of(one) for one in value) if isinstance(value, list) else str(value)


def _merge(args: Sequence[Cell]) -> list[Any]:
    found: dict[Hashable, Any] = {}
    for value in args:
        for one in elements(value):
            found.setdefault(identity(one), one)
    return list(found.values())


def _numeric(function: Callable[[Any], Any]) -> Callable[[Sequence[Cell]], Cell]:
    def calculate(args: Sequence[Cell]) -> Cell:
        one = number(args[0])
        return None if one is None else _in_range(function(one))

    return calculate


def _square_root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


def _round(value: Any) -> int:
    """Round half away from zero."""
    if isinstance(value, int):
        return value
    whole: int = math.floor(abs(value) + 0.5)
    return whole if value >= 0 else -whole


def _shift(args: Sequence[Cell]) -> Cell:
    moment, amount, unit = number(args[0]), number(args[1]), args[2]
    if moment is None or amount is None or not isinstance(unit, str):
        return None
    return shift(round(moment), amount, unit)


_FUNCTIONS: Final[dict[str, Callable[[Sequence[Cell]], Cell]]] = {
    "CONCAT": lambda args: "".join(text_of(one) for one in args),
    "MERGE": _merge,
    "COALESCE": lambda args: next((one for one in args if one is not None), None),
    "ABS": _numeric(abs),
    "SQRT": _numeric(_square_root),
    "CEIL": _numeric(math.ceil),
    "FLOOR": _numeric(math.floor),
    "ROUND": _numeric(_round),
    "SHIFT": _shift,
}


def fold(name: str, values: Iterable[Cell]) -> int | float | None:
    """Fold the values of a group: COUNT the different elements, or calculate with those that are numbers."""
    if name == "COUNT":
        return len({identity(one) for value in values for one in elements(value)})
    numbers = [one for one in map(number, values) if one is not None]
    if not numbers:
        return None
    if name == "AVG":
        return _in_range(float(sum(numbers)) / len(numbers))
    folding: dict[str, Callable[[list[int | float]], int | float]] = {"MIN": min, "MAX": max, "SUM": sum}
    return _in_range(folding[name](numbers))


# ---------------------------------------------------------------------------- identity, order, words


def identity(value: Cell) -> Hashable:
    """Return what is equal for equal values and different for different ones: 1 is 1.0 but not true."""
    if value is None:
        return None
    if isinstance(value, list):
        return ("list", *(identity(one) for one in value))
    return (kind_of(value), value)


def order_key(value: Cell) -> tuple[int, Any]:
    """Return what sorts values: numbers, strings by code point, booleans, lists by their JSON text.

    Of what is missing nothing is said here: it comes last in both directions.
    """
    if value is None:
        return (len(_RANKS), 0)
    kind = kind_of(value)
    return _RANKS[kind], encode_json(value) if isinstance(value, list) else value


_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Split a text at punctuation and in front of capital letters, and fold the case: `payApi` is pay, api.

    Capitals in a row stay together, up to the one that begins the next word: `HTTPServer` is http, server.
    """
    return [word.casefold() for run in _WORD.findall(text) for word in _split_at_capitals(run)]


def _split_at_capitals(run: str) -> list[str]:
    pieces, start = [], 0
    for index in range(1, len(run)):
        after_small = run[index].isupper() and not run[index - 1].isupper()
        before_small = (
            run[index].isupper()
            and run[index - 1].isupper()
            and index + 1 < len(run)
            and run[index + 1].islower()
        )
        if after_small or before_small:
            pieces.append(run[start:index])
            start = index
    return [*pieces, run[start:]]


def words_of(value: Cell) -> set[str]:
    """Return the words of a value."""
    return {word for one in elements(value) for word in words(text_of(one))}
