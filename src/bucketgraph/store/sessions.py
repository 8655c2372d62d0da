"""Sessions and failed sign-ins as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from bucketgraph.store import tables as t
from bucketgraph.store.accounts import account_of
from bucketgraph.store.rows import AccountRow, SessionRow

_FIELDS = tuple(SessionRow.__dataclass_fields__)
A_MINUTE_MS: Final = 60_000


def add(connection: Connection, row: SessionRow, *, idle_ms: int) -> None:
    """Insert a session, and delete those that are over."""
    over = (t.session.c.expires_on <= row.created_on, t.session.c.last_seen_on <= row.created_on - idle_ms)
    connection.execute(delete(t.session).where(or_(*over)))
    connection.execute(insert(t.session).values({name: getattr(row, name) for name in _FIELDS}))


def find(connection: Connection, digest: str) -> tuple[SessionRow, AccountRow] | None:
    """Return the session of a hash with its account; None where the account ended it, or there is none."""
    found = connection.execute(select(t.session).where(t.session.c.id == digest)).one_or_none()
    if found is None:
        return None
    owner = connection.execute(select(t.account).where(t.account.c.id == found.account_id)).one_or_none()
    if owner is None or owner.disabled_on is not None or owner.session_epoch != found.epoch:
        return None
    return _session(found), account_of(owner)


def of_account(connection: Connection, account_id: str) -> list[SessionRow]:
    """Return an account's sessions, the last seen first."""
    query = select(t.session).where(t.session.c.account_id == account_id)
    return [_session(row) for row in connection.execute(query.order_by(t.session.c.last_seen_on.desc()))]


def touch(connection: Connection, digest: str, now: int) -> None:
    """Note when a session was last used; never turned back."""
    later = (t.session.c.id == digest, t.session.c.last_seen_on < now)
    connection.execute(update(t.session).where(*later).values(last_seen_on=now))


def remove(connection: Connection, digest: str) -> bool:
    """Delete a session; tell whether there was one."""
    return connection.execute(delete(t.session).where(t.session.c.id == digest)).rowcount > 0


def remove_all(connection: Connection, account_id: str, *, but: str = "") -> int:
    """Delete an account's sessions but one, and return how many there were."""
    others = (t.session.c.account_id == account_id, t.session.c.id != but)
    return connection.execute(delete(t.session).where(*others)).rowcount


def carry_over(connection: Connection, digest: str, epoch: int) -> None:
    """Let one session live on in a new epoch of its account."""
    connection.execute(update(t.session).where(t.session.c.id == digest).values(epoch=epoch))


def failures(connection: Connection, keys: Collection[str], since: int) -> dict[str, tuple[int, int]]:
    """Return by key how many sign-ins failed since a moment (epoch ms), and when the last one did."""
    tried = t.login_attempt
    query = (
        select(tried.c.key, func.sum(tried.c.failures), func.max(tried.c.last_on))
        .where(tried.c.key.in_(keys), tried.c.minute >= since // A_MINUTE_MS)
        .group_by(tried.c.key)
    )
    return {key: (int(number), int(last)) for key, number, last in connection.execute(query)}


def fail(connection: Connection, keys: Collection[str], now: int, *, keep_ms: int) -> None:
    """Count a failed sign-in for each key, and forget what is older than `keep_ms`."""
    minute, tried = now // A_MINUTE_MS, t.login_attempt
    connection.execute(delete(tried).where(tried.c.minute < (now - keep_ms) // A_MINUTE_MS))
    for key in keys:
        same = (tried.c.key == key, tried.c.minute == minute)
        more: Mapping[Any, Any] = {tried.c.failures: tried.c.failures + 1, tried.c.last_on: now}
        if not connection.execute(update(tried).where(*same).values(more)).rowcount:
            connection.execute(insert(tried).values(key=key, minute=minute, failures=1, last_on=now))


def take_back(connection: Connection, key: str) -> None:
    """Take one failure of a key back, of its newest minute."""
    tried = t.login_attempt
    newest = select(func.max(tried.c.minute)).where(tried.c.key == key).scalar_subquery()
    same = (tried.c.key == key, tried.c.minute == newest)
    connection.execute(update(tried).where(*same).values({tried.c.failures: tried.c.failures - 1}))
    connection.execute(delete(tried).where(tried.c.key == key, tried.c.failures <= 0))


def forgive(connection: Connection, key: str) -> None:
    """Forget all failures of a key."""
    connection.execute(delete(t.login_attempt).where(t.login_attempt.c.key == key))


def _session(row: Row[Any]) -> SessionRow:
    return SessionRow(**{name: getattr(row, name) for name in _FIELDS})
