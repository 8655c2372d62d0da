"""A step: what one resource contributes. Fetching is I/O, mapping is pure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.models.common import Account
from bucketgraph.graph.entity import Record
from bucketgraph.graph.schema import EntityType, RelationshipType
from bucketgraph.graph.values import Properties

T = TypeVar("T")

Per = Literal["workspace", "repository"]


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """What steps need to know of the workspace they work in."""

    uuid: str
    slug: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What a pull request says of its repository; stale copies are refreshed when it is renamed or moved."""

    uuid: str
    name: str
    web_link: str | None
    workspace_uuid: str

    @classmethod
    def of(cls, uuid: str, properties: Properties) -> RepositoryFacts:
        """Read the facts from a repository entity's properties."""
        link = properties.get("webLink")
        return cls(
            uuid,
            str(properties.get("name", "")),
            str(link) if link else None,
            str(properties.get("ownerId", "")),
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """What a step is run for: a workspace, or a repository in one."""

    workspace: WorkspaceFacts
    repository: RepositoryFacts | None = None

    @property
    def owner(self) -> str:
        """Return the key the unit's scopes are named by."""
        return self.repository.uuid if self.repository else self.workspace.uuid

    @property
    def label(self) -> str:
        """Return a name for a person to read."""
        return f"{self.workspace.slug}/{self.repository.name}" if self.repository else self.workspace.slug

    def need_repository(self) -> RepositoryFacts:
        """Return the repository of a repository step's unit."""
        assert self.repository is not None  # noqa: S101  # the runner gives repository steps repository units
        return self.repository


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a listing is asked for; times in epoch ms.

    `changed_since`: what changed since then and whatever is still open (an incremental walk). `floor`:
    nothing closed that is older than this (`--since`). Neither: everything.
    """

    changed_since: int | None = None
    floor: int | None = None

    @property
    def everything(self) -> bool:
        """Say whether a walk through this window can see the scope whole."""
        return self.changed_since is None and self.floor is None


@dataclass(frozen=True, slots=True)
class Names:
    """Present names and links that other entities repeat: display names of people, facts of repositories."""

    people: Mapping[str, str] = field(default_factory=dict)
    repositories: Mapping[str, RepositoryFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one item becomes: its record, the people seen in it, and stand-ins for things it refers to.

    A stand-in (scope kind, record) is written only where nothing better is known, so that no relationship
    dangles because two listings were read at different moments.
    """

    record: Record | None
    people: tuple[Account, ...] = ()
    stand_ins: tuple[tuple[str, Record], ...] = ()
    updated_on: int | None = None


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One resource: which types it yields, how it is fetched and mapped.

    `scope` names the kind of scope it fills, one per unit. `probe` asks for one item that a listing lacks, given
    its key and stored properties: its JSON, empty when it is there but tells nothing new, None when it is
    confirmed gone (404; a 410 speaks of the endpoint, not of the item). `awaited` is a (property, value): an
    incremental listing must hold every stored entity that has it, so one that is missing is probed.
    `refresh` re-derives what an entity repeats of others, and `children` are kinds of scopes that go with
    each record.
    """

    id: str
    title: str
    scope: str
    per: Per
    fetch: Callable[[Client, Unit, Window], AsyncIterator[Page]]
    read: Callable[[bytes], T]
    map: Callable[[T, bytes, Unit], Mapped]
    entities: tuple[EntityType, ...] = ()
    relationships: tuple[RelationshipType, ...] = ()
    probe: Callable[[Client, Unit, str, Properties], Awaitable[bytes | None]] | None = None
    awaited: tuple[str, str] | None = None
    refresh: Callable[[Record, Names], Record] | None = None
    children: tuple[str, ...] = ()
