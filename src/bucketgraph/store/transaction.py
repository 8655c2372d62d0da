"""The state of one publishing transaction, and the small statements everything in it uses."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Dialect, Table, bindparam, delete, insert, select, update

from bucketgraph.graph.schema import Catalogue
from bucketgraph.store import tables as t
from bucketgraph.store.base import Counts, Tally
from bucketgraph.store.sightings import Sightings
from bucketgraph.store.tags import Tags

T = TypeVar("T")

_CHUNK = 500

# Built once: every publication asks this, and building it anew would cost more than the answer.
_ENDS = select(t.entity.c.key, t.entity.c.id, t.entity.c.type_id).where(
    t.entity.c.integration_id == bindparam("integration"),
    t.entity.c.key.in_(bindparam("keys", expanding=True)),
    t.entity.c.end_on.is_(None),
)


def chunks(items: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """Cut a sequence into lists short enough for one IN clause."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


class Dictionary:
    """The integer ids of entity types and verbs, read once a transaction and extended on demand.

    A type that the catalogue declares has one id. An entity that brings classes of its own has a type that
    is told apart by them, even when they are the catalogue's of today.
    """

    def __init__(self, connection: Connection, catalogue: Catalogue) -> None:
        """Read what is stored."""
        self._connection, self._catalogue = connection, catalogue
        rows = connection.execute(select(t.entity_type)).all()
        self.types: dict[str, int] = {row.name: row.id for row in rows if row.declared}
        """The declared types."""
        self._classes: dict[str, str] = {row.name: row.classes for row in rows if row.declared}
        self._foreign = {(row.name, row.classes): row.id for row in rows if not row.declared}
        self._type_names: dict[int, str] = {row.id: row.name for row in rows}
        self.verbs: dict[str, int] = {row.name: row.id for row in connection.execute(select(t.verb))}
        self._verb_names = {number: name for name, number in self.verbs.items()}

    def all_declared(self) -> bool:
        """Say whether every type of the catalogue is stored with its present classes."""
        return all(self._classes.get(name) == self._declared(name) for name in self._catalogue.entities)

    def declare_all(self) -> None:
        """Store every type of the catalogue with its present classes."""
        table = t.entity_type
        for name in self._catalogue.entities:
            of = table.c.id == self.type_id(name)
            self._connection.execute(update(table).where(of).values(classes=self._declared(name)))

    def type_id(self, name: str, classes: tuple[str, ...] | None = None) -> int:
        """Return the id of an entity type with classes of its own, or None for the catalogue's."""
        if classes is not None:
            encoded = _encoded(classes)
            found = self._foreign.get((name, encoded))
            if found is None:
                found = self._foreign[name, encoded] = self._add_type(name, encoded, declared=False)
            return found
        if name not in self.types:
            self.types[name] = self._add_type(name, self._declared(name), declared=True)
        return self.types[name]

    def verb_id(self, name: str) -> int:
        """Return the id of a verb."""
        if name not in self.verbs:
            self.verbs[name] = _add(self._connection, t.verb, name=name)
            self._verb_names[self.verbs[name]] = name
        return self.verbs[name]

    def type_name(self, type_id: int) -> str:
        """Return the name of an entity type."""
        return self._type_names[type_id]

    def verb_name(self, verb_id: int) -> str:
        """Return the name of a verb."""
        return self._verb_names[verb_id]

    def _add_type(self, name: str, classes: str, *, declared: bool) -> int:
        new = _add(self._connection, t.entity_type, name=name, classes=classes, declared=declared, live=0)
        self._type_names[new] = name
        return new

    def _declared(self, name: str) -> str:
        return _encoded(self._catalogue.classes(name))


def _encoded(classes: tuple[str, ...]) -> str:
    return msgspec.json.encode(classes).decode()


@dataclass(frozen=True, slots=True)
class End:
    """One end of a relationship."""

    id: int
    type_id: int


