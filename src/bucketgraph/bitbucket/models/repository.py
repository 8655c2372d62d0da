"""`GET /repositories/{workspace}` and `GET /repositories/{workspace}/{repository}`."""

from __future__ import annotations

import msgspec

from bucketgraph.bitbucket.models.common import Links
from bucketgraph.bitbucket.models.project import Project


class Branch(msgspec.Struct, frozen=True):
    """A branch, by name."""

    name: str | None = None


class RepositoryRef(msgspec.Struct, frozen=True):
    """A repository as embedded elsewhere (fork parent, ends of a pull request)."""

    uuid: str | None = None
    full_name: str | None = None
    name: str | None = None


class WorkspaceRef(msgspec.Struct, frozen=True):
    """A workspace as embedded in a repository."""

    uuid: str | None = None
    slug: str | None = None


class Repository(msgspec.Struct, frozen=True):
    """A repository. `mainbranch` is null for an empty one, `project` may be absent, `parent` marks a fork."""

    uuid: str
    name: str | None = None
    slug: str | None = None
    full_name: str | None = None
    description: str | None = None
    scm: str | None = None
    website: str | None = None
    is_private: bool | None = None
    fork_policy: str | None = None
    language: str | None = None
    size: int | None = None
    created_on: str | None = None
    updated_on: str | None = None
    mainbranch: Branch | None = None
    parent: RepositoryRef | None = None
    project: Project | None = None
    workspace: WorkspaceRef | None = None
    links: Links | None = None


REPOSITORY_FIELDS = (
    "uuid",
    "name",
    "slug",
    "full_name",
    "description",
    "scm",
    "website",
    "is_private",
    "fork_policy",
    "language",
    "size",
    "created_on",
    "updated_on",
    "mainbranch.name",
    "parent.uuid",
    "parent.full_name",
    "project.uuid",
    "project.key",
    "project.name",
    "project.links.html.href",
    "workspace.uuid",
    "workspace.slug",
    "links.html.href",
)
