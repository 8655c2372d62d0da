"""Publishing: compare snapshots with what is stored and write the difference, in one transaction.

Every record is decided once, so a publication brings at most one version of anything. What moved from one
scope to another is moved before anything is deleted and keeps its identity and history. Entities are deleted
before relationships are written, so none is begun and ended in one breath; what a deleted record brought is
ended last, so that another record can take it over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from bucketgraph.graph.diff import diff
from bucketgraph.graph.entity import SealedRecord
from bucketgraph.graph.schema import relationship_type_name
from bucketgraph.graph.snapshot import Snapshot, scope_name
from bucketgraph.store import entities, relationships, tags
from bucketgraph.store import tables as t
from bucketgraph.store.base import Publication, ScopeState
from bucketgraph.store.entities import Item
from bucketgraph.store.relationships import RelationshipWriter
from bucketgraph.store.sightings import Sightings
from bucketgraph.store.transaction import Dictionary, Transaction, chunks, next_id

_UPDATE_RECORD = (
    update(t.record)
    .where(t.record.c.id == bindparam("of"))
    .values(
        scope_id=bindparam("to_scope"),
        live=True,
        digest=bindparam("to_digest"),
        raw=func.coalesce(bindparam("to_raw"), t.record.c.raw),
    )
)
# Built once, as every publication asks them.
_STORED_RECORDS = select(
    t.record.c.id, t.record.c.key, t.record.c.scope_id, t.record.c.live, t.record.c.digest
).where(
    t.record.c.integration_id == bindparam("integration"),
    t.record.c.key.in_(bindparam("keys", expanding=True)),
)
_LIVE_KEYS = select(t.record.c.key, t.record.c.id).where(
    t.record.c.scope_id == bindparam("scope"), t.record.c.live
)
_SCOPE_ID = select(t.scope.c.id).where(
    t.scope.c.integration_id == bindparam("integration"), t.scope.c.name == bindparam("name")
)
_MOVE_RECORD = update(t.record).where(t.record.c.id == bindparam("of")).values(scope_id=bindparam("to_scope"))


@dataclass(slots=True)
class _Plan:
    """What is to be written of one snapshot: those of its records that no other one decides."""

    snapshot: Snapshot
    records: Mapping[str, SealedRecord]
    scope_id: int
    created: list[Item] = field(default_factory=list)
    changed: list[Item] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)


def publish(tx: Transaction, publication: Publication) -> None:
    """Write a publication; `tx.counts` and `tx.dangling` then say what happened."""
    plans = [
        _compare(tx, snapshot, records)
        for snapshot, records in zip(publication.snapshots, _decided(publication.snapshots), strict=True)
    ]
    for plan in plans:
        _write_records(tx, plan)
    doomed = _doomed(tx, plans, publication.retire)
    _bury(tx, doomed)
    created = [item for plan in plans for item in plan.created if item[0] not in doomed]
    changed = [item for plan in plans for item in plan.changed if item[0] not in doomed]
    _delete_entities(tx, [of for of, record in changed if record.type is None])
    entities.create(tx, created)
    entities.change(tx, changed)
    _forget_digests(tx, RelationshipWriter(tx).write(created, changed))
    for chunk in chunks(doomed):
        relationships.end_where(tx, t.relationship.c.record_id.in_(chunk))
    save_scopes(tx, publication.scopes)


def begin(connection: Any, names: Dictionary, *, integration_id: str, run_id: int, now: int) -> Transaction:
    """Give a publication its number, and a time never before the last one's, whatever the clock says.

    Raises StoreError for a removed integration.
    """
    given = tags.read(connection, integration_id)
    number, on = give_number(connection, integration_id=integration_id, run_id=run_id, now=now)
    return Transaction(
        connection, names, integration_id, number, on, tags=given, seen=Sightings(tags=given.shape)
    )


def give_number(connection: Any, *, integration_id: str, run_id: int, now: int) -> tuple[int, int]:
    """Insert a publication; returns its number and its time (epoch ms)."""
    last = connection.execute(select(func.max(t.publication.c.published_on))).scalar() or 0
    number, on = next_id(connection, t.publication), max(now, int(last))
    connection.execute(
        insert(t.publication).values(id=number, integration_id=integration_id, run_id=run_id, published_on=on)
    )
    return number, on


def finish(tx: Transaction) -> None:
    """Take back the publication's number when nothing changed: it would name nothing."""
    if not tx.counts.changed():
        tx.connection.execute(delete(t.publication).where(t.publication.c.id == tx.publication))


def _decided(snapshots: Sequence[Snapshot]) -> list[dict[str, SealedRecord]]:
    """Leave each record to one snapshot: the last that saw it, or the first stand-in when none did."""
    owner: dict[str, int] = {}
    for index, snapshot in enumerate(snapshots):
        for key in snapshot.records:
            if not (snapshot.only_if_absent and key in owner):
                owner[key] = index
    return [
        {key: record for key, record in snapshot.records.items() if owner[key] == index}
        for index, snapshot in enumerate(snapshots)
    ]


def _compare(tx: Transaction, snapshot: Snapshot, records: Mapping[str, SealedRecord]) -> _Plan:
    plan = _Plan(snapshot, records, scope_id(tx, snapshot.scope))
    stored = _stored_records(tx, records)
    new = next_id(tx.connection, t.record)
    for key, record in records.items():
        row = stored.get(key)
        if row is None:
            plan.created.append((new, record))
            new += 1
        elif row.live and snapshot.only_if_absent:
            continue
        elif row.live and row.digest == record.digest:
            if row.scope_id != plan.scope_id:
                plan.moved.append(row.id)
            _count_unchanged(tx, record)
        else:
            plan.changed.append((row.id, record))
    _reserve(tx, plan)
    return plan


