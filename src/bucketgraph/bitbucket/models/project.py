"""`GET /workspaces/{workspace}/projects`."""

from __future__ import annotations

import msgspec

from bucketgraph.bitbucket.models.common import Links


class Project(msgspec.Struct, frozen=True):
    """A project; embedded in repositories with fewer fields."""

    uuid: str
    key: str | None = None
    name: str | None = None
    description: str | None = None
    is_private: bool | None = None
    has_publicly_visible_repos: bool | None = None
    created_on: str | None = None
    updated_on: str | None = None
    links: Links | None = None


PROJECT_FIELDS = (
    "uuid",
    "key",
    "name",
    "description",
    "is_private",
    "has_publicly_visible_repos",
    "created_on",
    "updated_on",
    "links.html.href",
)
