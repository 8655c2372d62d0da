"""A fake Bitbucket over real HTTP, a home folder, and the graph that is collected into it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bucketgraph.app import App, SyncOptions, open_app
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.demo import (
    FakeBitbucket,
    FakeConsumer,
    World,
    create_app,
    expected_entities,
    expected_relationships,
    serve,
)
from bucketgraph.integrations.configuration import Integration, NewIntegration
from bucketgraph.settings import Settings
from bucketgraph.store.base import Change, Run
from bucketgraph.store.store import Store

KEY, SECRET = "demo-key", "demo-secret"
Entities = dict[str, tuple[str, Mapping[str, Any]]]
Edges = dict[tuple[str, str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Graph:
    """The live graph as plain values: entities by key, relationships by (verb, from, to)."""

    entities: Entities
    edges: Edges

    @classmethod
    def of(cls, store: Store, integration_id: str | None = None) -> Graph:
        """Read the graph from a store."""
        entities = {
            e.key: (e.type, dict(e.properties)) for e in store.entities(integration_id=integration_id)
        }
        edges = {
            (r.verb, r.from_key, r.to_key): dict(r.properties)
            for r in store.relationships(integration_id=integration_id)
        }
        return cls(entities, edges)

    def keys_by_type(self) -> dict[str, set[str]]:
        """Return entity keys by type."""
        found: dict[str, set[str]] = {}
        for key, (type_name, _) in self.entities.items():
            found.setdefault(type_name, set()).add(key)
        return found

    def one(self, type_name: str, **properties: Any) -> Mapping[str, Any]:
        """Return the properties of the one entity of a type that has the given properties."""
        found = [
            p
            for t, p in self.entities.values()
            if t == type_name and all(p.get(n) == v for n, v in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} {type_name} with {properties}"
        return found[0]


def assert_true_to(graph: Graph, world: World, slugs: Sequence[str]) -> None:
    """Compare the graph with what the world says, by an oracle that does not use the collector."""
    expected = {name: keys for name, keys in expected_entities(world, list(slugs)).items() if keys}
    assert graph.keys_by_type() == expected
    assert set(graph.edges) == expected_relationships(world, list(slugs))


@dataclass
class Bench:
    """One fake Bitbucket and one home."""

    world: World
    fake: FakeBitbucket
    url: str
    app: App
    integration: Integration

    @property
    def store(self) -> Store:
        """Return the home's store."""
        return self.app.store

    def sync(self, **options: Any) -> Run:
        """Run one collection."""
        return asyncio.run(self.app.sync(self.integration, SyncOptions(**options)))

    def graph(self) -> Graph:
        """Return the live graph."""
        return Graph.of(self.store, self.integration.id)

    def changes_of(self, **options: Any) -> list[Change]:
        """Run one collection and return the changes it made."""
        cursor = self.store.last_publication()
        self.sync(**options)
        return self.store.changes(after=cursor)

    def calls(self, endpoint: str | None = None) -> int:
        """Return the calls the fake has counted, of one endpoint or of all."""
        counts = self.fake.counts()
        return counts[endpoint] if endpoint else counts.total()

    def fresh_graph(self, home: Path) -> Graph:
        """Return what a first full collection of the present world gives, in a home of its own."""
        with open_app(settings_for(home)) as other:
            integration = add(other, self.url, self.integration.config.workspaces)
            run = asyncio.run(other.sync(integration, SyncOptions()))
            assert run.status == "COMPLETED", run.report.problems
            return Graph.of(other.store, integration.id)


def settings_for(home: Path, **changes: Any) -> Settings:
    """Return settings under which failures cost no time."""
    values: dict[str, Any] = {
        "home": home,
        "hourly_calls": 1_000_000,
        "retry_wait_seconds": 0.0,
        "rate_limit_pause_seconds": 0.01,
        "timeout_seconds": 10.0,
    }
    return Settings(**(values | changes))


def add(
    app: App,
    url: str,
    workspaces: Sequence[str],
    *,
    consumers: Sequence[Consumer] = (Consumer(KEY, SECRET),),
    name: str = "test",
) -> Integration:
    """Add an integration with the fake Bitbucket."""
    return app.registry.add(NewIntegration(name, workspaces, consumers, api_url=url, oauth_url=url))


@contextlib.contextmanager
def workbench(
    world: World,
    home: Path,
    *,
    workspaces: Sequence[str] | None = None,
    consumers: Sequence[Consumer] = (Consumer(KEY, SECRET),),
    fake_consumers: Sequence[FakeConsumer] = (FakeConsumer(KEY, SECRET),),
    settings: Mapping[str, Any] | None = None,
    **fake: Any,
) -> Iterator[Bench]:
    """Serve a world over HTTP and open a home with one integration of it."""
    app = create_app(world, consumers=fake_consumers, **fake)
    slugs = workspaces if workspaces is not None else [workspace.slug for workspace in world.workspaces]
    with serve(app) as url, open_app(settings_for(home, **(settings or {}))) as opened:
        integration = add(opened, url, slugs, consumers=consumers)
        yield Bench(world, app.state.fake, url, opened, integration)


__all__ = [
    "KEY",
    "SECRET",
    "Bench",
    "FakeConsumer",
    "Graph",
    "add",
    "assert_true_to",
    "settings_for",
    "workbench",
]
