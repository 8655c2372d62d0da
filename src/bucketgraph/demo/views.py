"""How workspaces, people, projects and repositories look in answers: one shape for each place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from bucketgraph.demo.fields import OMIT, Shape, Thing

if TYPE_CHECKING:
    from bucketgraph.demo.fields import Build
    from bucketgraph.demo.world import (
        Account,
        Membership,
        Project,
        Repository,
        Workspace,
    )

API = "https://api.bitbucket.org/2.0"
WEB = "https://bitbucket.org"


def instant(seconds: float) -> str:
    """Write an instant as Bitbucket does: six digits of fraction and ``+00:00``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def hrefs(**links: str) -> dict[str, object]:
    """Make a ``links`` object of the named addresses."""
    return {name: {"href": address} for name, address in links.items()}


def _present(value: object) -> object:
    return OMIT if value is None else value


def _account_links(account: Account) -> dict[str, object]:
    quoted = quote(account.uuid)
    kind = "workspaces" if account.type == "team" else "users"
    return hrefs(
        self=f"{API}/{kind}/{quoted}",
        avatar=f"https://avatars.example/{quoted}/128",
        html=f"{WEB}/{quoted}/",
    )


def _nickname(account: Account) -> object:
    return OMIT if account.type == "app_user" else _present(account.nickname)


_ACCOUNT: dict[str, Build] = {
    "display_name": lambda a: a.display_name,
    "links": _account_links,
    "type": lambda a: a.type,
    "uuid": lambda a: a.uuid,
    "account_id": lambda a: _present(a.account_id),
    "nickname": _nickname,
    "username": lambda a: _present(a.username),
    "kind": lambda a: "repository_access_token" if a.type == "app_user" else OMIT,
}
_PROFILE: dict[str, Build] = {
    "account_status": lambda a: a.account_status,
    "created_on": lambda a: instant(a.created_on),
    "has_2fa_enabled": lambda _: None,
    "is_staff": lambda _: False,
}
ACCOUNT = Shape(_ACCOUNT, _PROFILE, shared=True)
ACCOUNT_DETAIL = Shape({**_ACCOUNT, **_PROFILE})


def account(found: Account | None) -> Thing | None:
    """Show an account where it is embedded; nobody is null."""
    return Thing(ACCOUNT, found) if found else None


def _owner_links(workspace: Workspace) -> dict[str, object]:
    quoted = quote(workspace.uuid)
    return hrefs(
        self=f"{API}/workspaces/{quoted}",
        avatar=f"{WEB}/account/{workspace.slug}/avatar/",
        html=f"{WEB}/{quoted}/",
    )


OWNER = Shape(
    {
        "display_name": lambda w: w.name,
        "links": _owner_links,
        "type": lambda _: "team",
        "uuid": lambda w: w.uuid,
        "username": lambda w: w.slug,
    },
    shared=True,
)


def _workspace_short_links(workspace: Workspace) -> dict[str, object]:
    return hrefs(
        avatar=f"{WEB}/workspaces/{workspace.slug}/avatar/?ts={int(workspace.created_on)}",
        html=f"{WEB}/{workspace.slug}/",
        self=f"{API}/workspaces/{workspace.slug}",
    )


def _workspace_links(workspace: Workspace) -> dict[str, object]:
    base = f"{API}/workspaces/{workspace.slug}"
    return _workspace_short_links(workspace) | hrefs(
        hooks=f"{base}/hooks",
        html_overview=f"{WEB}/{workspace.slug}/workspace/overview/",
        members=f"{base}/members",
        owners=f"{base}/members?q=permission%3D%22owner%22",
        projects=f"{base}/projects",
        repositories=f"{API}/repositories/{workspace.slug}",
        snippets=f"{API}/snippets/{workspace.slug}",
    )


_WORKSPACE: dict[str, Build] = {
    "type": lambda _: "workspace",
    "uuid": lambda w: w.uuid,
    "name": lambda w: w.name,
    "slug": lambda w: w.slug,
}
_WORKSPACE_MORE: dict[str, Build] = {
    "is_private": lambda w: w.is_private,
    "created_on": lambda w: instant(w.created_on),
}
WORKSPACE_SHORT = Shape({**_WORKSPACE, "links": _workspace_short_links}, _WORKSPACE_MORE, shared=True)
WORKSPACE = Shape({**_WORKSPACE, **_WORKSPACE_MORE, "links": _workspace_links})
WORKSPACE_BASE = Shape(
    {
        "type": lambda _: "workspace_base",
        "uuid": lambda w: w.uuid,
        "slug": lambda w: w.slug,
        "links": _workspace_short_links,
    },
)
WORKSPACE_ACCESS = Shape(
    {
        "type": lambda _: "workspace_access",
        "workspace": lambda w: Thing(WORKSPACE_BASE, w),
    },
    {"administrator": lambda _: True},
)


def _membership_links(pair: tuple[Workspace, Membership]) -> dict[str, object]:
    workspace, membership = pair
    uuid = quote(membership.account.uuid)
    return hrefs(self=f"{API}/workspaces/{workspace.slug}/members/{uuid}")


