"""Makes the pull requests of one repository, deterministically from a random generator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketgraph.demo import words
from bucketgraph.demo.people import new_hash, slugify
from bucketgraph.demo.quirks import QUIRKS, spoil
from bucketgraph.demo.world import (
    MergeCommit,
    Participant,
    PullRequest,
    PullRequestEnd,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from bucketgraph.demo.people import Crowd
    from bucketgraph.demo.world import Account, Repository, State

MAX_OPEN = 40
_DAY = 86_400.0
_QUIRKY = 0.04


def default_title(rng: Random) -> str:
    """Draw a believable title."""
    return f"{rng.choice(words.VERBS)} {rng.choice(words.OBJECTS)}{rng.choice(words.PLACES)}"


@dataclass(slots=True)
class Recipe:
    """What the pull requests of one repository are made from.

    ``count`` of them are spread between ``start`` and ``end`` (epoch seconds). ``spoiled`` adds
    the unpleasant things here and there, ``showcase`` one of each to the oldest pull requests.
    """

    count: int
    start: float
    end: float
    branch: str
    crowd: Crowd
    forks: Sequence[Repository] = ()
    spoiled: bool = False
    showcase: bool = False
    title: Callable[[Random], str] = field(default=default_title)


def make_pull_requests(repository: Repository, recipe: Recipe, rng: Random) -> list[PullRequest]:
    """Make the repository's pull requests, oldest first, ids from 1."""
    instants = sorted(rng.uniform(recipe.start, recipe.end) for _ in range(recipe.count))
    made: list[PullRequest] = []
    still_open = 0
    for number, created in enumerate(instants, start=1):
        state = _draw_state(rng, number / recipe.count, full=still_open >= MAX_OPEN)
        still_open += state == "OPEN"
        pull_request = _make(repository, recipe, rng, (number, round(created, 6), state))
        _spoil_perhaps(pull_request, recipe, rng)
        made.append(pull_request)
    return made


def _spoil_perhaps(pull_request: PullRequest, recipe: Recipe, rng: Random) -> None:
    if not recipe.spoiled:
        return
    if recipe.showcase and pull_request.id <= len(QUIRKS):
        QUIRKS[pull_request.id - 1](pull_request, recipe.crowd, rng)
    elif rng.random() < _QUIRKY:
        spoil(pull_request, recipe.crowd, rng)


def _draw_state(rng: Random, age: float, *, full: bool) -> State:
    # Only recent pull requests (age near 1) are likely to be open.
    drawn = rng.random()
    if not full and drawn < (0.45 if age > 0.88 else 0.02):
        return "OPEN"
    drawn = rng.random()
    if drawn < 0.86:
        return "MERGED"
    return "DECLINED" if drawn < 0.98 else "SUPERSEDED"


def _make(
    repository: Repository,
    recipe: Recipe,
    rng: Random,
    chosen: tuple[int, float, State],
) -> PullRequest:
    number, created, state = chosen
    title = recipe.title(rng)
    members = recipe.crowd.members
    author = rng.choice(members)
    touched = _later(rng, created, recipe.end)
    pull_request = PullRequest(
        home=repository,
        id=number,
        title=title,
        description=_description(rng),
        state=state,
        author=author,
        source=_source(repository, recipe, rng, f"{slugify(title)[:32]}-{number}"),
        destination=PullRequestEnd(recipe.branch, new_hash(rng), repository),
        created_on=created,
        updated_on=touched,
        comment_count=int(rng.random() ** 2 * 9),
        task_count=1 if rng.random() < 0.05 else 0,
        close_source_branch=rng.random() < 0.7,
        draft=state == "OPEN" and rng.random() < 0.1,
    )
    _review(pull_request, members, rng)
    if state != "OPEN":
        _close(pull_request, rng)
    return pull_request


def _later(rng: Random, created: float, end: float) -> float:
    return round(min(end, created + 900 + rng.expovariate(1 / (2 * _DAY))), 6)


def _description(rng: Random) -> str:
    if rng.random() < 0.1:
        return words.LONG_DESCRIPTION
    return rng.choice(words.SHORT_DESCRIPTIONS)


def _source(repository: Repository, recipe: Recipe, rng: Random, branch: str) -> PullRequestEnd:
    fork = recipe.forks and rng.random() < 0.05
    origin = rng.choice(recipe.forks) if fork else repository
    return PullRequestEnd(f"feature/{branch}", new_hash(rng), origin)


def _review(pull_request: PullRequest, members: list[Account], rng: Random) -> None:
    wanted = min(len(members), int(rng.random() * 4))
    chosen = rng.sample(members, wanted)
    pull_request.reviewers = [person for person in chosen if person is not pull_request.author]
    for reviewer in pull_request.reviewers:
        pull_request.participants.append(_participant(pull_request, reviewer, rng))
    if rng.random() < 0.1:
        _drop_in(pull_request, rng.choice(members), rng)


def _participant(pull_request: PullRequest, user: Account, rng: Random) -> Participant:
    approves = rng.random() < (0.35 if pull_request.state == "OPEN" else 0.75)
    objects = not approves and rng.random() < 0.1
    spoken = approves or objects or rng.random() < 0.3
    return Participant(
        user,
        approved=approves,
        state="approved" if approves else "changes_requested" if objects else None,
        participated_on=_between(pull_request, rng) if spoken else None,
    )


def _drop_in(pull_request: PullRequest, user: Account, rng: Random) -> None:
    # Somebody who approves unasked is a PARTICIPANT, not a REVIEWER.
    if user is pull_request.author or pull_request.participant(user):
        return
    pull_request.participants.append(
        Participant(
            user,
            role="PARTICIPANT",
            approved=True,
            state="approved",
            participated_on=_between(pull_request, rng),
        ),
    )


def _between(pull_request: PullRequest, rng: Random) -> float:
    return round(rng.uniform(pull_request.created_on, pull_request.updated_on), 6)


def _close(pull_request: PullRequest, rng: Random) -> None:
    approvers = pull_request.approvers()
    closer = rng.choice(approvers) if approvers and rng.random() < 0.4 else pull_request.author
    pull_request.closed_by = closer
    if pull_request.state == "MERGED":
        pull_request.merge_commit = MergeCommit(new_hash(rng), pull_request.updated_on)
    elif rng.random() < 0.5:
        pull_request.reason = rng.choice(words.REASONS)
