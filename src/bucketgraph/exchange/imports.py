"""Importing a folder: read and checked as a whole, then published like a collection, partial or whole.

Every `_type` is a scope of its own, so what is known only in part is never deleted while the rest is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bucketgraph.exchange import j1_folder
from bucketgraph.exchange.j1_folder import Element, Found
from bucketgraph.exchange.mappings import Mapper
from bucketgraph.exchange.normal import EDGE_RECORD, Invalid, PlainEdge, edge_of, entity_of, read_object
from bucketgraph.graph.entity import Record, Relationship, SealedRecord, derived_key, seal
from bucketgraph.graph.schema import Catalogue, relationship_type_name
from bucketgraph.graph.snapshot import Snapshot, scope_name
from bucketgraph.store.base import Problem, Publication, Run, RunReport, RunStatus
from bucketgraph.store.store import Store

_MOST_PROBLEMS = 100
"""As many problems are kept in a run's report; a folder may have one for each object."""

_WEIGHTY = frozenset({"partial-folder", "partial-type"})


@dataclass(slots=True)
class ReadGraph:
    """What was read of a folder. `whole`: it may be taken for complete but for the `partial` types."""

    path: Path
    entities: dict[str, Record] = field(default_factory=dict)
    edges: list[PlainEdge] = field(default_factory=list)
    whole: bool = False
    partial: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def read_graph(path: Path) -> ReadGraph:
    """Read a folder; raises ConfigError when it is none. What cannot be used becomes a problem."""
    root = j1_folder.locate(path)
    graph = ReadGraph(path)
    summary = j1_folder.read_summary(root, graph.problems)
    graph.partial = summary.partial_types() if summary else set()
    reader = _Reader(graph)
    for found in j1_folder.objects(root, graph.problems):
        reader.take(found)
    graph.whole = not reader.folder_is_partial()
    reader.resolve()
    if graph.whole and not graph.entities:
        graph.whole = False
        graph.problems.append(
            Problem(
                "graph",
                "partial-folder",
                "The folder holds no entity at all: nothing was deleted.",
                "Remove what was imported before with `bucketgraph integration remove NAME`.",
            )
        )
    graph.problems += [_kept(one) for one in sorted(graph.partial)]
    return graph


@dataclass(slots=True)
class _Reader:
    """Takes one object after the other and remembers where each key was met."""

    graph: ReadGraph
    _places: dict[tuple[Element, str], str] = field(default_factory=dict)
    _untyped: bool = False

    def take(self, found: Found) -> None:
        """Take an object, or say why not."""
        given: Mapping[str, Any] = {}
        try:
            given = read_object(found.json)
            self._take(found, given)
        except (Invalid, RecursionError) as error:
            why = str(error) if isinstance(error, Invalid) else "it is nested too deeply"
            kind = given.get("_type")
            self._leave_out(found.place, why, kind if isinstance(kind, str) and kind.isprintable() else None)

    def folder_is_partial(self) -> bool:
        """Say whether something is missing of which not even the type is known."""
        codes = {problem.code for problem in self.graph.problems}
        return self._untyped or not codes.isdisjoint({"partial-folder", "unreadable-file"})

    def resolve(self) -> None:
        """Replace mapped relationships by those they stand for, and add the targets they create."""
        mapper = Mapper(self.graph.entities)
        plain: list[PlainEdge] = []
        for edge in self.graph.edges:
            try:
                plain += [edge] if edge.mapping is None else mapper.resolve(edge)
            except Invalid as error:
                self._leave_out(edge.place, str(error), edge.type)
        self.graph.entities.update(mapper.created)
        self.graph.edges = plain

    def _take(self, found: Found, given: Mapping[str, Any]) -> None:
        if found.element == "entities":
            record = entity_of(given)
            if self._is_new(found, record.key):
                self.graph.entities[record.key] = record
        else:
            edge = edge_of(given, found.place)
            if self._is_new(found, edge.key):
                self.graph.edges.append(edge)

    def _is_new(self, found: Found, key: str) -> bool:
        first = self._places.setdefault((found.element, key), found.place)
        if first == found.place:
            return True
        self.graph.problems.append(
            Problem(
                found.place,
                "duplicate-key",
                f"Its `_key` {key!r} was met before, in {first}; the first is kept.",
                "Give every object of the folder a key of its own.",
            )
        )
        return False

    def _leave_out(self, place: str, why: str, type_name: str | None) -> None:
        if type_name is None:
            self._untyped = True
        else:
            self.graph.partial.add(type_name)
        kept = f"nothing of type {type_name} was deleted" if type_name else "nothing was deleted"
        self.graph.problems.append(
            Problem(
                place, "invalid-object", f"It was left out: {why}; {kept}.", "Correct it and import again."
            )
        )


