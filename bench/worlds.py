"""The made-up companies that are collected: their sizes, the fewest calls they need, and their truth."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bucketgraph.demo import World, expected_entities, expected_relationships, generate_world
from bucketgraph.store.store import Store

PAGE = 100
"""How many members, projects or repositories one call brings at most."""

PULL_REQUEST_PAGE = 50
"""How many pull requests one call brings at most."""

ALLOWANCE = 1.05
"""The target: at most five per cent over the fewest calls."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything a world has."""

    name: str
    repositories: int
    pull_requests: int
    members: int
    projects: int

    @property
    def label(self) -> str:
        """Return `repositories/pull requests` for a person to read."""
        return f"{self.repositories:,}/{self.pull_requests:,}"

    def arguments(self) -> list[str]:
        """Return what makes `python -m bucketgraph.demo` serve this world."""
        return [
            f"--repositories={self.repositories}",
            f"--pull-requests={self.pull_requests}",
            f"--members={self.members}",
            f"--projects={self.projects}",
        ]

    def world(self) -> World:
        """Return the same world as the fake serves, to compare with."""
        return generate_world(
            repositories=self.repositories,
            pull_requests=self.pull_requests,
            members=self.members,
            projects=self.projects,
        )


SIZES = {
    size.name: size
    for size in (
        Size("small", 50, 1_000, 40, 5),
        Size("medium", 300, 5_000, 150, 30),
        Size("large", 5_000, 200_000, 600, 100),
    )
}


def fewest_calls(world: World, *, unchanged: bool) -> int:
    """Return the calls a perfect collector makes: a token, the structure, and each repository's pages.

    An `unchanged` run needs one call a repository to learn that nothing moved.
    """
    calls = 1
    for workspace in world.workspaces:
        lists = (workspace.members, workspace.projects, workspace.repositories)
        calls += 1 + sum(math.ceil(len(one) / PAGE) for one in lists)
        for repository in workspace.repositories.values():
            pages = math.ceil(len(repository.pull_requests) / PULL_REQUEST_PAGE)
            calls += 1 if unchanged else max(1, pages)
    return calls


def differences(store: Store, world: World, workspaces: Sequence[str]) -> list[str]:
    """Say how the graph differs from the truth; nothing when it is right."""
    expected = expected_entities(world, workspaces)
    found: dict[str, set[str]] = {name: set() for name in expected}
    for entity in store.entities():
        found.setdefault(entity.type, set()).add(entity.key)
    edges = {(edge.verb, edge.from_key, edge.to_key) for edge in store.relationships()}
    wanted = expected_relationships(world, workspaces)
    return [
        *_unlike(((name, expected.get(name, set()), keys) for name, keys in found.items())),
        *_unlike([("relationships", wanted, edges)]),
    ]


def _unlike(pairs: Iterable[tuple[str, AbstractSet[Hashable], AbstractSet[Hashable]]]) -> Iterator[str]:
    for name, expected, found in pairs:
        if expected != found:
            yield f"{name}: {len(expected - found)} missing, {len(found - expected)} too many"
