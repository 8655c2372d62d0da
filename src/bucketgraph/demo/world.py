"""The model behind the fake: accounts, workspaces and everything in them, mutable and in memory.

All instants are epoch seconds (UTC) as floats rounded to microseconds; every uuid carries its
braces. Change a world through ``mutations``: they stamp times as Bitbucket does and keep the
pull requests of a repository from being generated again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bucketgraph.demo.shelf import Shelf

AccountType = Literal["user", "app_user", "team"]
Permission = Literal["owner", "member"]
State = Literal["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
Role = Literal["REVIEWER", "PARTICIPANT"]
Verdict = Literal["approved", "changes_requested"]

_TICK = 0.001


@dataclass(slots=True, eq=False)
class Account:
    """A person, a bot (``app_user``) or an old team; identity is ``uuid``, all else may change."""

    uuid: str
    display_name: str
    created_on: float
    account_id: str | None = None
    nickname: str | None = None
    type: AccountType = "user"
    account_status: str = "active"
    username: str | None = None


@dataclass(slots=True, eq=False)
class Membership:
    """One account's place in a workspace."""

    account: Account
    permission: Permission = "member"


@dataclass(slots=True, eq=False)
class Project:
    """A folder of repositories inside one workspace."""

    uuid: str
    key: str
    name: str
    description: str | None
    is_private: bool
    created_on: float
    updated_on: float


@dataclass(slots=True, eq=False)
class Workspace:
    """A workspace; ``members`` and ``repositories`` are keyed by uuid, in creation order."""

    uuid: str
    slug: str
    name: str
    is_private: bool
    created_on: float
    members: dict[str, Membership] = field(default_factory=dict)
    projects: list[Project] = field(default_factory=list)
    repositories: dict[str, Repository] = field(default_factory=dict)
    _slugs: dict[str, Repository] = field(default_factory=dict, repr=False)

    def project(self, key: str) -> Project | None:
        """Find a project by key (any case) or uuid."""
        wanted = (key.upper(), key)
        return next((p for p in self.projects if p.key in wanted or p.uuid == key), None)

    def repository(self, slug: str) -> Repository | None:
        """Find a repository by its present slug or by its uuid."""
        by_uuid = self.repositories.get(slug)
        return by_uuid or self._remembered(slug) or self._searched(slug)

    def _remembered(self, slug: str) -> Repository | None:
        found = self._slugs.get(slug)
        return found if found and self._holds(found) and found.slug == slug else None

    def _searched(self, slug: str) -> Repository | None:
        # A rename or a direct change of the model leaves the index stale: rebuild it on a miss.
        self._slugs = {repository.slug: repository for repository in self.repositories.values()}
        return self._slugs.get(slug)

    def _holds(self, repository: Repository) -> bool:
        return repository.uuid in self.repositories


@dataclass(slots=True, eq=False)
class Participant:
    """Somebody's part in a pull request.

    ``participated_on`` is the time of approval for approvers, of the last comment for others.
    ``has_state`` is false for participations from before Bitbucket recorded ``state`` at all:
    the field is then missing from the answer instead of being null.
    """

    user: Account
    role: Role = "REVIEWER"
    approved: bool = False
    state: Verdict | None = None
    participated_on: float | None = None
    has_state: bool = True


@dataclass(slots=True, eq=False)
class PullRequestEnd:
    """Source or destination: branch name, abbreviated (12 hex) commit and repository."""

    branch: str
    commit: str | None
    repository: Repository | None


@dataclass(slots=True, eq=False)
class MergeCommit:
    """The commit a merge made: abbreviated hash (12 hex) and instant."""

    hash: str
    date: float


@dataclass(slots=True, eq=False)
class PullRequest:
    """A pull request; ``id`` counts from 1 inside ``home``, the repository that lists it."""

    home: Repository
    id: int
    title: str
    description: str | None
    state: State
    author: Account | None
    source: PullRequestEnd
    destination: PullRequestEnd
    created_on: float
    updated_on: float
    reviewers: list[Account] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    merge_commit: MergeCommit | None = None
    closed_by: Account | None = None
    comment_count: int = 0
    task_count: int = 0
    close_source_branch: bool = False
    draft: bool = False
    reason: str = ""

    def participant(self, user: Account) -> Participant | None:
        """Return the user's participation, if any."""
        return next((p for p in self.participants if p.user is user), None)

    def approvers(self) -> list[Account]:
        """Return the accounts whose approval stands."""
        return [p.user for p in self.participants if p.approved]


