"""Removing an integration: its graph ends and its history stays, or all of it goes.

Both get a publication of their own, so that whoever holds a cursor of the change feed notices. No id is given
again. What there is may be large, so rows are changed by statements, never one by one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, insert, or_, select, update

from bucketgraph.errors import ConfigError
from bucketgraph.graph.values import iso_utc
from bucketgraph.store import observed, write
from bucketgraph.store import tables as t
from bucketgraph.store.transaction import chunks, remember_ids

_NO_RUN = 0
_SHORT_ID = 8
_ERASING = "bytes to erase"
"""The row of `high_water` that says that a purge is not over yet."""


def keep_history(connection: Connection, integration_id: str, now: int) -> None:
    """End everything of an integration at once and keep what was; raises ConfigError for one that is gone.

    Relationships of others that touch its entities end too, and the records that brought them are compared
    again when they next come.
    """
    name = _name_in_use(connection, integration_id)
    number, on = write.give_number(connection, integration_id=integration_id, run_id=_NO_RUN, now=now)
    ended = {"end_on": on, "end_publication": number}
    mine, edge, entity, record = _records(integration_id), t.relationship, t.entity, t.record
    for touching in (edge.c.record_id.in_(mine), edge.c.from_id.in_(mine), edge.c.to_id.in_(mine)):
        connection.execute(update(edge).where(touching, edge.c.end_on.is_(None)).values(**ended))
    own = entity.c.integration_id == integration_id
    connection.execute(update(entity).where(own, entity.c.end_on.is_(None)).values(**ended))
    observed.subtract(
        connection, entities=entity.c.end_publication == number, edges=edge.c.end_publication == number
    )
    brought = select(edge.c.record_id).where(edge.c.end_publication == number)
    connection.execute(update(record).where(record.c.id.in_(brought)).values(digest=None))
    own = record.c.integration_id == integration_id
    connection.execute(update(record).where(own).values(live=False, digest=None))
    _end_runs(connection, integration_id, on)
    _retire(connection, integration_id, name, on)


def purge(connection: Connection, integration_id: str, now: int, consumers: Collection[str] = ()) -> None:
    """Delete an integration with everything it ever brought, in use or removed before.

    The publications keep their numbers and moments, so that a cursor of the change feed never meets a number
    twice. Names of types, verbs and kinds of relationships stay; those of properties go where no other row is
    of their type, and tags where no other row has them. `consumers` are the names in the call ledger that
    nobody else uses. Raises ConfigError when there is no such integration.
    """
    _find(connection, integration_id)
    for table in (t.record, t.relationship, t.scope, t.run):  # an entity's id is its record's
        remember_ids(connection, table)
    write.give_number(connection, integration_id=integration_id, run_id=_NO_RUN, now=now)
    types = _types(connection, integration_id)
    edge, own_entity = t.relationship.c, t.entity.c.integration_id == integration_id
    own_edge = edge.record_id.in_(_records(integration_id))
    _purge_links(connection, integration_id)
    observed.subtract(
        connection,
        entities=own_entity & t.entity.c.end_on.is_(None),
        edges=own_edge & edge.end_on.is_(None),
    )
    _delete_rows(connection, integration_id, own_edge)
    observed.forget_names(connection, types)
    for chunk in chunks(consumers):
        connection.execute(delete(t.call_ledger).where(t.call_ledger.c.consumer.in_(chunk)))
    if not erasing(connection):
        connection.execute(insert(t.high_water).values(name=_ERASING, id=1))


def erasing(connection: Connection) -> bool:
    """Say whether bytes of a purged integration may still stand in the files."""
    return (
        connection.execute(select(t.high_water.c.id).where(t.high_water.c.name == _ERASING)).first()
        is not None
    )


def erased(connection: Connection) -> None:
    """Note that no bytes of purged integrations are left."""
    connection.execute(delete(t.high_water).where(t.high_water.c.name == _ERASING))


def _records(integration_id: str) -> Select[Any]:
    """Select the ids of an integration's records, which are its entities' too."""
    return select(t.record.c.id).where(t.record.c.integration_id == integration_id)


def _find(connection: Connection, integration_id: str) -> Any:
    row = connection.execute(select(t.integration).where(t.integration.c.id == integration_id)).one_or_none()
    if row is None:
        raise ConfigError(
            f"There is no integration with the id {integration_id}.", hint="It was removed meanwhile."
        )
    return row


def _name_in_use(connection: Connection, integration_id: str) -> str:
    row = _find(connection, integration_id)
    if row.removed_on is not None:
        raise ConfigError(
            f"The integration {row.former_name!r} is removed already; only its history is left.",
            hint="Purge it to erase that too.",
        )
    return str(row.name)


def _end_runs(connection: Connection, integration_id: str, on: int) -> None:
    """End the runs that wait for being resumed: there is nothing to resume."""
    open_runs = (t.run.c.integration_id == integration_id) & (t.run.c.status == "IN_PROGRESS")
    connection.execute(update(t.run).where(open_runs).values(status="FAILED", finished_on=on))


def _retire(connection: Connection, integration_id: str, name: str, on: int) -> None:
    """Free the name, and forget all that gives access: the credentials, and tokens for this one alone."""
    connection.execute(delete(t.api_token).where(t.api_token.c.integration_id == integration_id))
    values = {
        "name": f"{name} (removed {iso_utc(on)} {integration_id[:_SHORT_ID]})",
        "former_name": name,
        "credentials": "",
        "removed_on": on,
        "updated_on": on,
        "retag": False,
    }
    connection.execute(update(t.integration).where(t.integration.c.id == integration_id).values(**values))


def _types(connection: Connection, integration_id: str) -> list[int]:
    """Return the ids of the types that an integration's entities have or once had."""
    own = t.entity.c.integration_id == integration_id
    history = t.entity_history
    now = select(t.entity.c.type_id).where(own)
    once = select(history.c.type_id).join(t.entity, t.entity.c.id == history.c.entity_id).where(own)
    return sorted(connection.execute(now.union(once)).scalars())