def _reserve(tx: Transaction, plan: _Plan) -> None:
    """Insert the new records at once, so that the next snapshot's ids follow theirs."""
    tx.insert_many(
        t.record,
        [
            {
                "id": new,
                "integration_id": tx.integration_id,
                "scope_id": plan.scope_id,
                "key": record.key,
                "live": True,
                "digest": record.digest,
                "raw": record.raw,
            }
            for new, record in plan.created
        ],
    )


def _stored_records(tx: Transaction, keys: Iterable[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for chunk in chunks(keys):
        rows = tx.connection.execute(_STORED_RECORDS, {"integration": tx.integration_id, "keys": chunk})
        found.update({row.key: row for row in rows})
    return found


def _write_records(tx: Transaction, plan: _Plan) -> None:
    tx.execute_many(
        _UPDATE_RECORD,
        [
            {"of": old, "to_scope": plan.scope_id, "to_digest": record.digest, "to_raw": record.raw}
            for old, record in plan.changed
        ],
    )
    tx.execute_many(_MOVE_RECORD, [{"of": old, "to_scope": plan.scope_id} for old in plan.moved])


def _count_unchanged(tx: Transaction, record: SealedRecord) -> None:
    if record.type is not None:
        tx.count_entity(record.type, "unchanged")
    for edge in record.relationships:
        type_name = edge.own_type or relationship_type_name(edge.from_type, edge.verb, edge.to_type)
        tx.count_relationship(type_name, "unchanged")


def _doomed(tx: Transaction, plans: Sequence[_Plan], retire: frozenset[str]) -> set[int]:
    """Return the live records that are to go: retired ones, what whole snapshots lack, its children."""
    doomed = {row.id for row in _stored_records(tx, retire).values() if row.live}
    for plan in plans:
        if plan.snapshot.whole:
            live = _live_keys(tx, plan.scope_id)
            changes = diff(dict.fromkeys(live), dict.fromkeys(plan.snapshot.records), whole=True)
            gone = changes.deleted - plan.snapshot.keep
            doomed.update(live[key] for key in gone)
            doomed.update(_children(tx, plan.snapshot, gone))
    return doomed


def _live_keys(tx: Transaction, scope: int) -> dict[str, int]:
    return {row.key: row.id for row in tx.connection.execute(_LIVE_KEYS, {"scope": scope})}


def _children(tx: Transaction, snapshot: Snapshot, gone: Iterable[str]) -> list[int]:
    names = [scope_name(kind, key) for kind in snapshot.children for key in gone]
    found: list[int] = []
    for chunk in chunks(names):
        query = (
            select(t.record.c.id)
            .join(t.scope, t.scope.c.id == t.record.c.scope_id)
            .where(t.scope.c.integration_id == tx.integration_id, t.scope.c.name.in_(chunk), t.record.c.live)
        )
        found += tx.connection.execute(query).scalars()
        # Should the owner come back, its scopes start from nothing.
        tx.connection.execute(
            update(t.scope)
            .where(t.scope.c.integration_id == tx.integration_id, t.scope.c.name.in_(chunk))
            .values(**_state_values(ScopeState()), seen_on=None)
        )
    return found


def _bury(tx: Transaction, ids: Collection[int]) -> None:
    """Mark records as gone and delete their entities."""
    for chunk in chunks(ids):
        tx.connection.execute(
            update(t.record).where(t.record.c.id.in_(chunk)).values(live=False, digest=None)
        )
    _delete_entities(tx, ids)


def _delete_entities(tx: Transaction, ids: Collection[int]) -> None:
    for chunk in chunks(entities.delete(tx, ids)):
        touching = t.relationship.c.from_id.in_(chunk) | t.relationship.c.to_id.in_(chunk)
        _forget_digests(tx, relationships.end_where(tx, touching))


def _forget_digests(tx: Transaction, ids: Collection[int]) -> None:
    """Have records compared again when they next come: they lack a relationship they should bring."""
    for chunk in chunks(ids):
        tx.connection.execute(update(t.record).where(t.record.c.id.in_(chunk)).values(digest=None))


def scope_id(tx: Transaction, name: str) -> int:
    """Return the id of a scope, creating it on first use."""
    found = tx.connection.execute(_SCOPE_ID, {"integration": tx.integration_id, "name": name}).scalar()
    if found is not None:
        return int(found)
    new = next_id(tx.connection, t.scope)
    tx.connection.execute(insert(t.scope).values(id=new, integration_id=tx.integration_id, name=name))
    return new


def save_scopes(tx: Transaction, states: Mapping[str, ScopeState]) -> None:
    """Store how far scopes were collected."""
    for name, state in states.items():
        tx.connection.execute(
            update(t.scope)
            .where(t.scope.c.id == scope_id(tx, name))
            .values(**_state_values(state), seen_on=tx.on)
        )


def _state_values(state: ScopeState) -> dict[str, int | None]:
    return {
        "run_id": state.run_id,
        "whole_on": state.whole_on,
        "watermark": state.watermark,
        "floor": state.floor,
        "empty_since": state.empty_since,
    }
