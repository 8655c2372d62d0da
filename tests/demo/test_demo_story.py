"""The story: one company, and something to find."""

from __future__ import annotations

from bucketgraph.demo import PullRequest, World, story_world

NOW = 1_800_000_000.0


def _merged(world: World) -> list[PullRequest]:
    held = [pr for repository in world.repositories() for pr in repository.pull_requests]
    return [pr for pr in held if pr.state == "MERGED"]


def test_the_company_has_the_promised_size() -> None:
    world = story_world(now=NOW)
    (northwind,) = world.workspaces
    assert northwind.slug == "northwind"
    assert len(northwind.members) == 40
    assert len(northwind.projects) == 8
    assert len(northwind.repositories) == 60
    assert sum(len(repository.pull_requests) for repository in world.repositories()) == 1500


def test_it_is_the_same_story_at_any_time() -> None:
    early, late = story_world(now=NOW), story_world(now=NOW + 86_400)
    for one, other in zip(_merged(early), _merged(late), strict=True):
        assert (one.title, one.home.uuid) == (other.title, other.home.uuid)
        assert abs(other.updated_on - one.updated_on - 86_400) < 0.001


def test_most_merges_are_reviewed_by_a_colleague_and_every_sin_is_there() -> None:
    world = story_world(now=NOW)
    members = world.workspaces[0].members
    merged = _merged(world)
    approvers = {id(pr): [u for u in pr.approvers() if u is not pr.author] for pr in merged}
    good = [pr for pr in merged if any(u.uuid in members for u in approvers[id(pr)])]
    assert 0.9 < len(good) / len(merged) < 1
    assert any(not pr.approvers() for pr in merged)
    assert any(pr.approvers() == [pr.author] for pr in merged)
    assert any(approvers[id(pr)] and pr not in good for pr in merged)
    assert any(pr.closed_by and pr.closed_by.type == "app_user" for pr in merged)
    assert any(part.state == "changes_requested" for pr in merged for part in pr.participants)
    assert [r.slug for r in world.repositories() if not r.is_private] == ["customer-site-configs"]


def test_some_pull_requests_have_been_open_for_months() -> None:
    world = story_world(now=NOW)
    held = [pr for repository in world.repositories() for pr in repository.pull_requests]
    stale = [pr for pr in held if pr.state == "OPEN" and pr.updated_on < NOW - 90 * 86_400]
    assert len(stale) >= 8
