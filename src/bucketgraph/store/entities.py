"""Writing entity versions: the present one in `entity`, older ones in `entity_history`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, bindparam, func, literal_column, select, update

from bucketgraph.graph.entity import SealedRecord
from bucketgraph.store import tables as t
from bucketgraph.store.sightings import Triple
from bucketgraph.store.tags import Tags, renewed
from bucketgraph.store.transaction import End, Transaction, chunks

Item = tuple[int, SealedRecord]
"""A record's id, which is its entity's id too, and the record."""

_BATCH = 2000
"""Entities that are looked at, and tagged anew, at once."""

_UPDATE = (
    update(t.entity)
    .where(t.entity.c.id == bindparam("of"))
    .values(
        type_id=bindparam("to_type"),
        name=bindparam("to_name"),
        props=bindparam("to_props"),
        version=bindparam("to_version"),
        begin_on=bindparam("to_begin"),
        publication=bindparam("to_publication"),
        end_on=None,
        end_publication=None,
    )
)


def create(tx: Transaction, items: Iterable[Item]) -> None:
    """Insert entities whose records are new."""
    rows = []
    for new, record in items:
        if record.type is not None:
            rows.append(_new_row(tx, new, record, record.type))
    tx.insert_many(t.entity, rows)


def change(tx: Transaction, items: Sequence[Item]) -> None:
    """Bring the entities of changed or returning records to their new state, keeping the old version."""
    stored = _load(tx, [new for new, record in items if record.type is not None])
    inserts, updates, history = [], [], []
    retyped: list[End] = []
    for new, record in items:
        if record.type is None:
            continue
        row = stored.get(new)
        if row is None:
            inserts.append(_new_row(tx, new, record, record.type))
        elif row.end_on is None and _same(tx, row, record):
            tx.learn_end(record.key, End(new, row.type_id))
            tx.count_entity(record.type, "unchanged")
        else:
            history.append(_history_row(tx, row))
            updates.append(_update_row(tx, row, record, record.type))
            type_id = updates[-1]["to_type"]
            if row.type_id != type_id:
                retyped.append(End(row.id, type_id))
            if row.end_on is None:
                tx.seen.live_types[row.type_id] -= 1
            tx.count_entity(record.type, "created" if row.end_on is not None else "updated")
    tx.insert_many(t.entity, inserts)
    tx.insert_many(t.entity_history, history)
    tx.execute_many(_UPDATE, updates)
    _retype(tx, retyped)


def delete(tx: Transaction, ids: Iterable[int]) -> list[int]:
    """Tombstone the live entities among the ids and return theirs."""
    deleted: list[int] = []
    for chunk in chunks(ids):
        live = t.entity.c.id.in_(chunk) & t.entity.c.end_on.is_(None)
        for row in tx.connection.execute(select(t.entity.c.id, t.entity.c.type_id).where(live)):
            tx.count_entity(tx.names.type_name(row.type_id), "deleted")
            tx.seen.live_types[row.type_id] -= 1
            deleted.append(row.id)
        tx.connection.execute(
            update(t.entity).where(live).values(end_on=tx.on, end_publication=tx.publication)
        )
    return deleted


def with_other_tags(
    connection: Connection, integration_id: str, wanted: Tags, *, after: int
) -> tuple[list[int], int | None]:
    """Look at the next live entities after an id; return those with other tags, and the last one's id.

    None for the last id: there are no more.
    """
    # The plus keeps SQLite from the index on integrations, which it would have to sort each time.
    mine = literal_column("+entity.integration_id") == integration_id
    of = t.entity.c
    query = select(of.id, of.props).where(of.id > after, mine, of.end_on.is_(None)).order_by(of.id)
    rows = connection.execute(query.limit(_BATCH)).all()
    ids = [row.id for row in rows if row.props != renewed(row.props, wanted)]
    return ids, rows[-1].id if len(rows) == _BATCH else None


def retag(tx: Transaction, ids: Sequence[int]) -> int:
    """Give live entities the present tags, keeping the old version; return how many had others."""
    history, updates = [], []
    for row in _load(tx, ids).values():
        props = renewed(row.props, tx.tags)
        if row.end_on is None and props != row.props:
            history.append(_history_row(tx, row))
            updates.append(_next_version(tx, row, row.type_id, row.name, props))
            tx.seen.tagged(row.type_id)
            tx.count_entity(tx.names.type_name(row.type_id), "updated")
    tx.insert_many(t.entity_history, history)
    tx.execute_many(_UPDATE, updates)
    return len(updates)


def _retype(tx: Transaction, entities: Iterable[End]) -> None:
    """Repeat the new type of entities in their relationships' rows."""
    edge = t.relationship
    for end in entities:
        for of, to_type in ((edge.c.from_id, edge.c.from_type_id), (edge.c.to_id, edge.c.to_type_id)):
            _note_moves(tx, of == end.id, to_type, end.type_id)
            tx.connection.execute(update(edge).where(of == end.id).values({to_type: end.type_id}))


