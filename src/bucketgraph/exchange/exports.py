"""Exporting a graph, today's or an earlier one, into a folder that JupiterOne's tools and `import` read."""

from __future__ import annotations

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bucketgraph.collect.steps import CATALOGUE, STEPS
from bucketgraph.errors import ConfigError
from bucketgraph.exchange.j1_folder import (
    GRAPH,
    SUMMARY,
    Element,
    Metadata,
    PartialDatasets,
    StepResult,
    Summary,
    written_whole,
)
from bucketgraph.graph.schema import relationship_type_name
from bucketgraph.store.base import Problem, Run, StoredEntity, StoredRelationship
from bucketgraph.store.store import Store

_MOST_IN_A_FILE = 500
_NAMES = uuid.UUID("6f1d5a0c-3b52-4f0e-9a55-8f2f4f3a6c11")
"""File names are made from this and what stands in the file, so that two exports are equal byte for byte."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
_TOLD_BY_TYPE = frozenset({"partial-type", "invalid-object", "duplicate-key", "dangling", "more"})
"""Problems of an import that name the types they concern by a `partial-type` beside them."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    entities: int
    relationships: int
    files: int
    partial_types: tuple[str, ...]


def export(store: Store, path: Path, integration_ids: Sequence[str], *, as_of: int | None = None) -> Exported:
    """Write the live graph of some integrations, or the one of a moment (epoch ms), into a new folder.

    Raises ConfigError when something is there already, when it cannot be written, or when one key stands in
    two integrations.
    """
    with written_whole(path) as folder:
        files = _Files(folder)
        partial: set[str] = set()
        for one in integration_ids:
            types = _write(store, files, one, as_of)
            partial |= _partial_types(_last_run(store, one, as_of), types)
        files.close()
        summary = Summary(files.steps(partial), Metadata(PartialDatasets(sorted(partial))))
        (folder / SUMMARY).write_bytes(_ENCODER.encode(summary))
    return Exported(
        files.total("entities"), files.total("relationships"), files.number, tuple(sorted(partial))
    )


def _write(store: Store, files: _Files, integration_id: str, as_of: int | None) -> set[str]:
    """Write one integration's objects and return their types."""
    types: dict[str, str] = {}
    found: set[str] = set()
    for entity in _entities(store, integration_id, as_of):
        types[entity.key] = entity.type
        files.add("entities", entity.type, entity.key, _entity(entity))
    for edge in _relationships(store, integration_id, as_of):
        start, end = types.get(edge.from_key, edge.from_type), types.get(edge.to_key, edge.to_type)
        kind = edge.own_type or relationship_type_name(start, edge.verb, end)
        files.add("relationships", kind, edge.key, _edge(edge, kind))
        found.add(kind)
    return found.union(types.values())


def _entities(store: Store, integration_id: str, as_of: int | None) -> Iterator[StoredEntity]:
    if as_of is None:
        return store.entities(integration_id=integration_id)
    return store.entities_at(as_of, integration_id=integration_id)


def _relationships(store: Store, integration_id: str, as_of: int | None) -> Iterator[StoredRelationship]:
    if as_of is None:
        return store.relationships(integration_id=integration_id)
    return store.relationships_at(as_of, integration_id=integration_id)


def _entity(entity: StoredEntity) -> dict[str, Any]:
    system = {"_key": entity.key, "_type": entity.type, "_class": entity.classes}
    return {**entity.properties, **system}


def _edge(edge: StoredRelationship, kind: str) -> dict[str, Any]:
    system = {
        "_key": edge.key,
        "_type": kind,
        "_class": edge.verb,
        "_fromEntityKey": edge.from_key,
        "_toEntityKey": edge.to_key,
    }
    return {**edge.properties, **system}


@dataclass(slots=True)
class _Files:
    """Spreads objects over files: one type a file, in the order they come, few enough for any reader."""

    folder: Path
    number: int = 0
    _open: dict[tuple[Element, str], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    _chunks: Counter[tuple[Element, str]] = field(default_factory=Counter)
    _counts: Counter[tuple[Element, str]] = field(default_factory=Counter)
    _keys: set[tuple[Element, str]] = field(default_factory=set)

    def add(self, element: Element, type_name: str, key: str, one: Mapping[str, Any]) -> None:
        """Add an object; raises ConfigError when its key was written before."""
        if (element, key) in self._keys:
            raise ConfigError(
                f"The key {key!r} stands in two integrations, and a folder holds each key once.",
                hint="Export one integration with --integration NAME.",
            )
        self._keys.add((element, key))
        self._counts[element, type_name] += 1
        objects = self._open[element, type_name]
        objects.append(_ENCODER.encode(one))
        if len(objects) == _MOST_IN_A_FILE:
            self._flush(element, type_name)

    def close(self) -> None:
        """Write what is left; the folder of the graph is there even for no object."""
        (self.folder / GRAPH).mkdir(exist_ok=True)
        for element, type_name in list(self._open):
            self._flush(element, type_name)

    def total(self, element: Element) -> int:
        """Return how many objects were added."""
        return sum(number for (of, _), number in self._counts.items() if of == element)

    def steps(self, partial: set[str]) -> list[StepResult]:
        """Return the summary of each type; a type known only in part is a step that failed."""
        return [
            StepResult(
                id=_folder_name(type_name),
                name=type_name,
                declared_types=[type_name],
                partial_types=[type_name] if type_name in partial else [],
                encountered_types=[type_name],
                encountered_type_counts={type_name: number},
                status="failure" if type_name in partial else "success",
            )
            for (_, type_name), number in sorted(self._counts.items())
        ]

    def _flush(self, element: Element, type_name: str) -> None:
        objects = self._open.pop((element, type_name))
        chunk = self._chunks[element, type_name]
        self._chunks[element, type_name] += 1
        self.number += 1
        folder = self.folder / GRAPH / _folder_name(type_name) / element
        folder.mkdir(parents=True, exist_ok=True)
        name = uuid.uuid5(_NAMES, f"{element}/{type_name}/{chunk}")
        content = b'{"%s":[%s]}' % (element.encode(), b",".join(objects))
        (folder / f"{name}.json").write_bytes(content)


def _folder_name(type_name: str) -> str:
    """Return a name that is safe in any file system; what it loses is told apart by a number."""
    plain = type_name.replace("_", "-")
    safe = re.sub(r"[^a-z0-9-]+", "-", plain.lower())[:60]
    return safe if safe == plain else f"{safe}-{uuid.uuid5(_NAMES, type_name).hex[:8]}"


def _last_run(store: Store, integration_id: str, as_of: int | None) -> Run | None:
    runs = store.runs(integration_id, limit=1 if as_of is None else None)
    return next((run for run in runs if as_of is None or run.started_on <= as_of), None)


def _partial_types(run: Run | None, types: set[str]) -> set[str]:
    """Return the types of which the last run could not see everything."""
    if run is None or run.status == "COMPLETED":
        return set()
    if run.status != "COMPLETED_WITH_ERRORS":
        return types
    return {name for problem in run.report.problems for name in _concerned(problem, types)}


def _concerned(problem: Problem, types: set[str]) -> set[str]:
    if problem.code in _TOLD_BY_TYPE and problem.scope != "Publishing":
        return {problem.scope} if problem.code == "partial-type" else set()
    title = problem.scope.partition(":")[0]
    for step in STEPS:
        if step.title == title:
            return {one.name for one in step.entities} | {one.name for one in step.relationships}
    return types | set(CATALOGUE.entities)
