"""Mutations change what they say, stamp what Bitbucket stamps, and keep the world consistent."""

from __future__ import annotations

from random import Random

import pytest

from bucketgraph.demo import (
    Account,
    PullRequest,
    World,
    expected_entities,
    expected_relationships,
    generate_world,
    mutations,
    pull_request_key,
    random_mutation,
)

SLUGS = ("acme-rockets", "beta-works")


@pytest.fixture
def world() -> World:
    return generate_world(workspaces=2, repositories=10, pull_requests=100)


def _open_one(world: World) -> PullRequest:
    workspace = world.workspaces[0]
    people = _people(world)
    repository = next(iter(workspace.repositories.values()))
    return mutations.open_pull_request(world, repository, author=people[0], reviewers=people[1:2])


def _people(world: World) -> list[Account]:
    return [membership.account for membership in world.workspaces[0].members.values()]


def test_an_approval_moves_no_stamp_unless_told(world: World) -> None:
    pull_request = _open_one(world)
    before = pull_request.updated_on
    mutations.approve(world, pull_request, _people(world)[1])
    assert pull_request.approvers() == [_people(world)[1]]
    assert pull_request.updated_on == before
    world.approvals_touch_updated_on = True
    mutations.unapprove(world, pull_request, _people(world)[1])
    assert pull_request.approvers() == []
    assert pull_request.updated_on > before


def test_requesting_changes_ends_an_approval(world: World) -> None:
    pull_request, user = _open_one(world), _people(world)[2]
    mutations.approve(world, pull_request, user)
    mutations.request_changes(world, pull_request, user)
    part = pull_request.participant(user)
    assert part
    assert (part.approved, part.state, part.role) == (False, "changes_requested", "PARTICIPANT")


@pytest.mark.parametrize("judge", [mutations.approve, mutations.request_changes, mutations.unapprove])
def test_only_open_pull_requests_are_judged(world: World, judge: object) -> None:
    pull_request, user = _open_one(world), _people(world)[1]
    mutations.approve(world, pull_request, user)
    mutations.merge(world, pull_request, user)
    assert callable(judge)
    with pytest.raises(ValueError, match="MERGED"):
        judge(world, pull_request, user)


def test_only_commits_move_the_repository(world: World) -> None:
    pull_request = _open_one(world)
    repository = pull_request.home
    before = repository.updated_on
    mutations.edit_pull_request(world, pull_request, title="Other")
    mutations.comment(world, pull_request, _people(world)[3])
    mutations.approve(world, pull_request, _people(world)[3])
    mutations.make_public(world, repository)
    mutations.rename_repository(world, repository, "Quite another name")
    assert repository.updated_on == before
    moved = pull_request.updated_on
    mutations.merge(world, pull_request)
    assert repository.updated_on == pull_request.updated_on > moved
    assert pull_request.merge_commit


def test_a_removed_reviewer_stays_only_if_they_took_part(world: World) -> None:
    pull_request, reviewer = _open_one(world), _people(world)[1]
    mutations.remove_reviewer(world, pull_request, reviewer)
    assert pull_request.participant(reviewer) is None
    mutations.add_reviewer(world, pull_request, reviewer)
    mutations.approve(world, pull_request, reviewer)
    mutations.remove_reviewer(world, pull_request, reviewer)
    part = pull_request.participant(reviewer)
    assert part
    assert part.role == "PARTICIPANT"


def test_a_generated_pull_request_is_changed_in_place_and_for_good(world: World) -> None:
    found = next(
        pr for repository in world.repositories() for pr in repository.pull_requests if pr.state == "OPEN"
    )
    mutations.decline(world, found, reason="No")
    assert found.state == "DECLINED"
    assert found.home.pull_request(found.id) is found


def test_a_rename_changes_slug_but_never_to_a_taken_one(world: World) -> None:
    first, second = list(world.workspaces[0].repositories.values())[:2]
    old = first.slug
    mutations.rename_repository(world, first, second.name)
    assert first.slug == f"{second.slug}-2"
    assert world.workspaces[0].repository(old) is None
    assert world.workspaces[0].repository(first.slug) is first


def test_deleted_and_restored_it_is_the_same_repository(world: World) -> None:
    repository = next(r for r in world.repositories() if r.pull_requests)
    before = expected_entities(world, SLUGS)
    mutations.delete_repository(world, repository)
    during = expected_entities(world, SLUGS)
    assert before["bitbucket_repo"] - during["bitbucket_repo"] == {repository.uuid}
    assert len(during["bitbucket_pull_request"]) < len(before["bitbucket_pull_request"])
    mutations.restore_repository(world, repository)
    assert expected_entities(world, SLUGS) == before


def test_a_transferred_repository_belongs_to_the_other_workspace(world: World) -> None:
    first, second = world.workspaces
    repository = next(iter(first.repositories.values()))
    mutations.transfer_repository(world, repository, second)
    owners = {
        a for verb, a, b in expected_relationships(world, SLUGS) if (verb, b) == ("OWNS", repository.uuid)
    }
    assert owners == {second.uuid}
    assert repository.project in second.projects


def test_the_repositories_of_a_removed_project_move(world: World) -> None:
    workspace = world.workspaces[0]
    gone, heir = workspace.projects[:2]
    held = [r for r in workspace.repositories.values() if r.project is gone]
    mutations.remove_project(world, workspace, gone, heir)
    assert all(repository.project is heir for repository in held)
    assert gone not in workspace.projects


def test_the_truth_follows_members_and_approvals(world: World) -> None:
    pull_request = _open_one(world)
    stranger = mutations.add_member(world, world.workspaces[0], "Nobody Yet")
    key = pull_request_key(pull_request)
    mutations.remove_member(world, world.workspaces[0], stranger)
    assert stranger.uuid not in expected_entities(world, SLUGS)["bitbucket_user"]
    mutations.approve(world, pull_request, stranger)
    links = expected_relationships(world, SLUGS)
    assert stranger.uuid in expected_entities(world, SLUGS)["bitbucket_user"]
    assert {("REVIEWED", stranger.uuid, key), ("APPROVED", stranger.uuid, key)} <= links
    assert ("HAS", world.workspaces[0].uuid, stranger.uuid) not in links
    mutations.unapprove(world, pull_request, stranger)
    assert not any(stranger.uuid in link for link in expected_relationships(world, SLUGS))


def test_random_mutations_keep_the_world_consistent(world: World) -> None:
    rng = Random(3)
    done = [random_mutation(world, rng) for _ in range(1500)]
    assert all("\n" not in line and line for line in done)
    keys = set().union(*expected_entities(world, SLUGS).values())
    assert all({a, b} <= keys for _, a, b in expected_relationships(world, SLUGS))
    for workspace in world.workspaces:
        slugs = [repository.slug for repository in workspace.repositories.values()]
        assert len(slugs) == len(set(slugs)) > 0
        assert workspace.members
        assert workspace.projects


def test_random_mutations_are_decided_by_the_generator() -> None:
    def lines() -> list[str]:
        rng = Random(9)
        world = generate_world(repositories=8, pull_requests=60)
        return [random_mutation(world, rng) for _ in range(200)]

    assert lines() == lines()
