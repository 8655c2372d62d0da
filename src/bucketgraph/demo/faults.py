"""Failures on demand: which requests go wrong, and how.

Kinds: ``drop`` (half a body, then the connection ends), ``reset`` (the connection ends before
any answer), ``truncated`` (JSON cut in half, correctly framed), ``html`` (200 with a web page),
``status:N`` (500, 502, 503, 504, 408, 403, 404, 410), ``rate_limit`` (429 as Bitbucket sends
it), ``expire_token`` (every token dies, this request answers 401), ``repeat_item`` (a page
starts with the item the page before ended with), ``skip_item`` (a page lacks an item that
``size`` counts), ``loop_next`` (``next`` is the page itself), ``foreign_next`` (``next`` is at
the origin ``target``), ``redirect`` (302 to ``target``) and ``empty`` (a listing of nothing).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = frozenset(
    {
        "drop",
        "reset",
        "truncated",
        "html",
        "rate_limit",
        "expire_token",
        "repeat_item",
        "skip_item",
        "loop_next",
        "foreign_next",
        "redirect",
        "empty",
    },
)
STATUSES = frozenset({403, 404, 408, 410, 500, 502, 503, 504})
_LATER_PAGE = re.compile(r"[?&]page=(?!1(?:&|$))")


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure: what happens (``kind``) to requests whose path and query ``match`` finds.

    The first ``after`` matching requests pass, then every ``every``-th one fails, with the given
    ``probability``, at most ``times`` times. ``retry_after`` is the header a ``rate_limit``
    carries, ``target`` the address that ``redirect`` and ``foreign_next`` lead to.
    """

    kind: str
    match: str = ""
    times: int | None = None
    every: int = 1
    after: int = 0
    probability: float = 1.0
    retry_after: str | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown kind, and a kind without the target it needs."""
        if self.kind not in KINDS and self.status is None:
            message = f"unknown kind of fault: {self.kind}"
            raise ValueError(message)
        if self.kind in {"redirect", "foreign_next"} and not self.target:
            message = f"a {self.kind} needs a target"
            raise ValueError(message)

    @property
    def status(self) -> int | None:
        """The HTTP status of a ``status:N`` fault."""
        name, _, number = self.kind.partition(":")
        known = name == "status" and number.isdigit() and int(number) in STATUSES
        return int(number) if known else None

    def concerns(self, target: str) -> bool:
        """Tell whether the request for ``target`` (path and query) could fail this way."""
        if self.kind == "repeat_item" and not _LATER_PAGE.search(target):
            return False
        return re.search(self.match, target) is not None


class Faults:
    """Faults tried in order, each with its own count; the same seed makes the same choices."""

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        """Start with these faults, none of which has happened yet."""
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._fired: list[int] = []
        self._rng = Random(seed)
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Let this happen too, after the others."""
        self._faults.append(fault)
        self._seen.append(0)
        self._fired.append(0)

    def clear(self) -> None:
        """Let everything work again."""
        self._faults, self._seen, self._fired = [], [], []

    def fired(self) -> Counter[str]:
        """Count the failures so far by kind."""
        total: Counter[str] = Counter()
        for fault, count in zip(self._faults, self._fired, strict=True):
            total[fault.kind] += count
        return +total

    def pick(self, target: str) -> Fault | None:
        """Return the fault that happens to the request for ``target``, and count it."""
        for index, fault in enumerate(self._faults):
            if fault.concerns(target) and self._happens(index, fault):
                self._fired[index] += 1
                return fault
        return None

    def _happens(self, index: int, fault: Fault) -> bool:
        self._seen[index] += 1
        turn = self._seen[index] - fault.after
        if fault.times is not None and self._fired[index] >= fault.times:
            return False
        due = turn > 0 and (turn - 1) % fault.every == 0
        return due and self._rng.random() < fault.probability
