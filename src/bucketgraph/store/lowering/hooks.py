"""What SQLite says in its own way: properties in JSON, text operators, and functions that Python lends it.

Python's functions run where SQL has no equal: regular expressions, values of mixed kinds, words. They are the
very ones of `j1ql.values`, so an answer cannot differ from the oracle's there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, FromClause, and_, func, literal, select

from bucketgraph.graph.schema import relationship_type_name
from bucketgraph.j1ql import values
from bucketgraph.j1ql.patterns import compile_pattern
from bucketgraph.store.lower import json_path

JSON_TYPES: Final = {
    "string": ("text",),
    "number": ("integer", "real"),
    "boolean": ("true", "false"),
    "list": ("array",),
}
"""The kinds of values by SQLite's names."""

_decode = msgspec.json.Decoder().decode


def extracted(row: FromClause, name: str) -> ColumnElement[Any] | None:
    """Return a property as SQLite's own value (booleans are 1 and 0, lists are JSON); None for an odd name."""
    path = json_path(name)
    return None if path is None else func.json_extract(row.c.props, path)


def as_json(row: FromClause, name: str) -> ColumnElement[Any]:
    """Return a property as JSON text, null where it is missing."""
    path = json_path(name)
    if path is None:
        return func.j1_property(row.c.props, name)
    return row.c.props.op("->")(path)


def any_element(
    row: FromClause, name: str, kind: str, test: Callable[[ColumnElement[Any]], ColumnElement[bool]]
) -> ColumnElement[bool] | None:
    """Say that the value, or an element of the list, is of a kind and passes a test; None for an odd name."""
    path = json_path(name)
    if path is None:
        return None
    each = func.json_each(row.c.props, path).table_valued("value", "type", name="element")
    content, found = each.c.value, each.c.type
    types = JSON_TYPES[kind]
    of_kind = found == types[0] if len(types) == 1 else found.in_(types)
    return select(content).where(and_(of_kind, test(content))).correlate_except(each).exists()


def among_values(content: ColumnElement[Any], listed: Sequence[Any]) -> ColumnElement[bool]:
    """Say that a value is one of many of its kind, which are bound together as one list."""
    each = func.json_each(literal(_json(list(listed)))).table_valued("value", name="listed")
    return content.in_(select(each.c.value))


