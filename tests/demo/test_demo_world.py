"""Generated worlds: exact, deterministic, small, and as unpleasant as real ones."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bucketgraph.demo import PullRequest, World, generate_world
from bucketgraph.demo.shelf import Shelf


def _all(world: World) -> list[PullRequest]:
    return [pr for repository in world.repositories() for pr in repository.pull_requests]


def _outline(world: World) -> list[tuple[object, ...]]:
    return [
        (pr.home.uuid, pr.id, pr.title, pr.state, pr.updated_on, pr.author and pr.author.uuid)
        for pr in _all(world)
    ]


def test_totals_are_exact_over_all_workspaces() -> None:
    world = generate_world(workspaces=3, members=20, projects=7, repositories=31, pull_requests=333)
    assert [workspace.slug for workspace in world.workspaces] == ["acme-rockets", "beta-works", "ws-3"]
    assert sum(len(workspace.projects) for workspace in world.workspaces) == 7
    assert sum(1 for _ in world.repositories()) == 31
    assert len(_all(world)) == 333
    assert len({uuid for workspace in world.workspaces for uuid in workspace.members}) == 20


def test_one_person_is_a_member_of_two_workspaces() -> None:
    first, second = generate_world(workspaces=2).workspaces
    assert len(first.members.keys() & second.members.keys()) == 1


def test_the_seed_decides_everything() -> None:
    assert _outline(generate_world(seed=5)) == _outline(generate_world(seed=5))
    assert _outline(generate_world(seed=5)) != _outline(generate_world(seed=6))


def test_pull_requests_are_skewed_and_few_are_open() -> None:
    world = generate_world(repositories=100, pull_requests=20_000)
    counts = [len(repository.pull_requests) for repository in world.repositories()]
    assert min(counts) == 0
    assert max(counts) > 3 * (20_000 / 100)
    opened = [
        sum(pr.state == "OPEN" for pr in repository.pull_requests) for repository in world.repositories()
    ]
    assert 10 < max(opened) <= 40
    assert sum(opened) < 0.2 * 20_000


def test_pull_requests_of_a_repository_are_in_order_and_within_its_life() -> None:
    for repository in generate_world().repositories():
        listed = repository.pull_requests
        assert [pr.id for pr in listed] == list(range(1, len(listed) + 1))
        assert all(a.created_on <= b.created_on for a, b in pairwise(listed))
        assert all(pr.updated_on <= repository.updated_on for pr in listed)


def test_the_unpleasant_things_are_there() -> None:
    world = generate_world(workspaces=2)
    pulls = _all(world)
    members = {uuid for workspace in world.workspaces for uuid in workspace.members}
    assert any(pr.author is None for pr in pulls)
    assert any(pr.description is None for pr in pulls)
    assert any(pr.source.repository is None for pr in pulls)
    assert any(pr.source.commit is None for pr in pulls)
    assert any(pr.source.repository and pr.source.repository.parent is pr.home for pr in pulls)
    assert any(pr.state == "MERGED" and pr.closed_by is None for pr in pulls)
    assert any(not part.has_state for pr in pulls for part in pr.participants)
    assert any(pr.author and pr.author.type == "app_user" for pr in pulls)
    assert any(pr.author and pr.author.type == "team" for pr in pulls)
    assert any(pr.author in pr.approvers() for pr in pulls)
    assert any(user not in pr.reviewers for pr in pulls for user in pr.approvers())
    assert any(part.state == "changes_requested" for pr in pulls for part in pr.participants)
    assert any(user.uuid not in members for pr in pulls for user in pr.approvers())
    assert any(pr.draft for pr in pulls)
    assert {pr.state for pr in pulls} == {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}
    repositories = list(world.repositories())
    assert any(repository.mainbranch is None for repository in repositories)
    assert any(repository.project is None for repository in repositories)
    assert any(repository.name == "Project one" for repository in repositories)
    assert any(account.account_id is None for account in world.accounts.values())


def test_a_clean_world_has_none_of_them() -> None:
    world = generate_world(workspaces=2, clean=True)
    members = {uuid for workspace in world.workspaces for uuid in workspace.members}
    assert set(world.accounts) == members
    assert all(account.nickname and account.account_id for account in world.accounts.values())
    assert all(repository.project and repository.mainbranch for repository in world.repositories())
    for pr in _all(world):
        assert pr.author
        assert pr.source.repository
        assert pr.closed_by or pr.state == "OPEN"


def test_a_requested_reviewer_is_always_a_participant_with_that_role() -> None:
    for pr in _all(generate_world(workspaces=2)):
        with_role = {part.user.uuid for part in pr.participants if part.role == "REVIEWER"}
        assert with_role == {reviewer.uuid for reviewer in pr.reviewers}
        assert len({part.user.uuid for part in pr.participants}) == len(pr.participants)


def test_forgotten_pull_requests_come_back_the_same() -> None:
    world = generate_world(repositories=5, pull_requests=100)
    before = _outline(world)
    repositories = list(world.repositories())
    shelf = repositories[0].shelf
    assert shelf
    small = Shelf(shelf._make, capacity=1)
    for repository in repositories:
        repository.shelf = small
    first = repositories[0].pull_requests
    assert _outline(world) == before
    assert repositories[0].pull_requests is not first
    kept = repositories[0].keep()
    assert _outline(world) == before
    assert repositories[0].pull_requests is kept


def test_stamps_increase_and_never_lie_in_the_future() -> None:
    world = generate_world(repositories=1, pull_requests=0)
    stamps = [world.stamp() for _ in range(5)]
    assert stamps == sorted(set(stamps))
    assert world.now() >= stamps[-1]
    world.advance(60)
    assert world.stamp() >= stamps[-1] + 59


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a workspace"):
        generate_world(workspaces=0)
    with pytest.raises(ValueError, match="every workspace a member"):
        generate_world(members=1, workspaces=2)
    with pytest.raises(ValueError, match="need a repository"):
        generate_world(repositories=0)
