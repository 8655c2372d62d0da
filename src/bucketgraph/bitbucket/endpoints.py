"""The endpoints we call, in one table: path, largest page, call group, scope and what it is for.

Largest pages: PR lists take 50, the others 100; 51 on a PR list is a 400 `Invalid pagelen`, not a clamp
(BCLOUD-13229). Limits "may change dynamically", so `Endpoint.pagelen` is only where we start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from bucketgraph.bitbucket.models.project import PROJECT_FIELDS
from bucketgraph.bitbucket.models.pull_request import PULL_REQUEST_FIELDS
from bucketgraph.bitbucket.models.repository import REPOSITORY_FIELDS
from bucketgraph.bitbucket.models.workspace import MEMBERSHIP_FIELDS
from bucketgraph.errors import Bug

Group = Literal["repositories", "other"]
"""Bitbucket counts `/2.0/repositories/*` apart from all other calls, each per rolling hour."""

GROUPS: tuple[Group, ...] = ("repositories", "other")

PULL_REQUEST_STATES = ("OPEN", "MERGED", "DECLINED", "SUPERSEDED")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of call. `scope` is the OAuth scope word it needs (None: none)."""

    name: str
    group: Group
    scope: str | None
    pagelen: int = 0
    fields: tuple[str, ...] = ()

    @property
    def field_list(self) -> str:
        """Return the `fields` parameter of a list.

        A restrictive list drops `next` unless it is named, which would end every list at page one.
        """
        return ",".join(["next", "size", *(f"values.{field}" for field in self.fields)])


WORKSPACE = Endpoint("workspace", "other", None)
PERMISSIONS = Endpoint("workspace-permissions", "other", "account", 100, MEMBERSHIP_FIELDS)
MEMBERS = Endpoint("workspace-members", "other", "account", 100, MEMBERSHIP_FIELDS)
MEMBER = Endpoint("workspace-member", "other", "account")
PROJECTS = Endpoint("projects", "other", "project", 100, PROJECT_FIELDS)
PROJECT = Endpoint("project", "other", "project")
REPOSITORIES = Endpoint("repositories", "repositories", "repository", 100, REPOSITORY_FIELDS)
REPOSITORY = Endpoint("repository", "repositories", "repository")
PULL_REQUESTS = Endpoint("pullrequests", "repositories", "pullrequest", 50, PULL_REQUEST_FIELDS)
PULL_REQUEST = Endpoint("pullrequest", "repositories", "pullrequest")

ENDPOINTS = (
    WORKSPACE,
    PERMISSIONS,
    MEMBERS,
    MEMBER,
    PROJECTS,
    PROJECT,
    REPOSITORIES,
    REPOSITORY,
    PULL_REQUESTS,
    PULL_REQUEST,
)

IMPLIED_SCOPES = {
    "account:write": ("account",),
    "pullrequest": ("repository",),
    "pullrequest:write": ("pullrequest", "repository"),
    "project": ("repository",),
    "repository:write": ("repository",),
}
"""Documented inclusions. `project:admin` and `repository:admin` include no read scope."""


def smallest_scopes(words: Iterable[str]) -> tuple[str, ...]:
    """Return the scope words that no other of them includes."""
    scopes = set(words)
    included = {one for scope in scopes for one in IMPLIED_SCOPES.get(scope, ())}
    return tuple(sorted(scopes - included))


REQUIRED_SCOPES = smallest_scopes(endpoint.scope for endpoint in ENDPOINTS if endpoint.scope)
"""The smallest read-only set: `project` and `pullrequest` each include `repository`."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list to read to its end: an endpoint, its path and its filters."""

    endpoint: Endpoint
    path: str
    query: tuple[tuple[str, str], ...] = ()

    def first_url(self, pagelen: int) -> str:
        """Return the path and query of the first page, all of it percent-encoded.

        `+` must travel as %2B: unencoded it arrives as a blank.
        """
        parameters = [("pagelen", str(pagelen)), *self.query, ("fields", self.endpoint.field_list)]
        return f"{self.path}?{urlencode(parameters, quote_via=quote)}"


def segment(text: str) -> str:
    """Return a path segment percent-encoded, braces included.

    An empty segment would hit a withdrawn global listing (410), and dots would climb to another resource.
    """
    if text in {"", ".", ".."}:
        raise Bug(f"{text!r} cannot stand in an address of the API.")
    return quote(text, safe="")


def workspace_path(workspace: str) -> str:
    """Return `/2.0/workspaces/{slug}`: slugs here, because some found uuids answered with 404."""
    return f"/2.0/workspaces/{segment(workspace)}"


def repository_path(workspace_uuid: str, repository_uuid: str) -> str:
    """Return the path of one repository by uuids, which survive renames."""
    return f"/2.0/repositories/{segment(workspace_uuid)}/{segment(repository_uuid)}"


def pull_requests(workspace_uuid: str, repository_uuid: str, *, q: str | None = None) -> Listing:
    """List pull requests of all states; `q` narrows (states are sent too: some answers ignore them)."""
    query = tuple(("state", state) for state in PULL_REQUEST_STATES)
    if q:
        query += (("q", q),)
    path = f"{repository_path(workspace_uuid, repository_uuid)}/pullrequests"
    return Listing(PULL_REQUESTS, path, query)
