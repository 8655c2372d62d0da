"""`bitbucket_pull_request`, repo HAS pull request, and user OPENED / REVIEWED / APPROVED it.

One list call brings fifty pull requests with their reviewers, participants and merge times.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import msgspec

from bucketgraph.bitbucket import endpoints
from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.models.common import Account
from bucketgraph.bitbucket.models.pull_request import End, Participant, PullRequest
from bucketgraph.bitbucket.replies import decoder
from bucketgraph.collect.step import Mapped, Names, RepositoryFacts, Step, Unit, Window
from bucketgraph.collect.steps import members, repositories
from bucketgraph.collect.steps.pull_request_schema import (
    APPROVED_PULL_REQUEST,
    ENTITY,
    HAS_PULL_REQUEST,
    OPENED_PULL_REQUEST,
    REVIEWED_PULL_REQUEST,
    TYPE,
)
from bucketgraph.errors import NotFound
from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.graph.values import Properties, Value, epoch_ms, iso_utc, present

_raw = decoder(msgspec.Raw)

_APPROVED, _CHANGES_REQUESTED = "approved", "changes_requested"

_NAMED = (("authorId", "author"), ("closedById", "closedBy"), ("mergedById", "mergedBy"))
_NAMED_LISTS = (("reviewerIds", "reviewers"), ("approverIds", "approvers"))
"""Properties that hold a person's key, and those that repeat the person's name."""


async def fetch(client: Client, unit: Unit, window: Window) -> AsyncIterator[Page]:
    """Yield pull requests of all states.

    An incremental walk asks in one list for what moved since and for all that is open, because an approval
    does not reliably move `updated_on`.
    """
    repository = unit.need_repository()
    listing = endpoints.pull_requests(unit.workspace.uuid, repository.uuid, q=_filter(window))
    async for page in client.pages(listing, what=f"the pull requests of {unit.label!r}"):
        yield page


async def probe(client: Client, unit: Unit, key: str, _known: Properties) -> bytes | None:
    """Ask for one pull request that the list lacks; None when it is gone."""
    number = key.rpartition("/")[2]
    path = endpoints.repository_path(unit.workspace.uuid, unit.need_repository().uuid)
    what = f"pull request {number} of {unit.label!r}"
    try:
        link = f"{path}/pullrequests/{number}?fields=%2Bmerge_commit.date"
        reply = await client.get(link, _raw, endpoint=endpoints.PULL_REQUEST, what=what)
    except NotFound:
        return None
    return bytes(reply.value)


def key_of(repository_uuid: str, number: int) -> str:
    """Return a pull request's key, which survives renames and moves of its repository."""
    return f"{repository_uuid}/pullrequests/{number}"


def to_record(pull: PullRequest, raw: bytes, unit: Unit) -> Mapped:
    """Map a pull request with all its relationships."""
    repository = unit.need_repository()
    key = key_of(repository.uuid, pull.id)
    participants = _participants(pull)
    entity = Entity(key, TYPE, _properties(pull, participants, repository))
    edges = (
        Relationship("HAS", repositories.TYPE, repository.uuid, TYPE, key),
        *_people_edges(pull, participants, key),
    )
    people = [
        *(a for a in (pull.author, pull.closed_by) if a),
        *(p.account for p in participants if p.reviewed),
    ]
    return Mapped(Record(key, entity, edges, raw), people=tuple(people), updated_on=epoch_ms(pull.updated_on))


def refresh(record: Record, names: Names) -> Record:
    """Write present names and links into a stored pull request that repeats older ones."""
    entity = record.entity
    if entity is None:
        return record
    properties = dict(entity.properties)
    repository = names.repositories.get(str(properties.get("repoId")))
    if repository:
        properties.update(_of_repository(repository, str(properties["id"])))
    for id_name, name in _NAMED:
        person = properties.get(id_name)
        if isinstance(person, str) and person in names.people:
            properties[name] = names.people[person]
    for ids_name, name in _NAMED_LISTS:
        people, old = properties.get(ids_name), properties.get(name)
        if isinstance(people, list) and isinstance(old, list):
            properties[name] = [names.people.get(k, o) for k, o in zip(people, old, strict=True)]
    return Record(record.key, Entity(entity.key, entity.type, properties), record.relationships)


class _Person(msgspec.Struct, frozen=True):
    """One person's part in a pull request: requested reviewers and participants merged by identity."""

    key: str
    account: Account
    requested: bool
    approved: bool
    state: str | None
    participated_on: int | None

    @property
    def reviewed(self) -> bool:
        """Say whether the person was asked to review, or acted as a reviewer."""
        return self.requested or self.state in {_APPROVED, _CHANGES_REQUESTED}


def _participants(pull: PullRequest) -> tuple[_Person, ...]:
    """Merge reviewers and participants, one entry a person, in a stable order."""
    found: dict[str, _Person] = {}
    for account in pull.reviewers or []:
        if account and account.key:
            found[account.key] = _Person(account.key, account, True, False, None, None)  # noqa: FBT003
    for participant in pull.participants or []:
        person = _person(participant, found) if participant else None
        if person:
            found[person.key] = person
    return tuple(found[key] for key in sorted(found))


