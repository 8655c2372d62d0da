"""Keeping `bitbucket_user IS Person` true: computed anew from users, people and rules, written where it differs."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from bucketgraph.errors import Conflict, StoreUnreadable
from bucketgraph.integrations.configuration import Config
from bucketgraph.people.mapping import (
    DEFAULT,
    Doubt,
    Match,
    Rule,
    contested,
    doubts,
    is_somebody,
    match,
    rules_named,
)
from bucketgraph.people.model import CLASS, USER, VERB
from bucketgraph.store.base import IntegrationRow, RunReport, RunStatus, StoredEntity
from bucketgraph.store.mapped import Link
from bucketgraph.store.store import Store, now_ms

ID = "mapper"
"""The one integration that owns the mapped relationships; it is in no list."""

_WAIT_SECONDS = 60.0


class MapperConfig(Config, frozen=True):
    """The configuration of the mapper: which rules are on."""

    rules: tuple[str, ...] = DEFAULT


@dataclass(frozen=True, slots=True)
class MappingReport:
    """What recomputing found and wrote.

    `links` is how many relationships there are now; `created` and `deleted` are how many this brought and ended.
    The last two count accounts of people that are nobody known, and people without any account.
    """

    links: int = 0
    created: int = 0
    deleted: int = 0
    ambiguous: tuple[Doubt, ...] = ()
    users_without_person: int = 0
    people_without_user: int = 0


@dataclass(frozen=True, slots=True)
class Mapped:
    """Users, people and how they fit, as the graph is now."""

    users: tuple[StoredEntity, ...] = ()
    people: tuple[StoredEntity, ...] = ()
    matches: tuple[Match, ...] = ()

    def links(self) -> frozenset[Link]:
        """Return the relationships that there should be."""
        return frozenset(Link(VERB, one.user.id, one.person.id) for one in self.matches)

    def users_without(self) -> list[StoredEntity]:
        """Return the users who may be somebody and are nobody known."""
        known = {one.user.id for one in self.matches}
        return [one for one in self.users if one.id not in known and is_somebody(one)]

    def people_without(self) -> list[StoredEntity]:
        """Return the people who have no user."""
        known = {one.person.id for one in self.matches}
        return [one for one in self.people if one.id not in known]


def recompute(store: Store) -> MappingReport:
    """Make the mapped relationships those that the rules give now.

    Costs two short reads, and a write only when something differs; whoever has no people pays for one read.
    Processes do it one after the other, so the last one to end has seen what all of them wrote.
    """
    if not _concerned(store):
        return MappingReport()
    with _alone(store):
        mapped = mapping_now(store)
        wanted, present = mapped.links(), store.links(ID)
        if wanted != present:
            _write(store, wanted)
        return MappingReport(
            links=len(wanted),
            created=len(wanted - present),
            deleted=len(present - wanted),
            ambiguous=doubts_now(store, mapped),
            users_without_person=len(mapped.users_without()),
            people_without_user=len(mapped.people_without()),
        )


def mapping_now(store: Store) -> Mapped:
    """Return users, people and how they fit, without writing anything."""
    users, people = tuple(store.entities(USER)), tuple(store.entities(CLASS))
    return Mapped(users, people, match(users, people, rules(store)))


def doubts_now(store: Store, mapped: Mapped) -> tuple[Doubt, ...]:
    """Return what is ambiguous of a mapping."""
    return doubts(mapped.matches, _workspaces(store, mapped.matches))


def rules(store: Store) -> tuple[Rule, ...]:
    """Return the rules that are on."""
    row = _row(store)
    return rules_named(DEFAULT if row is None else _config(row).rules)


def set_rules(store: Store, ids: tuple[str, ...]) -> None:
    """Store which rules are on; raises ConfigError for one that is unknown."""
    chosen = tuple(rule.id for rule in rules_named(ids))
    with _alone(store):
        row = _row(store) or _add(store)
        config = msgspec.json.encode(msgspec.structs.replace(_config(row), rules=chosen))
        store.update_integration(replace(row, config=config.decode(), updated_on=now_ms()))


def _write(store: Store, wanted: frozenset[Link]) -> None:
    if _row(store) is None:
        _add(store)
    run = store.start_run(ID, {})
    status: RunStatus = "FAILED"
    try:
        store.link(ID, run.id, wanted)
        status = "COMPLETED"
    finally:
        store.end_run(run.id, status, RunReport())


def _concerned(store: Store) -> bool:
    """Say whether there is anybody to map, or once was."""
    return next(iter(store.entities(CLASS, limit=1)), None) is not None or _row(store) is not None


def _workspaces(store: Store, matches: tuple[Match, ...]) -> dict[int, frozenset[str]]:
    """Return the workspaces of the users whose person has other users, too; seldom there are any."""
    users = contested(matches)
    members: dict[tuple[str, str], set[str]] = defaultdict(set)
    for owner in {user.integration_id for user in users}:
        for edge in store.relationships(integration_id=owner, verb="HAS", to_type=USER):
            members[owner, edge.to_key].add(edge.from_key)
    return {user.id: frozenset(members.get((user.integration_id, user.key), ())) for user in users}


@contextlib.contextmanager
def _alone(store: Store) -> Iterator[None]:
    lock = FileLock(Path(store.where).resolve().with_suffix(".mapper.lock"), timeout=_WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise Conflict(
            "Another process has been mapping people for a minute.",
            hint="Look what it does, then run this again.",
        ) from None
    except OSError as error:
        raise StoreUnreadable(
            f"The lock file {lock.lock_file} cannot be used ({error.strerror or error}).",
            hint="Check the owner and permissions of the database's folder.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _row(store: Store) -> IntegrationRow | None:
    return next((row for row in store.integrations() if row.id == ID), None)


def _add(store: Store) -> IntegrationRow:
    """Make the mapper's own row, under a name that nobody took."""
    taken = {row.name for row in store.integrations()}
    name = next(one for number in range(len(taken) + 1) if (one := f"mapper{number or ''}") not in taken)
    config = MapperConfig((), (), kind="mapper", integration_type="mapper", source="system-mapper")
    now = now_ms()
    row = IntegrationRow(ID, name, "", msgspec.json.encode(config).decode(), "", now, now)
    store.add_integration(row)
    return row


def _config(row: IntegrationRow) -> MapperConfig:
    return msgspec.json.decode(row.config, type=MapperConfig)
