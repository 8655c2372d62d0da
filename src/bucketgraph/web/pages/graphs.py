"""The graph as a picture: where to start, the data of the drawing, and the same as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from bucketgraph.errors import ConfigError, Unknown
from bucketgraph.j1ql.results import private_id, public_id
from bucketgraph.store.base import StoredEntity
from bucketgraph.store.neighbours import DIRECTIONS, WHOLE, Direction, Kind, Node, Picture
from bucketgraph.web.answers import Answer, Json
from bucketgraph.web.showing import Cell, Chip, cell, chip, number_of
from bucketgraph.web.visit import Page, Visit

_DEPTHS: Final = range(1, 4)
_FOUND: Final = 30
_MOST_PAGE: Final = 100
_PAGE: Final = 50
_MOST_SKIP: Final = 10_000_000
_START_TYPES: Final = ("bitbucket_workspace", "bitbucket_project", "bitbucket_repo", "bitbucket_user")
_STARTS: Final = 12
_LABEL: Final = 500
_MOST_DIGITS: Final = 12


class Row(NamedTuple):
    """A neighbour in the table beside the drawing."""

    chip: Chip
    verbs: str
    total: int


class Many(NamedTuple):
    """A kind of which the picture shows the first few alone."""

    kind: Kind
    size: int
    table: str


class Found(NamedTuple):
    """An entity that a search found."""

    id: str
    type: str
    name: str
    key: str


class Joined(NamedTuple):
    """A neighbour in the table of one kind."""

    to: Chip
    key: str
    says: dict[str, Cell]


def graph(visit: Visit) -> Answer:
    """Draw the graph around an entity, or help to find one to start with."""
    asked, start = visit.asked("q")[:200], visit.asked("start")
    if not start and asked and (number := private_id(asked)) is not None and number < 2**63:
        start = asked if visit.app.store.nodes([number]) else ""
    if start:
        return _around(visit, number_of(start), asked)
    found = [_found(one) for one in visit.app.store.search(asked, _FOUND)]
    starts = [] if asked else _starts(visit)
    return visit.page(
        "graph.html", title="Graph", here="graph", asked=asked, start=None, found=found, starts=starts
    )


def data(visit: Visit) -> Answer:
    """Answer what the drawing asks for; see the contract of the browser's scripts."""
    store = visit.app.store
    if visit.asked("from") or visit.asked("to"):
        way, picture = store.way(number_of(visit.asked("from")), number_of(visit.asked("to")))
        if not way.whole:
            raise ConfigError(
                "These two are far apart, or their surroundings are large: the search for a way was given up.",
                hint="Start from one of them and follow what you know, or ask with a query.",
            )
        return Json(drawn(picture))
    if visit.asked("expand"):
        return Json(drawn(_expanded(visit, number_of(visit.asked("expand")))))
    starts = [number_of(one) for one in visit.query.all("start")[:_MOST_PAGE]]
    return Json(drawn(store.around(starts, _whole(visit, "depth", 1, _DEPTHS))))


def table(visit: Visit) -> Answer:
    """Show the neighbours of one kind as a table."""
    of = _node(visit, number_of(visit.asked("of")))
    kind, skip = _kind(visit), _whole(visit, "skip", 0, range(_MOST_SKIP))
    count = visit.app.store.relationship_kinds(of.id).get(kind, 0)
    links = visit.app.store.joined(of.id, kind, skip=skip, limit=_PAGE)
    rows = [
        Joined(
            chip(one.node), one.node.key, {name: cell(name, value) for name, value in one.properties.items()}
        )
        for one in links
    ]
    names = sorted({name for row in rows for name in row.says})[:8]

    def place(at: int) -> str:
        asked = {"of": public_id(of.id), **kind._asdict(), "skip": at}
        return f"/graph/table?{urlencode(asked)}"

    return visit.page(
        "graph_table.html",
        title=f"{kind.verb} {kind.type} of {of.name}"[:120],
        here="graph",
        of=chip(of),
        kind=kind,
        count=count,
        rows=rows,
        names=names,
        skip=skip,
        before=place(max(0, skip - _PAGE)),
        after=place(skip + _PAGE) if skip + _PAGE < count else "",
    )


