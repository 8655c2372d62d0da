"""Small graphs with a past, for Hypothesis: over one little schema, with all that is awkward in real data.

A `Story` tells what there was at each of a few moments. `write` publishes it to a store moment by moment, so
ids, versions and times are the store's own; `load_memory` of `j1ql.memory_load` reads them back.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from bucketgraph.graph.entity import Entity, Record, Relationship, seal
from bucketgraph.graph.schema import Catalogue, EntityType, Property, catalogue
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Properties, Value
from bucketgraph.store.base import IntegrationRow, Publication
from bucketgraph.store.store import Store

OWN_TYPE: Final = "own_link"
"""The `_type` that a relationship with a key of its own brings too."""

FIRST_MOMENT: Final = 1_790_000_000_000
DAY: Final = 86_400_000
MOMENT: Final = DAY
"""One publication a day."""

VERBS: Final = ("HAS", "OWNS", "REVIEWED", "IS", "ASSIGNED")
TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "kit_user": ("User",),
    "kit_bot": ("User", "Service"),
    "kit_team": ("UserGroup",),
    "kit_repo": ("CodeRepo",),
    "kit_pull": ("Review", "PR"),
    "kit_bot+": ("Service", "Robot"),
    "foreign_thing+": ("Review",),
}
"""The class lists. A type with a plus is not declared: its entities bring their classes with them."""

_OWN: Final = "+"

_INDEXED = (
    Property("name", "string", "Its name.", indexed=True),
    Property("size", "number", "How large.", indexed=True),
    Property("active", "boolean", "Whether in use.", indexed=True),
    Property("topics", "list", "What it is about.", indexed=True),
)
CATALOGUE: Final[Catalogue] = catalogue(
    [EntityType(name, classes, "A thing.", _INDEXED) for name, classes in TYPES.items() if _OWN not in name],
    [],
)

TEXTS: Final = (
    "alice", "bob", "Bob", "bo", "payApi-v2", "api", 'Bob\'s "repo"', "Ünï çode ß", "日本語", "",
    "back\\slash", "100%_x", "1", "true", "HTTPServer root", "O'Hara; DROP TABLE entity --", "line\nbreak",
)  # fmt: skip
_text = st.sampled_from(TEXTS)
_number = st.sampled_from([0, 1, 2, 3, 7, -4, 1.0, 2.5, -0.25, 100, 12])
_date = st.integers(-3, 5).map(lambda days: FIRST_MOMENT + days * DAY)
_list = st.lists(_text, max_size=3)
_odd = st.one_of(_text, _number, st.booleans(), _list, st.lists(_number | _text | st.booleans(), max_size=3))


def _mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Value]:
    """Draw the usual kind in three of four cases, else any kind."""
    return st.integers(0, 3).flatmap(lambda one: usual if one else _odd)


ENTITY_PROPERTIES: Final[Mapping[str, st.SearchStrategy[Value]]] = {
    "name": _mostly(_text),
    "displayName": _text,
    "email": _text,
    "size": _mostly(_number),
    "score": _mostly(_number),
    "active": _mostly(st.booleans()),
    "topics": _mostly(_list),
    "createdOn": _mostly(_date),
    "classification": st.sampled_from(["critical", "low"]),
    "tag.Production": st.sampled_from([True, "true", False, "false"]),
    "tags": st.lists(st.sampled_from(["Gold", "Silver"]), max_size=2),
    "odd-name x": _odd,
}
EDGE_PROPERTIES: Final[Mapping[str, st.SearchStrategy[Value]]] = {
    "name": _mostly(_text),
    "weight": _mostly(_number),
    "approved": _mostly(st.booleans()),
    "topics": _mostly(_list),
    "createdOn": _date,
}

Node: TypeAlias = tuple[str, Properties]
"""The type and properties of an entity."""
Link: TypeAlias = tuple[str, str, str, str]
"""The verb of a relationship, the keys of its ends, and its own key (empty: it has none)."""


def type_name(kind: str) -> str:
    """Return the `_type` that a key of `TYPES` stands for."""
    return kind.removesuffix(_OWN)


@dataclass(frozen=True)
class Moment:
    """All that there is at a moment: entities by key, relationships with their properties."""

    nodes: Mapping[str, Node]
    links: Mapping[Link, Properties]


@dataclass(frozen=True)
class Story:
    """A graph with its past, oldest moment first."""

    moments: tuple[Moment, ...]

    @property
    def times(self) -> tuple[int, ...]:
        """When each moment is published, in epoch ms."""
        return tuple(FIRST_MOMENT + index * MOMENT for index in range(len(self.moments)))

    @property
    def now(self) -> int:
        """A time after the last moment, to ask at."""
        return self.times[-1] + 1


def _properties(of: Mapping[str, st.SearchStrategy[Value]]) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries({}, optional=dict(of)).map(dict)


NODE: Final = st.tuples(st.sampled_from(sorted(TYPES)), _properties(ENTITY_PROPERTIES))


@st.composite
def _first(draw: st.DrawFn) -> Moment:
    nodes = {f"key:{index}": node for index, node in enumerate(draw(st.lists(NODE, min_size=3, max_size=9)))}
    return Moment(nodes, draw(_links(nodes)))


def _link(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Link]:
    verbs = st.sampled_from(VERBS)
    plain = st.tuples(verbs, keys, keys, st.just(""))
    own = st.tuples(verbs, keys, keys).map(lambda one: (*one, f"own:{'/'.join(one)}"))
    return st.one_of(plain, plain, plain, own)


@st.composite
def _links(draw: st.DrawFn, nodes: Mapping[str, Node]) -> dict[Link, Properties]:
    keys = st.sampled_from(sorted(nodes))
    found = draw(st.lists(_link(keys), min_size=5, max_size=16, unique=True))
    return {one: draw(_properties(EDGE_PROPERTIES)) for one in found}


@st.composite
def _next(draw: st.DrawFn, before: Moment, ever: Moment) -> Moment:
    """Draw what came of a moment: things go, change, are new, or come back as they were."""
    nodes, links = dict(before.nodes), dict(before.links)
    for key in draw(st.lists(st.sampled_from(sorted(ever.nodes)), max_size=3, unique=True)):
        _change(draw, nodes, key, ever.nodes[key])
    if draw(st.booleans()):
        nodes[f"key:{len(ever.nodes)}"] = draw(NODE)
    for link in draw(
        st.lists(st.sampled_from(sorted(ever.links)), max_size=3, unique=True) if ever.links else st.just([])
    ):
        if link in links and draw(st.booleans()):
            del links[link]
        else:
            links[link] = draw(st.just(ever.links[link]) | _properties(EDGE_PROPERTIES))
    keys = st.sampled_from(sorted(nodes or ["none"]))
    for link in draw(st.lists(_link(keys), max_size=2, unique=True)):
        links.setdefault(link, draw(_properties(EDGE_PROPERTIES)))
    return Moment(nodes, {one: said for one, said in links.items() if one[1] in nodes and one[2] in nodes})


def _change(draw: st.DrawFn, nodes: dict[str, Node], key: str, last: Node) -> None:
    if key not in nodes:
        nodes[key] = last
        return
    how = draw(st.sampled_from(["delete", "properties", "properties", "retype"]))
    kind, properties = nodes.pop(key)
    if how == "properties":
        nodes[key] = (kind, draw(_properties(ENTITY_PROPERTIES)))
    elif how == "retype":
        nodes[key] = (draw(st.sampled_from(sorted(TYPES))), properties)


@st.composite
def graphs(draw: st.DrawFn, *, moments: int = 3) -> Story:
    """Draw a graph with up to that many moments."""
    told = [draw(_first())]
    for _ in range(draw(st.integers(0, moments - 1))):
        ever = Moment(
            {key: node for one in told for key, node in one.nodes.items()},
            {link: said for one in told for link, said in one.links.items()},
        )
        told.append(draw(_next(told[-1], ever)))
    return Story(tuple(told))


# ------------------------------------------------------------------------------------------- in a store


@functools.cache
def _empty() -> bytes:
    """Return an empty database, as making one for each example would take most of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.db"
        Store.open(f"sqlite:///{path}", CATALOGUE).close()
        return path.read_bytes()


