"""What changed between two states of a scope. Pure, and the only place that decides on deletion."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Changes(Generic[K]):
    """Keys by what happened to them; the four sets are disjoint.

    `unseen` are keys that were there before, did not come again, and are left alone because the scope was
    not seen whole.
    """

    created: frozenset[K]
    updated: frozenset[K]
    deleted: frozenset[K]
    unchanged: frozenset[K]
    unseen: frozenset[K]


def diff(before: Mapping[K, V], after: Mapping[K, V], *, whole: bool) -> Changes[K]:
    """Compare two states, given as key → content (or its digest).

    Partial never deletes: what is missing from `after` is deleted only when the scope was seen `whole`.
    """
    gone = frozenset(before.keys() - after.keys())
    common = before.keys() & after.keys()
    unchanged = frozenset(key for key in common if before[key] == after[key])
    return Changes(
        created=frozenset(after.keys() - before.keys()),
        updated=frozenset(common) - unchanged,
        deleted=gone if whole else frozenset(),
        unchanged=unchanged,
        unseen=frozenset() if whole else gone,
    )
