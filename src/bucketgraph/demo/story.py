"""The story the demo tells: two years of Northwind Robotics, with a few sins to be found."""

from __future__ import annotations

import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from bucketgraph.demo import quirks, story_data
from bucketgraph.demo.people import Crowd, new_person, new_robot, new_uuid
from bucketgraph.demo.pulls import Recipe, make_pull_requests
from bucketgraph.demo.shares import skewed
from bucketgraph.demo.shelf import Shelf
from bucketgraph.demo.world import (
    Membership,
    Participant,
    Project,
    PullRequest,
    Repository,
    Workspace,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketgraph.demo.story_data import Team

    Sin = Callable[[PullRequest, Crowd, Random], None]

PULL_REQUESTS = 1500
_DAY = 86_400.0
_YEARS = 730 * _DAY
_BY_BOT = 0.06
_BY_LEAVER = 0.05
_LEFT = 200 * _DAY


def story_world(*, now: float | None = None) -> World:
    """Tell the story up to ``now`` (epoch seconds, the present unless given).

    One workspace, ``northwind``; everything but the dates is the same every time.
    """
    end = round(time.time() if now is None else now, 6)
    rng = Random("northwind")
    crowd = _crowd(rng, end)
    workspace = _workspace(rng, crowd, end)
    made = [
        (team, _repository(rng, workspace, project, row, end))
        for team, project in zip(story_data.TEAMS, workspace.projects, strict=True)
        for row in team.repositories
    ]
    counts = skewed(PULL_REQUESTS, len(made), rng)
    for (team, repository), count in zip(made, counts, strict=True):
        recipe = Recipe(
            count=count,
            start=max(repository.created_on, end - _YEARS),
            end=end - 3600,
            branch=repository.mainbranch or "main",
            crowd=crowd,
            title=partial(_title, team),
        )
        _fill(repository, recipe, rng)
    held = [pr for _, repository in made for pr in repository.pull_requests]
    _settle(held, crowd, rng, end)
    return World([workspace], crowd.everybody(), now=end)


def _crowd(rng: Random, end: float) -> Crowd:
    began = end - _YEARS
    person = partial(new_person, rng, before=began)
    return Crowd(
        members=[person(name) for name in story_data.MEMBERS],
        leavers=[person(name) for name in story_data.LEAVERS],
        bots=[new_robot(rng, name, before=began) for name in story_data.BOTS],
        teams=[],
    )


def _workspace(rng: Random, crowd: Crowd, end: float) -> Workspace:
    slug, name = story_data.WORKSPACE
    began = round(end - _YEARS - 300 * _DAY, 6)
    workspace = Workspace(new_uuid(rng), slug, name, is_private=True, created_on=began)
    for i, person in enumerate(crowd.members):
        permission = Membership(person, "owner" if i < 3 else "member")
        workspace.members[person.uuid] = permission
    workspace.projects = [_project(rng, team, began) for team in story_data.TEAMS]
    return workspace


def _project(rng: Random, team: Team, began: float) -> Project:
    created = round(began + rng.uniform(1, 90) * _DAY, 6)
    return Project(
        uuid=new_uuid(rng),
        key=team.key,
        name=team.name,
        description=team.description,
        is_private=True,
        created_on=created,
        updated_on=created,
    )


def _repository(
    rng: Random,
    workspace: Workspace,
    project: Project,
    row: tuple[str, str, str],
    end: float,
) -> Repository:
    name, language, description = row
    return Repository(
        uuid=new_uuid(rng),
        workspace=workspace,
        slug=name,
        name=name,
        created_on=round(end - rng.uniform(300, 900) * _DAY, 6),
        updated_on=round(end - rng.uniform(1, 40) * _DAY, 6),
        description=description,
        project=project,
        mainbranch="main",
        is_private=name != story_data.PUBLIC,
        language=language,
        size=int(rng.lognormvariate(14, 1.5)),
    )


def _title(team: Team, rng: Random) -> str:
    return f"{rng.choice(story_data.VERBS)} {rng.choice(team.subjects)}"


def _fill(repository: Repository, recipe: Recipe, rng: Random) -> None:
    made = make_pull_requests(repository, recipe, rng)
    repository.shelf = Shelf(lambda _: made)
    repository.keep()
    repository.workspace.repositories[repository.uuid] = repository
    moved = [pr.updated_on for pr in made if pr.state == "MERGED"]
    repository.updated_on = max(moved, default=repository.updated_on)


def _settle(held: list[PullRequest], crowd: Crowd, rng: Random, end: float) -> None:
    for pull_request in held:
        _cast(pull_request, crowd, rng, end)
        if pull_request.state == "MERGED":
            _behave(pull_request, crowd, rng)
    merged = [pr for pr in held if pr.state == "MERGED" and pr.author in crowd.members]
    for sin, count, age in SINS:
        old = [pr for pr in merged if pr.updated_on < end - age]
        for pull_request in rng.sample(old, count):
            merged.remove(pull_request)
            sin(pull_request, crowd, rng)


def _cast(pull_request: PullRequest, crowd: Crowd, rng: Random, end: float) -> None:
    drawn = rng.random()
    if drawn < _BY_BOT:
        package = rng.choice(story_data.PACKAGES)
        pull_request.title = f"Bump {package} to {rng.randrange(1, 9)}.{rng.randrange(30)}"
        pull_request.author = crowd.bots[1]
        pull_request.description = "Opened automatically."
    elif drawn < _BY_BOT + _BY_LEAVER and pull_request.updated_on < end - _LEFT:
        pull_request.author = rng.choice(crowd.leavers)


def _behave(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    """Make it reviewed as it should be: a colleague approves, nobody objects."""
    pull_request.draft = False
    author = pull_request.author
    for part in list(pull_request.participants):
        if part.user is author:
            _withdraw(pull_request, part)
        elif part.state == "changes_requested":
            quirks.put(pull_request, part.user, "approved")
    if not pull_request.approvers():
        _approve_by_colleague(pull_request, crowd, rng)
    if pull_request.closed_by not in crowd.members:
        pull_request.closed_by = rng.choice(pull_request.approvers())


def _withdraw(pull_request: PullRequest, part: Participant) -> None:
    pull_request.participants.remove(part)
    if part.user in pull_request.reviewers:
        pull_request.reviewers.remove(part.user)


def _approve_by_colleague(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    colleagues = [person for person in crowd.members if person is not pull_request.author]
    part = quirks.put(pull_request, rng.choice(colleagues), "approved")
    part.participated_on = round(
        rng.uniform(pull_request.created_on, pull_request.updated_on),
        6,
    )


def _unreviewed(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd, rng
    for part in pull_request.participants:
        part.approved, part.state, part.participated_on = False, None, None


def _only_self_approved(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    _unreviewed(pull_request, crowd, rng)
    if pull_request.author:
        quirks.put(pull_request, pull_request.author, "approved", "PARTICIPANT")
        pull_request.closed_by = pull_request.author


def _approved_by_leaver(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    _unreviewed(pull_request, crowd, rng)
    quirks.put(pull_request, rng.choice(crowd.leavers), "approved")
    pull_request.closed_by = pull_request.author


def _merged_by_bot(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del rng
    pull_request.closed_by = crowd.bots[0]


def _objection_ignored(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    _unreviewed(pull_request, crowd, rng)
    colleagues = [person for person in crowd.members if person is not pull_request.author]
    part = quirks.put(pull_request, rng.choice(colleagues), "changes_requested")
    part.participated_on = pull_request.created_on + 1800
    pull_request.closed_by = pull_request.author


def _stale(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    _unreviewed(pull_request, crowd, rng)
    quirks.be_open(pull_request)


SINS: tuple[tuple[Sin, int, float], ...] = (
    (_unreviewed, 31, 0.0),
    (_only_self_approved, 11, 0.0),
    (_approved_by_leaver, 7, _LEFT),
    (_merged_by_bot, 9, 0.0),
    (_objection_ignored, 6, 0.0),
    (_stale, 8, 90 * _DAY),
)
"""What went wrong, how often, and the seconds since the last change it takes at least."""
