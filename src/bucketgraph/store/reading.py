"""From rows to answers: decodes cells, and loads whole entities and relationships by their ids."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, select

from bucketgraph.errors import QueryError
from bucketgraph.graph.values import Value, parse_properties
from bucketgraph.j1ql import shapes
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import ColumnOutput, Slot
from bucketgraph.j1ql.results import public_id
from bucketgraph.j1ql.shapes import End, Life, Origin, edge_metadata, entity_metadata
from bucketgraph.store import tables as t
from bucketgraph.store.deadline import deadline_of
from bucketgraph.store.lowering.outputs import VERTEX, CellKind
from bucketgraph.store.lowering.setting import Setting
from bucketgraph.store.statement import SMALLER_ANSWER
from bucketgraph.store.transaction import chunks

T = TypeVar("T")

MAX_CHARACTERS: Final = 500_000_000
"""Characters of the JSON of all whole entities and relationships of one answer."""

_BETWEEN_LOOKS: Final = 5_000
_decode_json = msgspec.json.Decoder().decode


class _Kept(msgspec.Struct, frozen=True):
    """What an integration's configuration says of its entities' origin; older ones say nothing."""

    integration_type: str = "bitbucket"
    source: str = "integration-managed"
    integration_class: tuple[str, ...] = ("VersionControl",)


def origins(connection: Connection) -> dict[str, Origin]:
    """Return where entities come from, by their integrations' ids."""
    found: dict[str, Origin] = {}
    for row in connection.execute(select(t.integration)):
        kept = msgspec.json.decode(row.config, type=_Kept)
        name = row.former_name or row.name
        found[row.id] = Origin(kept.source, kept.integration_type, name, kept.integration_class, row.id)
    return found


class Thing(NamedTuple):
    """A whole entity or relationship: its metadata and properties, and it as clients get it."""

    metadata: Mapping[str, Value]
    properties: Mapping[str, Value]
    shown: dict[str, Any]


class Reader:
    """Builds things from rows in the state that a query asks."""

    def __init__(self, connection: Connection, setting: Callable[[], Setting], known: KnownGraph) -> None:
        """Take how the asked state is found out: most tables need no more than their cells."""
        self._connection, self._make_setting, self._known = connection, setting, known
        self._characters = 0
        self._check = deadline_of(connection.connection.info).check

    def paced(self, items: Sequence[T]) -> Iterable[T]:
        """Return the items; of many, the clock is looked at now and then. Raises `QueryTimeout`."""
        return items if len(items) <= _BETWEEN_LOOKS else self._paced(items)

    def _paced(self, items: Sequence[T]) -> Iterator[T]:
        for begin in range(0, len(items), _BETWEEN_LOOKS):
            self._check()
            yield from items[begin : begin + _BETWEEN_LOOKS]

    @cached_property
    def _setting(self) -> Setting:
        return self._make_setting()

    @cached_property
    def _origins(self) -> dict[str, Origin]:
        return origins(self._connection)

    def entity(self, row: Sequence[Any]) -> Thing:
        """Build an entity from the columns of `VERTEX`."""
        of, type_id, owner, key, version, created_on, begin_on, end_on, props = row
        self._count(props)
        kind = self._known.by_id[type_id]
        life = Life(version, created_on, begin_on, end_on)
        metadata = entity_metadata(of, key, kind.name, kind.classes, origin=self._origins[owner], life=life)
        properties: dict[str, Value] = _decode_json(props)
        return Thing(metadata, properties, shapes.vertex(metadata, properties))

    def _count(self, props: str) -> None:
        self._characters += len(props)
        if self._characters > MAX_CHARACTERS:
            raise QueryError(
                f"The answer holds more than {MAX_CHARACTERS // 1_000_000} MB of properties.",
                hint=SMALLER_ANSWER,
            )

    def entities(self, ids: Iterable[int]) -> dict[int, Thing]:
        """Load entities by their ids."""
        row = self._setting.entities("e")
        found: dict[int, Thing] = {}
        for chunk in chunks(sorted(ids)):
            self._check()
            query = select(*(row.c[name] for name in VERTEX)).where(row.c.id.in_(chunk))
            for one in self._connection.execute(query):
                found[one.id] = self.entity(tuple(one))
        return found

    def edges(self, ids: Iterable[int]) -> dict[int, Thing]:
        """Load relationships by their ids."""
        edge = self._setting.relationships("r")
        start, end = self._setting.entities("f"), self._setting.entities("t")
        ends = (
            start.c.key.label("from_key"),
            start.c.type_id.label("from_now"),
            end.c.key.label("to_key"),
            end.c.type_id.label("to_now"),
        )
        query = (
            select(edge, t.verb.c.name.label("verb"), *ends)
            .join(t.verb, t.verb.c.id == edge.c.verb_id)
            .join(start, start.c.id == edge.c.from_id)
            .join(end, end.c.id == edge.c.to_id)
        )
        found: dict[int, Thing] = {}
        for chunk in chunks(sorted(ids)):
            self._check()
            for row in self._connection.execute(query.where(edge.c.id.in_(chunk))):
                found[row.id] = self._edge(row)
        return found

    def _edge(self, row: Any) -> Thing:
        self._count(row.props)
        properties = parse_properties(row.props)
        own = {f"_{name}": value for name in ("key", "type") if (value := getattr(row, name)) is not None}
        metadata = edge_metadata(
            row.id,
            row.verb,
            End(row.from_key, self._known.by_id[row.from_now].name),
            End(row.to_key, self._known.by_id[row.to_now].name),
            life=Life(row.version, row.created_on, row.begin_on, row.end_on),
            properties=properties | own,
        )
        shown = shapes.edge(metadata, properties, from_id=row.from_id, to_id=row.to_id)
        return Thing(metadata, properties, shown)


