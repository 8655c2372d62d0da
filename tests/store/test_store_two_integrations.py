"""The law of removal: of two integrations that share keys, removing one leaves exactly the other's graph."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.graphkit import USER, World, pull, repo, snapshot, user
from store.observedkit import check
from store.removalkit import MAPPER, link_same_keys

from bucketgraph.graph.entity import Record
from bucketgraph.store.base import Change, ScopeState

people = st.sampled_from(["ann", "bob", "cid"])
values = st.sampled_from(["x", 1, True])


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw a user, a repository or a pull request; the keys are the same in both integrations."""
    properties = draw(st.dictionaries(st.sampled_from(["n", "s"]), values, max_size=2))
    match draw(st.integers(0, 3)):
        case 0:
            return repo(draw(st.sampled_from(["r1", "r2"])), **properties)
        case 1:
            reviewers = draw(st.sets(people, max_size=2))
            return pull("p1", "r1", author=draw(people), reviewers=sorted(reviewers), **properties)
        case _:
            return user(draw(people), **properties)


publications = st.tuples(st.lists(records(), max_size=5), st.booleans())
steps = st.one_of(
    st.tuples(st.just("one"), publications),
    st.tuples(st.just("two"), publications),
    st.tuples(st.just("tags"), st.dictionaries(st.just("tag.A"), st.sampled_from(["x", True]), max_size=1)),
    st.tuples(st.just("link"), st.none()),
)


@dataclass(frozen=True)
class Graph:
    """All that `one` has and that may be asked of it."""

    entities: dict[str, Any]
    edges: dict[str, Any]
    counts: Any
    changes: list[Change]
    scopes: Any
    digests: list[tuple[Any, ...]]


def _graph(world: World) -> Graph:
    store = world.store
    return Graph(
        world.entities("one"),
        world.edges("one"),
        store.counts("one"),
        store.changes(integration_id="one"),
        store.scope_states("one"),
        world.rows("SELECT key, live, digest FROM record WHERE integration_id = 'one' ORDER BY key"),
    )


def _do(world: World, kind: str, said: Any) -> None:
    world.clock.now += 1000
    if kind == "tags":
        world.store.set_tags("two", said)
        world.store.retag("two", world.runs["two"])
    elif kind == "link":
        link_same_keys(world)
    else:
        found, whole = said
        run = world.runs[kind]
        world.publish(
            snapshot("all/w", *found, whole=whole),
            integration=kind,
            scopes={"all/w": ScopeState(run, whole_on=run)},
        )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(steps, max_size=8),
    st.lists(steps, max_size=3),
    st.sampled_from([("keep",), ("purge",), ("keep", "purge")]),
)
def test_removing_one_of_two_leaves_exactly_the_others_graph(
    story: list[tuple[str, Any]], sequel: list[tuple[str, Any]], removal: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "graph.db")
        world.add_integration(MAPPER)
        for step in story:
            _do(world, *step)
        before, past, moment = _graph(world), world.store.changes(), world.clock.now
        for turn in removal:
            world.clock.now += 1000
            world.store.remove_integration("two", purge=turn == "purge")
            assert _graph(world) == before
            _hold(world, before)
        if removal[-1] == "purge":
            _nothing_is_left(world, before)
        else:
            _history_is_left(world, past, moment)
        _return(world, sequel)
        world.store.close()


def _hold(world: World, before: Graph) -> None:
    """Nothing is alive but what `one` has, and what is known counts no more."""
    check(world)
    assert world.store.counts() == before.counts
    assert {one.integration_id for one in world.store.entities()} <= {"one"}
    assert world.entities("two") == {}
    assert world.store.links(MAPPER) == frozenset()
    assert world.store.check_integrity() == "ok"


def _nothing_is_left(world: World, before: Graph) -> None:
    assert world.store.changes() == before.changes
    for table in ("record", "entity", "scope", "run", "run_event", "publication"):
        of = world.rows(f"SELECT count(*) FROM {table} WHERE integration_id = 'two'")  # noqa: S608
        assert (table, of) == (table, [(0,)])
    strays = "SELECT count(*) FROM {0}_history WHERE {0}_id NOT IN (SELECT id FROM {0})"
    for table in ("entity", "relationship"):
        assert world.rows(strays.format(table)) == [(0,)]
    ends = "SELECT count(*) FROM relationship WHERE {} NOT IN (SELECT id FROM entity)"
    assert [world.rows(ends.format(end)) for end in ("from_id", "to_id")] == [[(0,)], [(0,)]]


def _history_is_left(world: World, past: list[Change], moment: int) -> None:
    assert world.store.changes()[: len(past)] == past
    then = {one.key for one in world.store.entities_at(moment, integration_id="two")}
    gone = [one for one in world.store.changes()[len(past) :] if one.element == "entity"]
    assert {one.kind for one in gone} <= {"deleted"}
    assert sorted(one.key for one in gone) == sorted(then)


def _return(world: World, sequel: list[tuple[str, Any]]) -> None:
    """Add it again under its name: it works as a new one does."""
    world.add_integration("two", "second")
    world.publish(
        snapshot("all/w", user("ann"), repo("r1"), pull("p1", "r1", author="ann")), integration="second"
    )
    assert set(world.entities("second")) == {"ann", "r1", "p1"}
    assert [one.version for one in world.store.entities(USER, integration_id="second")] == [1]
    for kind, said in sequel:
        if kind == "one":
            _do(world, kind, said)
    check(world)
