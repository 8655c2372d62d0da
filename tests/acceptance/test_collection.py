"""The main job: a workspace, collected over HTTP, is in the graph exactly as it is at the source."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.workbench import FakeConsumer, Graph, assert_true_to, workbench

from bucketgraph.app import SyncOptions
from bucketgraph.bitbucket.budget import consumer_id
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.demo import generate_world, mutations
from bucketgraph.errors import ConfigError, CredentialError
from bucketgraph.graph.classes import REQUIRED
from bucketgraph.integrations.configuration import NewIntegration

ACME, BETA = "acme-rockets", "beta-works"


def small(**changes: Any) -> Any:
    """Return an unpleasant little world."""
    return generate_world(
        **({"repositories": 8, "pull_requests": 120, "members": 12, "projects": 3} | changes)
    )


def bound(members: int, projects: int, counts: list[int]) -> float:
    """Return the most calls a first run may make."""
    pages = sum(max(1, -(-count // 50)) for count in counts)
    lists = 1 + -(-members // 100) + -(-projects // 100) + -(-len(counts) // 100)
    return 1.05 * (1 + lists + pages)


@pytest.mark.parametrize("seed", range(6))
def test_the_graph_equals_the_world(tmp_path: Path, seed: int) -> None:
    with workbench(small(seed=seed), tmp_path) as bench:
        run = bench.sync()
        assert run.status == "COMPLETED"
        assert run.report.problems == []
        assert_true_to(bench.graph(), bench.world, [ACME])


def test_two_workspaces_share_a_person_who_is_one_entity(tmp_path: Path) -> None:
    with workbench(small(workspaces=2, repositories=10), tmp_path) as bench:
        assert bench.sync().status == "COMPLETED"
        graph = bench.graph()
        assert_true_to(graph, bench.world, [ACME, BETA])
        first, second = (set(workspace.members) for workspace in bench.world.workspaces)
        shared = first & second
        assert shared
        for uuid in shared:
            assert len([edge for edge in graph.edges if edge[0] == "HAS" and edge[2] == uuid]) == 2


def test_each_consumer_collects_its_own_workspace_and_keeps_its_own_ledger(tmp_path: Path) -> None:
    fakes = [
        FakeConsumer("key-a", "secret-a", workspaces=frozenset({ACME})),
        FakeConsumer("key-b", "secret-b", workspaces=frozenset({BETA})),
    ]
    consumers = [Consumer("key-b", "secret-b"), Consumer("key-a", "secret-a")]
    world = small(workspaces=2)
    with workbench(world, tmp_path, consumers=consumers, fake_consumers=fakes) as bench:
        assert bench.sync().status == "COMPLETED"
        assert_true_to(bench.graph(), bench.world, [ACME, BETA])
        used = [
            bench.app.ledger.used(consumer_id(key), "repositories", now=time.time())
            for key in ("key-a", "key-b")
        ]
        assert used == [1 + len(w.repositories) for w in world.workspaces]


def test_a_first_run_needs_no_call_per_pull_request(tmp_path: Path) -> None:
    world = generate_world(repositories=30, pull_requests=900, members=130, projects=4)
    with workbench(world, tmp_path) as bench:
        bench.sync()
        counts = [len(repository.pull_requests) for repository in world.repositories()]
        assert bench.calls() <= bound(130, 4, counts)
        assert bench.calls("pullrequest") == 0


def test_an_unchanged_second_run_makes_one_call_a_repository_and_publishes_nothing(tmp_path: Path) -> None:
    world = generate_world(repositories=30, pull_requests=900, members=40, projects=4)
    with workbench(world, tmp_path) as bench:
        bench.sync()
        before, cursor = bench.graph(), bench.store.last_publication()
        bench.fake.reset()
        run = bench.sync()
        assert run.status == "COMPLETED"
        assert bench.calls() <= bound(40, 4, [1] * 30)
        assert bench.graph() == before
        assert bench.store.last_publication() == cursor
        assert bench.store.changes(after=cursor) == []


def test_full_reads_everything_again_and_changes_nothing(tmp_path: Path) -> None:
    with workbench(small(), tmp_path) as bench:
        first = bench.sync()
        before = bench.graph()
        again = bench.sync(full=True)
        assert again.report.calls["pullrequests"] == first.report.calls["pullrequests"]
        assert bench.graph() == before


def test_every_property_is_declared_and_every_required_one_is_there(tmp_path: Path) -> None:
    with workbench(small(pull_requests=300), tmp_path) as bench:
        bench.sync()
        seen: dict[str, set[str]] = {}
        for key, (type_name, properties) in bench.graph().entities.items():
            declared = CATALOGUE.entities[type_name]
            assert set(properties) <= declared.property_names(), key
            for class_name in declared.classes:
                assert REQUIRED[class_name] <= set(properties), key
            for entry in declared.properties:
                if entry.name in properties:
                    assert fits(entry.kind, properties[entry.name]), (key, entry.name)
            seen.setdefault(type_name, set()).update(properties)
    rare = {("bitbucket_workspace", "updatedOn"), ("bitbucket_repo", "website")}
    for name, declared in CATALOGUE.entities.items():
        missing = {(name, p) for p in declared.property_names() - seen[name]} - rare
        assert not missing, "declared, but nothing in the world brings it"


def fits(kind: str, value: Any) -> bool:
    """Say whether a value has a declared kind; times are epoch milliseconds of this century."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "time":
            return isinstance(value, int) and 946_684_800_000 < value < 4_102_444_800_000
        case _:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)


