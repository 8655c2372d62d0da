"""Keeps large worlds small: pull requests made on demand and forgotten again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketgraph.demo.world import PullRequest, Repository


class Shelf:
    """Pull requests made on demand: the recently read ones are remembered, up to a total.

    ``make`` must return the same pull requests every time it is asked for a repository.
    """

    def __init__(
        self,
        make: Callable[[Repository], list[PullRequest]],
        capacity: int = 20_000,
    ) -> None:
        """Remember at most about ``capacity`` pull requests, the least recently read go first."""
        self._make = make
        self._capacity = capacity
        self._held: OrderedDict[str, list[PullRequest]] = OrderedDict()
        self._size = 0

    def read(self, repository: Repository) -> list[PullRequest]:
        """Return the repository's pull requests, oldest first."""
        held = self._held.get(repository.uuid)
        if held is not None:
            self._held.move_to_end(repository.uuid)
            return held
        return self._remember(repository)

    def take(self, repository: Repository) -> list[PullRequest]:
        """Return the repository's pull requests and forget them: the caller keeps them now."""
        made = self.read(repository)
        self._size -= len(self._held.pop(repository.uuid))
        return made

    def _remember(self, repository: Repository) -> list[PullRequest]:
        made = self._make(repository)
        self._held[repository.uuid] = made
        self._size += len(made)
        while self._size > self._capacity and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._size -= len(dropped)
        return made