def write(path: Path, story: Story, *, until: int | None = None) -> Store:
    """Publish a story, or its first `until` moments, to a new file; return the open store."""
    path.write_bytes(_empty())
    clock = iter([FIRST_MOMENT - 1, *story.times[:until]])
    store = Store.open(f"sqlite:///{path}", CATALOGUE, clock=lambda: next(clock, story.now))
    store.add_integration(IntegrationRow("one", "one", "", "{}", "", 1, 1))
    run = store.start_run("one", {})
    for moment in story.moments[:until]:
        records = {record.key: seal(record) for record in _records(moment)}
        store.publish(Publication("one", run.id, (Snapshot("all", records, whole=True),)))
    return store


def _records(moment: Moment) -> list[Record]:
    nodes = [Record(key, _entity(key, *node)) for key, node in moment.nodes.items()]
    edges = [_edge(moment, link, said) for link, said in moment.links.items()]
    return [*nodes, *(Record(edge.key, None, (edge,)) for edge in edges)]


def _entity(key: str, kind: str, properties: Properties) -> Entity:
    return Entity(key, type_name(kind), properties, TYPES[kind] if _OWN in kind else None)


def _edge(moment: Moment, link: Link, said: Properties) -> Relationship:
    verb, start, end, own_key = link
    ends = (type_name(moment.nodes[start][0]), start, type_name(moment.nodes[end][0]), end)
    own_type = OWN_TYPE if own_key else None
    return Relationship(verb, *ends, said, own_key=own_key or None, own_type=own_type)