def _around(visit: Visit, number: int, asked: str) -> Answer:
    start = _node(visit, number)
    picture = visit.app.store.around([number])
    verbs: dict[int, set[str]] = defaultdict(set)
    for edge in picture.edges:
        if number in {edge.from_id, edge.to_id}:
            verbs[edge.to_id if edge.from_id == number else edge.from_id].add(edge.verb)
    rows = [
        Row(chip(one), ", ".join(sorted(verbs[one.id])), sum(picture.kinds.get(one.id, {}).values()))
        for one in picture.nodes
        if one.id != number or verbs[number]
    ]
    more = [
        Many(kind, count, f"/graph/table?{urlencode({'of': public_id(number), **kind._asdict()})}")
        for kind, count in picture.kinds.get(number, {}).items()
        if count > WHOLE
    ]
    title = f"Graph of {start.name}"[:120]
    return visit.page(
        "graph.html", title=title, here="graph", asked=asked, start=chip(start), rows=rows, more=more
    )


def _node(visit: Visit, number: int) -> Node:
    found = visit.app.store.nodes([number]).get(number)
    if found is None:
        raise Unknown(
            "The entity to start with is not in the graph now.",
            hint="It may have been deleted. Search for another one to start with.",
        )
    return found


def _expanded(visit: Visit, number: int) -> Picture:
    if not visit.asked("verb"):
        return visit.app.store.expanded(number)
    skip = _whole(visit, "skip", 0, range(_MOST_SKIP))
    limit = _whole(visit, "limit", WHOLE, range(1, _MOST_PAGE + 1))
    return visit.app.store.neighbours(number, _kind(visit), skip=skip, limit=limit)


def _kind(visit: Visit) -> Kind:
    directions: dict[str, Direction] = {one: one for one in DIRECTIONS}
    direction = directions.get(visit.asked("direction"))
    if direction is None:
        raise ConfigError("The direction of a relationship is `out` or `in`.", hint="Give one of the two.")
    return Kind(visit.asked("verb"), direction, visit.asked("type"))


def _whole(visit: Visit, name: str, default: int, allowed: range) -> int:
    """Return a whole number of the query, as near as it may be to what was asked."""
    text = visit.asked(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ConfigError(f"{name} is a whole number.", hint=f"Give one from {allowed[0]} to {allowed[-1]}.")
    return min(max(int(text), allowed[0]), allowed[-1])


def drawn(picture: Picture) -> dict[str, Any]:
    """Return a picture as the drawing reads it."""
    nodes = [_drawn_node(one, picture) for one in picture.nodes]
    edges = [
        {
            "id": public_id(one.id),
            "from": public_id(one.from_id),
            "to": public_id(one.to_id),
            "verb": one.verb,
        }
        for one in picture.edges
    ]
    return {"nodes": nodes, "edges": edges}


def _drawn_node(one: Node, picture: Picture) -> dict[str, Any]:
    kinds = picture.kinds.get(one.id, {})
    return {
        "id": public_id(one.id),
        "key": one.key[:_LABEL],
        "type": one.type,
        "class": one.classes,
        "label": one.name[:_LABEL],
        "relationships": [{**kind._asdict(), "count": count} for kind, count in kinds.items()],
    }


def _found(one: StoredEntity) -> Found:
    return Found(*chip(one), one.key)


def _starts(visit: Visit) -> list[Found]:
    """Return a few entities that are good to start with: of the few first, of whatever there is else."""
    found: list[StoredEntity] = []
    for type_name in (*_START_TYPES, None):
        if len(found) < _STARTS:
            found += _few(visit.app.store.entities(type_name, limit=_STARTS), found)
    return [_found(one) for one in found[:_STARTS]]


def _few(more: Iterable[StoredEntity], known: Iterable[StoredEntity]) -> list[StoredEntity]:
    seen = {one.id for one in known}
    return [one for one in more if one.id not in seen]


PAGES = (
    Page("GET", "/graph", "viewer", graph),
    Page("GET", "/graph/data", "viewer", data),
    Page("GET", "/graph/table", "viewer", table),
)
