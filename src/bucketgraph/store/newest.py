"""The change feed from its end: the newest changes first, filtered, by pages. The same changes as `feed` tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, false, or_, select, true

from bucketgraph.errors import ConfigError
from bucketgraph.store import tables as t
from bucketgraph.store.base import Change, ChangeKind
from bucketgraph.store.feed import ELEMENTS, Element, Event, changes_of, tables_of
from bucketgraph.store.read import all_edges, type_ids
from bucketgraph.store.transaction import chunks

_CURSOR: Final = re.compile(r"([0-9]{1,15})\.([01])\.([0-9]{1,18})\.([0-9]{1,9})\.([01])")
_ROUNDS: Final = 8
"""How often one page asks for more when most of what it sees is not of the wanted kind."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes are wanted: of an integration, of things or relationships, of a type or class, of a kind."""

    integration_id: str | None = None
    element: Element | None = None
    type_or_class: str | None = None
    kind: ChangeKind | None = None


class Ends(NamedTuple):
    """What a relationship joins: ids, types and today's names."""

    from_id: int
    from_type: str
    from_name: str
    verb: str
    to_id: int
    to_type: str
    to_name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A change with the id of its entity or relationship, and what a relationship joins."""

    id: int
    change: Change
    ends: Ends | None = None


@dataclass(frozen=True, slots=True)
class NewestPage:
    """Some changes, the newest first; the cursor where older ones begin, None where there are none."""

    changes: list[Seen]
    cursor: str | None


class _Place(NamedTuple):
    """A place in the feed; greater is newer."""

    publication: int
    element: int
    of: int
    version: int
    ended: int

    def write(self) -> str:
        """Write it as clients get it."""
        return ".".join(map(str, self))


_NEWEST: Final = _Place(10**15, 1, 10**18, 10**9, 1)
_Found = list[tuple[_Place, int]]
"""Places of events, and when each was (epoch ms)."""


def newest(connection: Connection, wanted: Filter, cursor: str | None, limit: int) -> NewestPage:
    """Return at most `limit` changes that are older than a cursor; raises ConfigError for what is none.

    A page may hold fewer though older ones follow: of what is seldom only so much is looked through at once.
    """
    place = _NEWEST if cursor is None else _read(cursor)
    found: list[Seen] = []
    for _ in range(_ROUNDS):
        places = _places(connection, wanted, place, limit + 1)
        told = _told(connection, places[:limit])
        for (one, _on), seen in zip(places[:limit], told, strict=True):
            place = one
            if wanted.kind in {None, seen.change.kind}:
                found.append(seen)
            if len(found) == limit:
                more = one != places[-1][0]
                return NewestPage(found, place.write() if more else None)
        if len(places) <= limit:
            return NewestPage(found, None)
    return NewestPage(found, place.write())


def _read(cursor: str) -> _Place:
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise ConfigError(
            "The cursor is none of the change feed.", hint="Give it as the page before did, or begin anew."
        )
    return _Place(*map(int, found.groups()))


def _places(connection: Connection, wanted: Filter, before: _Place, limit: int) -> _Found:
    """Return the newest events before a place, from each table its newest ones."""
    found: _Found = []
    for rank, element in enumerate(ELEMENTS):
        if wanted.element not in {None, element}:
            continue
        present, history, former_of = tables_of(element)
        for table, of in ((present, present.c.id), (history, former_of)):
            for ended in (0, 1):
                if _asked(wanted.kind, ended):
                    source = _Source(table, of, rank, ended)
                    found += source.newest(connection, wanted, before, limit)
    return sorted(found, reverse=True)[:limit]


def _asked(kind: ChangeKind | None, ended: int) -> bool:
    return kind is None or (kind == "deleted") == bool(ended)


@dataclass(frozen=True, slots=True)
class _Source:
    """The beginnings, or the ends, of versions in one table."""

    table: Table
    of: ColumnElement[int]
    rank: int
    ended: int

    def newest(self, connection: Connection, wanted: Filter, before: _Place, limit: int) -> _Found:
        """Return the newest events before a place."""
        version = self.table.c.version
        number = self.table.c.end_publication if self.ended else self.table.c.publication
        query = (
            select(number, self.of, version, t.publication.c.published_on)
            .join(t.publication, t.publication.c.id == number)
            .where(number <= before.publication, self._before(number, before))
            .order_by(number.desc(), self.of.desc(), version.desc())
            .limit(limit)
        )
        if wanted.integration_id is not None:
            query = query.where(t.publication.c.integration_id == wanted.integration_id)
        if wanted.type_or_class is not None:
            query = query.where(self._is_a(type_ids(connection, wanted.type_or_class)))
        rows = connection.execute(query)
        return [(_Place(row[0], self.rank, row[1], row[2], self.ended), row[3]) for row in rows]

    def _before(self, number: ColumnElement[int], place: _Place) -> ColumnElement[bool]:
        """Say what stands before a place within its own publication."""
        same = number == place.publication
        if self.rank != place.element:
            return or_(
                number < place.publication, and_(same, true() if self.rank < place.element else false())
            )
        version = self.table.c.version
        earlier = version <= place.version if self.ended < place.ended else version < place.version
        return or_(
            number < place.publication,
            and_(same, or_(self.of < place.of, and_(self.of == place.of, earlier))),
        )

    def _is_a(self, ids: list[int]) -> ColumnElement[bool]:
        """Compare the type: a relationship is of a type when one of its ends is."""
        if ELEMENTS[self.rank] == "entity":
            return self.table.c.type_id.in_(ids)
        edge = t.relationship.c
        ends = or_(edge.from_type_id.in_(ids), edge.to_type_id.in_(ids))
        return ends if self.table is t.relationship else self.of.in_(select(edge.id).where(ends))


def _told(connection: Connection, places: _Found) -> list[Seen]:
    """Tell what happened at places, in their order."""
    told: dict[_Place, Change] = {}
    for rank, element in enumerate(ELEMENTS):
        mine = [(place, on) for place, on in places if place.element == rank]
        events = [
            Event(place.publication, on, place.of, place.version, bool(place.ended)) for place, on in mine
        ]
        changes = changes_of(connection, element, events)
        told.update(zip((place for place, _ in mine), changes, strict=True))
    ends = _ends(connection, {place.of for place, _ in places if ELEMENTS[place.element] == "relationship"})
    return [
        Seen(place.of, told[place], ends.get(place.of) if told[place].element == "relationship" else None)
        for place, _ in places
    ]


def _ends(connection: Connection, ids: Iterable[int]) -> dict[int, Ends]:
    found: dict[int, Ends] = {}
    edge = t.relationship.c
    for chunk in chunks(sorted(ids)):
        query = all_edges().add_columns(edge.from_id, edge.to_id).where(edge.id.in_(chunk))
        for row in connection.execute(query):
            found[row.id] = Ends(
                row.from_id, row.from_type, row.from_name, row.verb, row.to_id, row.to_type, row.to_name
            )
    return found
