"""The clauses behind the hops: WHERE, RETURN, HAVING, ORDER BY, SKIP, LIMIT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import diagnostics
from bucketgraph.j1ql.cursor import CLAUSES, Cursor
from bucketgraph.j1ql.parser_conditions import condition
from bucketgraph.j1ql.parser_expressions import expression, parameter, path, placeholder
from bucketgraph.j1ql.parser_steps import alias_name
from bucketgraph.j1ql.syntax import (
    Condition,
    Count,
    Expression,
    OrderKey,
    ReturnItem,
    Tree,
    Undefined,
)
from bucketgraph.j1ql.tokens import Kind

_MAX_DIGITS: Final = 19
_RESUME: Final = frozenset({",", "THAT", ";", *CLAUSES})


@dataclass(slots=True)
class Clauses:
    """What the clauses say, as far as they are there."""

    where: Condition | None = None
    returns: Tree | tuple[ReturnItem, ...] | None = None
    having: Condition | None = None
    order: tuple[OrderKey, ...] = ()
    skip: Count | None = None
    limit: Count | None = None


def clause(cursor: Cursor, into: Clauses) -> None:
    """Read the clause that the present keyword begins."""
    keyword = cursor.advance().word
    _READERS[keyword](cursor, into)


def _where(cursor: Cursor, into: Clauses) -> None:
    into.where = condition(cursor)


def _having(cursor: Cursor, into: Clauses) -> None:
    into.having = condition(cursor)


def _return(cursor: Cursor, into: Clauses) -> None:
    if cursor.at("TREE") and not cursor.next_at("."):
        into.returns = Tree(span=cursor.advance().span)
        if cursor.at(",", "AS"):
            raise cursor.unexpected(hint="TREE stands alone in RETURN.")
        return
    items = [_return_item(cursor)]
    while cursor.accept(","):
        items.append(_return_item(cursor))
    into.returns = tuple(items)


def _return_item(cursor: Cursor) -> ReturnItem:
    start, first = cursor.token.start, cursor.index
    try:
        found: Expression = path(cursor, star=True) if _ends_in_star(cursor) else expression(cursor)
        text = cursor.source(first)
        alias = alias_name(cursor) if cursor.accept("AS") else None
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(_RESUME, since=first)
        return ReturnItem(Undefined())
    return ReturnItem(found, alias, "" if alias is not None else text, span=cursor.since(start))


def _ends_in_star(cursor: Cursor) -> bool:
    """Tell whether the column is `alias.*`, by looking along its dots."""
    distance = 0
    while cursor.peek(distance).kind in {Kind.NAME, Kind.BRACKET, Kind.NUMBER}:
        if cursor.peek(distance + 1).word != ".":
            return False
        distance += 2
    return distance > 0 and cursor.peek(distance).word == "*"


def _order(cursor: Cursor, into: Clauses) -> None:
    cursor.expect("BY")
    keys = [_order_key(cursor)]
    while cursor.accept(","):
        keys.append(_order_key(cursor))
    into.order = tuple(keys)


def _order_key(cursor: Cursor) -> OrderKey:
    start, first = cursor.token.start, cursor.index
    try:
        key = expression(cursor)
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(_RESUME, since=first)
        return OrderKey(Undefined())
    direction = cursor.accept("ASC", "DESC")
    descending = direction is not None and direction.word == "DESC"
    return OrderKey(key, descending, span=cursor.since(start))


def _skip(cursor: Cursor, into: Clauses) -> None:
    into.skip = _count(cursor, "skip", 0)


def _limit(cursor: Cursor, into: Clauses) -> None:
    into.limit = _count(cursor, "limit", 1)


def _count(cursor: Cursor, name: str, least: int) -> Count:
    if cursor.token.kind is Kind.PARAMETER:
        return parameter(cursor)
    if cursor.token.kind is Kind.PLACEHOLDER:
        return placeholder(cursor)
    minus = cursor.accept("-")
    if cursor.token.kind is not Kind.NUMBER:
        raise cursor.unexpected(hint="A whole number is expected.")
    token = cursor.advance()
    whole = minus is None and "." not in token.text and len(token.text) <= _MAX_DIGITS
    if not whole or not least <= int(token.text) <= diagnostics.LARGEST_COUNT:
        raise diagnostics.out_of_range(cursor.text, cursor.since((minus or token).start), name, least)
    return int(token.text)


_READERS: Final[dict[str, Callable[[Cursor, Clauses], None]]] = {
    "WHERE": _where,
    "RETURN": _return,
    "HAVING": _having,
    "ORDER": _order,
    "SKIP": _skip,
    "LIMIT": _limit,
}
