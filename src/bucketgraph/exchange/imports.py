"""Importing a folder: read and checked as a whole, then published like a collection, partial or whole.

Every `_type` is a scope of its own, so what is known only in part is never deleted while the rest is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bucketgraph.exchange import j1_folder
from bucketgraph.exchange.j1_folder import Element, Found
from bucketgraph.exchange.mappings import Mapper
from bucketgraph.exchange.normal import EDGE_RECORD, Invalid, PlainEdge, edge_of, entity_of, read_object
from bucketgraph.graph.entity import Entity, Record, Relationship, SealedRecord, derived_key, seal
from bucketgraph.graph.schema import Catalogue, relationship_type_name
from bucketgraph.graph.snapshot import Snapshot, scope_name
from bucketgraph.store.base import Problem, Publication, Run, RunReport, RunStatus
from bucketgraph.store.store import Store

_MOST_PROBLEMS = 100
"""As many problems are kept in a run's report; a folder may have one for each object."""

_WEIGHTY = frozenset({"partial-folder", "partial-type"})


@dataclass(slots=True)
class ReadGraph:
    """What was read of a folder. `whole`: it may be taken for complete but for the `partial` types.

    `untyped`: something was left out of which not even the type is known. Mapped relationships stand as they
    were given: what they mean depends on what is kept of an earlier import, too.
    """

    path: Path
    entities: dict[str, Record] = field(default_factory=dict)
    edges: list[PlainEdge] = field(default_factory=list)
    whole: bool = False
    untyped: bool = False
    partial: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def make_partial(self) -> None:
        """Let nothing be deleted, because what was left out may have brought anything; say so once."""
        self.whole = False
        if not any(one.code == "partial-folder" for one in self.problems):
            self.problems.append(
                Problem(
                    "graph",
                    "partial-folder",
                    "What was left out may have brought anything: nothing was deleted.",
                    "Correct it and import again.",
                )
            )

    def leave_out(self, place: str, why: str, type_name: str | None) -> None:
        """Say why an object is left out, and that its type, or without any the folder, is partial."""
        if type_name is None:
            self.untyped = True
        else:
            self.partial.add(type_name)
        kept = f"nothing of type {type_name} was deleted" if type_name else "nothing was deleted"
        self.problems.append(
            Problem(
                place, "invalid-object", f"It was left out: {why}; {kept}.", "Correct it and import again."
            )
        )


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
    if graph.untyped:
        graph.make_partial()
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

    def take(self, found: Found) -> None:
        """Take an object, or say why not."""
        given: Mapping[str, Any] = {}
        try:
            given = read_object(found.json)
            self._take(found, given)
        except (Invalid, RecursionError) as error:
            why = str(error) if isinstance(error, Invalid) else "it is nested too deeply"
            kind = None if "_mapping" in given else given.get("_type")
            self.graph.leave_out(
                found.place, why, kind if isinstance(kind, str) and kind.isprintable() else None
            )

    def folder_is_partial(self) -> bool:
        """Say whether something is missing of which not even the type is known."""
        codes = {problem.code for problem in self.graph.problems}
        return self.graph.untyped or not codes.isdisjoint({"partial-folder", "unreadable-file"})

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
    """Turns what was read into snapshots, one for each type met now or before, and one of its stand-ins."""

    store: Store
    integration_id: str
    graph: ReadGraph

    def snapshots(self) -> Iterable[Snapshot]:
        """Yield the snapshots: a type that is whole loses what was not read of it."""
        graph = self.graph
        stored = self.store.scope_states(self.integration_id)
        edges, created = self._resolved(stored)
        found: dict[str, dict[str, SealedRecord]] = defaultdict(dict, {scope: {} for scope in stored})
        stand_ins: dict[str, dict[str, SealedRecord]] = defaultdict(dict)
        types = self._stored_types(stored, whole=False)
        going = self._stored_types(stored, whole=True) if created else {}
        for key, record in {**created, **graph.entities}.items():
            sealed = seal(_following(self.store.catalogue, record))
            types[key] = sealed.type or ""
            scope = scope_name("entities", types[key])
            stands_in = key in created and key not in going and not self._is_whole(scope)
            (stand_ins if stands_in else found)[scope][key] = sealed
        for edge in edges:
            missing = [key for key in (edge.from_key, edge.to_key) if key not in types]
            if missing:
                graph.problems.append(_dangling(edge, missing))
                continue
            record = _edge_record(edge, types)
            found[scope_name("relationships", _type_of(edge, types))][record.key] = seal(record)
        for scope, records in found.items():
            yield Snapshot(scope, records, whole=self._is_whole(scope))
        for scope, records in stand_ins.items():
            yield Snapshot(scope, records, only_if_absent=True)

    def _resolved(self, stored: Iterable[str]) -> tuple[list[PlainEdge], dict[str, Record]]:
        """Return all relationships with those that mapped ones stand for, and the targets they create."""
        edges = self.graph.edges
        if all(edge.mapping is None for edge in edges):
            return edges, {}
        plain, created, unread = self._try(edges, stored)
        if not unread:
            return plain, created
        # What an unread one led to is not known, so all stays, and the others may lead there too.
        for edge, why in unread:
            self.graph.leave_out(edge.place, why, None)
        self.graph.make_partial()
        left_out = {edge.place for edge, _ in unread}
        plain, created, _ = self._try([edge for edge in edges if edge.place not in left_out], stored)
        return plain, created

    def _try(
        self, edges: Sequence[PlainEdge], stored: Iterable[str]
    ) -> tuple[list[PlainEdge], dict[str, Record], list[tuple[PlainEdge, str]]]:
        """Resolve relationships among what was read and is kept; return also those that cannot be read."""
        mapper = Mapper({**self._kept(stored), **self.graph.entities})
        plain: list[PlainEdge] = []
        unread: list[tuple[PlainEdge, str]] = []
        for edge in edges:
            try:
                plain += [edge] if edge.mapping is None else mapper.resolve(edge)
            except Invalid as error:
                unread.append((edge, str(error)))
        return plain, mapper.created, unread

    def _kept(self, stored: Iterable[str]) -> dict[str, Record]:
        """Return the entities by key that stay though they were not read."""
        return {
            one.key: Record(one.key, Entity(one.key, one.type, one.properties, one.classes))
            for scope in stored
            if _is_of_entities(scope) and not self._is_whole(scope)
            for one in self.store.entities(integration_id=self.integration_id, scope=scope)
        }

    def _stored_types(self, scopes: Iterable[str], *, whole: bool) -> dict[str, str]:
        """Return the types by key of what is stored of whole types, or of those known only in part."""
        found: dict[str, str] = {}
        for scope in scopes:
            if _is_of_entities(scope) and self._is_whole(scope) is whole:
                keys = self.store.scope_keys(self.integration_id, scope)
                found.update(dict.fromkeys(keys, scope.partition("/")[2]))
        return found

    def _is_whole(self, scope: str) -> bool:
        return self.graph.whole and scope.partition("/")[2] not in self.graph.partial


def _is_of_entities(scope: str) -> bool:
    return scope.partition("/")[0] == "entities"


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