_MEMBERSHIP: dict[str, Build] = {
    "type": lambda _: "workspace_membership",
    "user": lambda pair: Thing(ACCOUNT, pair[1].account),
    "workspace": lambda pair: Thing(WORKSPACE_SHORT, pair[0]),
    "links": _membership_links,
}
MEMBERSHIP = Shape(_MEMBERSHIP)
PERMISSION = Shape({**_MEMBERSHIP, "permission": lambda pair: pair[1].permission})


def _project_links(pair: tuple[Workspace, Project]) -> dict[str, object]:
    workspace, project = pair
    return hrefs(
        self=f"{API}/workspaces/{workspace.slug}/projects/{project.key}",
        html=f"{WEB}/{workspace.slug}/workspace/projects/{project.key}",
        avatar=f"{WEB}/account/user/{workspace.slug}/projects/{project.key}/avatar/32",
    )


def _project_repositories(pair: tuple[Workspace, Project]) -> dict[str, object]:
    workspace, project = pair
    query = f'project.key="{project.key}"'
    return _project_links(pair) | hrefs(
        repositories=f"{API}/repositories/{workspace.slug}?q={query}",
    )


def _has_public(pair: tuple[Workspace, Project]) -> bool:
    workspace, project = pair
    held = workspace.repositories.values()
    return any(r.project is project and not r.is_private for r in held)


_PROJECT: dict[str, Build] = {
    "type": lambda _: "project",
    "key": lambda pair: pair[1].key,
    "uuid": lambda pair: pair[1].uuid,
    "name": lambda pair: pair[1].name,
}
_PROJECT_MORE: dict[str, Build] = {
    "owner": lambda pair: Thing(OWNER, pair[0]),
    "workspace": lambda pair: Thing(WORKSPACE_SHORT, pair[0]),
    "is_private": lambda pair: pair[1].is_private,
    "description": lambda pair: pair[1].description,
    "created_on": lambda pair: instant(pair[1].created_on),
    "updated_on": lambda pair: instant(pair[1].updated_on),
    "has_publicly_visible_repos": _has_public,
}
PROJECT_SHORT = Shape({**_PROJECT, "links": _project_links}, _PROJECT_MORE, shared=True)
PROJECT = Shape({**_PROJECT, **_PROJECT_MORE, "links": _project_repositories})


def _repository_short_links(repository: Repository) -> dict[str, object]:
    return hrefs(
        self=f"{API}/repositories/{repository.full_name}",
        html=f"{WEB}/{repository.full_name}",
        avatar=f"https://avatars.example/{quote(repository.uuid)}/32",
    )


def _repository_links(repository: Repository) -> dict[str, object]:
    base = f"{API}/repositories/{repository.full_name}"
    names = ("pullrequests", "commits", "forks", "watchers", "downloads", "hooks")
    clone: dict[str, object] = {"clone": _clone_links(repository)}
    return (
        _repository_short_links(repository)
        | hrefs(**{name: f"{base}/{name}" for name in names})
        | hrefs(branches=f"{base}/refs/branches", tags=f"{base}/refs/tags", source=f"{base}/src")
        | clone
    )


def _clone_links(repository: Repository) -> list[dict[str, str]]:
    name = repository.full_name
    return [
        {"name": "https", "href": f"https://{repository.workspace.slug}@bitbucket.org/{name}.git"},
        {"name": "ssh", "href": f"git@bitbucket.org:{name}.git"},
    ]


def _project_of(repository: Repository) -> object:
    if repository.project is None:
        return OMIT
    return Thing(PROJECT_SHORT, (repository.workspace, repository.project))


def _mainbranch(repository: Repository) -> object:
    name = repository.mainbranch
    return {"name": name, "type": "branch"} if name else None


def repository_short(found: Repository | None) -> Thing | None:
    """Show a repository where it is embedded; a deleted one is null."""
    return Thing(REPOSITORY_SHORT, found) if found and not found.deleted else None


_REPOSITORY: dict[str, Build] = {
    "type": lambda _: "repository",
    "full_name": lambda r: r.full_name,
    "name": lambda r: r.name,
    "uuid": lambda r: r.uuid,
}
_REPOSITORY_MORE: dict[str, Build] = {
    "slug": lambda r: r.slug,
    "description": lambda r: r.description,
    "scm": lambda r: r.scm,
    "website": lambda _: None,
    "owner": lambda r: Thing(OWNER, r.workspace),
    "workspace": lambda r: Thing(WORKSPACE_SHORT, r.workspace),
    "is_private": lambda r: r.is_private,
    "project": _project_of,
    "fork_policy": lambda r: r.fork_policy,
    "created_on": lambda r: instant(r.created_on),
    "updated_on": lambda r: instant(r.updated_on),
    "size": lambda r: r.size,
    "language": lambda r: r.language,
    "mainbranch": _mainbranch,
    "override_settings": lambda _: {"default_merge_strategy": True, "branching_model": True},
    "parent": lambda r: repository_short(r.parent),
    "enforced_signed_commits": lambda _: None,
    "has_issues": lambda _: False,
    "has_wiki": lambda _: False,
}
REPOSITORY_SHORT = Shape({**_REPOSITORY, "links": _repository_short_links}, _REPOSITORY_MORE, shared=True)
REPOSITORY = Shape({**_REPOSITORY, **_REPOSITORY_MORE, "links": _repository_links})