def _person(participant: Participant, known: dict[str, _Person]) -> _Person | None:
    account = participant.user
    if account is None or not account.key:
        return None
    before = known.get(account.key)
    approved = bool(participant.approved) or bool(before and before.approved)
    state = participant.state or (before.state if before else None)
    return _Person(
        key=account.key,
        account=account,
        requested=participant.role == "REVIEWER" or bool(before and before.requested),
        approved=approved,
        state=_APPROVED if approved else state,
        participated_on=epoch_ms(participant.participated_on) or (before.participated_on if before else None),
    )


def _people_edges(pull: PullRequest, people: Iterable[_Person], key: str) -> Iterable[Relationship]:
    if pull.author and pull.author.key:
        yield Relationship("OPENED", members.TYPE, pull.author.key, TYPE, key)
    for person in people:
        if person.reviewed:
            facts = present(
                requested=person.requested, state=person.state, participatedOn=person.participated_on
            )
            yield Relationship("REVIEWED", members.TYPE, person.key, TYPE, key, facts)
        if person.approved:
            when = present(approvedOn=person.participated_on)
            yield Relationship("APPROVED", members.TYPE, person.key, TYPE, key, when)


def _properties(
    pull: PullRequest, people: tuple[_Person, ...], repository: RepositoryFacts
) -> dict[str, Value]:
    state = pull.state or "UNKNOWN"
    title = pull.title or f"Pull request {pull.id}"
    reviewers = [person for person in people if person.reviewed]
    approvers = [person for person in people if person.approved]
    properties = present(
        id=str(pull.id),
        number=pull.id,
        repoId=repository.uuid,
        name=title,
        title=title,
        description=pull.description or None,
        reason=pull.reason or None,
        state=state,
        open=state == "OPEN",
        merged=state == "MERGED",
        declined=state == "DECLINED",
        superseded=state == "SUPERSEDED",
        draft=pull.draft,
        taskCount=pull.task_count,
        commentCount=pull.comment_count,
        closeSourceBranch=pull.close_source_branch,
        createdOn=epoch_ms(pull.created_on),
        updatedOn=epoch_ms(pull.updated_on),
        reviewerIds=[person.key for person in reviewers],
        reviewers=[person.account.label for person in reviewers],
        approverIds=[person.key for person in approvers],
        approvers=[person.account.label for person in approvers],
        changesRequestedByIds=[person.key for person in people if person.state == _CHANGES_REQUESTED],
    )
    return (
        properties
        | _of_repository(repository, str(pull.id))
        | _author(pull)
        | _ends(pull)
        | _closing(pull, state)
    )


def _of_repository(repository: RepositoryFacts, number: str) -> dict[str, Value]:
    """Return what a pull request repeats of its repository."""
    link = repository.web_link
    return present(
        accountId=repository.workspace_uuid,
        repository=repository.name,
        displayName=f"{repository.name}/{number}",
        webLink=f"{link}/pull-requests/{number}" if link else None,
    )


def _author(pull: PullRequest) -> dict[str, Value]:
    author = pull.author
    return present(authorId=author.key, author=author.label) if author else {}


def _ends(pull: PullRequest) -> dict[str, Value]:
    source, target = pull.source or End(), pull.destination or End()
    fork = source.repository
    return present(
        source=_branch(source),
        target=_branch(target),
        sourceRepoId=fork.uuid if fork else None,
        sourceCommit=source.commit.hash if source.commit else None,
        targetCommit=target.commit.hash if target.commit else None,
    )


def _branch(end: End) -> str:
    """Return the branch's name; "unknown" where it is gone, because the PR class requires one."""
    return (end.branch.name if end.branch else None) or "unknown"


def _closing(pull: PullRequest, state: str) -> dict[str, Value]:
    """Return who closed it, and of a merged one when and with which commit."""
    closer, commit = pull.closed_by, pull.merge_commit
    closed = present(closedById=closer.key, closedBy=closer.label) if closer else {}
    if state != "MERGED":
        return closed
    merged = present(mergedById=closer.key, mergedBy=closer.label) if closer else {}
    facts = present(mergeCommit=commit.hash, mergedOn=epoch_ms(commit.date)) if commit else {}
    return closed | merged | facts


def _filter(window: Window) -> str | None:
    """Ask for what moved since and for all that is open: an open pull request is never too old to matter."""
    oldest = window.changed_since if window.changed_since is not None else window.floor
    return None if oldest is None else f'(state = "OPEN" OR updated_on >= {iso_utc(oldest)})'


PULL_REQUESTS = Step(
    id="fetch-pull-requests",
    title="Pull requests",
    scope="pullrequests",
    per="repository",
    entities=(ENTITY,),
    relationships=(HAS_PULL_REQUEST, OPENED_PULL_REQUEST, REVIEWED_PULL_REQUEST, APPROVED_PULL_REQUEST),
    fetch=fetch,
    read=decoder(PullRequest),
    map=to_record,
    probe=probe,
    awaited=("state", "OPEN"),
    refresh=refresh,
)
