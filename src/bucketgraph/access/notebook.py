"""What people keep of their asking: saved questions, their own or shared, and the queries they asked last."""

from __future__ import annotations

import uuid
from typing import Final

from bucketgraph.access.who import Visitor
from bucketgraph.errors import ConfigError, Forbidden, Unknown
from bucketgraph.store.rows import AskedQuery, SavedQuestion
from bucketgraph.store.store import Store

_LONGEST_NAME: Final = 200
_LONGEST_TEXT: Final = 20_000
_LONGEST_QUERY: Final = 100_000


def save(
    store: Store,
    visitor: Visitor,
    *,
    name: str,
    query: str,
    description: str = "",
    shared: bool = False,
    question_id: str | None = None,
) -> SavedQuestion:
    """Keep a question, a new one or in place of one that is the visitor's own; an admin may change shared ones too.

    Sharing takes an editor. Raises ConfigError for texts that are empty or too long, Conflict for a name the owner has
    already, Forbidden, Unknown.
    """
    name = " ".join(name.split())
    _check(name, query, description)
    if shared:
        visitor.require("editor")
    now = store.now()
    old = None if question_id is None else changeable(store, visitor, question_id)
    owner = old.account_id if old else visitor.account_id
    since = old.created_on if old else now
    row = SavedQuestion(
        old.id if old else str(uuid.uuid4()), name, description.strip(), query, owner, shared, since, now
    )
    store.save_question(row)
    return row


def questions(store: Store, visitor: Visitor) -> list[SavedQuestion]:
    """Return the visitor's own questions and the shared ones, by name."""
    return store.saved_questions(visitor.account_id)


def find(store: Store, visitor: Visitor, question_id: str) -> SavedQuestion:
    """Return a question that the visitor may see; raises Unknown for any other, as if it were not there."""
    found = store.saved_question(question_id)
    if found is None or not (found.shared or found.account_id == visitor.account_id):
        raise Unknown(
            "This saved question is not there, or not any more.", hint="See the list of saved questions."
        )
    return found


def changeable(store: Store, visitor: Visitor, question_id: str) -> SavedQuestion:
    """Return a question that the visitor may change; raises Forbidden for somebody else's, Unknown."""
    found = find(store, visitor, question_id)
    if found.account_id != visitor.account_id and not visitor.may("admin"):
        raise Forbidden("This question is somebody else's.", hint="Save a copy under a name of your own.")
    return found


def remove(store: Store, visitor: Visitor, question_id: str) -> None:
    """Delete a question that the visitor may change; raises Forbidden, Unknown."""
    changeable(store, visitor, question_id)
    store.remove_question(question_id)


def remember(store: Store, visitor: Visitor, query: str, *, rows: int | None, took_ms: int) -> None:
    """Note a query that the visitor asked; one that is longer than can be kept is not."""
    if len(query) <= _LONGEST_QUERY:
        store.remember_query(visitor.account_id, query, rows=rows, took_ms=took_ms)


def history(store: Store, visitor: Visitor, *, containing: str = "", limit: int = 50) -> list[AskedQuery]:
    """Return the visitor's last queries that contain a text, each once, the newest first."""
    return store.asked_queries(visitor.account_id, containing=containing, limit=limit)


def forget_history(store: Store, visitor: Visitor) -> int:
    """Delete the visitor's last queries and return how many there were."""
    return store.forget_queries(visitor.account_id)


def _check(name: str, query: str, description: str) -> None:
    for what, text, longest in (
        ("name", name, _LONGEST_NAME),
        ("query", query.strip(), _LONGEST_QUERY),
    ):
        if not text or len(text) > longest:
            raise ConfigError(
                f"The question's {what} is {'empty' if not text else 'too long'}.",
                hint=f"Give it 1 to {longest:,} characters.",
            )
    if len(description) > _LONGEST_TEXT:
        raise ConfigError(
            "The question's description is too long.", hint=f"Give it at most {_LONGEST_TEXT:,} characters."
        )
