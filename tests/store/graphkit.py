"""A small world for the store's tests: types, records, and a store with two integrations and a clock."""

from __future__ import annotations

import functools
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import processes

from bucketgraph.graph.entity import Entity, Record, Relationship, seal
from bucketgraph.graph.schema import Catalogue, EntityType, Property, RelationshipType, catalogue
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Value
from bucketgraph.store.base import Counts, IntegrationRow, Publication, ScopeState, Tally
from bucketgraph.store.store import Store

WORKSPACE, REPO, USER, PULL = "kit_workspace", "kit_repo", "kit_user", "kit_pull_request"

CATALOGUE: Catalogue = catalogue(
    [
        EntityType(WORKSPACE, ("Account",), "A workspace.", (Property("slug", "string", "Its slug."),)),
        EntityType(
            REPO,
            ("CodeRepo",),
            "A repository.",
            (
                Property("slug", "string", "Its slug.", indexed=True),
                Property("public", "boolean", "Whether everybody may read it.", indexed=True),
                Property("topics", "list", "Its topics.", indexed=True),
            ),
        ),
        EntityType(USER, ("User",), "A person.", (Property("member", "boolean", "Whether a member."),)),
        EntityType(
            PULL,
            ("Review", "PR"),
            "A pull request.",
            (
                Property("state", "string", "OPEN, MERGED or DECLINED.", indexed=True),
                Property("createdOn", "time", "When it was opened.", indexed=True),
                Property("closedById", "string", "Who closed it."),
            ),
        ),
    ],
    [
        RelationshipType(WORKSPACE, "OWNS", REPO, "Where it lies."),
        RelationshipType(WORKSPACE, "HAS", USER, "Who is a member."),
        RelationshipType(REPO, "HAS", PULL, "Where it was opened."),
        RelationshipType(USER, "OPENED", PULL, "Who opened it."),
        RelationshipType(USER, "REVIEWED", PULL, "Who was to review it."),
    ],
)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: int = 1_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        """Tell the time."""
        return self.now


def start_python(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a Python program that can import this kit, with pipes to all its ends."""
    return processes.start(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_python(program: str, *arguments: object) -> str:
    """Run a Python program that can import this kit; return what it prints."""
    process = start_python(program, *arguments)
    out, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    return out


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def user(key: str, **properties: Value) -> Record:
    return Record(key, Entity(key, USER, {"displayName": key.title(), **properties}))


def repo(key: str, *, workspace: str | None = None, **properties: Value) -> Record:
    edges = (Relationship("OWNS", WORKSPACE, workspace, REPO, key),) if workspace else ()
    return Record(key, Entity(key, REPO, {"displayName": key.title(), **properties}), edges)


def workspace(key: str, **properties: Value) -> Record:
    return Record(key, Entity(key, WORKSPACE, {"displayName": key.title(), **properties}))


def member(owner: str, person: str, **properties: Value) -> Record:
    edge = Relationship("HAS", WORKSPACE, owner, USER, person, properties)
    return Record(edge.key, None, (edge,))


def pull(
    key: str,
    owner: str,
    *,
    author: str | None = None,
    reviewers: Iterable[str] | Mapping[str, Mapping[str, Value]] = (),
    **properties: Value,
) -> Record:
    edges = [Relationship("HAS", REPO, owner, PULL, key)]
    if author:
        edges.append(Relationship("OPENED", USER, author, PULL, key))
    facts = reviewers if isinstance(reviewers, Mapping) else {who: {} for who in reviewers}
    edges += [Relationship("REVIEWED", USER, who, PULL, key, said) for who, said in facts.items()]
    return Record(key, Entity(key, PULL, {"displayName": key.title(), **properties}), tuple(edges))


def snapshot(scope: str, *records: Record, **options: Any) -> Snapshot:
    return Snapshot(scope, {record.key: seal(record) for record in records}, **options)


def tally(**outcomes: int) -> Tally:
    return Tally(**outcomes)


@functools.cache
def _migrated() -> bytes:
    """Return an empty database of ours: migrating one for each test would take most of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.db"
        Store.open(url_of(path), CATALOGUE).close()
        return path.read_bytes()


@dataclass
class World:
    """A store with the integrations `one` and `two`, each with a run."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    integration: str = "one"
    dangling: int = 0

    def __post_init__(self) -> None:
        """Make the file and open it."""
        self.path.write_bytes(_migrated())
        self.store = Store.open(url_of(self.path), CATALOGUE, clock=self.clock)
        self.runs: dict[str, int] = {}
        for name in ("one", "two"):
            self.add_integration(name)

    def add_integration(self, name: str, of: str | None = None) -> None:
        """Add an integration with a run; its id is its name unless another is given."""
        of = of or name
        self.store.add_integration(IntegrationRow(of, name, "", "{}", "", 1, 1))
        self.runs[of] = self.store.start_run(of, {}).id

    def present(self, name: str) -> str:
        """Return the id of the integration in use of a name."""
        return next(row.id for row in self.store.integrations() if row.name == name)

    def publish(
        self,
        *snapshots: Snapshot,
        retire: Iterable[str] = (),
        scopes: Mapping[str, ScopeState] | None = None,
        integration: str | None = None,
    ) -> Counts:
        """Publish a second after the last time; how many records dangled stands in `dangling`."""
        self.clock.now += 1000
        into = integration or self.integration
        publication = Publication(into, self.runs[into], snapshots, scopes or {}, frozenset(retire))
        counts, self.dangling = self.store.publish(publication)
        return counts

    def entities(self, integration: str = "one") -> dict[str, dict[str, Value]]:
        """Return the properties of all live entities by key."""
        found = self.store.entities(integration_id=integration)
        return {entity.key: dict(entity.properties) for entity in found}

    def edges(self, integration: str = "one") -> dict[str, dict[str, Value]]:
        """Return the properties of all live relationships by key."""
        found = self.store.relationships(integration_id=integration)
        return {f"{e.from_key}|{e.verb.lower()}|{e.to_key}": dict(e.properties) for e in found}

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the file itself, as any sqlite3 program could."""
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def dump(self) -> list[str]:
        """Return the whole content of the file as SQL."""
        connection = sqlite3.connect(self.path)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()
