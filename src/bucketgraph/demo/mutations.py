"""What Bitbucket's users do to workspaces, people, projects and repositories.

Each function changes the world in place and stamps times as Bitbucket does:
``repository.updated_on`` moves only with commits, never with settings, names or permissions.
What they do to pull requests is in ``pull_request_mutations`` and offered here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.people import new_person, new_uuid, slugify
from bucketgraph.demo.pull_request_mutations import (
    add_reviewer,
    approve,
    comment,
    decline,
    edit_pull_request,
    merge,
    open_pull_request,
    push,
    remove_reviewer,
    request_changes,
    supersede,
    unapprove,
)
from bucketgraph.demo.world import Account, Membership, Project, Repository

if TYPE_CHECKING:
    from bucketgraph.demo.world import Permission, Workspace, World

__all__ = [
    "add_member",
    "add_project",
    "add_repository",
    "add_reviewer",
    "approve",
    "comment",
    "decline",
    "delete_repository",
    "edit_pull_request",
    "edit_repository",
    "make_private",
    "make_public",
    "merge",
    "move_repository",
    "open_pull_request",
    "push",
    "remove_member",
    "remove_project",
    "remove_reviewer",
    "rename_project",
    "rename_repository",
    "rename_user",
    "rename_workspace",
    "request_changes",
    "restore_repository",
    "set_permission",
    "supersede",
    "transfer_repository",
    "unapprove",
]


def rename_workspace(world: World, workspace: Workspace, name: str) -> None:
    """Give the workspace another display name; its slug stays."""
    world.stamp()
    workspace.name = name


def rename_user(
    world: World,
    account: Account,
    *,
    display_name: str | None = None,
    nickname: str | None = None,
) -> None:
    """Change what is given of an account's names."""
    world.stamp()
    account.display_name = display_name or account.display_name
    account.nickname = nickname or account.nickname


def add_member(
    world: World,
    workspace: Workspace,
    person: Account | str,
    permission: Permission = "member",
) -> Account:
    """Make somebody a member; a name makes a new person."""
    present = world.stamp()
    if isinstance(person, str):
        person = new_person(world.rng, person, before=present)
    world.accounts[person.uuid] = person
    workspace.members[person.uuid] = Membership(person, permission)
    return person


def remove_member(world: World, workspace: Workspace, account: Account) -> None:
    """End a membership; the account and what it did remain."""
    if account.uuid not in workspace.members:
        message = f"{account.display_name} is not a member"
        raise ValueError(message)
    world.stamp()
    del workspace.members[account.uuid]


def set_permission(
    world: World,
    workspace: Workspace,
    account: Account,
    permission: Permission,
) -> None:
    """Make a member an owner, or an owner a plain member."""
    world.stamp()
    workspace.members[account.uuid].permission = permission


def rename_project(world: World, project: Project, name: str) -> None:
    """Give a project another name; its key stays."""
    project.updated_on = world.stamp()
    project.name = name


def add_project(
    world: World,
    workspace: Workspace,
    name: str,
    *,
    key: str | None = None,
    is_private: bool = True,
) -> Project:
    """Create a project; without ``key`` one is made from the name."""
    wanted = (key or slugify(name).replace("-", "")[:6]).upper()
    present = world.stamp()
    project = Project(
        uuid=new_uuid(world.rng),
        key=_unused(wanted, {held.key for held in workspace.projects}, ""),
        name=name,
        description=None,
        is_private=is_private,
        created_on=present,
        updated_on=present,
    )
    workspace.projects.append(project)
    return project


def remove_project(
    world: World,
    workspace: Workspace,
    project: Project,
    heir: Project | None = None,
) -> None:
    """Delete a project; its repositories move to ``heir``, or to the first other project."""
    others = [held for held in workspace.projects if held is not project]
    if not others:
        message = "the last project of a workspace cannot be removed"
        raise ValueError(message)
    world.stamp()
    for repository in workspace.repositories.values():
        if repository.project is project:
            repository.project = heir or others[0]
    workspace.projects.remove(project)


def rename_repository(world: World, repository: Repository, name: str) -> None:
    """Rename a repository: name and slug change, the uuid stays."""
    world.stamp()
    repository.name = name
    repository.slug = _unused_slug(repository.workspace, slugify(name), repository)


def move_repository(world: World, repository: Repository, project: Project) -> None:
    """Move a repository to another project of its workspace."""
    if project not in repository.workspace.projects:
        message = f"{project.name} is not a project of {repository.workspace.slug}"
        raise ValueError(message)
    world.stamp()
    repository.project = project


def transfer_repository(world: World, repository: Repository, workspace: Workspace) -> None:
    """Move a repository to another workspace, into its first project."""
    world.stamp()
    del repository.workspace.repositories[repository.uuid]
    repository.slug = _unused_slug(workspace, repository.slug, repository)
    repository.workspace = workspace
    repository.project = workspace.projects[0] if workspace.projects else None
    workspace.repositories[repository.uuid] = repository


def make_public(world: World, repository: Repository) -> None:
    """Let everybody read a repository."""
    world.stamp()
    repository.is_private = False


def make_private(world: World, repository: Repository) -> None:
    """Let only those with access read a repository."""
    world.stamp()
    repository.is_private = True


def edit_repository(
    world: World,
    repository: Repository,
    *,
    description: str | None = None,
    language: str | None = None,
    fork_policy: str | None = None,
    mainbranch: str | None = None,
) -> None:
    """Change what is given of a repository's settings."""
    world.stamp()
    repository.description = repository.description if description is None else description
    repository.language = repository.language if language is None else language
    repository.fork_policy = fork_policy or repository.fork_policy
    repository.mainbranch = mainbranch or repository.mainbranch


def add_repository(
    world: World,
    workspace: Workspace,
    name: str,
    *,
    project: Project | None = None,
    is_private: bool = True,
) -> Repository:
    """Create a repository with a first commit; without ``project`` in the first one."""
    present = world.stamp()
    first = workspace.projects[0] if workspace.projects else None
    repository = Repository(
        uuid=new_uuid(world.rng),
        workspace=workspace,
        slug=_unused_slug(workspace, slugify(name), None),
        name=name,
        created_on=present,
        updated_on=present,
        project=project or first,
        is_private=is_private,
    )
    workspace.repositories[repository.uuid] = repository
    return repository


def delete_repository(world: World, repository: Repository) -> None:
    """Delete a repository and, with it, its pull requests."""
    world.stamp()
    del repository.workspace.repositories[repository.uuid]
    repository.deleted = True
    world.deleted_repositories.append(repository)


def restore_repository(world: World, repository: Repository) -> None:
    """Bring a deleted repository back with the same uuid and all it held."""
    world.deleted_repositories.remove(repository)
    world.stamp()
    workspace = repository.workspace
    repository.deleted = False
    repository.slug = _unused_slug(workspace, repository.slug, repository)
    if repository.project not in workspace.projects:
        repository.project = workspace.projects[0] if workspace.projects else None
    workspace.repositories[repository.uuid] = repository


def _unused_slug(workspace: Workspace, wanted: str, own: Repository | None) -> str:
    held = workspace.repositories.values()
    return _unused(wanted, {other.slug for other in held if other is not own}, "-")


def _unused(wanted: str, taken: set[str], joint: str) -> str:
    numbered = (f"{wanted}{joint}{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(c for c in numbered if c not in taken)
