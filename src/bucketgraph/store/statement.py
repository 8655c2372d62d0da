"""Running lowered queries on the driver itself: its tuples are what we want, and there may be many.

What the driver refuses becomes an error of ours here. A query can be too much for SQLite in more ways than can
be counted beforehand: its parser has a stack, its expressions a depth, its joins 64 tables.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bucketgraph.errors import Bug, QueryError
from bucketgraph.store.deadline import deadline_of, watch
from bucketgraph.store.lowering.hooks import lend

MAX_ROWS: Final = 1_000_000
"""Rows of one answer: as many as a computer holds, and more than anybody reads."""

MAX_CELLS: Final = 10_000_000
"""Rows times columns."""

SMALLER_ANSWER: Final = "Ask page by page, add LIMIT or a filter, or count with COUNT(...)."

_AT_ONCE: Final = 5_000
_FAILED: Final = "failed"
_LENT_FAILED: Final = "user-defined"
_OVERFLOW: Final = "integer overflow"
_TOO_MUCH: Final = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE})
_PRIMARY_CODE: Final = 0xFF


def prepare_connection(connection: Connection) -> None:
    """Make a connection fit for queries, the first time that it is to answer one."""
    held = connection.connection
    if _FAILED not in held.info:
        failed: list[BaseException] = []
        held.info[_FAILED] = failed
        lend(held.dbapi_connection, failed)
        watch(held.dbapi_connection, held.info)


def fetch(connection: Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    """Return all rows of a statement. Raises `QueryError` for too many."""
    held = connection.connection
    deadline, raw = deadline_of(held.info), held.dbapi_connection
    cursor = raw.execute(sql, values)  # type: ignore[union-attr]  # it is sqlite3's, which can
    found: list[Any] = cursor.fetchmany(_AT_ONCE)
    if len(found) < _AT_ONCE:
        return found
    while some := cursor.fetchmany(_AT_ONCE):
        found += some
        deadline.check()
        most = min(MAX_ROWS, MAX_CELLS // len(found[0]))
        if len(found) > most:
            raise QueryError(f"The answer has more than {most:,} rows.", hint=SMALLER_ANSWER)
    return found


@contextmanager
def running(connection: Connection, seconds: float) -> Iterator[None]:
    """Let all that happens inside take so long together. Raises `QueryTimeout` and `QueryError`."""
    prepare_connection(connection)
    deadline = deadline_of(connection.connection.info)
    deadline.begin(seconds)
    try:
        yield
        deadline.check()
    except sqlite3.Error as error:
        _explain(error, error, connection)
        raise
    except DBAPIError as error:
        _explain(error, error.orig, connection)
        raise
    except MemoryError:
        deadline.explain(MemoryError())
        raise QueryError("The query needs more memory than it may have.", hint=SMALLER_ANSWER) from None
    except RecursionError:
        raise QueryError(
            "The query is nested too deep.", hint="Ask in several queries, with fewer negations and groups."
        ) from None
    finally:
        deadline.end = math.inf


def _explain(error: Exception, cause: BaseException | None, connection: Connection) -> None:
    """Raise in our words what a statement of ours failed of; return when it is the file that failed."""
    info = connection.connection.info
    deadline_of(info).explain(error)
    code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE
    text = str(cause)
    failed = connection.connection.info[_FAILED]
    interrupted = any(isinstance(one, KeyboardInterrupt) for one in failed)
    failed.clear()
    if (
        interrupted or code == sqlite3.SQLITE_INTERRUPT
    ):  # nobody but a person stops a statement before its time
        raise KeyboardInterrupt from None
    if _OVERFLOW in text:
        raise QueryError(
            "The query adds up numbers beyond 64 bits.",
            hint="Divide them first, for example SUM(a.size / 1000).",
        ) from error
    if text.startswith(_LENT_FAILED):
        raise Bug(f"A function of the query failed ({text}).") from error
    if code in _TOO_MUCH:
        raise QueryError(
            f"The query is too much for the database ({text}).",
            hint="Ask in several queries, with fewer hops, columns, conditions or nested parentheses.",
        ) from error
