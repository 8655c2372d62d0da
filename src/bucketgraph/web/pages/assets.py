"""What there is: classes and types with their counts, the list of one of them, and the list as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from bucketgraph.errors import ConfigError, Unknown
from bucketgraph.graph.values import Scalar, Value, iso_utc
from bucketgraph.graph.written import typed
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.results import public_id
from bucketgraph.store.base import StoredEntity
from bucketgraph.store.listing import COLUMNS, Wanted
from bucketgraph.web.answers import Answer, Download
from bucketgraph.web.showing import Cell, Chip, cell, chip, csv_lines
from bucketgraph.web.visit import Page, Visit

_PAGE: Final = 50
_MOST_OFFSET: Final = 10_000_000
_MOST_FILTERS: Final = 10
_SHOWN: Final = 7
"""Columns of properties at first; the others are a click away in the file and on each entity's page."""

_SAID_BY_NAME: Final = frozenset({"name", "displayName", "webLink", "description", "id"})
_FIRST: Final = (
    *(
        "title",
        "state",
        "author",
        "repository",
        "target",
        "slug",
        "public",
        "language",
        "mainBranch",
        "projectKey",
    ),
    *("nickname", "active", "member", "email", "employeeId", "manager", "createdOn", "mergedOn", "updatedOn"),
)
"""Properties that tell most, where a type has them."""


class Branch(NamedTuple):
    """A class with its types and how many entities each has."""

    name: str
    total: int
    types: tuple[tuple[str, int], ...]


class Column(NamedTuple):
    """A column: its heading, and the name to sort by."""

    label: str
    name: str
    numeric: bool = False


class Row(NamedTuple):
    """An entity with its cells."""

    chip: Chip
    cells: tuple[Cell | None, ...]


class Given(NamedTuple):
    """What the address asks for, checked."""

    wanted: Wanted
    where: tuple[str, ...]
    sort: str

    def address(self, path: str = "/assets", **changes: Any) -> str:
        """Return the address of the same list but for some changes."""
        asked: dict[str, Any] = {
            "type": self.wanted.type_or_class,
            "q": self.wanted.text,
            "where": list(self.where),
            "sort": self.sort,
            **changes,
        }
        kept = {name: value for name, value in asked.items() if value not in ("", [], None)}
        return f"{path}?{urlencode(kept, doseq=True)}"


def assets(visit: Visit) -> Answer:
    """Show all classes and types, or the list of the one that was asked for."""
    known = visit.app.store.known()
    if not visit.asked("type"):
        return visit.page("assets.html", title="Assets", here="assets", branches=_branches(known))
    given = _given(visit, known)
    listing = visit.app.store.listing(given.wanted)
    columns = _columns(visit, listing.entities, given.wanted.order)
    names = [one.name for one in columns]
    offset, total = given.wanted.offset, listing.total
    return visit.page(
        "assets_list.html",
        title=visit.asked("type")[:80],
        here="assets",
        given=given,
        wanted=given.wanted,
        total=total,
        rows=[_row(one, names) for one in listing.entities],
        columns=columns,
        names=_names(visit, known, given.wanted.type_or_class),
        without=[(text, given.address(where=[w for w in given.where if w != text])) for text in given.where],
        sorting=given.address(sort=None) + "&sort=",
        csv=given.address("/assets.csv"),
        before=given.address(offset=max(0, offset - _PAGE)) if offset else "",
        after=given.address(offset=offset + _PAGE) if offset + _PAGE < total else "",
    )


def as_csv(visit: Visit) -> Answer:
    """Give the whole list as a file."""
    known = visit.app.store.known()
    given = _given(visit, known)
    names = _names(visit, known, given.wanted.type_or_class)
    columns = ("_id", "_key", "_type", "_createdOn", "_beginOn", *names)
    lines = csv_lines(columns, _csv_rows(visit, given.wanted, names))
    return Download(lines, f"{given.wanted.type_or_class}.csv", "text/csv; charset=utf-8")