def _purge_links(connection: Connection, integration_id: str) -> None:
    """Delete the relationships of others that touch its entities, and records that brought nothing else.

    Such a record's key is made of the keys at both ends.
    """
    mine, edge, record = _records(integration_id), t.relationship.c, t.record
    touching = or_(edge.from_id.in_(mine), edge.to_id.in_(mine)) & edge.record_id.not_in(mine)
    links = connection.execute(select(edge.id, edge.record_id).where(touching)).all()
    history = t.relationship_history
    for chunk in chunks(row.id for row in links):
        these = edge.id.in_(chunk)
        observed.subtract(connection, edges=these & edge.end_on.is_(None))
        connection.execute(delete(history).where(history.c.relationship_id.in_(chunk)))
        connection.execute(delete(t.relationship).where(these))
    bare = ~exists().where(edge.record_id == record.c.id) & ~exists().where(t.entity.c.id == record.c.id)
    for chunk in chunks({row.record_id for row in links}):
        connection.execute(delete(record).where(record.c.id.in_(chunk), bare))
        connection.execute(update(record).where(record.c.id.in_(chunk)).values(digest=None))


def _delete_rows(connection: Connection, integration_id: str, own_edge: ColumnElement[bool]) -> None:
    edge_ids, entity_ids = select(t.relationship.c.id).where(own_edge), _records(integration_id)
    history, entity_history = t.relationship_history, t.entity_history
    connection.execute(delete(history).where(history.c.relationship_id.in_(edge_ids)))
    connection.execute(delete(t.relationship).where(own_edge))
    connection.execute(delete(entity_history).where(entity_history.c.entity_id.in_(entity_ids)))
    for table in (t.entity, t.record, t.scope, t.run_event, t.run, t.api_token):
        connection.execute(delete(table).where(table.c.integration_id == integration_id))
    connection.execute(delete(t.integration).where(t.integration.c.id == integration_id))
    publications = update(t.publication).where(t.publication.c.integration_id == integration_id)
    connection.execute(publications.values(integration_id="", run_id=_NO_RUN))