@dataclass(slots=True, eq=False)
class Repository:
    """A repository; ``deleted`` ones are in no workspace but may still be named by pull requests."""

    uuid: str
    workspace: Workspace
    slug: str
    name: str
    created_on: float
    updated_on: float
    description: str = ""
    scm: str = "git"
    project: Project | None = None
    mainbranch: str | None = "main"
    parent: Repository | None = None
    fork_policy: str = "no_public_forks"
    is_private: bool = True
    language: str = ""
    size: int = 0
    deleted: bool = False
    shelf: Shelf | None = field(default=None, repr=False)
    _kept: list[PullRequest] | None = field(default=None, repr=False)

    @property
    def full_name(self) -> str:
        """``workspace-slug/repository-slug``, as of now."""
        return f"{self.workspace.slug}/{self.slug}"

    @property
    def pull_requests(self) -> list[PullRequest]:
        """Pull requests, oldest first. Read only: change them through ``mutations``."""
        if self._kept is not None:
            return self._kept
        return self.shelf.read(self) if self.shelf else []

    def keep(self) -> list[PullRequest]:
        """Return the pull requests as a list that is never generated again, to be changed."""
        if self._kept is None:
            self._kept = self.shelf.take(self) if self.shelf else []
        return self._kept

    def own(self, pull_request: PullRequest) -> PullRequest:
        """Keep the pull requests and return the kept one with this id, to be changed.

        The first time it is the given object itself, so that whoever holds it sees the change.
        """
        first = self._kept is None
        kept = self.keep()
        index = next(i for i, held in enumerate(kept) if held.id == pull_request.id)
        if first:
            kept[index] = pull_request
        return kept[index]

    def pull_request(self, number: int) -> PullRequest | None:
        """Find a pull request by its id."""
        listed = self.pull_requests
        if 1 <= number <= len(listed) and listed[number - 1].id == number:
            return listed[number - 1]
        return next((pr for pr in listed if pr.id == number), None)


class World:
    """Workspaces, the accounts of everybody who ever appeared, and a clock.

    The clock stands still at ``now`` (epoch seconds) and moves by ``advance`` and, a millisecond
    at a time, by mutations; ``run_clock`` lets it tick with real time from where it stands.
    """

    def __init__(
        self,
        workspaces: Iterable[Workspace],
        accounts: Iterable[Account],
        *,
        now: float,
        approvals_touch_updated_on: bool = False,
    ) -> None:
        """Hold the given workspaces and accounts at the instant ``now``."""
        self.workspaces = list(workspaces)
        self.accounts = {account.uuid: account for account in accounts}
        self.deleted_repositories: list[Repository] = []
        self.approvals_touch_updated_on = approvals_touch_updated_on
        self.clock: Callable[[], float] = lambda: now
        self.rng = Random("what mutations draw")
        self._offset = 0.0
        self._stamped = now

    def now(self) -> float:
        """Tell the world's time in epoch seconds."""
        return self.clock() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._offset += seconds

    def run_clock(self) -> None:
        """Let the clock tick with real time from its present value."""
        present = self.now()
        self.clock = time.time
        self._offset = present - time.time()

    def stamp(self) -> float:
        """Return an instant later than every instant stamped before, and not after ``now``."""
        present = self.now()
        if present <= self._stamped:
            self.advance(self._stamped - present + _TICK)
        # The sum of clock and offset may fall a rounding error short of the intended instant.
        self._stamped = round(max(self.now(), self._stamped + _TICK), 6)
        return self._stamped

    def workspace(self, identifier: str) -> Workspace | None:
        """Find a workspace by slug or uuid."""
        return next((w for w in self.workspaces if identifier in (w.slug, w.uuid)), None)

    def repositories(self) -> Iterator[Repository]:
        """Yield every living repository of every workspace."""
        for workspace in self.workspaces:
            yield from workspace.repositories.values()

    def repository(self, uuid: str) -> Repository | None:
        """Find a living repository by uuid, whatever its workspace."""
        held = (workspace.repositories.get(uuid) for workspace in self.workspaces)
        return next((repository for repository in held if repository), None)