def test_relationships_are_exactly_those_of_the_data_model(tmp_path: Path) -> None:
    with workbench(small(), tmp_path) as bench:
        bench.sync()
        graph = bench.graph()
        found = {(graph.entities[start][0], verb, graph.entities[end][0]) for verb, start, end in graph.edges}
        assert found == CATALOGUE.triples
        assert found == {
            ("bitbucket_workspace", "OWNS", "bitbucket_project"),
            ("bitbucket_workspace", "OWNS", "bitbucket_repo"),
            ("bitbucket_workspace", "HAS", "bitbucket_user"),
            ("bitbucket_project", "HAS", "bitbucket_repo"),
            ("bitbucket_repo", "HAS", "bitbucket_pull_request"),
            ("bitbucket_user", "OPENED", "bitbucket_pull_request"),
            ("bitbucket_user", "REVIEWED", "bitbucket_pull_request"),
            ("bitbucket_user", "APPROVED", "bitbucket_pull_request"),
        }


def test_approvals_carry_their_time_and_reviews_who_was_asked(tmp_path: Path) -> None:
    world = small(clean=True)
    with workbench(world, tmp_path) as bench:
        bench.sync()
        graph = bench.graph()
        approvals = 0
        for repository in world.repositories():
            for pull in repository.pull_requests:
                key = f"{repository.uuid}/pullrequests/{pull.id}"
                asked = {reviewer.uuid for reviewer in pull.reviewers}
                for part in pull.participants:
                    if part.approved:
                        approvals += 1
                        edge = graph.edges["APPROVED", part.user.uuid, key]
                        assert edge["approvedOn"] == int(part.participated_on * 1000)
                        review = graph.edges["REVIEWED", part.user.uuid, key]
                        assert review["state"] == "approved"
                        assert review["requested"] == (part.user.uuid in asked or part.role == "REVIEWER")
        assert approvals


def test_the_raw_answer_is_kept_beside_the_entity_and_is_no_property(tmp_path: Path) -> None:
    with workbench(small(clean=True), tmp_path) as bench:
        bench.sync()
        key = next(iter(bench.graph().keys_by_type()["bitbucket_pull_request"]))
        engine = create_engine(bench.store.url)
        with engine.connect() as connection:
            raw = connection.execute(
                text("SELECT raw FROM record WHERE key = :key"), {"key": key}
            ).scalar_one()
        engine.dispose()
        answer = json.loads(zlib.decompress(raw))
        assert key.endswith(f"/pullrequests/{answer['id']}")
        assert "participants" in answer
        assert "_rawData" not in bench.graph().entities[key][1]


def test_since_limits_the_first_walk_and_a_later_run_without_it_reads_the_rest(tmp_path: Path) -> None:
    world = small(clean=True, pull_requests=200)
    pulls = [pull for repository in world.repositories() for pull in repository.pull_requests]
    middle = sorted(pull.updated_on for pull in pulls)[100]
    expected = sum(pull.updated_on >= middle or pull.state == "OPEN" for pull in pulls)
    with workbench(world, tmp_path) as bench:
        bench.sync(since=int(middle * 1000))
        found = bench.graph().keys_by_type()["bitbucket_pull_request"]
        assert expected <= len(found) <= expected + 1  # the filter travels to the millisecond
        bench.sync(since=int(middle * 1000))
        assert bench.graph().keys_by_type()["bitbucket_pull_request"] == found
        bench.sync()
        assert_true_to(bench.graph(), world, [ACME])


