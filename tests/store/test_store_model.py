"""The store against a naive model in memory, over random sequences of publications."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.graphkit import PULL, REPO, USER, World

from bucketgraph.graph.entity import Entity, Record, Relationship, seal
from bucketgraph.graph.snapshot import Snapshot

USERS, REPOS, PULLS = ("u1", "u2"), ("r1", "r2"), ("p1", "p2", "p3")
TYPES = dict.fromkeys(USERS, USER) | dict.fromkeys(REPOS, REPO) | dict.fromkeys(PULLS, PULL)
CHILDREN = {"repositories/v": ("pullrequests",), "repositories/w": ("pullrequests",)}

Graph = dict[str, str]
"""What is alive: entities by `key` and relationships by `from|verb|to`, each with its properties as JSON."""

properties = st.fixed_dictionaries({}, optional={"n": st.integers(0, 2), "s": st.sampled_from("ab")})


@st.composite
def records(draw: st.DrawFn, keys: tuple[str, ...]) -> Record:
    key = draw(st.sampled_from(keys))
    edges: list[Relationship] = []
    if key in PULLS:
        owners = draw(st.sets(st.sampled_from(REPOS), max_size=1))
        people = draw(st.sets(st.sampled_from(USERS)))
        edges += [Relationship("HAS", REPO, owner, PULL, key) for owner in owners]
        edges += [Relationship("REVIEWED", USER, who, PULL, key, draw(properties)) for who in people]
    return Record(key, Entity(key, TYPES[key], draw(properties)), tuple(edges))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    scopes = {
        "users/all": USERS,
        "repositories/v": REPOS,
        "repositories/w": REPOS,
        "pullrequests/r1": PULLS,
        "pullrequests/r2": PULLS,
    }
    scope = draw(st.sampled_from(sorted(scopes)))
    found = draw(st.lists(records(scopes[scope]), max_size=3))
    whole = draw(st.booleans())
    return Snapshot(
        scope,
        {record.key: seal(record) for record in found},
        whole=whole,
        keep=draw(st.frozensets(st.sampled_from(scopes[scope]), max_size=1)),
        only_if_absent=not whole and draw(st.integers(0, 3)) == 0,
        children=CHILDREN.get(scope, ()),
    )


publications = st.tuples(
    st.sampled_from(["one", "one", "one", "two"]),
    st.lists(snapshots(), max_size=4),
    st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(sorted(TYPES)), max_size=1)),
)


@dataclass
class Model:
    """What should be alive, in the plainest words."""

    scope_of: dict[str, str] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    edges: dict[str, dict[str, str]] = field(default_factory=dict)

    def graph(self) -> Graph:
        """Return what is alive."""
        alive = {key: sealed.properties for key, sealed in self.content.items()}
        for brought in self.edges.values():
            alive.update(brought)
        return alive

    def publish(self, given_snapshots: list[Snapshot], retire: frozenset[str]) -> None:
        """Do what a publication should do."""
        decided: dict[str, tuple[Snapshot, Any]] = {}
        for snapshot in given_snapshots:
            for key, record in snapshot.records.items():
                if not (snapshot.only_if_absent and key in decided):
                    decided[key] = (snapshot, record)
        decided = {
            key: (snapshot, record)
            for key, (snapshot, record) in decided.items()
            if not (snapshot.only_if_absent and key in self.content)
        }
        self.scope_of.update({key: snapshot.scope for key, (snapshot, _) in decided.items()})
        self.content.update({key: record for key, (_, record) in decided.items()})
        for key in self._doomed(given_snapshots, retire):
            for of in (self.scope_of, self.content, self.edges):
                of.pop(key, None)
        for key in decided.keys() & self.content.keys():
            self.edges[key] = self._edges(self.content[key])
        for key, brought in self.edges.items():
            self.edges[key] = {name: p for name, p in brought.items() if self._joined(name)}

    def _doomed(self, given_snapshots: list[Snapshot], retire: frozenset[str]) -> set[str]:
        doomed = set(retire)
        for snapshot in given_snapshots:
            if snapshot.whole:
                gone = self._in(snapshot.scope) - snapshot.records.keys() - snapshot.keep
                children = {f"{kind}/{key}" for kind in snapshot.children for key in gone}
                doomed |= gone.union(*(self._in(scope) for scope in children))
        return doomed

    def _in(self, scope: str) -> set[str]:
        return {key for key, where in self.scope_of.items() if where == scope}

    def _edges(self, record: Any) -> dict[str, str]:
        return {f"{e.from_key}|{e.verb.lower()}|{e.to_key}": e.properties for e in record.relationships}

    def _joined(self, name: str) -> bool:
        start, _, end = name.split("|")
        return start in self.content and end in self.content


def _difference(before: Graph, after: Graph) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    found: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {}
    for key in before.keys() | after.keys():
        old, new = json.loads(before.get(key, "{}")), json.loads(after.get(key, "{}"))
        if key not in before:
            found[key] = ("created", {}, new)
        elif key not in after:
            found[key] = ("deleted", old, {})
        elif before[key] != after[key]:
            changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
            found[key] = (
                "updated",
                {name: old[name] for name in changed & old.keys()},
                {name: new[name] for name in changed & new.keys()},
            )
    return found


VERSIONS = """
WITH thing(id, key, integration_id) AS ({things}),
version AS (
  SELECT {id} AS of, version, begin_on, end_on, publication, end_publication, props FROM {table}_history
  UNION ALL SELECT id, version, begin_on, end_on, publication, end_publication, props FROM {table}
)
SELECT thing.key, v.props FROM version v JOIN thing ON thing.id = v.of
WHERE thing.integration_id = ?1 AND {condition}
"""
THINGS = {
    "entity": "SELECT id, key, integration_id FROM entity",
    "relationship": "SELECT r.id, f.key || '|' || lower(v.name) || '|' || t.key, f.integration_id "
    "FROM relationship r JOIN entity f ON f.id = r.from_id JOIN entity t ON t.id = r.to_id "
    "JOIN verb v ON v.id = r.verb_id",
}
AT_TIME = "v.begin_on <= ?2 AND (v.end_on IS NULL OR v.end_on > ?2)"
AT_NUMBER = """v.publication <= ?2 AND (v.end_publication IS NULL OR v.end_publication > ?2)
AND NOT EXISTS (SELECT 1 FROM version w WHERE w.of = v.of AND w.version > v.version AND w.publication <= ?2)
"""


def _as_of(path: Path, integration: str, condition: str, moment: int) -> Graph:
    """Reconstruct the graph at an earlier moment from the present rows and the history."""
    found: Graph = {}
    connection = sqlite3.connect(path)
    for table, things in THINGS.items():
        query = VERSIONS.format(things=things, table=table, id=f"{table}_id", condition=condition)
        rows = connection.execute(query, (integration, moment)).fetchall()
        assert len({key for key, _ in rows}) == len(rows)
        found.update(rows)
    connection.close()
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(publications, max_size=7))
def test_the_store_and_its_history_and_its_feed_agree_with_the_model(
    story: list[tuple[str, list[Snapshot], frozenset[str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "graph.db")
        models = {"one": Model(), "two": Model()}
        moments: list[tuple[int, int, dict[str, Graph]]] = [(0, 0, {"one": {}, "two": {}})]
        for integration, given_snapshots, retire in story:
            models[integration].publish(given_snapshots, retire)
            world.publish(*given_snapshots, retire=retire, integration=integration)
            graphs = {name: model.graph() for name, model in models.items()}
            _check_present(world, graphs)
            moments.append((world.store.last_publication(), world.clock.now, graphs))
        _check_past(world, moments)
        _check_feed(world, moments)
        assert world.store.check_integrity() == "ok"
        world.store.close()


def _check_present(world: World, graphs: dict[str, Graph]) -> None:
    for name, graph in graphs.items():
        alive = world.entities(name) | world.edges(name)
        assert alive == {key: json.loads(text) for key, text in graph.items()}


def _check_past(world: World, moments: list[tuple[int, int, dict[str, Graph]]]) -> None:
    for number, on, graphs in moments:
        for name, graph in graphs.items():
            assert _as_of(world.path, name, AT_TIME, on) == graph
            assert _as_of(world.path, name, AT_NUMBER, number) == graph


def _check_feed(world: World, moments: list[tuple[int, int, dict[str, Graph]]]) -> None:
    for (number, _, before), (following, _, after) in pairwise(moments):
        for name in ("one", "two"):
            found = [
                change
                for change in world.store.changes(after=number, integration_id=name)
                if change.publication <= following
            ]
            told = {c.key: (c.kind, dict(c.before), dict(c.after)) for c in found}
            assert len(told) == len(found)
            assert told == _difference(before[name], after[name])