def quoted(native: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a string or number as JSON text (null stays null)."""
    return func.j1_json(native)


TEXT_TESTS: Final[dict[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "~=": lambda one, other: func.instr(one, other) > 0,
    "^=": lambda one, other: func.substr(one, 1, func.length(other)) == other,
    "$=": lambda one, other: func.substr(one, func.length(one) - func.length(other) + 1) == other,
}
"""Contains, starts with, ends with, told apart by letter case as SQLite's LIKE does not.

The last two are wrong where the right side is longer than the left or empty, which `text_test` sees to.
"""


def text_test(op: str, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    """Compare two strings by a text operator."""
    if op == "$=":
        return and_(func.length(one) >= func.length(other), TEXT_TESTS[op](one, other))
    return TEXT_TESTS[op](one, other)


# functions that Python lends ---------------------------------------------------------------------------


def _cell(text: str | None) -> values.Cell:
    return None if text is None else _decode(text)


def _json(value: values.Cell) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _property(props: str, name: str) -> str | None:
    return _json(_decode(props).get(name))


def _holds(left: str | None, op: str, right: str | None) -> bool:
    return values.holds(_cell(left), op, _cell(right))


@functools.lru_cache(maxsize=8)
def _identities(listed: str) -> frozenset[Any]:
    return frozenset(values.identity(one) for one in _decode(listed))


def _among(content: str | None, listed: str) -> bool:
    wanted = _identities(listed)
    return any(values.identity(one) in wanted for one in values.elements(_cell(content)))


@functools.lru_cache(maxsize=128)
def _pattern(pattern: str, flags: str) -> Any:
    return compile_pattern(pattern, flags)


def _matches(content: str | None, pattern: str, flags: str) -> bool:
    compiled = _pattern(pattern, flags)
    found = values.elements(_cell(content))
    return any(isinstance(one, str) and compiled.search(one) is not None for one in found)


def _has_words(props: str, type_name: str, wanted: str) -> bool:
    missing = set(_decode(wanted)) - values.words_of(type_name)
    for value in _decode(props).values():
        if not missing:
            break
        missing -= values.words_of(value)
    return not missing


def _number(content: str | None) -> int | float | None:
    return values.number(_cell(content))


def _call(name: str, *args: str | None) -> str | None:
    return _json(values.call(name, [_cell(one) for one in args]))


def _calculate(name: str, value: float | None) -> values.Cell:
    return values.call(name, [value])


def _shift(value: float | None, amount: float, unit: str) -> values.Cell:
    return values.call("SHIFT", [value, amount, unit])


def _concat(*args: str | None) -> values.Cell:
    return values.call("CONCAT", [_cell(one) for one in args])


def _identity(content: str | None) -> str | None:
    value = _cell(content)
    return None if value is None else repr(values.identity(_same_number(value)))


def _same_number(value: Any) -> Any:
    if isinstance(value, list):
        return [_same_number(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _rank(content: str | None) -> int | None:
    value = _cell(content)
    return None if value is None else values.order_key(value)[0]


def _sort_value(content: str | None) -> Any:
    value = _cell(content)
    return None if value is None else values.order_key(value)[1]


def _edge_type(from_type: str | None, verb: str | None, to_type: str | None) -> str | None:
    """Return the derived `_type` of a relationship; a slot that is not bound has none of the three."""
    if from_type is None or verb is None or to_type is None:
        return None
    return relationship_type_name(from_type, verb, to_type)


class _CountDifferent:
    """COUNT of values of any kind, lists element by element."""

    def __init__(self) -> None:
        self._seen: set[Any] = set()

    def step(self, content: str | None) -> None:
        """Take one row's value."""
        self._seen.update(values.identity(one) for one in values.elements(_cell(content)))

    def finalize(self) -> int:
        """Return the number of different ones."""
        return len(self._seen)


class _Sum:
    """SUM of numbers that may leave 64 bits, which SQLite's own refuses."""

    def __init__(self) -> None:
        self._numbers: list[int | float] = []

    def step(self, value: float | None) -> None:
        """Take one row's number."""
        if value is not None:
            self._numbers.append(value)

    def finalize(self) -> int | float | None:
        """Return the sum; nothing of nothing."""
        return values.fold("SUM", self._numbers)


def lend(connection: Any, failed: list[BaseException]) -> None:
    """Give a SQLite connection the functions that lowered queries call; what they raise is added to `failed`."""
    for name, count, function in (
        ("j1_property", 2, _property),
        ("j1_json", 1, _json),
        ("j1_holds", 3, _holds),
        ("j1_among", 2, _among),
        ("j1_matches", 3, _matches),
        ("j1_has_words", 3, _has_words),
        ("j1_number", 1, _number),
        ("j1_call", -1, _call),
        ("j1_calculate", 2, _calculate),
        ("j1_power", 2, lambda one, other: values.arithmetic("^", one, other)),
        ("j1_shift", 3, _shift),
        ("j1_concat", -1, _concat),
        ("j1_identity", 1, _identity),
        ("j1_rank", 1, _rank),
        ("j1_sort_value", 1, _sort_value),
        ("j1_edge_type", 3, _edge_type),
    ):
        connection.create_function(name, count, _remembering(function, failed), deterministic=True)
    connection.create_aggregate("j1_count", 1, _CountDifferent)
    connection.create_aggregate("j1_sum", 1, _Sum)


def _remembering(function: Callable[..., Any], failed: list[BaseException]) -> Callable[..., Any]:
    """Return the function, noting what it raises: the driver forgets that, Ctrl-C included."""

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except BaseException as error:
            failed.append(error)
            raise

    return call
