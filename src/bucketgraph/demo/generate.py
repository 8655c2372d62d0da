"""Generates worlds of any size from a seed.

Everything but pull requests is made at once; these are made when their repository is first read
and forgotten again while nobody changes them, so that very large worlds stay small in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from bucketgraph.demo import words
from bucketgraph.demo.people import Crowd, new_crowd, new_uuid, slugify
from bucketgraph.demo.pulls import Recipe, make_pull_requests
from bucketgraph.demo.shares import allocate, skewed
from bucketgraph.demo.shelf import Shelf
from bucketgraph.demo.world import (
    Membership,
    Project,
    PullRequest,
    Repository,
    Workspace,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketgraph.demo.world import Account

ANCHOR = 1_793_610_000.0
"""The instant at which generated worlds stand unless told otherwise: 2026-11-02 09:00 UTC."""

_DAY = 86_400.0
_SPAN = 900 * _DAY
_SLUGS = ("acme-rockets", "beta-works")


@dataclass(slots=True)
class _Plan:
    """How much of everything one workspace gets."""

    members: int
    projects: int
    repositories: int
    pull_requests: int


def generate_world(
    *,
    workspaces: int = 1,
    members: int = 40,
    projects: int = 5,
    repositories: int = 50,
    pull_requests: int = 1000,
    seed: int = 0,
    clean: bool = False,
    now: float = ANCHOR,
) -> World:
    """Generate a world; the same arguments give the same world.

    Sizes are totals over all workspaces: ``members`` counts distinct people (one of them is in
    two workspaces if there are two), ``pull_requests`` is exact. Unless ``clean``, the world has
    the unpleasant things of real ones. ``now`` is where its clock stands, in epoch seconds.
    """
    if workspaces < 1 or members < workspaces:
        message = "a world needs a workspace, and every workspace a member"
        raise ValueError(message)
    if pull_requests and not repositories:
        message = "pull requests need a repository"
        raise ValueError(message)
    rng = Random(f"world {seed}")
    sizes = _split_all(workspaces, (members, projects, repositories))
    busy = [size[2] for size in sizes]
    counts = allocate(pull_requests, [float(count) for count in busy])
    builder = _Builder(seed, now, clean=clean)
    for number, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        builder.add_workspace(rng, number, _Plan(*size, count))
    return builder.finish()


def _split_all(parts: int, totals: Sequence[int]) -> list[tuple[int, int, int]]:
    shares = [[total // parts + (i < total % parts) for i in range(parts)] for total in totals]
    return list(zip(*shares, strict=True))


class _Builder:
    def __init__(self, seed: int, now: float, *, clean: bool) -> None:
        self._seed = seed
        self._now = now
        self._clean = clean
        self._workspaces: list[Workspace] = []
        self._accounts: list[Account] = []
        self._recipes: dict[str, Recipe] = {}
        self._shelf = Shelf(self._make)

    def _make(self, repository: Repository) -> list[PullRequest]:
        rng = Random(f"{self._seed} {repository.uuid}")
        return make_pull_requests(repository, self._recipes[repository.uuid], rng)

    def finish(self) -> World:
        if len(self._workspaces) > 1:
            shared = next(iter(self._workspaces[0].members.values()))
            self._workspaces[1].members[shared.account.uuid] = Membership(shared.account)
        return World(self._workspaces, self._accounts, now=self._now)

    def add_workspace(self, rng: Random, number: int, plan: _Plan) -> None:
        slug = _SLUGS[number] if number < len(_SLUGS) else f"ws-{number + 1}"
        workspace = Workspace(
            uuid=new_uuid(rng),
            slug=slug,
            name=slug.replace("-", " ").title() if number % 2 == 0 else slug,
            is_private=True,
            created_on=round(self._now - _SPAN - 400 * _DAY, 6),
        )
        crowd = new_crowd(rng, plan.members, before=self._now - 30 * _DAY, clean=self._clean)
        for team in crowd.teams:
            team.uuid = workspace.uuid  # a team account is the workspace in old clothes
        self._accounts += crowd.everybody()
        workspace.members = {
            person.uuid: Membership(person, "owner" if i < 2 else "member")
            for i, person in enumerate(crowd.members)
        }
        workspace.projects = [self._project(rng, i) for i in range(plan.projects)]
        self._workspaces.append(workspace)
        self._add_repositories(workspace, crowd, rng, plan)

    def _project(self, rng: Random, number: int) -> Project:
        area = words.AREAS[number % len(words.AREAS)]
        again = number // len(words.AREAS)
        name = f"{area} {again + 1}" if again else area
        created = round(self._now - _SPAN - rng.uniform(0, 300) * _DAY, 6)
        return Project(
            uuid=new_uuid(rng),
            key=f"{area[:4].upper()}{again + 1 if again else ''}",
            name=name,
            description=None if number % 3 == 2 and not self._clean else f"Everything {name}",
            is_private=number % 4 != 3,
            created_on=created,
            updated_on=round(created + rng.uniform(0, 200) * _DAY, 6),
        )

    def _add_repositories(
        self,
        workspace: Workspace,
        crowd: Crowd,
        rng: Random,
        plan: _Plan,
    ) -> None:
        made = [self._repository(rng, workspace, i, plan) for i in range(plan.repositories)]
        if not self._clean:
            _spoil_repositories(made)
        forks = [] if self._clean else self._forks(rng, made, crowd)
        counts = skewed(plan.pull_requests, len(made), rng)
        busiest = max(range(len(made)), key=lambda i: counts[i], default=0)
        for i, repository in enumerate(made):
            self._recipes[repository.uuid] = Recipe(
                count=counts[i],
                start=repository.created_on,
                end=repository.updated_on,
                branch=repository.mainbranch or "main",
                crowd=crowd,
                forks=forks,
                spoiled=not self._clean,
                showcase=i == busiest,
            )
            workspace.repositories[repository.uuid] = repository

    def _repository(
        self,
        rng: Random,
        workspace: Workspace,
        number: int,
        plan: _Plan,
    ) -> Repository:
        # Created in order, so that the listing by creation is the order of the model.
        created = self._now - _SPAN + 500 * _DAY * (number + rng.random()) / plan.repositories
        name = f"{rng.choice(words.DOMAINS)}-{rng.choice(words.KINDS)}-{number + 1}"
        return Repository(
            uuid=new_uuid(rng),
            workspace=workspace,
            slug=name,
            name=name,
            created_on=round(created, 6),
            updated_on=round(self._now - rng.expovariate(1 / 20) * _DAY % (300 * _DAY) - 60, 6),
            description=rng.choice(words.SHORT_DESCRIPTIONS),
            project=rng.choice(workspace.projects) if workspace.projects else None,
            mainbranch=rng.choice(("main", "master", "develop")),
            is_private=rng.random() < 0.95,
            language=rng.choice(words.LANGUAGES),
            size=int(rng.lognormvariate(13, 2)),
            shelf=self._shelf,
        )

    def _forks(self, rng: Random, made: list[Repository], crowd: Crowd) -> list[Repository]:
        return [
            _fork(rng, repository, crowd.members[i % len(crowd.members)])
            for i, repository in enumerate(made[:3])
        ]


def _fork(rng: Random, parent: Repository, owner: Account) -> Repository:
    slug = f"{slugify(owner.display_name)}-personal"
    home = Workspace(new_uuid(rng), slug, owner.display_name, True, owner.created_on)  # noqa: FBT003
    return Repository(
        uuid=new_uuid(rng),
        workspace=home,
        slug=parent.slug,
        name=parent.name,
        created_on=parent.created_on,
        updated_on=parent.updated_on,
        parent=parent,
    )


def _spoil_repositories(made: list[Repository]) -> None:
    for repository in made[1:2]:
        repository.name, repository.slug = "Project one", "project-one"
    for repository in made[6:7]:
        repository.mainbranch = None
    for repository in made[3:4]:
        repository.project = None
    for repository in made[4:5]:
        repository.parent, repository.fork_policy = made[0], "allow_forks"
    for repository in made[5:6]:
        repository.is_private = False