def publish(store: Store, integration_id: str, graph: ReadGraph) -> Run:
    """Publish what was read as a run of an import: created, updated and, where it is whole, deleted."""
    run = store.start_run(integration_id, {"import": str(graph.path)})
    status: RunStatus = "FAILED"
    try:
        writer = _Writer(store, integration_id, graph)
        store.publish(Publication(integration_id, run.id, tuple(writer.snapshots())))
        status = "COMPLETED_WITH_ERRORS" if graph.problems else "COMPLETED"
    finally:
        ended = store.end_run(run.id, status, RunReport(problems=_bounded(graph.problems)))
    return ended


@dataclass(slots=True)
class _Writer:
    """Turns what was read into snapshots, one for each type met now or before."""

    store: Store
    integration_id: str
    graph: ReadGraph

    def snapshots(self) -> Iterable[Snapshot]:
        """Yield the snapshots: a type that is whole loses what was not read of it."""
        graph = self.graph
        stored = self.store.scope_states(self.integration_id)
        found: dict[str, dict[str, SealedRecord]] = defaultdict(dict, {scope: {} for scope in stored})
        types = self._kept_types(stored)
        for key, record in graph.entities.items():
            sealed = seal(_following(self.store.catalogue, record))
            types[key] = sealed.type or ""
            found[scope_name("entities", sealed.type or "")][key] = sealed
        for edge in graph.edges:
            missing = [key for key in (edge.from_key, edge.to_key) if key not in types]
            if missing:
                graph.problems.append(_dangling(edge, missing))
                continue
            record = _edge_record(edge, types)
            found[scope_name("relationships", _type_of(edge, types))][record.key] = seal(record)
        for scope, records in found.items():
            yield Snapshot(scope, records, whole=self._is_whole(scope))

    def _kept_types(self, scopes: Iterable[str]) -> dict[str, str]:
        """Return the types by key of entities that stay though they were not read."""
        found: dict[str, str] = {}
        for scope in scopes:
            element, _, type_name = scope.partition("/")
            if element == "entities" and not self._is_whole(scope):
                keys = self.store.scope_keys(self.integration_id, scope)
                found.update(dict.fromkeys(keys, type_name))
        return found

    def _is_whole(self, scope: str) -> bool:
        return self.graph.whole and scope.partition("/")[2] not in self.graph.partial


def _following(catalogue: Catalogue, record: Record) -> Record:
    """Let an entity whose classes are the catalogue's follow the catalogue, and share its indexes."""
    entity = record.entity
    if entity is None or entity.classes is None or entity.classes != catalogue.classes(entity.type):
        return record
    return replace(record, entity=replace(entity, classes=None))


def _edge_record(edge: PlainEdge, types: Mapping[str, str]) -> Record:
    """Return the record of one relationship: it comes and goes by itself."""
    derived = derived_key(edge.from_key, edge.verb, edge.to_key)
    key = edge.key or derived
    one = Relationship(
        verb=edge.verb,
        from_type=types[edge.from_key],
        from_key=edge.from_key,
        to_type=types[edge.to_key],
        to_key=edge.to_key,
        properties=edge.properties,
        own_key=None if key == derived else key,
        own_type=None if not edge.type or edge.type == _derived_type(edge, types) else edge.type,
    )
    return Record(f"{EDGE_RECORD}{key}", None, (one,))


def _type_of(edge: PlainEdge, types: Mapping[str, str]) -> str:
    return edge.type or _derived_type(edge, types)


def _derived_type(edge: PlainEdge, types: Mapping[str, str]) -> str:
    return relationship_type_name(types[edge.from_key], edge.verb, types[edge.to_key])


def _kept(type_name: str) -> Problem:
    return Problem(
        type_name,
        "partial-type",
        "The folder may lack objects of this type: none of it was deleted.",
        "Import again when the integration could read all of it.",
    )


def _dangling(edge: PlainEdge, missing: Iterable[str]) -> Problem:
    return Problem(
        edge.place,
        "dangling",
        f"It was left out: there is no entity {' nor '.join(map(repr, missing))}.",
        "Import a folder that holds both ends.",
    )


def _bounded(problems: list[Problem]) -> list[Problem]:
    """Return what is worth keeping: types and files first, then the first of the objects."""
    weighty = [one for one in problems if one.code in _WEIGHTY]
    others = [one for one in problems if one.code not in _WEIGHTY]
    if len(others) <= _MOST_PROBLEMS:
        return weighty + others
    more = len(others) - _MOST_PROBLEMS
    return [*weighty, *others[:_MOST_PROBLEMS], Problem("graph", "more", f"And {more:,} more like these.")]
