"""The change feed, derived from versions: no table of its own, so it can never disagree with the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, Table, false, func, select

from bucketgraph.errors import ConfigError
from bucketgraph.graph.values import Value, parse_properties
from bucketgraph.store import tables as t
from bucketgraph.store.base import Change, ChangeKind
from bucketgraph.store.read import all_edges, stored_relationship
from bucketgraph.store.transaction import chunks

Element = Literal["entity", "relationship"]
ELEMENTS: tuple[Element, ...] = ("entity", "relationship")
_CURSOR = re.compile(r"([1-9][0-9]{0,15})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Event:
    """Version `version` of object `of` began (or, when `ended`, was deleted) in a publication."""

    publication: int
    on: int
    of: int
    version: int
    ended: bool


@dataclass(frozen=True, slots=True)
class _Window:
    """Which publications are asked for: those after one.

    `first` asks for so many events of each table in the order of a page, `limit` for the newest whole publications.
    """

    after: int
    integration_id: str | None
    limit: int | None = None
    first: int | None = None

    def narrow(self, query: Select[Any], number: ColumnElement[int]) -> Select[Any]:
        """Restrict a query by its column of publication numbers.

        With a limit, what the oldest publication within it holds is left whole: only the finished feed has an
        order by which to cut it.
        """
        query = query.join(t.publication, t.publication.c.id == number).where(number > self.after)
        if self.integration_id is not None:
            query = query.where(t.publication.c.integration_id == self.integration_id)
        if not self.limit:
            return query if self.limit is None else query.where(false())
        oldest = query.with_only_columns(number).order_by(number.desc()).offset(self.limit - 1).limit(1)
        return query.where(number >= func.coalesce(oldest.scalar_subquery(), 0))


def changes(
    connection: Connection,
    *,
    after: int = 0,
    integration_id: str | None = None,
    limit: int | None = None,
) -> list[Change]:
    """Return the changes of the publications after number `after`, oldest first.

    With a `limit` the newest ones are kept. A relationship whose properties did not change but whose end
    was renamed is no change.
    """
    found = _changes(connection, _Window(after, integration_id, limit))
    return found if limit is None else found[max(len(found) - limit, 0) :]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the feed: the first publication that is still to be read, and how many of its changes were."""

    publication: int = 1
    read: int = 0

    def cursor(self) -> str:
        """Write it as clients get it."""
        return f"{self.publication}.{self.read}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some changes, oldest first; the cursor that goes on behind them, now or later; whether more are there."""

    changes: list[Change]
    cursor: str
    more: bool


def place_of(cursor: str) -> Place:
    """Read a cursor; raises ConfigError for what is none."""
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise ConfigError("The cursor is none of the change feed.", hint="Give it as the page before did.")
    return Place(int(found[1]), int(found[2]))


def page(connection: Connection, place: Place, *, integration_id: str | None = None, limit: int) -> Page:
    """Return at most `limit` changes from a place on: by publication, entities first, then by id.

    What is not on the page is not read but for its place, however much a publication holds.
    """
    end = place.read + limit
    newest = last_publication(connection)
    # Each table is read in the order of the page, so what stands on it is among the first of each.
    window = _Window(place.publication - 1, integration_id, first=end + 1)
    found = [(element, event) for element in ELEMENTS for event in _events(connection, element, window)]
    found.sort(key=lambda one: (one[1].publication, one[0], one[1].of, one[1].version, one[1].ended))
    changes = _in_order(connection, found[place.read : end])
    if len(found) <= end:
        return Page(changes, Place(max(newest + 1, place.publication)).cursor(), more=False)
    following = found[end][1].publication
    read = sum(event.publication == following for _, event in found[:end])
    return Page(changes, Place(following, read).cursor(), more=True)


def _in_order(connection: Connection, chosen: Sequence[tuple[Element, Event]]) -> list[Change]:
    """Return the changes of events in their order."""
    made = {
        element: iter(changes_of(connection, element, [event for kind, event in chosen if kind == element]))
        for element in ELEMENTS
    }
    return [next(made[element]) for element, _ in chosen]


def _changes(connection: Connection, window: _Window) -> list[Change]:
    found: list[Change] = []
    for element in ELEMENTS:
        found += changes_of(connection, element, _events(connection, element, window))
    found.sort(key=lambda change: (change.publication, change.element, change.type, change.key))
    return found


