"""The ledger of API calls: how many a consumer made in each minute."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from bucketgraph.store.tables import call_ledger

_KEPT_MINUTES = 120


def minutes(connection: Connection, consumer: str, group: str) -> dict[int, int]:
    """Return the calls of a consumer by minute since the epoch."""
    query = select(call_ledger.c.minute, call_ledger.c.calls).where(
        call_ledger.c.consumer == consumer, call_ledger.c.endpoint_group == group
    )
    return {row.minute: row.calls for row in connection.execute(query)}


def book(
    connection: Connection, consumer: str, group: str, minute: int, decide: Callable[[dict[int, int]], int]
) -> None:
    """Add what `decide` returns to a minute, never below nothing, and drop minutes over two hours old."""
    known = minutes(connection, consumer, group)
    calls = max(decide(known), -known.get(minute, 0))
    if not calls:
        return
    statement = upsert(call_ledger).values(
        consumer=consumer, endpoint_group=group, minute=minute, calls=calls
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["consumer", "endpoint_group", "minute"],
            set_={"calls": call_ledger.c.calls + statement.excluded.calls},
        )
    )
    connection.execute(delete(call_ledger).where(call_ledger.c.minute < minute - _KEPT_MINUTES))
