"""The tokens of the API as rows: their hashes, never themselves."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from bucketgraph.store import tables as t
from bucketgraph.store.base import TokenRow

_FIELDS = tuple(TokenRow.__dataclass_fields__)


def add(connection: Connection, row: TokenRow) -> bool:
    """Insert a token; tell whether its name was free."""
    taken = connection.execute(select(t.api_token.c.id).where(t.api_token.c.name == row.name)).first()
    if taken is None:
        connection.execute(insert(t.api_token).values({name: getattr(row, name) for name in _FIELDS}))
    return taken is None


def read(connection: Connection) -> list[TokenRow]:
    """Return all tokens by name."""
    rows = connection.execute(select(t.api_token).order_by(t.api_token.c.name))
    return [TokenRow(**{name: getattr(row, name) for name in _FIELDS}) for row in rows]


def find(connection: Connection, digest: str) -> TokenRow | None:
    """Return the token of a hash, or None."""
    row = connection.execute(select(t.api_token).where(t.api_token.c.hash == digest)).one_or_none()
    return None if row is None else TokenRow(**{name: getattr(row, name) for name in _FIELDS})


def remove(connection: Connection, token_id: str) -> bool:
    """Delete a token; tell whether there was one."""
    return connection.execute(delete(t.api_token).where(t.api_token.c.id == token_id)).rowcount > 0


def remove_all(connection: Connection, account_id: str) -> int:
    """Delete an account's own tokens and return how many there were."""
    return connection.execute(delete(t.api_token).where(t.api_token.c.account_id == account_id)).rowcount


def touch(connection: Connection, token_id: str, now: int) -> None:
    """Note when a token was last used (epoch ms)."""
    connection.execute(update(t.api_token).where(t.api_token.c.id == token_id).values(last_used_on=now))
