"""What a complete collection of a world must contain: the oracle collectors are compared with.

Keys: the uuid with braces for workspaces, projects, repositories and users, ``team:`` before that of a
team account; ``<repository uuid>/pullrequests/<id>`` for pull requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bucketgraph.demo.world import Account, Participant, PullRequest, Workspace, World

_VERDICTS = ("approved", "changes_requested")


def expected_entities(world: World, workspace_slugs: Iterable[str]) -> dict[str, set[str]]:
    """Map each entity type to the keys of all its entities in these workspaces."""
    found: dict[str, set[str]] = {
        "bitbucket_workspace": set(),
        "bitbucket_project": set(),
        "bitbucket_repo": set(),
        "bitbucket_pull_request": set(),
        "bitbucket_user": set(),
    }
    for workspace in _chosen(world, workspace_slugs):
        found["bitbucket_workspace"].add(workspace.uuid)
        found["bitbucket_project"].update(project.uuid for project in workspace.projects)
        found["bitbucket_repo"].update(workspace.repositories)
        found["bitbucket_user"].update(workspace.members)
        for pull_request in _pull_requests(workspace):
            found["bitbucket_pull_request"].add(pull_request_key(pull_request))
            found["bitbucket_user"].update(_actors(pull_request))
    return found


def expected_relationships(
    world: World,
    workspace_slugs: Iterable[str],
) -> set[tuple[str, str, str]]:
    """Return every relationship of these workspaces as (verb, from key, to key)."""
    found: set[tuple[str, str, str]] = set()
    for workspace in _chosen(world, workspace_slugs):
        found.update(_structure(workspace))
        for pull_request in _pull_requests(workspace):
            found.update(_work(pull_request))
    return found


def pull_request_key(pull_request: PullRequest) -> str:
    """Return the pull request's key in the graph."""
    return f"{pull_request.home.uuid}/pullrequests/{pull_request.id}"


def _chosen(world: World, slugs: Iterable[str]) -> list[Workspace]:
    wanted = set(slugs)
    return [workspace for workspace in world.workspaces if workspace.slug in wanted]


def _pull_requests(workspace: Workspace) -> Iterator[PullRequest]:
    for repository in workspace.repositories.values():
        yield from repository.pull_requests


def user_key(account: Account) -> str:
    """Return an account's key in the graph: a team shares its uuid with a workspace, so it says what it is."""
    return f"team:{account.uuid}" if account.type == "team" else account.uuid


def _actors(pull_request: PullRequest) -> Iterator[str]:
    if pull_request.author:
        yield user_key(pull_request.author)
    if pull_request.closed_by:
        yield user_key(pull_request.closed_by)
    yield from (user_key(reviewer) for reviewer in pull_request.reviewers)
    for part in pull_request.participants:
        if part.approved or part.state in _VERDICTS:
            yield user_key(part.user)


def _structure(workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    for project in workspace.projects:
        yield "OWNS", workspace.uuid, project.uuid
    for uuid in workspace.members:
        yield "HAS", workspace.uuid, uuid
    for repository in workspace.repositories.values():
        yield "OWNS", workspace.uuid, repository.uuid
        if repository.project:
            yield "HAS", repository.project.uuid, repository.uuid


def _work(pull_request: PullRequest) -> Iterator[tuple[str, str, str]]:
    key = pull_request_key(pull_request)
    yield "HAS", pull_request.home.uuid, key
    if pull_request.author:
        yield "OPENED", user_key(pull_request.author), key
    for reviewer in pull_request.reviewers:
        yield "REVIEWED", user_key(reviewer), key
    for part in pull_request.participants:
        if _reviewed(part):
            yield "REVIEWED", user_key(part.user), key
        if part.approved:
            yield "APPROVED", user_key(part.user), key


def _reviewed(part: Participant) -> bool:
    return part.role == "REVIEWER" or part.approved or part.state in _VERDICTS