# tables ----------------------------------------------------------------------------------------------


def _boolean(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _json(value: Any) -> Any:
    return None if value is None else _decode_json(value)


def _in_range(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


_DECODERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "boolean": _boolean,
    "list": _json,
    "json": _json,
    "calculated": _in_range,
}


def table_rows(
    columns: Sequence[ColumnOutput], kinds: Sequence[CellKind], rows: Sequence[Sequence[Any]], reader: Reader
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the rows of a table by column name, and the names in their order."""
    names = [one.name for one in columns]
    count = len(names)
    things = [
        _things(kind, {row[index] for row in rows} - {None}, reader) for index, kind in enumerate(kinds)
    ]
    decoders = [_DECODERS.get(kind) for kind in kinds]
    found: list[dict[str, Any]] = []
    starred: list[dict[str, None]] = [{} if one.star else {one.name: None} for one in columns]
    for row in reader.paced(rows):
        line: dict[str, Any] = {}
        for index in range(count):
            value, loaded, decode = row[index], things[index], decoders[index]
            if loaded is not None:
                cells = _thing_cells(columns[index], loaded.get(value))
                line.update(cells)
                if columns[index].star:
                    starred[index].update(dict.fromkeys(cells))
            elif not columns[index].star:
                line[names[index]] = value if decode is None else decode(value)
        found.append(line)
    return found, tuple(dict.fromkeys(name for one in starred for name in one))


def _things(kind: CellKind, ids: set[int], reader: Reader) -> dict[int, Thing] | None:
    if kind == "entity":
        return reader.entities(ids)
    return reader.edges(ids) if kind == "edge" else None


def _thing_cells(column: ColumnOutput, thing: Thing | None) -> dict[str, Any]:
    if thing is None:
        return {} if column.star else {column.name: None}
    if column.star:
        return shapes.star(column.name, thing.metadata, thing.properties)
    return {column.name: thing.shown}


def add_metadata(
    found: list[dict[str, Any]], rows: Sequence[Sequence[Any]], slots: Sequence[Slot], held: Sequence[int]
) -> None:
    """Add `_meta` to the rows of a table: what each name stands for, and the ids of the whole path.

    The ids stand behind the cells, one for each of the slots `held`.
    """
    named = [(index, slots[slot]) for index, slot in enumerate(held) if slots[slot].name]
    for line, row in zip(found, rows, strict=True):
        ids = row[len(row) - len(held) :]
        by_alias: dict[str, Any] = {}
        for index, slot in named:
            if ids[index] is not None and slot.name not in by_alias:
                public = public_id(ids[index])
                kind = "relationship" if slot.kind == "edge" else "entity"
                by_alias[slot.name] = {"id": public, kind: {"_id": public}}
        line["_meta"] = {
            "byAlias": by_alias,
            "path": [None if one is None else public_id(one) for one in ids],
        }
