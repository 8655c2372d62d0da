"""Writing relationship versions: the present one in `relationship`, older ones in `relationship_history`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, select, tuple_, update

from bucketgraph.graph.diff import diff
from bucketgraph.graph.entity import SealedRecord, SealedRelationship
from bucketgraph.graph.schema import relationship_type_name
from bucketgraph.store import tables as t
from bucketgraph.store.entities import Item
from bucketgraph.store.transaction import End, Transaction, chunks, next_id

_Identity = tuple[int, int, int, str]
"""Verb, from, to, and its own key or nothing."""

_UPDATE = (
    update(t.relationship)
    .where(t.relationship.c.id == bindparam("of"))
    .values(
        record_id=bindparam("to_record"),
        type=bindparam("to_type"),
        props=bindparam("to_props"),
        version=bindparam("to_version"),
        begin_on=bindparam("to_begin"),
        publication=bindparam("to_publication"),
        end_on=None,
        end_publication=None,
    )
)
_MOVE = (
    update(t.relationship)
    .where(t.relationship.c.id == bindparam("of"))
    .values(record_id=bindparam("to_record"))
)


class RelationshipWriter:
    """Collects the rows of one publication and writes them together.

    A relationship belongs to the record that brought it last; another record that brings the same one takes
    it over with its history.
    """

    def __init__(self, tx: Transaction) -> None:
        """Begin with nothing collected."""
        self._tx = tx
        self._next = next_id(tx.connection, t.relationship)
        self._ends: dict[str, End] = {}
        self._elsewhere: dict[_Identity, Row[Any]] = {}
        self._settled: set[_Identity] = set()
        self._incomplete: set[int] = set()
        self._inserts: list[dict[str, Any]] = []
        self._updates: list[dict[str, Any]] = []
        self._moves: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []
        self._ended: dict[_Identity, int] = {}

    def write(self, created: Sequence[Item], changed: Sequence[Item]) -> set[int]:
        """Bring the relationships of new, changed and returning records to their new state.

        Returns the ids of records that lack a relationship they should bring.
        """
        items = [*created, *changed]
        self._ends = self._find_ends(items)
        wanted = [(of, self._resolve(of, record)) for of, record in items]
        stored = self._load([of for of, _ in changed])
        self._elsewhere = self._load_elsewhere(wanted, stored, born={of for of, _ in created})
        for of, edges in wanted:
            self._compare(of, edges, stored.get(of, {}))
        self._flush()
        return self._incomplete

    def _flush(self) -> None:
        tx = self._tx
        tx.insert_many(t.relationship, self._inserts)
        tx.seen.new_edges(self._inserts)
        tx.insert_many(t.relationship_history, self._history)
        tx.execute_many(_UPDATE, self._updates)
        tx.execute_many(_MOVE, self._moves)
        for chunk in chunks(of for one, of in self._ended.items() if one not in self._settled):
            end_where(tx, t.relationship.c.id.in_(chunk))

    def _compare(
        self, record_id: int, wanted: dict[_Identity, SealedRelationship], stored: dict[_Identity, Row[Any]]
    ) -> None:
        if not stored:
            for one, edge in wanted.items():
                self._begin(record_id, one, edge, None)
            self._settled.update(wanted)
            return
        live = {one: (row.props, row.type) for one, row in stored.items() if row.end_on is None}
        after = {one: (edge.properties, edge.own_type) for one, edge in wanted.items()}
        changes = diff(live, after, whole=True)
        for one in changes.created:
            self._begin(record_id, one, wanted[one], stored.get(one))
        for one in changes.updated - self._settled:
            self._renew(record_id, stored[one], wanted[one], "updated")
        for one in changes.unchanged:
            self._tx.count_relationship(_type_of(wanted[one]), "unchanged")
        self._ended.update({one: stored[one].id for one in changes.deleted})
        self._settled.update(wanted)

    def _begin(self, record_id: int, one: _Identity, edge: SealedRelationship, row: Row[Any] | None) -> None:
        """Write a relationship that the record does not bring yet."""
        row = row or self._elsewhere.get(one)
        if one in self._settled:
            self._incomplete.add(record_id)
        elif row is None:
            self._insert(record_id, one, edge)
        elif row.end_on is not None:
            self._renew(record_id, row, edge, "created")
        else:
            self._take_over(record_id, row, edge)

    def _take_over(self, record_id: int, row: Row[Any], edge: SealedRelationship) -> None:
        self._incomplete.add(row.record_id)
        if (row.props, row.type) != (edge.properties, edge.own_type):
            self._renew(record_id, row, edge, "updated")
        else:
            self._moves.append({"of": row.id, "to_record": record_id})
            self._tx.count_relationship(_type_of(edge), "unchanged")

    def _find_ends(self, items: Iterable[Item]) -> dict[str, End]:
        keys = {
            key
            for _, record in items
            for edge in record.relationships
            for key in (edge.from_key, edge.to_key)
        }
        return self._tx.find_ends(keys)

    def _resolve(self, record_id: int, record: SealedRecord) -> dict[_Identity, SealedRelationship]:
        """Key relationships by ids; one with a missing end is left out and its record is dangling."""
        resolved: dict[_Identity, SealedRelationship] = {}
        for edge in record.relationships:
            start, end = self._ends.get(edge.from_key), self._ends.get(edge.to_key)
            if start is None or end is None:
                self._tx.dangling.add(record.key)
                self._incomplete.add(record_id)
            else:
                verb = self._tx.names.verb_id(edge.verb)
                resolved[verb, start.id, end.id, edge.own_key or ""] = edge
        return resolved

    def _load(self, record_ids: Sequence[int]) -> dict[int, dict[_Identity, Row[Any]]]:
        found: dict[int, dict[_Identity, Row[Any]]] = defaultdict(dict)
        for chunk in chunks(record_ids):
            query = select(t.relationship).where(t.relationship.c.record_id.in_(chunk))
            for row in self._tx.connection.execute(query):
                found[row.record_id][_identity(row)] = row
        return found

    def _load_elsewhere(
        self,
        wanted: Iterable[tuple[int, Iterable[_Identity]]],
        stored: dict[int, dict[_Identity, Row[Any]]],
        born: set[int],
    ) -> dict[_Identity, Row[Any]]:
        """Return wanted relationships that other records brought; an end just born cannot have any.

        Those with other keys come along: the index that finds them has the key last.
        """
        unknown = {
            one[:3]
            for record_id, ones in wanted
            for one in ones
            if one not in stored.get(record_id, ()) and born.isdisjoint(one[1:3])
        }
        table = t.relationship
        identity = tuple_(table.c.verb_id, table.c.from_id, table.c.to_id)
        found: dict[_Identity, Row[Any]] = {}
        for chunk in chunks(unknown):
            for row in self._tx.connection.execute(select(table).where(identity.in_(chunk))):
                found[_identity(row)] = row
        return found

    def _insert(self, record_id: int, one: _Identity, edge: SealedRelationship) -> None:
        verb_id, from_id, to_id, _ = one
        tx, ends = self._tx, self._ends
        self._inserts.append(
            {
                "id": self._next,
                "record_id": record_id,
                "verb_id": verb_id,
                "from_id": from_id,
                "from_type_id": ends[edge.from_key].type_id,
                "to_id": to_id,
                "to_type_id": ends[edge.to_key].type_id,
                "version": 1,
                "created_on": tx.on,
                "begin_on": tx.on,
                "end_on": None,
                "publication": tx.publication,
                "end_publication": None,
                "props": edge.properties,
                "key": edge.own_key,
                "type": edge.own_type,
            }
        )
        self._next += 1
        tx.count_relationship(_type_of(edge), "created")

    def _renew(self, record_id: int, row: Row[Any], edge: SealedRelationship, outcome: str) -> None:
        tx = self._tx
        self._history.append(
            {
                "relationship_id": row.id,
                "version": row.version,
                "begin_on": row.begin_on,
                "end_on": row.end_on if row.end_on is not None else tx.on,
                "publication": row.publication,
                "end_publication": row.end_publication,
                "props": row.props,
                "type": row.type,
            }
        )
        self._updates.append(
            {
                "of": row.id,
                "to_record": record_id,
                "to_type": edge.own_type,
                "to_props": edge.properties,
                "to_version": row.version + 1,
                "to_begin": tx.on,
                "to_publication": tx.publication,
            }
        )
        kind = (row.from_type_id, row.verb_id, row.to_type_id)
        if row.end_on is not None:
            tx.seen.live_edges[kind] += 1
        tx.seen.edge(kind, edge.properties)
        tx.count_relationship(_type_of(edge), outcome)


def end_where(tx: Transaction, condition: ColumnElement[bool]) -> set[int]:
    """Tombstone the live relationships that fit and return the ids of the records that brought them."""
    table = t.relationship
    live = condition & table.c.end_on.is_(None)
    columns = (table.c.record_id, table.c.verb_id, table.c.from_type_id, table.c.to_type_id, table.c.type)
    rows = tx.connection.execute(select(*columns).where(live)).all()
    if rows:
        tx.connection.execute(update(table).where(live).values(end_on=tx.on, end_publication=tx.publication))
    names = tx.names
    for row in rows:
        type_name = row.type or relationship_type_name(
            names.type_name(row.from_type_id), names.verb_name(row.verb_id), names.type_name(row.to_type_id)
        )
        tx.count_relationship(type_name, "deleted")
        tx.seen.live_edges[row.from_type_id, row.verb_id, row.to_type_id] -= 1
    return {row.record_id for row in rows}


def _type_of(edge: SealedRelationship) -> str:
    return edge.own_type or relationship_type_name(edge.from_type, edge.verb, edge.to_type)


def _identity(row: Row[Any]) -> _Identity:
    return row.verb_id, row.from_id, row.to_id, row.key or ""
