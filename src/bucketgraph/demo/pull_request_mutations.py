"""What Bitbucket's users do to pull requests.

``updated_on`` of a pull request moves with edits, comments, pushes, reviewers and closing. It
does not move with approvals, unless ``World.approvals_touch_updated_on`` says so: whether
Bitbucket moves it is unknown, and a collector must be right either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.people import new_hash, slugify
from bucketgraph.demo.world import MergeCommit, Participant, PullRequest, PullRequestEnd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketgraph.demo.world import Account, Repository, State, Verdict, World


def open_pull_request(
    world: World,
    repository: Repository,
    *,
    author: Account,
    title: str = "Change something",
    description: str = "",
    reviewers: Iterable[Account] = (),
    source: Repository | None = None,
    draft: bool = False,
) -> PullRequest:
    """Push a new branch (to ``source``, a fork, if given) and open a pull request for it."""
    present = world.stamp()
    listed = repository.keep()
    origin = source or repository
    origin.updated_on = present
    branch = f"feature/{slugify(title)[:32]}-{len(listed) + 1}"
    asked = [reviewer for reviewer in reviewers if reviewer is not author]
    opened = PullRequest(
        home=repository,
        id=len(listed) + 1,
        title=title,
        description=description,
        state="OPEN",
        author=author,
        source=PullRequestEnd(branch, new_hash(world.rng), origin),
        destination=PullRequestEnd(
            repository.mainbranch or "main",
            new_hash(world.rng),
            repository,
        ),
        created_on=present,
        updated_on=present,
        reviewers=asked,
        participants=[Participant(reviewer) for reviewer in asked],
        draft=draft,
    )
    listed.append(opened)
    return opened


def edit_pull_request(
    world: World,
    pull_request: PullRequest,
    *,
    title: str | None = None,
    description: str | None = None,
    draft: bool | None = None,
) -> PullRequest:
    """Change what is given of an open pull request."""
    changed = _own_open(pull_request)
    changed.title = title or changed.title
    changed.description = changed.description if description is None else description
    changed.draft = changed.draft if draft is None else draft
    changed.updated_on = world.stamp()
    return changed


def push(world: World, pull_request: PullRequest) -> PullRequest:
    """Push another commit to the source branch."""
    changed = _own_open(pull_request)
    changed.source.commit = new_hash(world.rng)
    changed.updated_on = world.stamp()
    if changed.source.repository:
        changed.source.repository.updated_on = changed.updated_on
    return changed


def comment(world: World, pull_request: PullRequest, user: Account) -> PullRequest:
    """Write a comment, also on a closed pull request."""
    changed = _own(pull_request)
    part = _part(changed, user)
    changed.comment_count += 1
    changed.updated_on = world.stamp()
    if not part.approved:
        part.participated_on = changed.updated_on
    return changed


def approve(world: World, pull_request: PullRequest, user: Account) -> PullRequest:
    """Approve an open pull request, asked or not."""
    return _judge(world, pull_request, user, "approved")


def request_changes(world: World, pull_request: PullRequest, user: Account) -> PullRequest:
    """Request changes to an open pull request; an approval by the same user ends."""
    return _judge(world, pull_request, user, "changes_requested")


def unapprove(world: World, pull_request: PullRequest, user: Account) -> PullRequest:
    """Withdraw an approval from an open pull request."""
    part = pull_request.participant(user)
    if part is None or not part.approved:
        message = f"{user.display_name} has not approved"
        raise ValueError(message)
    return _judge(world, pull_request, user, None)


def add_reviewer(world: World, pull_request: PullRequest, user: Account) -> PullRequest:
    """Ask somebody other than the author to review."""
    changed = _own_open(pull_request)
    if user is changed.author or user in changed.reviewers:
        message = f"{user.display_name} cannot be added as reviewer"
        raise ValueError(message)
    changed.reviewers.append(user)
    _part(changed, user).role = "REVIEWER"
    changed.updated_on = world.stamp()
    return changed


def remove_reviewer(world: World, pull_request: PullRequest, user: Account) -> PullRequest:
    """Ask somebody no longer; who has already taken part remains as PARTICIPANT."""
    changed = _own_open(pull_request)
    changed.reviewers.remove(user)
    part = _part(changed, user)
    if part.participated_on is None:
        changed.participants.remove(part)
    else:
        part.role = "PARTICIPANT"
    changed.updated_on = world.stamp()
    return changed


def merge(world: World, pull_request: PullRequest, closer: Account | None = None) -> PullRequest:
    """Merge an open pull request: the only way of closing that moves the repository."""
    changed = _close(world, pull_request, "MERGED", closer)
    changed.merge_commit = MergeCommit(new_hash(world.rng), changed.updated_on)
    changed.home.updated_on = changed.updated_on
    return changed


def decline(
    world: World,
    pull_request: PullRequest,
    closer: Account | None = None,
    reason: str = "",
) -> PullRequest:
    """Decline an open pull request."""
    changed = _close(world, pull_request, "DECLINED", closer)
    changed.reason = reason
    return changed


def supersede(
    world: World,
    pull_request: PullRequest,
    closer: Account | None = None,
) -> PullRequest:
    """Close an open pull request as superseded."""
    return _close(world, pull_request, "SUPERSEDED", closer)


def _own(pull_request: PullRequest) -> PullRequest:
    if pull_request.home.deleted:
        message = f"{pull_request.home.full_name} is deleted"
        raise ValueError(message)
    return pull_request.home.own(pull_request)


def _own_open(pull_request: PullRequest) -> PullRequest:
    changed = _own(pull_request)
    if changed.state != "OPEN":
        message = f"pull request {changed.id} is {changed.state}"
        raise ValueError(message)
    return changed


def _part(pull_request: PullRequest, user: Account) -> Participant:
    part = pull_request.participant(user)
    if part is None:
        part = Participant(user, "PARTICIPANT")
        pull_request.participants.append(part)
    return part


def _judge(
    world: World,
    pull_request: PullRequest,
    user: Account,
    verdict: Verdict | None,
) -> PullRequest:
    changed = _own_open(pull_request)
    part = _part(changed, user)
    part.approved, part.state, part.has_state = verdict == "approved", verdict, True
    part.participated_on = world.stamp()
    if world.approvals_touch_updated_on:
        changed.updated_on = part.participated_on
    return changed


def _close(
    world: World,
    pull_request: PullRequest,
    state: State,
    closer: Account | None,
) -> PullRequest:
    changed = _own_open(pull_request)
    changed.state, changed.draft = state, False
    changed.closed_by = closer or changed.author
    changed.updated_on = world.stamp()
    return changed
