"""Under faults the graph equals the fault-free one, or the run says partial and has deleted nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.workbench import FakeConsumer, Graph, assert_true_to, workbench

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.demo import Fault, Faults, World, create_trap, generate_world, mutations, serve
from bucketgraph.errors import SourceError, UserError

ACME = "acme-rockets"

PASSING = (
    "drop", "reset", "status:500", "status:502", "status:503", "status:504", "status:408",
    "truncated", "html", "expire_token", "repeat_item",
)  # fmt: skip
LASTING = (
    *PASSING,
    "loop_next",
    "empty",
    "skip_item",
    "status:403",
    "status:404",
    "status:410",
    "rate_limit",
)
PLACES = (
    "/2.0/",
    "members|permissions",
    "projects",
    r"repositories/acme-rockets\?",
    "pullrequests",
    "access_token",
)


def world_of(seed: int = 0) -> World:
    """Return a world with pages enough for faults to bite."""
    return generate_world(repositories=5, pull_requests=230, members=110, projects=3, seed=seed)


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_leaves_no_trace(tmp_path: Path, kind: str) -> None:
    # A token that ends with the very replay of a call is refused for good, so it ends once here.
    often = {"after": 6, "times": 1} if kind == "expire_token" else {"every": 2, "times": 8}
    faults = Faults([Fault(kind, match="/2.0/", **often)])
    world = world_of()
    with workbench(world, tmp_path, faults=faults) as bench:
        run = bench.sync()
        assert (run.status, run.report.problems) == ("COMPLETED", [])
        assert_true_to(bench.graph(), world, [ACME])
    assert sum(faults.fired().values()) > 0


def test_a_storm_of_429_is_waited_out(tmp_path: Path) -> None:
    faults = Faults([Fault("rate_limit", match="/2.0/", every=3, times=25)])
    world = world_of()
    with workbench(world, tmp_path, faults=faults, settings={"rate_limit_pause_seconds": 0.0}) as bench:
        assert bench.sync().status == "COMPLETED"
        assert_true_to(bench.graph(), world, [ACME])
    assert sum(faults.fired().values()) >= 3


def is_subset(part: Graph, whole: Graph) -> bool:
    """Say whether nothing of `part` is missing in `whole`."""
    return set(part.entities) <= set(whole.entities) and set(part.edges) <= set(whole.edges)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 5),
    kinds=st.lists(
        st.tuples(
            st.sampled_from(LASTING),
            st.sampled_from(PLACES),
            st.integers(0, 3),
            st.integers(1, 3),
            st.integers(1, 30),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_any_mixture_of_faults_gives_the_whole_graph_or_says_partial_and_deletes_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kinds: list[tuple[str, str, int, int, int]]
) -> None:
    world, faults = world_of(seed), Faults(seed=seed)
    quick = {"rate_limit_pause_seconds": 0.0}
    with workbench(world, tmp_path_factory.mktemp("home"), faults=faults, settings=quick) as bench:
        bench.sync()
        before = bench.graph()
        mutations.add_repository(world, world.workspaces[0], "A new one")
        for kind, place, after, every, times in kinds:
            faults.add(Fault(kind, match=place, after=after, every=every, times=times))
        status = "FAILED"
        with contextlib.suppress(UserError, SourceError):
            status = bench.sync(full=True).status
        assert is_subset(before, bench.graph())
        if status == "COMPLETED":
            assert_true_to(bench.graph(), world, [ACME])
        else:
            assert bench.store.runs(bench.integration.id)[0].report.problems
        faults.clear()
        assert bench.sync().status == "COMPLETED"
        assert_true_to(bench.graph(), world, [ACME])
        assert bench.store.check_integrity() == "ok"


@pytest.mark.parametrize(
    "place", ["members|permissions", "projects", r"repositories/acme-rockets\?", "pullrequests"]
)
def test_a_list_that_is_suddenly_empty_deletes_nothing(tmp_path: Path, place: str) -> None:
    faults = Faults()
    with workbench(world_of(), tmp_path, faults=faults) as bench:
        bench.sync()
        before = bench.graph()
        faults.add(Fault("empty", match=place))
        run = bench.sync(full=True)
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert {problem.code for problem in run.report.problems} == {"suddenly-empty"}
        assert bench.graph() == before


def test_a_list_that_lacks_an_item_it_counts_deletes_nothing(tmp_path: Path) -> None:
    faults = Faults()
    with workbench(world_of(), tmp_path, faults=faults) as bench:
        bench.sync()
        before = bench.graph()
        faults.add(Fault("skip_item", match="/2.0/"))
        run = bench.sync(full=True)
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert bench.graph() == before


def test_a_vanished_repository_is_deleted_only_when_its_own_address_confirms_it(tmp_path: Path) -> None:
    world, faults = world_of(), Faults()
    with workbench(world, tmp_path, faults=faults) as bench:
        bench.sync()
        before = bench.graph()
        doomed = next(iter(world.repositories()))
        mutations.delete_repository(world, doomed)
        one = doomed.uuid.strip("{}")
        faults.add(Fault("status:403", match=f"{one}%7D($|\\?)"))
        assert bench.sync().status == "COMPLETED_WITH_ERRORS"
        assert is_subset(before, bench.graph())
        faults.clear()
        assert bench.sync().status == "COMPLETED"
        assert doomed.uuid not in bench.graph().entities
        assert_true_to(bench.graph(), world, [ACME])


@pytest.mark.parametrize("place", ["members", "projects"])
def test_a_member_or_project_missing_from_a_list_is_asked_for_by_itself(tmp_path: Path, place: str) -> None:
    world = generate_world(repositories=2, pull_requests=10, members=6, projects=3)
    with workbench(world, tmp_path) as bench:
        bench.sync()
        before = bench.graph()
        workspace = world.workspaces[0]
        hidden: object
        if place == "members":
            hidden = workspace.members.pop(next(reversed(workspace.members)))
        else:
            hidden = workspace.projects.pop()
        asked = []

        def still_there(*arguments: object, **options: object) -> object:
            # The list lacks it, its own address has it: what a list that moves while it is read looks like.
            query = str(arguments)
            if f"/{place}/" in query and not asked:
                asked.append(query)
                if place == "members":
                    workspace.members[hidden.account.uuid] = hidden
                else:
                    workspace.projects.append(hidden)
            return pick(*arguments, **options)

        pick = bench.fake.faults.pick
        bench.fake.faults.pick = still_there
        assert bench.sync().status == "COMPLETED"
        assert asked
        assert set(bench.graph().entities) == set(before.entities)
        assert set(bench.graph().edges) == set(before.edges)


def test_a_410_proves_no_deletion(tmp_path: Path) -> None:
    world, faults = world_of(), Faults()
    with workbench(world, tmp_path, faults=faults) as bench:
        bench.sync()
        before = bench.graph()
        doomed = next(iter(world.repositories()))
        mutations.delete_repository(world, doomed)
        faults.add(Fault("status:410", match=f"{doomed.uuid.strip('{}')}%7D($|\\?)"))
        run = bench.sync()
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert "gone" in {problem.code for problem in run.report.problems}
        assert is_subset(before, bench.graph())


def test_a_consumer_refused_in_mid_run_is_not_tried_again_for_every_repository(tmp_path: Path) -> None:
    world = generate_world(repositories=30, pull_requests=30, members=5, projects=1)
    faults = Faults([Fault("expire_token", match="pullrequests")])
    with workbench(world, tmp_path, faults=faults) as bench:
        run = bench.sync()
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert [problem.code for problem in run.report.problems] == ["credentials"]
        assert bench.calls("token") <= 1 + 2 * 4


def test_a_refused_consumer_is_named_and_not_hidden_behind_an_unknown_workspace(tmp_path: Path) -> None:
    world = generate_world(workspaces=2, repositories=4, pull_requests=10, members=6, projects=2)
    fakes = [
        FakeConsumer("key-a", "secret-a", workspaces=frozenset({ACME})),
        FakeConsumer("key-b", "secret-b", workspaces=frozenset({"beta-works"})),
    ]
    consumers = [Consumer("key-a", "secret-a"), Consumer("key-b", "wrong")]
    with workbench(world, tmp_path, consumers=consumers, fake_consumers=fakes) as bench:
        run = bench.sync()
        assert [problem.code for problem in run.report.problems] == ["credentials"]
        assert_true_to(bench.graph(), world, [ACME])


def test_one_workspace_named_twice_is_collected_once(tmp_path: Path) -> None:
    world = world_of()
    with workbench(world, tmp_path, workspaces=[ACME, world.workspaces[0].uuid]) as bench:
        assert bench.sync().status == "COMPLETED"
        assert bench.calls("repositories") == 1
        assert_true_to(bench.graph(), world, [ACME])


def test_one_repository_that_always_fails_spoils_no_other(tmp_path: Path) -> None:
    world = world_of()
    sick = max(world.repositories(), key=lambda one: len(one.pull_requests))
    faults = Faults([Fault("status:500", match=f"{sick.uuid.strip('{}')}%7D/pullrequests")])
    with workbench(world, tmp_path, faults=faults) as bench:
        run = bench.sync()
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert len(run.report.problems) == 1
        assert sick.name in run.report.problems[0].scope
        pulls = bench.graph().keys_by_type()["bitbucket_pull_request"]
        assert len(pulls) == 230 - len(sick.pull_requests)
        faults.clear()
        assert bench.sync().status == "COMPLETED"
        assert_true_to(bench.graph(), world, [ACME])


@pytest.mark.parametrize("kind", ["foreign_next", "redirect"])
@pytest.mark.parametrize("place", PLACES[:5])
def test_no_credential_reaches_another_origin(tmp_path: Path, kind: str, place: str) -> None:
    trap = create_trap()
    with serve(trap) as foreign:
        faults = Faults([Fault(kind, match=place, target=f"{foreign}/2.0/anything", every=2)])
        with (
            workbench(world_of(), tmp_path, faults=faults) as bench,
            contextlib.suppress(UserError, SourceError),
        ):
            bench.sync()
        assert sum(faults.fired().values()) > 0
    assert trap.caught == []


def test_a_spent_budget_ends_partial_without_waiting_and_the_next_runs_go_on(tmp_path: Path) -> None:
    world = generate_world(repositories=12, pull_requests=60, members=5, projects=1)
    with workbench(world, tmp_path, settings={"hourly_calls": 8}) as bench:
        run = bench.sync(wait=False)
        assert run.status == "IN_PROGRESS"
        assert [problem.code for problem in run.report.problems] == ["budget-spent"]
        assert 0 < len(bench.graph().keys_by_type()["bitbucket_repo"]) == 12
        first = bench.calls("pullrequests")
        forget_spent_calls(bench.store.url)
        run = bench.sync(wait=False)
        assert run.status == "COMPLETED"
        assert bench.calls("pullrequests") <= 12 + 1, "what was published before is not asked for again"
        assert first < 12
        assert_true_to(bench.graph(), world, [ACME])


def forget_spent_calls(url: str) -> None:
    """Let the hour pass for the ledger."""
    from sqlalchemy import create_engine, text  # noqa: PLC0415

    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM call_ledger"))
    engine.dispose()