def test_a_renamed_slug_is_found_again_by_its_uuid(tmp_path: Path) -> None:
    world = small()
    with workbench(world, tmp_path) as bench:
        bench.sync()
        world.workspaces[0].slug = "acme-renamed"
        assert bench.sync().status == "COMPLETED"
        assert bench.graph().one("bitbucket_workspace")["slug"] == "acme-renamed"
        assert bench.sync().status == "COMPLETED"


def test_an_unknown_workspace_beside_a_known_one_is_reported_and_the_rest_is_collected(
    tmp_path: Path,
) -> None:
    with workbench(small(), tmp_path, workspaces=[ACME, "nobody-here"]) as bench:
        run = bench.sync()
        assert run.status == "COMPLETED_WITH_ERRORS"
        assert ["nobody-here" in problem.message for problem in run.report.problems] == [True]
        assert_true_to(bench.graph(), bench.world, [ACME])


def test_an_unknown_workspace_alone_is_a_configuration_error(tmp_path: Path) -> None:
    with workbench(small(), tmp_path, workspaces=["nobody-here"]) as bench:
        with pytest.raises(ConfigError, match="nobody-here"):
            bench.sync()
        assert bench.store.runs(bench.integration.id)[0].status == "FAILED"


def test_a_missing_scope_is_named_with_the_page_to_mend_it(tmp_path: Path) -> None:
    fakes = [FakeConsumer("demo-key", "demo-secret", scopes="project:admin account pullrequest")]
    with workbench(small(), tmp_path, fake_consumers=fakes) as bench:
        with pytest.raises(CredentialError, match="`project`") as caught:
            bench.sync()
        assert "bitbucket.org/acme-rockets/workspace/settings" in caught.value.hint
        assert bench.calls() == bench.calls("token")


def test_roles_are_left_out_where_the_consumer_may_not_see_them(tmp_path: Path) -> None:
    with workbench(small(), tmp_path, permissions_admin_only=True) as bench:
        assert bench.sync().status == "COMPLETED"
        graph = bench.graph()
        assert_true_to(graph, bench.world, [ACME])
        memberships = [
            p for (_, _, end), p in graph.edges.items() if graph.entities[end][0] == "bitbucket_user"
        ]
        assert memberships
        assert [properties for properties in memberships if properties] == []


def test_people_keep_their_identity_facts_and_leavers_are_no_members(tmp_path: Path) -> None:
    world = small()
    with workbench(world, tmp_path) as bench:
        bench.sync()
        graph = bench.graph()
        members = set(world.workspaces[0].members)
        users = {k: p for k, (t, p) in graph.entities.items() if t == "bitbucket_user"}
        assert {key for key, user in users.items() if user["member"]} == members
        assert any(not user["member"] and user["accountType"] == "user" for user in users.values())
        for key, user in users.items():
            account = world.accounts[key.removeprefix("team:")]
            assert user["displayName"] == account.display_name
            assert user.get("nickname") == account.nickname
            assert user.get("accountId") == account.account_id
            assert user["accountType"] == account.type
            assert user["active"] == (account.account_status == "active")
            assert user.get("username") != account.display_name or account.nickname == account.display_name


def test_two_integrations_of_one_workspace_do_not_disturb_each_other(tmp_path: Path) -> None:
    with workbench(small(), tmp_path) as bench:
        bench.sync()
        other = bench.app.registry.add(
            NewIntegration(
                "other", [ACME], [Consumer("demo-key", "demo-secret")], api_url=bench.url, oauth_url=bench.url
            )
        )
        asyncio.run(bench.app.sync(other, SyncOptions()))
        mine = bench.graph()
        assert Graph.of(bench.store, other.id) == mine
        bench.app.registry.remove("other")
        assert bench.graph() == mine
        assert Graph.of(bench.store).entities == mine.entities


def test_removing_one_repository_at_the_source_removes_its_pull_requests_and_edges(tmp_path: Path) -> None:
    world = small()
    with workbench(world, tmp_path) as bench:
        bench.sync()
        doomed = max(world.repositories(), key=lambda one: len(one.pull_requests))
        mutations.delete_repository(world, doomed)
        assert bench.sync().status == "COMPLETED"
        assert_true_to(bench.graph(), world, [ACME])
        assert not any(doomed.uuid in key for key in bench.graph().entities)
