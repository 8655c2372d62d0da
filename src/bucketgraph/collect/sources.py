"""Ingestion sources: the parts of a collection that a person may switch off, and what each costs in calls.

A source that is off is not asked, and what it brought leaves the graph at the next run: that is a decision, not a
failure. Its history stays; switched on again, it is read from the beginning.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bucketgraph.bitbucket import endpoints as e
from bucketgraph.bitbucket.endpoints import Endpoint, Group
from bucketgraph.collect.step import Step
from bucketgraph.collect.steps import STEPS, members, projects, pull_requests, repositories, workspaces
from bucketgraph.collect.steps.pull_request_schema import TYPE as PULL_REQUEST
from bucketgraph.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is to collect, as far as the graph knows."""

    workspaces: int
    members: int = 0
    projects: int = 0
    repositories: int = 0
    pull_requests: int = 0
    open_pull_requests: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """One part of a collection.

    `steps` fetch it through `endpoints`. `hides` are types of entities that only it brings, so that relationships
    with them go when it is off. `first` and `later` tell how many calls a first and an incremental run take.
    """

    id: str
    title: str
    description: str
    steps: tuple[Step[Any], ...]
    endpoints: tuple[Endpoint, ...]
    first: Callable[[Sizes], int]
    later: Callable[[Sizes], int]
    hides: tuple[str, ...] = ()
    required: bool = False
    default: bool = True

    @property
    def group(self) -> Group:
        """Return the group its calls are counted in."""
        return self.endpoints[0].group

    def spent(self, calls: Mapping[str, int]) -> int:
        """Return how many of a run's calls, given by endpoint, were for this source."""
        return sum(calls.get(endpoint.name, 0) for endpoint in self.endpoints)


def _pages(lists: int, items: int, endpoint: Endpoint) -> int:
    """Return about how many pages some lists have together: at least one each."""
    return lists + items // endpoint.pagelen


def _members(sizes: Sizes) -> int:
    return _pages(sizes.workspaces, sizes.members, e.PERMISSIONS)


def _repositories(sizes: Sizes) -> int:
    return _pages(sizes.workspaces, sizes.repositories, e.REPOSITORIES)


def _projects(sizes: Sizes) -> int:
    return _pages(sizes.workspaces, sizes.projects, e.PROJECTS)


SOURCES: tuple[Source, ...] = (
    Source(
        id="workspaces",
        title="Workspaces",
        description="The workspaces themselves.",
        steps=(workspaces.WORKSPACES,),
        endpoints=(e.WORKSPACE,),
        first=lambda sizes: sizes.workspaces,
        later=lambda sizes: sizes.workspaces,
        required=True,
    ),
    Source(
        id="members",
        title="Members",
        description="Who is a member of a workspace, and with which permission. Off: users are known only from pull "
        "requests, and none says whether it is a member.",
        steps=(members.MEMBERS,),
        endpoints=(e.PERMISSIONS, e.MEMBERS, e.MEMBER),
        first=_members,
        later=_members,
    ),
    Source(
        id="repositories",
        title="Repositories",
        description="The repositories of each workspace.",
        steps=(repositories.REPOSITORIES,),
        endpoints=(e.REPOSITORIES, e.REPOSITORY),
        first=_repositories,
        later=_repositories,
        required=True,
    ),
    Source(
        id="projects",
        title="Projects",
        description="The projects of each workspace, and which repository stands in which.",
        steps=(projects.PROJECTS,),
        endpoints=(e.PROJECTS, e.PROJECT),
        first=_projects,
        later=_projects,
        hides=(projects.TYPE,),
    ),
    Source(
        id="pull_requests",
        title="Pull requests",
        description="All pull requests with who opened, reviewed and approved them: one call or more for each "
        "repository in every run.",
        steps=(pull_requests.PULL_REQUESTS,),
        endpoints=(e.PULL_REQUESTS, e.PULL_REQUEST),
        first=lambda sizes: _pages(sizes.repositories, sizes.pull_requests, e.PULL_REQUESTS),
        later=lambda sizes: _pages(sizes.repositories, sizes.open_pull_requests, e.PULL_REQUESTS),
        hides=(PULL_REQUEST,),
    ),
)
"""In the order of the steps. Adding a step means adding it to a source, or a source with it."""


def switched_off(chosen: Mapping[str, bool]) -> frozenset[str]:
    """Return the ids of the sources that are off, given what a person chose; others have their default."""
    return frozenset(one.id for one in SOURCES if not one.required and not chosen.get(one.id, one.default))


def check_sources(chosen: Iterable[tuple[str, bool]]) -> dict[str, bool]:
    """Return a choice of sources; raises ConfigError for one that there is not, or that cannot be off."""
    known = {one.id: one for one in SOURCES}
    found: dict[str, bool] = {}
    for name, on in chosen:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            raise ConfigError(
                f"There is no source {name!r}.",
                hint=f"Did you mean {near[0]}?" if near else f"The sources are {', '.join(known)}.",
            )
        if known[name].required and not on:
            raise ConfigError(
                f"The source {name!r} cannot be switched off: everything else hangs on it.",
                hint=f"These can: {', '.join(one.id for one in SOURCES if not one.required)}.",
            )
        found[name] = on
    return found


def active_steps(off: frozenset[str]) -> tuple[Step[Any], ...]:
    """Return the steps of the sources that are on, in their order."""
    idle = {step.id for one in SOURCES if one.id in off for step in one.steps}
    return tuple(step for step in STEPS if step.id not in idle)


def hidden_types(off: frozenset[str]) -> frozenset[str]:
    """Return the types of entities that nothing brings while these sources are off."""
    return frozenset(name for one in SOURCES if one.id in off for name in one.hides)


def needed_scopes(off: frozenset[str]) -> tuple[str, ...]:
    """Return the OAuth scope words that the other sources need: the smallest set."""
    return e.smallest_scopes(
        endpoint.scope
        for one in SOURCES
        if one.id not in off
        for endpoint in one.endpoints
        if endpoint.scope is not None
    )


def estimate(sizes: Sizes, off: frozenset[str], *, first: bool) -> dict[Group, int]:
    """Return about how many calls a run takes, by group."""
    found: dict[Group, int] = dict.fromkeys(e.GROUPS, 0)
    for one in SOURCES:
        if one.id not in off:
            found[one.group] += one.first(sizes) if first else one.later(sizes)
    return found
