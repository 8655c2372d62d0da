"""What people keep of their asking: saved questions, and the last queries of each account."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from bucketgraph.errors import Conflict
from bucketgraph.store import tables as t
from bucketgraph.store.rows import AskedQuery, SavedQuestion

_FIELDS = tuple(SavedQuestion.__dataclass_fields__)
MOST_ASKED: Final = 500
"""Queries that are kept for each account."""


def save(connection: Connection, row: SavedQuestion) -> None:
    """Store a question anew or for the first time; raises Conflict when its owner has one of the same name."""
    saved = t.saved_question
    same = (saved.c.account_id.is_(row.account_id), func.lower(saved.c.name) == row.name.lower())
    if connection.execute(select(saved.c.id).where(*same, saved.c.id != row.id)).first() is not None:
        raise Conflict(f"There is already a saved question named {row.name!r}.", hint="Choose another name.")
    values = {name: getattr(row, name) for name in _FIELDS}
    if not connection.execute(update(saved).where(saved.c.id == row.id).values(values)).rowcount:
        connection.execute(insert(saved).values(values))


def saved(connection: Connection, account_id: str) -> list[SavedQuestion]:
    """Return an account's questions and the shared ones, by name."""
    mine = or_(t.saved_question.c.account_id == account_id, t.saved_question.c.shared)
    query = select(t.saved_question).where(mine).order_by(func.lower(t.saved_question.c.name))
    return [_question(row) for row in connection.execute(query)]


def find(connection: Connection, question_id: str) -> SavedQuestion | None:
    """Return a saved question, or None."""
    row = connection.execute(
        select(t.saved_question).where(t.saved_question.c.id == question_id)
    ).one_or_none()
    return None if row is None else _question(row)


def remove(connection: Connection, question_id: str) -> bool:
    """Delete a saved question; tell whether there was one."""
    return (
        connection.execute(delete(t.saved_question).where(t.saved_question.c.id == question_id)).rowcount > 0
    )


def remember(
    connection: Connection, account_id: str, *, now: int, query: str, rows: int | None, took_ms: int
) -> None:
    """Note what an account asked, in place of the same query asked before; the oldest ones are forgotten."""
    asked = t.query_history
    connection.execute(delete(asked).where(asked.c.account_id == account_id, asked.c.query == query))
    values = {"account_id": account_id, "on": now, "query": query, "rows": rows, "took_ms": took_ms}
    connection.execute(insert(asked).values(values))
    mine = select(asked.c.id).where(asked.c.account_id == account_id).order_by(asked.c.id.desc())
    oldest = mine.offset(MOST_ASKED).limit(1)
    if (last := connection.execute(oldest).scalar()) is not None:
        connection.execute(delete(asked).where(asked.c.account_id == account_id, asked.c.id <= last))


def asked(connection: Connection, account_id: str, *, containing: str, limit: int) -> list[AskedQuery]:
    """Return the queries of an account that contain a text, the newest first."""
    history = t.query_history
    query = (
        select(history)
        .where(history.c.account_id == account_id, history.c.query.icontains(containing, autoescape=True))
        .order_by(history.c.id.desc())
        .limit(limit)
    )
    return [
        AskedQuery(row.id, row.account_id, row.on, row.query, row.rows, row.took_ms)
        for row in connection.execute(query)
    ]


def forget_asked(connection: Connection, account_id: str) -> int:
    """Delete an account's history of queries, and return how many there were."""
    return connection.execute(
        delete(t.query_history).where(t.query_history.c.account_id == account_id)
    ).rowcount


def forget_account(connection: Connection, account_id: str) -> None:
    """Delete what an account kept for itself; what it shared stays, without an owner."""
    forget_asked(connection, account_id)
    mine = t.saved_question.c.account_id == account_id
    connection.execute(delete(t.saved_question).where(mine, ~t.saved_question.c.shared))
    connection.execute(update(t.saved_question).where(mine).values(account_id=None))


def _question(row: Row[Any]) -> SavedQuestion:
    return SavedQuestion(**{name: getattr(row, name) for name in _FIELDS})
