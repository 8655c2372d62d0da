"""`GET /repositories/{workspace}/{repository}/pullrequests`.

The list omits `reviewers`, `participants` and the merge commit's date unless `fields` asks for them; with
PULL_REQUEST_FIELDS no call per pull request is needed.
"""

from __future__ import annotations

import msgspec

from bucketgraph.bitbucket.models.common import ACCOUNT_FIELDS, Account, under
from bucketgraph.bitbucket.models.repository import Branch, RepositoryRef


class Commit(msgspec.Struct, frozen=True):
    """A commit; at the ends of a pull request the hash is abbreviated to 12 characters."""

    hash: str | None = None
    date: str | None = None


class End(msgspec.Struct, frozen=True):
    """Source or destination. The repository is null when a fork was deleted, the commit when it is gone."""

    branch: Branch | None = None
    commit: Commit | None = None
    repository: RepositoryRef | None = None


class Participant(msgspec.Struct, frozen=True):
    """Someone who took part. `participated_on` of an approver is the time of the approval."""

    user: Account | None = None
    role: str | None = None
    approved: bool | None = None
    state: str | None = None
    participated_on: str | None = None


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request; `id` is unique only inside its repository, `state` is an open set."""

    id: int
    title: str | None = None
    description: str | None = None
    reason: str | None = None
    state: str | None = None
    draft: bool | None = None
    author: Account | None = None
    closed_by: Account | None = None
    source: End | None = None
    destination: End | None = None
    merge_commit: Commit | None = None
    created_on: str | None = None
    updated_on: str | None = None
    comment_count: int | None = None
    task_count: int | None = None
    close_source_branch: bool | None = None
    reviewers: list[Account | None] | None = None
    participants: list[Participant | None] | None = None


_END_FIELDS = ("branch.name", "commit.hash", "repository.uuid")

PULL_REQUEST_FIELDS = (
    "id",
    "title",
    "description",
    "reason",
    "state",
    "draft",
    "created_on",
    "updated_on",
    "comment_count",
    "task_count",
    "close_source_branch",
    "merge_commit.hash",
    "merge_commit.date",
    *under("source", _END_FIELDS),
    *under("destination", _END_FIELDS),
    *under("author", ACCOUNT_FIELDS),
    *under("closed_by", ACCOUNT_FIELDS),
    *under("reviewers", ACCOUNT_FIELDS),
    "participants.role",
    "participants.approved",
    "participants.state",
    "participants.participated_on",
    *under("participants.user", ACCOUNT_FIELDS),
)
