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
            account = world.accounts[key]
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
