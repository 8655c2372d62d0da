"""Reading one listing to its end, and judging how much of it was really seen."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.models.common import Account
from bucketgraph.collect.step import Mapped, Step, Unit, Window
from bucketgraph.errors import Rejected, Retryable, Skippable, Unreadable
from bucketgraph.graph.entity import SealedRecord, seal
from bucketgraph.graph.snapshot import scope_name
from bucketgraph.store.base import Problem

_WALKS = 2


@dataclass(slots=True)
class Reading:
    """What one walk through a listing gave.

    `complete`: the list was read to its end, every item was readable, and there were as many as it said.
    `newest` is the largest `updated_on` seen and `began` the server's time of the first page (epoch ms).
    `hidden` are types of entities that are not collected: nothing refers to them.
    """

    step: Step[Any]
    unit: Unit
    window: Window
    hidden: frozenset[str] = frozenset()
    records: dict[str, SealedRecord] = field(default_factory=dict)
    people: dict[str, Account] = field(default_factory=dict)
    stand_ins: dict[str, dict[str, SealedRecord]] = field(default_factory=lambda: defaultdict(dict))
    newest: int | None = None
    began: int | None = None
    complete: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def scope(self) -> str:
        """Return the name of the scope the listing fills."""
        return scope_name(self.step.scope, self.unit.owner)

    def add(self, raw: bytes) -> str | None:
        """Map one item and keep what it becomes; its key, or None for an item without identity.

        Raises Rejected for an item of a hopeless shape.
        """
        mapped = self.step.map(self.step.read(raw), raw, self.unit)
        if self.hidden:
            mapped = _without(mapped, self.hidden)
        self.people.update({account.key: account for account in mapped.people if account.key})
        for kind, record in mapped.stand_ins:
            self.stand_ins[kind][record.key] = seal(record)
        if mapped.updated_on is not None:
            self.newest = max(self.newest or 0, mapped.updated_on)
        if mapped.record is None:
            return None
        self.records[mapped.record.key] = seal(mapped.record)
        return mapped.record.key

    def report(self, error: Skippable | Retryable) -> None:
        """Note what could not be seen."""
        self.complete = False
        self.problems.append(
            Problem(f"{self.step.title}: {self.unit.label}", error.code, error.message, error.hint)
        )


def _without(mapped: Mapped, hidden: frozenset[str]) -> Mapped:
    """Leave out what refers to types that are not collected."""
    record = mapped.record
    if record is not None:
        edges = tuple(r for r in record.relationships if not {r.from_type, r.to_type} & hidden)
        record = replace(record, relationships=edges)
    stand_ins = tuple(
        (kind, one) for kind, one in mapped.stand_ins if one.entity is None or one.entity.type not in hidden
    )
    return replace(mapped, record=record, stand_ins=stand_ins)


async def read_listing(
    step: Step[Any], client: Client, unit: Unit, window: Window, *, hidden: frozenset[str] = frozenset()
) -> Reading:
    """Read a listing; failures end up in `problems`, only BudgetSpent and CredentialError are raised.

    Pages are numbered, so an item can slip from one page to another while the list changes: items are keyed
    by identity, and when fewer came than the list says it has, it is read once more.
    """
    reading = Reading(step, unit, window, hidden)
    started = int(time.time() * 1000)
    for _ in range(_WALKS):
        walk = _Walk()
        try:
            async for page in step.fetch(client, unit, window):
                walk.take(page, reading)
        except (Skippable, Retryable) as error:
            reading.report(error)
            return reading
        finally:
            reading.began = reading.began or started
        if walk.seen_all:
            reading.complete = not reading.problems
            return reading
    reading.report(
        Retryable(
            f"The list kept changing while it was read: it says it has {walk.size} items, {len(walk.seen)} came.",
            hint="Nothing was deleted; the next run reads it again.",
        )
    )
    return reading


@dataclass(slots=True)
class _Walk:
    """One pass over the pages."""

    seen: set[str] = field(default_factory=set)
    size: int | None = None
    last_size: int | None = None
    shrank: bool = False

    def take(self, page: Page, reading: Reading) -> None:
        reading.began = reading.began or page.server_ms
        if page.size is not None:
            self.size = page.size if self.size is None else self.size
            self.shrank = self.shrank or (self.last_size is not None and page.size < self.last_size)
            self.last_size = page.size
        for raw in page.items:
            # An item without identity counts by its content: a list that starts again repeats it.
            self.seen.add(self._add(raw, reading) or repr(raw))

    def _add(self, raw: bytes, reading: Reading) -> str | None:
        try:
            return reading.add(raw)
        except (Rejected, Retryable) as error:
            reading.report(Unreadable(f"An item could not be read and was left out. {error.message}"))
            return None

    @property
    def seen_all(self) -> bool:
        """Say whether all items came that the list said it has at the beginning.

        When it shrinks while it is read, an item may slip to a page already read, so nothing is proved.
        """
        return self.size is None or (not self.shrank and len(self.seen) >= self.size)