@dataclass(slots=True)
class Transaction:
    """One publishing transaction: `on` is its time (epoch ms), `publication` its number.

    `tags` are given to every entity that is written.
    """

    connection: Connection
    names: Dictionary
    integration_id: str
    publication: int
    on: int
    counts: Counts = field(default_factory=Counts)
    dangling: set[str] = field(default_factory=set)
    seen: Sightings = field(default_factory=Sightings)
    tags: Tags = field(default_factory=Tags)
    _ends: dict[str, End] = field(default_factory=dict)

    def execute_many(self, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
        """Run a statement once for each row; nothing for no rows."""
        if rows:
            self.connection.execute(statement, rows)

    def insert_many(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows that give every column, handed to the driver as they are.

        Publishing spends most of its time here, and most of that would be SQLAlchemy preparing each row.
        """
        if rows:
            self.connection.exec_driver_sql(_insert_text(table, self.connection.dialect), rows)

    def count_entity(self, type_name: str, outcome: str, number: int = 1) -> None:
        """Add to the tally of an entity type."""
        _bump(self.counts.entities.setdefault(type_name, Tally()), outcome, number)

    def count_relationship(self, type_name: str, outcome: str, number: int = 1) -> None:
        """Add to the tally of a relationship type."""
        _bump(self.counts.relationships.setdefault(type_name, Tally()), outcome, number)

    def learn_end(self, key: str, end: End) -> None:
        """Remember the id of an entity written in this transaction."""
        self._ends[key] = end

    def learn_ends(self, ends: Mapping[str, End]) -> None:
        """Give names of the caller's own to entities, for relationships that name their ends so."""
        self._ends.update(ends)

    def find_ends(self, keys: set[str]) -> dict[str, End]:
        """Return id and type of the live entities with the given keys; missing ones are left out."""
        unknown = sorted(keys - self._ends.keys())
        for chunk in chunks(unknown):
            rows = self.connection.execute(_ENDS, {"integration": self.integration_id, "keys": chunk})
            self._ends.update({key: End(of, type_id) for key, of, type_id in rows})
        return {key: self._ends[key] for key in keys if key in self._ends}


def parameter(name: str, dialect: Dialect) -> str:
    """Return a named parameter in the driver's own form, for statements handed over as text."""
    return f"%({name})s" if dialect.paramstyle in {"pyformat", "format"} else f":{name}"


@functools.cache
def _insert_text(table: Table, dialect: Dialect) -> str:
    """Return an INSERT with named parameters in the driver's own form."""
    names = [column.name for column in table.columns]
    values = ", ".join(parameter(name, dialect) for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"  # noqa: S608  # our own names


def next_id(connection: Connection, table: Table) -> int:
    """Return the first id that was never given; safe because the transaction holds the write lock.

    As plain text: every publication asks several times, and preparing the statement would cost most of it.
    """
    return int(connection.exec_driver_sql(_next_text(table)).scalar_one())


@functools.cache
def _next_text(table: Table) -> str:
    present = f"SELECT max(id) FROM {table.name}"  # noqa: S608  # our own names
    removed = f"SELECT id FROM {t.high_water.name} WHERE name = '{table.name}'"  # noqa: S608  # our own names
    return f"SELECT max(coalesce(({present}), 0), coalesce(({removed}), 0)) + 1"


def remember_ids(connection: Connection, table: Table) -> None:
    """Keep the highest id of a table, before rows are removed from it."""
    highest = next_id(connection, table) - 1
    connection.execute(delete(t.high_water).where(t.high_water.c.name == table.name))
    connection.execute(insert(t.high_water).values(name=table.name, id=highest))


def _add(connection: Connection, table: Table, **values: Any) -> int:
    new = next_id(connection, table)
    connection.execute(insert(table).values(id=new, **values))
    return new


def _bump(tally: Tally, outcome: str, number: int) -> None:
    setattr(tally, outcome, getattr(tally, outcome) + number)
