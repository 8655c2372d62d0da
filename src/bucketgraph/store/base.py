"""What goes into the store and what comes out of it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from bucketgraph.graph.entity import derived_key
from bucketgraph.graph.schema import relationship_type_name
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Value

ChangeKind = Literal["created", "updated", "deleted"]
CHANGE_KINDS: tuple[ChangeKind, ...] = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class ScopeState:
    """How far a scope was collected. Times are epoch ms; None means never, or no limit for `floor`.

    `whole_on`: when it was last read from end to end. `watermark`: the newest `updated_on` published,
    never later than the beginning of the walk that saw it. `floor`: what `--since` cut off. `empty_since`:
    since when its listing comes back suddenly empty. `run_id`: the run that published it last.
    """

    run_id: int | None = None
    whole_on: int | None = None
    watermark: int | None = None
    floor: int | None = None
    empty_since: int | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published in one transaction. `scopes` are the new states of scopes by name."""

    integration_id: str
    run_id: int
    snapshots: tuple[Snapshot, ...] = ()
    scopes: Mapping[str, ScopeState] = field(default_factory=dict)
    retire: frozenset[str] = frozenset()
    """Keys of records to delete whatever their scope: nothing refers to them any more."""


class Tally(msgspec.Struct):
    """How many objects of one type a run created, updated, deleted or found unchanged."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.created += other.created
        self.updated += other.updated
        self.deleted += other.deleted
        self.unchanged += other.unchanged


class Counts(msgspec.Struct):
    """Tallies by entity type and by relationship type."""

    entities: dict[str, Tally] = {}
    relationships: dict[str, Tally] = {}

    def changed(self) -> bool:
        """Say whether anything was created, updated or deleted."""
        tallies = (*self.entities.values(), *self.relationships.values())
        return any(tally.created or tally.updated or tally.deleted for tally in tallies)

    def add(self, other: Counts) -> None:
        """Add another set of counts to this one."""
        for mine, theirs in ((self.entities, other.entities), (self.relationships, other.relationships)):
            for name, tally in theirs.items():
                mine.setdefault(name, Tally()).add(tally)


class Problem(msgspec.Struct, frozen=True):
    """Something a run could not see: where, what happened, and what to do."""

    scope: str
    code: str
    message: str
    hint: str = ""


class RunReport(msgspec.Struct):
    """What a run did so far; kept in the run's row and added to in every publishing transaction."""

    counts: Counts = msgspec.field(default_factory=Counts)
    problems: list[Problem] = []
    calls: dict[str, int] = {}


RunStatus = Literal["IN_PROGRESS", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED"]
Trigger = Literal["cli", "manual", "schedule", "catch-up", "resume"]
"""What began a run: the command line, a person through the server, a tick of the schedule, the tick that was
missed while nothing ran, or the end of an interruption."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an integration; times in epoch ms.

    `workflow_id` names the durable job that does it; `cancel_on` is when somebody asked it to stop.
    """

    id: int
    integration_id: str
    started_on: int
    finished_on: int | None
    status: RunStatus
    options: Mapping[str, str | bool | None]
    report: RunReport
    trigger: Trigger = "cli"
    workflow_id: str | None = None
    cancel_on: int | None = None


@dataclass(frozen=True, slots=True)
class RunTotal:
    """How many runs of an integration ended, or stand, in a status, and when the last one ended (epoch ms)."""

    integration_id: str
    status: RunStatus
    number: int
    last_finished_on: int | None


Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something to be noted in a run's event log; `details` holds counts and other plain facts.

    `name` is one of a small vocabulary: step_start, step_end, step_failure, warn_missing_permission, ….
    `on` is when it happened (epoch ms); None means now, when it is written.
    """

    level: Level
    name: str
    message: str
    step: str = ""
    details: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    on: int | None = None


@dataclass(frozen=True, slots=True)
class RunEvent:
    """An entry of a run's event log; `on` is epoch ms."""

    id: int
    run_id: int
    integration_id: str
    on: int
    level: Level
    name: str
    step: str
    message: str
    details: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of the API as stored: its hash, never itself. Times are epoch ms. `account_id` is whose own it is."""

    id: str
    name: str
    role: str
    integration_id: str | None
    hash: str
    created_on: int
    expires_on: int | None = None
    last_used_on: int | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """An integration as stored: `config` is JSON text, `credentials` encrypted text, times epoch ms."""

    id: str
    name: str
    description: str
    config: str
    credentials: str
    created_on: int
    updated_on: int
    removed_on: int | None = None
    """When it was removed and its history kept; None for one that is in use."""


@dataclass(frozen=True, slots=True)
class ScopeFreshness:
    """How fresh one scope is: what it lists, of whom, and when it was seen. Times are epoch ms.

    `kind` is the listing (`pullrequests`), `owner_key` whose it is and `owner_name` that one's present name, or its
    key where the graph does not know it. `whole_on`: when it was last read from end to end; `watermark`: the
    newest change of it that is in the graph; `run_id` and `last_seen_on`: which run published it last, and when;
    `empty_since`: since when its listing comes back suddenly empty. None means never.
    """

    scope: str
    kind: str
    owner_key: str
    owner_name: str
    whole_on: int | None
    watermark: int | None
    run_id: int | None
    last_seen_on: int | None
    empty_since: int | None


@dataclass(frozen=True, slots=True)
class StoredEntity:
    """The present version of an entity, or its last one when it is deleted. Times in epoch ms.

    `declared` says that its classes are the catalogue's, not its own.
    """

    id: int
    integration_id: str
    key: str
    type: str
    classes: tuple[str, ...]
    name: str
    version: int
    created_on: int
    begin_on: int
    end_on: int | None
    properties: Mapping[str, Value]
    declared: bool = True


@dataclass(frozen=True, slots=True)
class StoredRelationship:
    """The present version of a relationship with its two ends.

    `own_key` and `own_type` are None where key and type are derived.
    """

    id: int
    verb: str
    from_key: str
    from_type: str
    from_name: str
    to_key: str
    to_type: str
    to_name: str
    version: int
    begin_on: int
    properties: Mapping[str, Value]
    own_key: str | None = None
    own_type: str | None = None

    @property
    def key(self) -> str:
        """Return the `_key`."""
        return self.own_key or derived_key(self.from_key, self.verb, self.to_key)

    @property
    def type(self) -> str:
        """Return the `_type`."""
        return self.own_type or relationship_type_name(self.from_type, self.verb, self.to_type)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change feed.

    `before` and `after` hold only the properties that differ; a created object has no `before`, a deleted
    one no `after`.
    """

    publication: int
    on: int
    kind: ChangeKind
    element: Literal["entity", "relationship"]
    type: str
    key: str
    name: str
    before: Mapping[str, Value]
    after: Mapping[str, Value]