def publication_before(connection: Connection, moment: int) -> int:
    """Return the number of the last publication before a moment (epoch ms), 0 for none."""
    query = select(func.max(t.publication.c.id)).where(t.publication.c.published_on < moment)
    return int(connection.execute(query).scalar() or 0)


def last_publication(connection: Connection) -> int:
    """Return the newest publication's number, 0 for none."""
    return int(connection.execute(select(func.max(t.publication.c.id))).scalar() or 0)


def tables_of(element: Element) -> tuple[Table, Table, Any]:
    """Return the present versions, the former ones, and the latter's column of what they are versions of."""
    if element == "entity":
        return t.entity, t.entity_history, t.entity_history.c.entity_id
    return t.relationship, t.relationship_history, t.relationship_history.c.relationship_id


def _events(connection: Connection, element: Element, window: _Window) -> list[Event]:
    present, history, of = tables_of(element)
    found: list[Event] = []
    for table, key in ((present, present.c.id), (history, of)):
        for number, ended in ((table.c.publication, False), (table.c.end_publication, True)):
            columns = (number, t.publication.c.published_on, key, table.c.version)
            query = window.narrow(select(*columns), number)
            if window.first is not None:
                query = query.order_by(number, key, table.c.version).limit(window.first)
            rows = connection.execute(query)
            found += [Event(row[0], row[1], row[2], row[3], ended) for row in rows]
    found.sort(key=lambda event: (event.publication, event.of, event.version, event.ended))
    return found


def changes_of(connection: Connection, element: Element, events: Sequence[Event]) -> list[Change]:
    """Tell what each of some events of one kind of element was."""
    ids = {event.of for event in events}
    versions = _versions(connection, element, ids)
    labels = _entity_labels(connection, ids) if element == "entity" else _edge_labels(connection, ids)
    found: list[Change] = []
    for event in events:
        type_name, key, name = labels[event.of]
        now = versions[event.of, event.version]
        last = versions.get((event.of, event.version - 1))
        kind, before, after = _what_happened(event, now, last)
        found.append(Change(event.publication, event.on, kind, element, type_name, key, name, before, after))
    return found


@dataclass(frozen=True, slots=True)
class _Version:
    props: str
    deleted: bool


def _what_happened(
    event: Event, now: _Version, last: _Version | None
) -> tuple[ChangeKind, Mapping[str, Value], Mapping[str, Value]]:
    present = parse_properties(now.props)
    if event.ended:
        return "deleted", present, {}
    if last is None or last.deleted:
        return "created", {}, present
    former = parse_properties(last.props)
    differing = {
        name for name in former.keys() | present.keys() if _differ(former.get(name), present.get(name))
    }
    return (
        "updated",
        {name: former[name] for name in sorted(differing) if name in former},
        {name: present[name] for name in sorted(differing) if name in present},
    )


def _differ(one: Value | None, other: Value | None) -> bool:
    return type(one) is not type(other) or one != other


def _versions(
    connection: Connection, element: Element, ids: Iterable[int]
) -> dict[tuple[int, int], _Version]:
    present, history, of = tables_of(element)
    found: dict[tuple[int, int], _Version] = {}
    for chunk in chunks(sorted(ids)):
        for table, key in ((present, present.c.id), (history, of)):
            query = select(key, table.c.version, table.c.props, table.c.end_publication).where(key.in_(chunk))
            for row in connection.execute(query):
                found[row[0], row[1]] = _Version(row[2], row[3] is not None)
    return found


def _entity_labels(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    found: dict[int, tuple[str, str, str]] = {}
    query = select(t.entity.c.id, t.entity_type.c.name.label("type"), t.entity.c.key, t.entity.c.name).join(
        t.entity_type, t.entity_type.c.id == t.entity.c.type_id
    )
    for chunk in chunks(sorted(ids)):
        for row in connection.execute(query.where(t.entity.c.id.in_(chunk))):
            found[row.id] = (row.type, row.key, row.name)
    return found


def _edge_labels(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    found: dict[int, tuple[str, str, str]] = {}
    for chunk in chunks(sorted(ids)):
        for row in connection.execute(all_edges().where(t.relationship.c.id.in_(chunk))):
            edge = stored_relationship(row)
            found[row.id] = (edge.type, edge.key, f"{edge.from_name} {edge.verb} {edge.to_name}")
    return found
