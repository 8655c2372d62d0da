"""How fast the store takes a finished graph in, as a ratio to plain `sqlite3.executemany` of the same rows."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.graph.entity import SealedRecord, SealedRelationship
from bucketgraph.graph.shapes import shape_of
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import parse_properties
from bucketgraph.store.base import IntegrationRow, Publication
from bucketgraph.store.store import Store

_TABLES = ("record", "entity", "relationship")
_EDGES = """
    SELECT r.record_id, v.name, ft.name, f.key, tt.name, t.key, r.props FROM relationship r
    JOIN verb v ON v.id = r.verb_id JOIN entity f ON f.id = r.from_id JOIN entity t ON t.id = r.to_id
    JOIN entity_type ft ON ft.id = r.from_type_id JOIN entity_type tt ON tt.id = r.to_type_id
"""
_RECORDS = """
    SELECT r.id, s.name, r.key, r.digest, y.name, coalesce(e.name, ''), coalesce(e.props, ''), r.raw
    FROM record r JOIN scope s ON s.id = r.scope_id
    LEFT JOIN entity e ON e.id = r.id LEFT JOIN entity_type y ON y.id = e.type_id
    ORDER BY r.id
"""


class Speed(msgspec.Struct, frozen=True):
    """Rows a second (CPU time) into the same tables and indexes."""

    rows: int
    publications: int
    published: float
    raw: float

    @property
    def ratio(self) -> float:
        """Return the share of plain SQLite's speed that publishing reaches."""
        return self.published / self.raw


def measure(graph: Path, folder: Path) -> Speed:
    """Write the graph's rows again into two new files: published repository by repository, and plainly."""
    snapshots = _snapshots(graph)
    rows = _rows(graph)
    number = sum(len(found) for _, found in rows)
    raw = _plainly(rows, folder / "raw.db")
    published = _published(snapshots, folder / "published.db")
    return Speed(number, len(snapshots), number / published, number / raw)


def _published(snapshots: list[tuple[Snapshot, ...]], path: Path) -> float:
    store = _new_store(path)
    with contextlib.closing(store):
        store.add_integration(IntegrationRow("bench", "bench", "", "{}", "", 0, 0))
        run = store.start_run("bench", {})
        begun = time.process_time()
        for group in snapshots:
            store.publish(Publication("bench", run.id, group))
        return time.process_time() - begun


def _plainly(rows: Iterable[tuple[str, list[tuple[object, ...]]]], path: Path) -> float:
    _new_store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32000")
        begun = time.process_time()
        for statement, found in rows:
            connection.executemany(statement, found)
        connection.commit()
        return time.process_time() - begun


def _new_store(path: Path) -> Store:
    return Store.open(f"sqlite:///{path}", CATALOGUE)


def _rows(graph: Path) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Return an INSERT and all rows of each table, generated columns left out."""
    found = []
    with contextlib.closing(sqlite3.connect(graph)) as connection:
        for table in _TABLES:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            columns, marks = ", ".join(names), ", ".join("?" * len(names))
            statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
            rows = connection.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
            found.append((statement, rows))
    return found


def _snapshots(graph: Path) -> list[tuple[Snapshot, ...]]:
    """Return what a first run publishes: the structure together, then each repository by itself."""
    scopes: dict[str, dict[str, SealedRecord]] = defaultdict(dict)
    with contextlib.closing(sqlite3.connect(graph)) as connection:
        edges: dict[int, list[SealedRelationship]] = defaultdict(list)
        for record_id, *edge in connection.execute(_EDGES):
            edges[record_id].append(SealedRelationship(*edge))
        for record_id, scope, key, digest, kind, name, props, raw in connection.execute(_RECORDS):
            shape = shape_of(parse_properties(props)) if props else None
            record = SealedRecord(key, digest, kind, name, props, tuple(edges[record_id]), raw, shape=shape)
            scopes[scope][key] = record
    whole = {scope: Snapshot(scope, records, whole=True) for scope, records in scopes.items()}
    alone = [name for name in whole if name.startswith("pullrequests/")]
    together = tuple(one for name, one in whole.items() if name not in set(alone))
    return [together, *((whole[name],) for name in alone)]
