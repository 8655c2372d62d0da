"""The next incremental run makes the graph equal to a fresh full collection, and the feed tells exactly that."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.workbench import Bench, Graph, assert_true_to, workbench

from bucketgraph.demo import World, generate_world, mutations, random_mutation
from bucketgraph.store.base import Change

SLUGS = ["acme-rockets", "beta-works"]


def difference(before: Graph, after: Graph) -> set[tuple[str, str]]:
    """Return what changed between two graphs as (kind, key)."""
    found: set[tuple[str, str]] = set()
    pairs = (
        (before.entities, after.entities),
        ({edge_key(e): p for e, p in before.edges.items()}, {edge_key(e): p for e, p in after.edges.items()}),
    )
    for old, new in pairs:
        found |= {("created", key) for key in new.keys() - old.keys()}
        found |= {("deleted", key) for key in old.keys() - new.keys()}
        found |= {("updated", key) for key in new.keys() & old.keys() if new[key] != old[key]}
    return found


def edge_key(edge: tuple[str, str, str]) -> str:
    """Return a relationship's key."""
    return f"{edge[1]}|{edge[0].lower()}|{edge[2]}"


def told(changes: list[Change]) -> set[tuple[str, str]]:
    """Return the net effect of a feed as (kind, key): a run may touch one thing in two transactions."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for change in changes:
        first.setdefault(change.key, change.kind)
        last[change.key] = change.kind
    net: set[tuple[str, str]] = set()
    for key, kind in last.items():
        born = first[key] == "created"
        if kind == "deleted":
            net |= set() if born else {("deleted", key)}
        else:
            net.add(("created" if born else "updated", key))
    return net


def check_next_run(bench: Bench, fresh: Path, history: list[str]) -> None:
    """Run incrementally and compare with a fresh full collection, the world's truth and the feed."""
    before, cursor = bench.graph(), bench.store.last_publication()
    run = bench.sync()
    assert run.status == "COMPLETED", (run.report.problems, history)
    after = bench.graph()
    expected = bench.fresh_graph(fresh)
    assert after.entities == expected.entities, history
    assert after.edges == expected.edges, history
    assert_true_to(after, bench.world, SLUGS)
    assert told(bench.store.changes(after=cursor)) == difference(before, after), history


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    pause=st.sampled_from([0, 60, 7200]),
)
def test_after_any_changes_an_incremental_run_equals_a_fresh_full_one(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: list[int], pause: int
) -> None:
    rng = random.Random(seed)
    world = generate_world(
        workspaces=2, repositories=6, pull_requests=60, members=8, projects=4, seed=seed % 7
    )
    history: list[str] = []
    with workbench(world, tmp_path_factory.mktemp("home")) as bench:
        bench.sync()
        for number in steps:
            world.advance(pause)
            history += [random_mutation(world, rng) for _ in range(number)]
            check_next_run(bench, tmp_path_factory.mktemp("fresh"), history)


def prepared() -> World:
    """Return a world for one change at a time."""
    return generate_world(workspaces=2, repositories=6, pull_requests=80, members=10, projects=4, clean=True)


def open_pull(world: World):  # noqa: ANN201  # the fake's own type
    """Return an open pull request that keeps what is done to it."""
    return next(p for r in world.repositories() for p in r.keep() if p.state == "OPEN")


def a_colleague(world: World, pull):  # noqa: ANN001, ANN201  # the fake's own types
    """Return a member who has no part in a pull request yet."""
    busy = {part.user.uuid for part in pull.participants} | {pull.author.uuid}
    return next(m.account for m in pull.home.workspace.members.values() if m.account.uuid not in busy)


def rename_a_member_who_reviewed(world: World) -> None:
    """Rename somebody whose name closed pull requests repeat."""
    for repository in world.repositories():
        for pull in repository.pull_requests:
            for part in pull.participants:
                if (
                    part.approved
                    and pull.state == "MERGED"
                    and part.user.uuid in repository.workspace.members
                ):
                    mutations.rename_user(world, part.user, display_name="New Name", nickname="new")
                    return
    raise AssertionError


def remove_a_member(world: World) -> None:
    """End somebody's membership; what they did stays."""
    member = next(iter(world.workspaces[0].members.values())).account
    mutations.remove_member(world, world.workspaces[0], member)


def transfer_a_repository(world: World) -> None:
    """Move a repository from one collected workspace to the other."""
    moved = next(iter(world.workspaces[0].repositories.values()))
    mutations.transfer_repository(world, moved, world.workspaces[1])


CHANGES = {
    "rename a repository": lambda w: mutations.rename_repository(w, open_pull(w).home, "Renamed"),
    "rename a member": rename_a_member_who_reviewed,
    "rename a project": lambda w: mutations.rename_project(w, w.workspaces[0].projects[0], "Renamed"),
    "rename a workspace": lambda w: mutations.rename_workspace(w, w.workspaces[0], "Renamed"),
    "approve": lambda w: mutations.approve(w, open_pull(w), a_colleague(w, open_pull(w))),
    "merge": lambda w: mutations.merge(w, open_pull(w)),
    "decline": lambda w: mutations.decline(w, open_pull(w)),
    "remove a member": remove_a_member,
    "delete a repository": lambda w: mutations.delete_repository(w, open_pull(w).home),
    "transfer a repository": transfer_a_repository,
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_kind_of_change_arrives_and_is_told(tmp_path: Path, name: str) -> None:
    world = prepared()
    with workbench(world, tmp_path / "home") as bench:
        bench.sync()
        CHANGES[name](world)
        check_next_run(bench, tmp_path / "fresh", [name])


def test_a_repository_that_comes_back_keeps_its_history(tmp_path: Path) -> None:
    world = prepared()
    repository = open_pull(world).home
    with workbench(world, tmp_path / "home") as bench:
        bench.sync()
        mutations.delete_repository(world, repository)
        check_next_run(bench, tmp_path / "one", [])
        mutations.restore_repository(world, repository)
        check_next_run(bench, tmp_path / "two", [])
        entity = next(e for e in bench.store.entities("bitbucket_repo") if e.key == repository.uuid)
        assert entity.version == 2
        assert entity.created_on < entity.begin_on


def test_a_watermark_never_hides_what_changed_during_a_long_walk(tmp_path: Path) -> None:
    world = generate_world(repositories=1, pull_requests=120, members=6, projects=1, clean=True)
    pulls = next(iter(world.repositories())).keep()
    closed = [p for p in pulls if p.state == "MERGED"]
    with workbench(world, tmp_path / "home") as bench:
        moved: list[bool] = []

        def hour_passes(_seconds: float = 0) -> None:
            if bench.calls("pullrequests") == 1 and not moved:
                moved.append(True)
                mutations.edit_pull_request(world, closed[-1], title="Edited behind the walk's back")
                world.advance(3600)
                mutations.edit_pull_request(world, closed[0], title="Edited before the walk came here")

        watch(bench, hour_passes)
        bench.sync()
        assert moved
        check_after = bench.sync()
        assert check_after.status == "COMPLETED"
        titles = {p["title"] for t, p in bench.graph().entities.values() if t == "bitbucket_pull_request"}
        assert titles == {p.title for p in pulls}


def watch(bench: Bench, before_each_call) -> None:  # noqa: ANN001  # a plain function
    """Call a function before every answer of the fake."""
    faults = bench.fake.faults
    pick = faults.pick

    def picking(*arguments, **options):  # noqa: ANN002, ANN003, ANN202  # passes through
        before_each_call()
        return pick(*arguments, **options)

    faults.pick = picking