def _csv_rows(visit: Visit, wanted: Wanted, names: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield all rows in the order of the list."""
    for one in visit.app.store.listed(replace(wanted, offset=0, limit=None)):
        moments = (iso_utc(one.created_on), iso_utc(one.begin_on))
        yield (public_id(one.id), one.key, one.type, *moments, *_values(one, names))


def _values(one: StoredEntity, names: Sequence[str]) -> Iterator[Any]:
    for name in names:
        value = one.properties.get(name)
        shown = None if value is None else cell(name, value)
        yield shown.text if shown is not None and shown.kind == "time" else value


def _given(visit: Visit, known: KnownGraph) -> Given:
    name = visit.asked("type")
    if name not in {*known.type_names, *known.class_names}:
        raise Unknown(
            f"There is no type or class {name[:80]!r}.", hint="Choose one of those on the page of assets."
        )
    where = _where(visit)
    sort = visit.asked("sort", "displayName")[:200]
    wanted = Wanted(
        name,
        visit.asked("q")[:200],
        dict(_filter(one) for one in where),
        sort.removeprefix("-"),
        sort.startswith("-"),
        _offset(visit.asked("offset", "0")),
        _PAGE,
    )
    return Given(wanted, where, "" if sort == "displayName" else sort)


def _where(visit: Visit) -> tuple[str, ...]:
    """Return the filters by equality as `name=value`; the form's two fields make one more."""
    found = [text.strip() for text in visit.query.all("where") if text.strip()]
    if visit.asked("property"):
        found.append(f"{visit.asked('property')}={visit.asked('value')}")
    if len(found) > _MOST_FILTERS or any(len(text) > 1000 for text in found):  # noqa: PLR2004  # an address's worth
        raise ConfigError(
            f"At most {_MOST_FILTERS} filters can be used.", hint="Take one away, or ask with a query."
        )
    return tuple(dict.fromkeys(found))


def _filter(text: str) -> tuple[str, Scalar]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"{text[:80]!r} is no filter.", hint="Write name=value, for example state=OPEN.")
    return name.strip(), typed(value.strip())


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9):  # noqa: PLR2004  # digits of the largest
        raise ConfigError("The offset is a whole number.", hint="Use the links below the list.")
    return min(int(text), _MOST_OFFSET)


def _branches(known: KnownGraph) -> list[Branch]:
    """Return the classes that have entities, each with its types, the largest first."""
    found = []
    for name in sorted(known.class_names):
        counts: dict[str, int] = {}
        for one in known.types:
            if name in one.classes and one.count:
                counts[one.name] = counts.get(one.name, 0) + one.count
        if counts:
            types = tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
            found.append(Branch(name, sum(counts.values()), types))
    return sorted(found, key=lambda one: (-one.total, one.name))


def _names(visit: Visit, known: KnownGraph, type_or_class: str) -> list[str]:
    """Return the properties of a type or class, the declared ones in their declared order."""
    types = [one for one in known.types if type_or_class in (one.name, *one.classes)]
    names: dict[str, None] = {}
    for one in types:
        declared = visit.app.store.catalogue.entities.get(one.name)
        seen = {p.name for p in declared.properties} & set(one.properties) if declared else set()
        names.update(dict.fromkeys(p.name for p in declared.properties if p.name in seen) if declared else {})
    names.update(dict.fromkeys(sorted({name for one in types for name in one.properties})))
    return list(names)


def _columns(visit: Visit, entities: Sequence[StoredEntity], order_by: str) -> list[Column]:
    """Return the columns: the properties that most of these have, and since when they are as they are."""
    known: dict[str, int] = {}
    for one in entities:
        for name in one.properties:
            known[name] = known.get(name, 0) + 1
    order: dict[str, int] = {}
    for type_name in dict.fromkeys(one.type for one in entities):
        declared = visit.app.store.catalogue.entities.get(type_name)
        for prop in declared.properties if declared else ():
            order.setdefault(prop.name, len(order))
    names = [name for name in known if name not in _SAID_BY_NAME]
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    short = [name for name in names if not name.endswith(("Id", "Ids"))]
    chosen = sorted(short, key=lambda name: _telling(name, entities))[:_SHOWN]
    wanted = {*chosen, order_by} - _SAID_BY_NAME
    shown = [Column(name, name, _numeric(name, entities)) for name in names if name in wanted]
    return [*shown, Column("since", "_beginOn")]


def _telling(name: str, entities: Sequence[StoredEntity]) -> tuple[bool, bool, int]:
    """Tell how little a column says: one value for all says nothing, and neither does what few have."""
    values = [one.properties.get(name) for one in entities]
    same = len(entities) > 1 and all(value == values[0] for value in values)
    seldom = 2 * sum(value is None for value in values) > len(values)
    return seldom, same, _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _numeric(name: str, entities: Sequence[StoredEntity]) -> bool:
    cells = [cell(name, one.properties[name]) for one in entities if name in one.properties]
    plain = [one.properties.get(name) for one in entities if name in one.properties]
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in plain) and all(
        one.kind != "time" for one in cells
    )


def _row(one: StoredEntity, names: Sequence[str]) -> Row:
    built_in: dict[str, Value] = {
        "_key": one.key,
        "_createdOn": one.created_on,
        "_beginOn": one.begin_on,
        "_version": one.version,
    }
    cells = []
    for name in names:
        value = built_in[name] if name in COLUMNS else one.properties.get(name)
        cells.append(None if value is None else cell(name, value))
    return Row(chip(one), tuple(cells))


PAGES = (
    Page("GET", "/assets", "viewer", assets),
    Page("GET", "/assets.csv", "viewer", as_csv),
)
