"""Mapped relationships: between entities of different integrations, given by the entities' own ids.

They belong to one integration that brings nothing else. Each is a record of its own in one scope that is always
seen whole, so they go through the same comparison, history, counts and change feed as all other relationships.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from bucketgraph.graph.entity import Record, Relationship, SealedRecord, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.store import tables as t
from bucketgraph.store import write
from bucketgraph.store.base import Publication
from bucketgraph.store.transaction import End, Transaction, chunks

SCOPE = "mapped/all"


class Link(NamedTuple):
    """A relationship `from` VERB `to` between two entities, by their ids."""

    verb: str
    from_id: int
    to_id: int


def publish(tx: Transaction, links: Collection[Link], run_id: int) -> None:
    """Make the given links all that the transaction's integration has.

    A link to an entity that is not alive is left out; it begins again when it is given after the entity's return.
    """
    ends = _ends(tx, links)
    tx.learn_ends({_handle(of): end for of, end in ends.items()})
    alive = (link for link in links if link.from_id in ends and link.to_id in ends)
    records = {record.key: record for record in (_record(tx, link, ends) for link in alive)}
    write.publish(tx, Publication(tx.integration_id, run_id, (Snapshot(SCOPE, records, whole=True),)))


def read(connection: Connection, owner_id: str) -> frozenset[Link]:
    """Return the live links of an integration."""
    edge = t.relationship.c
    query = (
        select(t.verb.c.name, edge.from_id, edge.to_id)
        .join(t.verb, t.verb.c.id == edge.verb_id)
        .join(t.record, t.record.c.id == edge.record_id)
        .where(t.record.c.integration_id == owner_id, edge.end_on.is_(None))
    )
    return frozenset(Link(*row) for row in connection.execute(query))


def _ends(tx: Transaction, links: Iterable[Link]) -> dict[int, End]:
    """Return the live entities among the ends, by id."""
    ids = sorted({of for link in links for of in (link.from_id, link.to_id)})
    entity, found = t.entity.c, dict[int, End]()
    for chunk in chunks(ids):
        query = select(entity.id, entity.type_id).where(entity.id.in_(chunk), entity.end_on.is_(None))
        found.update({row.id: End(row.id, row.type_id) for row in tx.connection.execute(query)})
    return found


def _record(tx: Transaction, link: Link, ends: dict[int, End]) -> SealedRecord:
    """Return the record of one link; its ends are named by handles that the transaction has learned."""
    start, end = (tx.names.type_name(ends[of].type_id) for of in (link.from_id, link.to_id))
    edge = Relationship(link.verb, start, _handle(link.from_id), end, _handle(link.to_id))
    return seal(Record(edge.key, None, (edge,)))


def _handle(of: int) -> str:
    return f"#{of}"
