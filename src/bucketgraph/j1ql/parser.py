"""From text to syntax tree. `parse` gives the tree or raises; `parse_all` tells all that is wrong.

Recursive descent over the tokens, each read once. Selectors and hops, conditions, expressions and clauses
have a module each; this one puts them in order, and finds its feet again where they fail.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import diagnostics, foreign
from bucketgraph.j1ql.cursor import BORDERS, CLAUSES, Cursor, EnoughErrors
from bucketgraph.j1ql.parser_clauses import Clauses, clause
from bucketgraph.j1ql.parser_steps import missing_that, selector, steps
from bucketgraph.j1ql.syntax import Query, Selector, Span, Step
from bucketgraph.j1ql.tokens import Kind

MAX_LENGTH: Final = 200_000
"""Characters of a query, unless the caller says otherwise."""


def parse(text: str, *, max_length: int = MAX_LENGTH) -> Query:
    """Return the tree of a query. Raises the first `QueryError`."""
    query, errors = parse_all(text, max_length=max_length)
    if query is None:
        raise errors[0]
    return query


def parse_all(text: str, *, max_length: int = MAX_LENGTH) -> tuple[Query | None, list[QueryError]]:
    """Return the tree and no errors, or None and the errors in the order of the text."""
    if refusal := _refusal(text, max_length):
        return None, [refusal]
    cursor = Cursor(text)
    query: Query | None = None
    with suppress(EnoughErrors):
        query = _query(cursor)
    if not cursor.errors:
        return query, []
    return None, sorted(cursor.errors, key=lambda error: error.span)


def _refusal(text: str, max_length: int) -> QueryError | None:
    if len(text) > max_length:
        return QueryError(
            f"The query is {len(text)} characters long; {max_length} are the limit.",
            hint="Shorten its value lists, or ask in several queries.",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return diagnostics.unexpected(text, Span(error.start, error.start + 1), shown="\ufffd")
    return None


def _query(cursor: Cursor) -> Query:
    start = cursor.token.start
    unique = _find(cursor)
    begin = _start(cursor)
    followed, clauses = _rest(cursor)
    return Query(
        begin,
        unique,
        followed,
        clauses.where,
        clauses.returns,
        clauses.having,
        clauses.order,
        clauses.skip,
        clauses.limit,
        span=cursor.since(start),
    )


def _find(cursor: Cursor) -> bool:
    """Read FIND and UNIQUE. Only in front of a text may FIND be left out."""
    if cursor.accept("FIND"):
        return cursor.accept("UNIQUE") is not None
    if cursor.token.kind is not Kind.STRING:
        cursor.report(_no_find(cursor))
        if cursor.token.word in foreign.CLAUSES or diagnostics.closest(cursor.token.text, ("FIND",)):
            cursor.advance()
    return False


def _no_find(cursor: Cursor) -> QueryError:
    token = cursor.token
    if token.word in foreign.CLAUSES or diagnostics.closest(token.text, ("FIND",)):
        return cursor.advised(foreign.CLAUSES, ("FIND",))
    named = token.kind is Kind.NAME and not cursor.at(*BORDERS)
    return cursor.unexpected(
        suggestions=(f"FIND {token.text}" if named else "FIND",), hint="A query begins with FIND."
    )


def _start(cursor: Cursor) -> Selector:
    first = cursor.index
    try:
        return selector(cursor)
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(BORDERS, since=first)
        return Selector()


def _rest(cursor: Cursor) -> tuple[tuple[Step, ...], Clauses]:
    """Read hops, then clauses in their order; whatever else stands there is reported and passed over."""
    followed: list[Step] = []
    clauses = Clauses()
    last = -1
    while not _at_end(cursor):
        word = cursor.token.word
        if word in CLAUSES:
            if CLAUSES.index(word) <= last:
                cursor.report(_out_of_order(cursor, last))
            last = max(last, CLAUSES.index(word))
            _guarded_clause(cursor, clauses)
        elif last < 0 and _at_hop(cursor):
            followed += _guarded_steps(cursor)
        else:
            cursor.report(missing_that(cursor))
            first = cursor.index
            cursor.advance()
            cursor.skip_to({*CLAUSES, "THAT"}, since=first)
    return tuple(followed), clauses


def _at_end(cursor: Cursor) -> bool:
    if cursor.at(";") and cursor.peek().kind is Kind.END:
        cursor.advance()
    return cursor.token.kind is Kind.END


def _at_hop(cursor: Cursor) -> bool:
    return cursor.at("THAT") or (cursor.at("(") and cursor.next_at("THAT"))


def _guarded_steps(cursor: Cursor) -> tuple[Step, ...]:
    first = cursor.index
    try:
        return steps(cursor)
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(BORDERS, since=first)
        return ()


def _guarded_clause(cursor: Cursor, clauses: Clauses) -> None:
    first = cursor.index
    try:
        clause(cursor, clauses)
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(BORDERS, since=first)


def _out_of_order(cursor: Cursor, last: int) -> QueryError:
    word = cursor.token.word
    if CLAUSES[last] == word:
        return cursor.unexpected(hint=f"There is one {word} in a query.")
    return cursor.unexpected(hint=f"{word} stands in front of {CLAUSES[last]}.")
