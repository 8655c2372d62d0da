"""Accounts and one-time links as rows.

Whoever changes an account holds the write lock, so the rule that an admin stays needs no other lock.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from bucketgraph.errors import Conflict, SpentLink
from bucketgraph.store import tables as t
from bucketgraph.store.rows import AccountRow, LinkRow, Purpose

_FIELDS = tuple(AccountRow.__dataclass_fields__)
_LINK_FIELDS = tuple(LinkRow.__dataclass_fields__)
_REMEMBERED_MS = 86_400_000
"""How long a link that is over is remembered, so that whoever comes late is told what it was."""


def read(connection: Connection) -> list[AccountRow]:
    """Return all accounts by name."""
    return [
        account_of(row)
        for row in connection.execute(select(t.account).order_by(func.lower(t.account.c.name)))
    ]


def find(connection: Connection, account_id: str) -> AccountRow | None:
    """Return an account, or None."""
    row = connection.execute(select(t.account).where(t.account.c.id == account_id)).one_or_none()
    return None if row is None else account_of(row)


def named(connection: Connection, name: str) -> AccountRow | None:
    """Return the account of a name, in whatever case, or None."""
    row = connection.execute(
        select(t.account).where(func.lower(t.account.c.name) == name.lower())
    ).one_or_none()
    return None if row is None else account_of(row)


def of_identity(connection: Connection, issuer: str, subject: str) -> AccountRow | None:
    """Return the account of who an identity provider says somebody is, or None."""
    known = select(t.account).where(t.account.c.oidc_issuer == issuer, t.account.c.oidc_subject == subject)
    row = connection.execute(known).one_or_none()
    return None if row is None else account_of(row)


def number(connection: Connection) -> int:
    """Return how many accounts there are."""
    return connection.execute(select(func.count()).select_from(t.account)).scalar_one()


def add(connection: Connection, row: AccountRow) -> None:
    """Insert an account; raises Conflict when its name is taken, or its identity has one."""
    if named(connection, row.name) is not None:
        raise Conflict(f"There is already an account named {row.name!r}.", hint="Choose another name.")
    if row.oidc_subject and of_identity(connection, row.oidc_issuer or "", row.oidc_subject) is not None:
        raise Conflict("This identity has an account already.", hint="Sign in again.")
    connection.execute(insert(t.account).values({name: getattr(row, name) for name in _FIELDS}))


def change(connection: Connection, account_id: str, now: int, **values: Any) -> AccountRow | None:
    """Set fields of an account and return it as it is then, or None for one that is not there.

    Raises Conflict when nobody would be left who can sign in as an admin.
    """
    before = _admins(connection)
    values = {"updated_on": now} | values
    connection.execute(update(t.account).where(t.account.c.id == account_id).values(values))
    _keep_an_admin(connection, before)
    return find(connection, account_id)


def signed_in(connection: Connection, account_id: str, now: int) -> None:
    """Note when an account last signed in."""
    connection.execute(update(t.account).where(t.account.c.id == account_id).values(signed_in_on=now))


def raise_epoch(connection: Connection, account_id: str) -> None:
    """End an account's sessions, those too that are just beginning."""
    values = {t.account.c.session_epoch: t.account.c.session_epoch + 1}
    connection.execute(update(t.account).where(t.account.c.id == account_id).values(values))


def remove(connection: Connection, account_id: str) -> bool:
    """Delete an account and its links; tell whether there was one. Raises Conflict for the last admin."""
    before = _admins(connection)
    found = connection.execute(delete(t.account).where(t.account.c.id == account_id)).rowcount > 0
    _keep_an_admin(connection, before)
    connection.execute(delete(t.setup_link).where(t.setup_link.c.account_id == account_id))
    return found


def add_link(connection: Connection, row: LinkRow) -> None:
    """Insert a link in place of the unused ones for the same; forget those that have long been over."""
    same = (t.setup_link.c.purpose == row.purpose, t.setup_link.c.account_id.is_(row.account_id))
    connection.execute(delete(t.setup_link).where(*same, t.setup_link.c.used_on.is_(None)))
    forget_links(connection, row.created_on)
    connection.execute(insert(t.setup_link).values({name: getattr(row, name) for name in _LINK_FIELDS}))


def forget_links(connection: Connection, now: int) -> None:
    """Delete links that have been over for a day."""
    connection.execute(delete(t.setup_link).where(t.setup_link.c.expires_on <= now - _REMEMBERED_MS))


def void_links(connection: Connection, account_id: str) -> None:
    """Delete an account's unused links."""
    unused = (t.setup_link.c.account_id == account_id, t.setup_link.c.used_on.is_(None))
    connection.execute(delete(t.setup_link).where(*unused))


def find_link(connection: Connection, digest: str) -> LinkRow | None:
    """Return the link of a hash, whether used or not, or None."""
    row = connection.execute(select(t.setup_link).where(t.setup_link.c.hash == digest)).one_or_none()
    return None if row is None else LinkRow(**{name: getattr(row, name) for name in _LINK_FIELDS})


def spend(connection: Connection, digest: str, purposes: tuple[Purpose, ...], now: int) -> LinkRow:
    """Use a link up and return it; raises SpentLink when it is no such link, used or over."""
    usable = (
        t.setup_link.c.hash == digest,
        t.setup_link.c.purpose.in_(purposes),
        t.setup_link.c.used_on.is_(None),
        t.setup_link.c.expires_on > now,
    )
    used = connection.execute(update(t.setup_link).where(*usable).values(used_on=now)).rowcount
    found = find_link(connection, digest)
    if used != 1 or found is None:
        raise spent(found, now)
    return found


def spent(found: LinkRow | None, now: int) -> SpentLink:
    """Return the error that tells why a link does not work."""
    again = "Ask an admin for another one, or make one with `bucketgraph user reset NAME`."
    if found is None:
        return SpentLink("This link is not known here; a newer one may have taken its place.", hint=again)
    if found.used_on is not None:
        return SpentLink("This link was used already; it works once.", hint=again)
    if found.expires_on <= now:
        return SpentLink("This link is too old.", hint=again)
    return SpentLink("This link is for something else.", hint=again)


def account_of(row: Row[Any]) -> AccountRow:
    """Return an account from the columns of its table."""
    return AccountRow(**{name: getattr(row, name) for name in _FIELDS})


def _admins(connection: Connection) -> int:
    """Return how many admins can sign in."""
    return sum(one.usable and one.role == "admin" for one in read(connection))


def _keep_an_admin(connection: Connection, before: int) -> None:
    if before and not _admins(connection):
        raise Conflict(
            "This is the last admin who can sign in.",
            hint="Make another account an admin first, with `bucketgraph user role NAME admin`.",
        )
