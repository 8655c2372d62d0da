"""Random mutations: one valid change at a time, as a busy company would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo import mutations as change
from bucketgraph.demo import words
from bucketgraph.demo.people import person_name
from bucketgraph.demo.pulls import MAX_OPEN, default_title

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from bucketgraph.demo.world import (
        Account,
        Permission,
        PullRequest,
        Repository,
        Workspace,
        World,
    )

    Attempt = Callable[[World, Workspace, Random], str | None]

_TRIES = 30


def random_mutation(world: World, rng: Random) -> str:
    """Make one random valid change and describe it in a line.

    A workspace never loses its last member, project or repository; only members are renamed.
    """
    attempts, weights = zip(*ATTEMPTS, strict=True)
    while True:
        attempt: Attempt = rng.choices(attempts, weights)[0]
        done = attempt(world, rng.choice(world.workspaces), rng)
        if done:
            return done


def _member(workspace: Workspace, rng: Random) -> Account:
    return rng.choice(list(workspace.members.values())).account


def _repository(workspace: Workspace, rng: Random) -> Repository | None:
    held = list(workspace.repositories.values())
    return rng.choice(held) if held else None


def _open_one(workspace: Workspace, rng: Random) -> PullRequest | None:
    for _ in range(_TRIES):
        repository = _repository(workspace, rng)
        found = [pr for pr in repository.pull_requests if pr.state == "OPEN"] if repository else []
        if found:
            return rng.choice(found)
    return None


def _name(pull_request: PullRequest) -> str:
    return f"{pull_request.home.full_name}#{pull_request.id}"


def _rename_workspace(world: World, workspace: Workspace, rng: Random) -> str:
    name = f"{workspace.slug.title()} {rng.randrange(100, 1000)}"
    change.rename_workspace(world, workspace, name)
    return f"workspace {workspace.slug} is now called {name}"


def _rename_user(world: World, workspace: Workspace, rng: Random) -> str:
    person, name = _member(workspace, rng), person_name(rng, 0)
    change.rename_user(world, person, display_name=name, nickname=name.split()[0].lower())
    return f"user {person.uuid} is now called {name}"


def _add_member(world: World, workspace: Workspace, rng: Random) -> str:
    outside = [a for a in world.accounts.values() if a.type == "user"]
    outside = [a for a in outside if a.uuid not in workspace.members]
    back = outside and rng.random() < 0.3
    person = rng.choice(outside) if back else person_name(rng, 0)
    joined = change.add_member(world, workspace, person)
    return f"{joined.display_name} joined {workspace.slug}"


def _remove_member(world: World, workspace: Workspace, rng: Random) -> str | None:
    if len(workspace.members) < 2:
        return None
    person = _member(workspace, rng)
    change.remove_member(world, workspace, person)
    return f"{person.display_name} left {workspace.slug}"


def _set_permission(world: World, workspace: Workspace, rng: Random) -> str:
    membership = rng.choice(list(workspace.members.values()))
    new: Permission = "member" if membership.permission == "owner" else "owner"
    change.set_permission(world, workspace, membership.account, new)
    return f"{membership.account.display_name} is now {new} of {workspace.slug}"


def _rename_project(world: World, workspace: Workspace, rng: Random) -> str | None:
    if not workspace.projects:
        return None
    project = rng.choice(workspace.projects)
    change.rename_project(world, project, f"{rng.choice(words.AREAS)} {rng.randrange(1000)}")
    return f"project {project.key} is now called {project.name}"


def _add_project(world: World, workspace: Workspace, rng: Random) -> str:
    project = change.add_project(world, workspace, f"New {rng.choice(words.AREAS)}")
    return f"project {project.key} was added to {workspace.slug}"


def _remove_project(world: World, workspace: Workspace, rng: Random) -> str | None:
    if len(workspace.projects) < 2:
        return None
    project = rng.choice(workspace.projects)
    change.remove_project(world, workspace, project)
    return f"project {project.key} was removed from {workspace.slug}"


def _rename_repository(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    if repository is None:
        return None
    old = repository.full_name
    name = f"{rng.choice(words.DOMAINS)} {rng.choice(words.KINDS)}".capitalize()
    change.rename_repository(world, repository, name)
    return f"repository {old} is now {repository.full_name}"


def _move_repository(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    if repository is None or not workspace.projects:
        return None
    project = rng.choice(workspace.projects)
    change.move_repository(world, repository, project)
    return f"repository {repository.full_name} is now in project {project.key}"


def _transfer_repository(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    others = [other for other in world.workspaces if other is not workspace]
    if repository is None or not others or len(workspace.repositories) < 2:
        return None
    old = repository.full_name
    change.transfer_repository(world, repository, rng.choice(others))
    return f"repository {old} is now {repository.full_name}"


def _edit_repository(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    if repository is None:
        return None
    if rng.random() < 0.5:
        change.edit_repository(world, repository, description=default_title(rng))
        return f"repository {repository.full_name} has another description"
    (change.make_public if repository.is_private else change.make_private)(world, repository)
    return f"repository {repository.full_name} is_private: {repository.is_private}"


def _add_repository(world: World, workspace: Workspace, rng: Random) -> str:
    repository = change.add_repository(world, workspace, rng.choice(words.DOMAINS))
    return f"repository {repository.full_name} was added"


def _delete_repository(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    if repository is None or len(workspace.repositories) < 2:
        return None
    change.delete_repository(world, repository)
    return f"repository {repository.full_name} was deleted"


def _restore_repository(world: World, workspace: Workspace, rng: Random) -> str | None:
    del workspace
    if not world.deleted_repositories:
        return None
    repository = rng.choice(world.deleted_repositories)
    change.restore_repository(world, repository)
    return f"repository {repository.full_name} was restored"


def _open(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    if repository is None or _count_open(repository) >= MAX_OPEN:
        return None
    opened = change.open_pull_request(
        world,
        repository,
        author=_member(workspace, rng),
        title=default_title(rng),
        reviewers=dict.fromkeys(_member(workspace, rng) for _ in range(rng.randrange(3))),
        draft=rng.random() < 0.1,
    )
    return f"{_name(opened)} was opened"


def _count_open(repository: Repository) -> int:
    return sum(pr.state == "OPEN" for pr in repository.pull_requests)


def _edit(world: World, workspace: Workspace, rng: Random) -> str | None:
    found = _open_one(workspace, rng)
    if found is None:
        return None
    change.edit_pull_request(world, found, title=default_title(rng))
    return f"{_name(found)} has another title"


def _push(world: World, workspace: Workspace, rng: Random) -> str | None:
    found = _open_one(workspace, rng)
    if found is None:
        return None
    change.push(world, found)
    return f"{_name(found)} has another commit"


def _comment(world: World, workspace: Workspace, rng: Random) -> str | None:
    repository = _repository(workspace, rng)
    if repository is None or not repository.pull_requests:
        return None
    found = rng.choice(repository.pull_requests)
    change.comment(world, found, _member(workspace, rng))
    return f"{_name(found)} got a comment"


def _judge(world: World, workspace: Workspace, rng: Random) -> str | None:
    found = _open_one(workspace, rng)
    if found is None:
        return None
    person = _member(workspace, rng)
    if rng.random() < 0.75:
        change.approve(world, found, person)
        return f"{_name(found)} was approved by {person.display_name}"
    change.request_changes(world, found, person)
    return f"{_name(found)} needs changes for {person.display_name}"


def _unapprove(world: World, workspace: Workspace, rng: Random) -> str | None:
    found = _open_one(workspace, rng)
    if found is None or not found.approvers():
        return None
    person = rng.choice(found.approvers())
    change.unapprove(world, found, person)
    return f"{_name(found)} is no longer approved by {person.display_name}"


def _add_reviewer(world: World, workspace: Workspace, rng: Random) -> str | None:
    found, person = _open_one(workspace, rng), _member(workspace, rng)
    if found is None or person is found.author or person in found.reviewers:
        return None
    change.add_reviewer(world, found, person)
    return f"{_name(found)} is to be reviewed by {person.display_name}"


def _remove_reviewer(world: World, workspace: Workspace, rng: Random) -> str | None:
    found = _open_one(workspace, rng)
    if found is None or not found.reviewers:
        return None
    person = rng.choice(found.reviewers)
    change.remove_reviewer(world, found, person)
    return f"{_name(found)} is no longer to be reviewed by {person.display_name}"


def _close(world: World, workspace: Workspace, rng: Random) -> str | None:
    found = _open_one(workspace, rng)
    if found is None:
        return None
    ways = (change.merge, change.merge, change.merge, change.decline, change.supersede)
    rng.choice(ways)(world, found, _member(workspace, rng))
    return f"{_name(found)} is {found.state}"


ATTEMPTS: tuple[tuple[Attempt, int], ...] = (
    (_rename_workspace, 1),
    (_rename_user, 3),
    (_add_member, 3),
    (_remove_member, 3),
    (_set_permission, 2),
    (_rename_project, 2),
    (_add_project, 2),
    (_remove_project, 2),
    (_rename_repository, 3),
    (_move_repository, 3),
    (_transfer_repository, 2),
    (_edit_repository, 4),
    (_add_repository, 3),
    (_delete_repository, 3),
    (_restore_repository, 2),
    (_open, 12),
    (_edit, 6),
    (_push, 6),
    (_comment, 8),
    (_judge, 16),
    (_unapprove, 5),
    (_add_reviewer, 5),
    (_remove_reviewer, 4),
    (_close, 10),
)