def _note_moves(tx: Transaction, fits: ColumnElement[bool], to_type: Column[Any], type_id: int) -> None:
    """Note the kinds that relationships have before one column of types is rewritten, and will have then."""
    edge = t.relationship.c
    kind = (edge.from_type_id, edge.verb_id, edge.to_type_id)
    live = func.count().filter(edge.end_on.is_(None))
    for row in tx.connection.execute(select(*kind, live).where(fits).group_by(*kind)):
        old: Triple = (row[0], row[1], row[2])
        new: Triple = (type_id, row[1], row[2]) if to_type is edge.from_type_id else (row[0], row[1], type_id)
        if new != old:
            tx.seen.move(old, new, row[3])


def _load(tx: Transaction, ids: Sequence[int]) -> dict[int, Row[Any]]:
    rows: dict[int, Row[Any]] = {}
    for chunk in chunks(ids):
        rows.update(
            {row.id: row for row in tx.connection.execute(select(t.entity).where(t.entity.c.id.in_(chunk)))}
        )
    return rows


def _same(tx: Transaction, row: Row[Any], record: SealedRecord) -> bool:
    return record.type is not None and bool(
        row.props == tx.tags.added(record.properties)
        and row.name == record.name
        and row.type_id == tx.names.type_id(record.type, record.classes)
    )


def _new_row(tx: Transaction, new: int, record: SealedRecord, type_name: str) -> dict[str, Any]:
    type_id = tx.names.type_id(type_name, record.classes)
    tx.learn_end(record.key, End(new, type_id))
    tx.seen.entity(type_id, record)
    tx.seen.live_types[type_id] += 1
    tx.count_entity(type_name, "created")
    return {
        "id": new,
        "integration_id": tx.integration_id,
        "type_id": type_id,
        "key": record.key,
        "name": record.name,
        "version": 1,
        "created_on": tx.on,
        "begin_on": tx.on,
        "end_on": None,
        "publication": tx.publication,
        "end_publication": None,
        "props": tx.tags.added(record.properties),
    }


def _update_row(tx: Transaction, row: Row[Any], record: SealedRecord, type_name: str) -> dict[str, Any]:
    type_id = tx.names.type_id(type_name, record.classes)
    tx.learn_end(record.key, End(row.id, type_id))
    tx.seen.entity(type_id, record)
    tx.seen.live_types[type_id] += 1
    return _next_version(tx, row, type_id, record.name, tx.tags.added(record.properties))


def _next_version(tx: Transaction, row: Row[Any], type_id: int, name: str, props: str) -> dict[str, Any]:
    return {
        "of": row.id,
        "to_type": type_id,
        "to_name": name,
        "to_props": props,
        "to_version": row.version + 1,
        "to_begin": tx.on,
        "to_publication": tx.publication,
    }


def _history_row(tx: Transaction, row: Row[Any]) -> dict[str, Any]:
    return {
        "entity_id": row.id,
        "version": row.version,
        "type_id": row.type_id,
        "name": row.name,
        "begin_on": row.begin_on,
        "end_on": row.end_on if row.end_on is not None else tx.on,
        "publication": row.publication,
        "end_publication": row.end_publication,
        "props": row.props,
    }
