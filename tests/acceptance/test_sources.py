"""Sources that a person switches off and on: the graph is what the others bring, and nothing of the past is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.workbench import Bench, Graph, add, settings_for, workbench

from bucketgraph.app import SyncOptions, open_app
from bucketgraph.collect.sources import SOURCES, check_sources, needed_scopes, switched_off
from bucketgraph.collect.steps import STEPS
from bucketgraph.demo import (
    World,
    expected_entities,
    expected_relationships,
    generate_world,
    random_mutation,
)
from bucketgraph.errors import ConfigError
from bucketgraph.integrations.configuration import Changes
from bucketgraph.store.base import Run

SLUGS = ["acme-rockets", "beta-works"]
OPTIONAL = [one.id for one in SOURCES if not one.required]
PULL, USER, PROJECT, WORKSPACE = (
    "bitbucket_pull_request", "bitbucket_user", "bitbucket_project", "bitbucket_workspace",
)  # fmt: skip


def choose(bench: Bench, off: Iterable[str]) -> None:
    """Switch these sources off and the others on."""
    sources = dict.fromkeys(OPTIONAL, True) | dict.fromkeys(off, False)
    bench.integration = bench.app.registry.update(bench.integration.name, Changes(sources=sources))


def expected(world: World, off: Iterable[str]) -> tuple[dict[str, set[str]], set[tuple[str, str, str]]]:
    """Return the keys by type and the relationships of a world without some sources."""
    keys = {name: set(found) for name, found in expected_entities(world, SLUGS).items()}
    edges = expected_relationships(world, SLUGS)
    if "members" in off:
        homes = keys[WORKSPACE]
        edges = {edge for edge in edges if not (edge[0] == "HAS" and edge[1] in homes)}
    for source, name in (("pull_requests", PULL), ("projects", PROJECT)):
        if source in off:
            edges = {edge for edge in edges if not {edge[1], edge[2]} & keys[name]}
            keys[name] = set()
    keys[USER] &= {end for _, one, other in edges for end in (one, other)} | closers(world, off)
    return {name: found for name, found in keys.items() if found}, edges


def closers(world: World, off: Iterable[str]) -> set[str]:
    """Return who closed a pull request: a property names them, no relationship."""
    if "pull_requests" in off:
        return set()
    pulls = [
        p
        for w in world.workspaces
        if w.slug in SLUGS
        for r in w.repositories.values()
        for p in r.pull_requests
    ]
    people = [pull.closed_by for pull in pulls if pull.closed_by]
    return {f"team:{one.uuid}" if one.type == "team" else one.uuid for one in people}


def assert_restricted(graph: Graph, world: World, off: Iterable[str], history: object = "") -> None:
    """Compare a graph with the oracle."""
    keys, edges = expected(world, off)
    assert graph.keys_by_type() == keys, history
    assert set(graph.edges) == edges, history
    known = {"member" in properties for kind, properties in graph.entities.values() if kind == USER}
    assert known <= {"members" not in off}, history


def fresh(bench: Bench, home: Path, off: Iterable[str]) -> Graph:
    """Return what a first collection with these sources gives."""
    with open_app(settings_for(home)) as other:
        integration = add(other, bench.url, SLUGS)
        sources = dict.fromkeys(off, False)
        integration = other.registry.update(integration.name, Changes(sources=sources))
        run = asyncio.run(other.sync(integration, SyncOptions()))
        assert run.status == "COMPLETED", run.report.problems
        return Graph.of(other.store, integration.id)


def small_world(seed: int = 3) -> World:
    """Return two workspaces."""
    return generate_world(workspaces=2, repositories=4, pull_requests=30, members=6, projects=3, seed=seed)


def with_facts_of_pull_requests_alone(graph: Graph) -> Graph:
    """Leave out of users what only the list of members says: it is kept from when that was asked."""
    users = {key: (kind, {}) for key, (kind, _) in graph.entities.items() if kind == USER}
    return Graph(graph.entities | users, graph.edges)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    rounds=st.lists(st.tuples(st.sets(st.sampled_from(OPTIONAL)), st.integers(0, 6)), min_size=1, max_size=4),
)
def test_after_any_choices_and_changes_the_graph_is_what_the_chosen_sources_bring(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rounds: list[tuple[set[str], int]]
) -> None:
    rng, world, history = random.Random(seed), small_world(seed % 5), []
    with workbench(world, tmp_path_factory.mktemp("home")) as bench:
        bench.sync()
        for off, changes in rounds:
            world.advance(60)
            history.append((sorted(off), [random_mutation(world, rng) for _ in range(changes)]))
            choose(bench, off)
            run = bench.sync()
            assert run.status == "COMPLETED", (run.report.problems, history)
            assert_restricted(bench.graph(), world, off, history)
        # A new name of somebody whom nobody asks for is seen by a full run.
        bench.sync(full=True)
        first = fresh(bench, tmp_path_factory.mktemp("fresh"), off)
        mine = bench.graph()
        if "members" in off:
            mine, first = with_facts_of_pull_requests_alone(mine), with_facts_of_pull_requests_alone(first)
        assert mine.entities == first.entities, history
        assert mine.edges == first.edges, history


def test_a_source_that_is_off_is_not_asked_and_the_report_says_so(tmp_path: Path) -> None:
    with workbench(small_world(), tmp_path) as bench:
        bench.sync()
        bench.fake.reset()
        choose(bench, OPTIONAL)
        run = bench.sync()
        assert run.status == "COMPLETED"
        assert run.options["off"] == "members,projects,pull_requests"
        assert set(bench.fake.counts()) <= {"token", "workspace", "repositories"}, bench.fake.counts()
        assert set(bench.graph().keys_by_type()) == {WORKSPACE, "bitbucket_repo"}


def test_what_a_source_brought_keeps_its_history_and_comes_back_as_itself(tmp_path: Path) -> None:
    with workbench(small_world(), tmp_path) as bench:
        bench.sync()
        before = {one.key: one for one in bench.store.entities(PULL)}
        moment = max(one.begin_on for one in before.values())
        choose(bench, ["pull_requests"])
        cursor = bench.store.last_publication()
        bench.sync()
        gone = {c.key for c in bench.store.changes(after=cursor) if c.kind == "deleted" and c.type == PULL}
        assert gone == set(before)
        assert {one.key for one in bench.store.entities_at(moment) if one.type == PULL} == set(before)
        assert not [
            s
            for n, s in bench.store.scope_states(bench.integration.id).items()
            if "pullr" in n and s.watermark
        ]

        choose(bench, [])
        bench.fake.reset()
        bench.sync()
        after = {one.key: one for one in bench.store.entities(PULL)}
        assert {key: one.id for key, one in after.items()} == {key: one.id for key, one in before.items()}
        assert {one.created_on for one in after.values()} == {one.created_on for one in before.values()}
        assert_restricted(bench.graph(), bench.world, [])


def test_a_quiet_run_without_a_source_publishes_nothing(tmp_path: Path) -> None:
    with workbench(small_world(), tmp_path) as bench:
        choose(bench, ["members", "pull_requests"])
        bench.sync()
        cursor = bench.store.last_publication()
        bench.sync()
        assert bench.store.last_publication() == cursor


def interrupted(bench: Bench, after: int) -> Run:
    """Run with a budget of so many calls of the group of repositories."""
    bench.app.settings = settings_for(bench.app.settings.home, hourly_calls=after)
    run = bench.sync(wait=False)
    assert run.status == "IN_PROGRESS"
    bench.app.settings = settings_for(bench.app.settings.home)
    return run


def test_an_interrupted_run_is_resumed_only_with_the_same_sources(tmp_path: Path) -> None:
    with workbench(small_world(), tmp_path) as bench:
        first = interrupted(bench, 4)
        assert bench.sync().id == first.id
    with workbench(small_world(), tmp_path / "other") as bench:
        first = interrupted(bench, 4)
        choose(bench, ["projects"])
        second = bench.sync()
        assert second.id != first.id
        assert second.status == "COMPLETED"
        closed = bench.store.run(first.id)
        assert closed is not None
        assert closed.status == "FAILED"
        assert_restricted(bench.graph(), bench.world, ["projects"])


def test_people_who_are_known_from_pull_requests_alone_retire_with_them(tmp_path: Path) -> None:
    world = small_world()
    guests = expected_entities(world, SLUGS)[USER] - {u for w in world.workspaces for u in w.members}
    assert guests
    with workbench(world, tmp_path) as bench:
        bench.sync()
        choose(bench, ["pull_requests"])
        bench.sync()
        assert not guests & bench.graph().keys_by_type()[USER]


def test_a_source_leaves_the_graph_even_where_its_workspace_cannot_be_seen(tmp_path: Path) -> None:
    world = small_world()
    with workbench(world, tmp_path) as bench:
        bench.sync()
        world.workspaces.pop()
        choose(bench, ["pull_requests"])
        run = bench.sync()
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert [problem.scope for problem in run.report.problems] == ["Workspace: beta-works"]
        assert PULL not in bench.graph().keys_by_type()


def test_since_of_the_configuration_is_used_unless_the_run_says_otherwise(tmp_path: Path) -> None:
    world = small_world()
    pulls = [p for r in world.repositories() for p in r.pull_requests if p.state != "OPEN"]
    ordered = sorted(p.updated_on for p in pulls)
    middle = datetime.fromtimestamp(ordered[len(ordered) // 2], UTC).date().isoformat()
    with workbench(world, tmp_path) as bench:
        bench.integration = bench.app.registry.update("test", Changes(since=middle))
        bench.sync()
        some = len(bench.graph().keys_by_type()[PULL])
        assert 0 < some < len(expected_entities(world, SLUGS)[PULL])
        bench.sync(since=0)
        assert bench.graph().keys_by_type()[PULL] == expected_entities(world, SLUGS)[PULL]
    with workbench(world, tmp_path / "other") as bench:
        bench.integration = bench.app.registry.update("test", Changes(since=middle))
        bench.sync()
        bench.integration = bench.app.registry.update("test", Changes(since=""))
        bench.sync()
        assert bench.graph().keys_by_type()[PULL] == expected_entities(world, SLUGS)[PULL]


@pytest.mark.parametrize("off", [(), ("pull_requests",), ("members", "projects")])
def test_the_estimate_is_near_what_a_run_costs(tmp_path: Path, off: tuple[str, ...]) -> None:
    world = generate_world(workspaces=2, repositories=5, pull_requests=160, members=9, projects=3, clean=True)
    with workbench(world, tmp_path) as bench:
        choose(bench, off)
        first = bench.sync()
        costs = bench.app.costs(bench.integration)
        assert costs.first is not None
        assert costs.later is not None
        assert sum(one.last or 0 for one in costs.sources) == sum(
            first.report.calls.values()
        ) - first.report.calls.get("token", 0)
        for one in costs.sources:
            if one.on:
                assert one.last is not None
                assert one.first is not None
                assert abs(one.last - one.first) <= max(2, one.first // 3), one
        later = bench.sync()
        for one in bench.app.costs(bench.integration).sources:
            if one.on:
                assert abs((one.last or 0) - (one.later or 0)) <= 2, (one, later.report.calls)


def test_every_step_belongs_to_exactly_one_source() -> None:
    steps = [step.id for one in SOURCES for step in one.steps]
    assert sorted(steps) == sorted(step.id for step in STEPS)


def test_only_the_scopes_of_the_chosen_sources_are_needed() -> None:
    assert needed_scopes(frozenset()) == ("account", "project", "pullrequest")
    assert needed_scopes(frozenset({"members"})) == ("project", "pullrequest")
    assert needed_scopes(frozenset({"members", "projects"})) == ("pullrequest",)
    assert needed_scopes(frozenset(OPTIONAL)) == ("repository",)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"pullrequests": False}, "pull_requests"),
        ({"member": True}, "members"),
        ({"branches": False}, "The sources are"),
        ({"repositories": False}, "cannot be switched off"),
        ({"workspaces": False}, "cannot be switched off"),
    ],
)
def test_a_wrong_choice_is_refused_with_advice(chosen: dict[str, bool], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_sources(chosen.items())
    assert said in caught.value.paragraph()


def test_what_cannot_be_off_is_on_whatever_is_stored() -> None:
    assert switched_off({"repositories": False, "members": False, "gone": False}) == {"members"}
