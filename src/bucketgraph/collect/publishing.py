"""Handing snapshots to the store: one publication at a time, people first, repeated names kept fresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bucketgraph.collect.missing import Settled
from bucketgraph.collect.people import SCOPE as PEOPLE_SCOPE
from bucketgraph.collect.people import Directory, PeopleChanges
from bucketgraph.collect.progress import Progress
from bucketgraph.collect.step import Names, RepositoryFacts
from bucketgraph.collect.steps import STEPS, members, workspaces
from bucketgraph.graph.entity import SealedRecord, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.store.base import Problem, Publication
from bucketgraph.store.store import Store

_PEOPLE_PROPERTIES = ("closedById",)
"""Properties that name a person without a relationship."""


class Publisher:
    """Publishes for one run. Owns the directory of people, because they go with whatever names them."""

    def __init__(
        self,
        store: Store,
        integration_id: str,
        run_id: int,
        *,
        progress: Progress,
        note: Callable[[Problem], None],
    ) -> None:
        self._store, self._integration_id, self._run_id = store, integration_id, run_id
        self._progress, self._note = progress, note
        self._lock = asyncio.Lock()
        self.people = load_directory(store, integration_id)

    async def publish(
        self,
        settled: Sequence[Settled],
        *,
        stand_ins: Sequence[Snapshot] = (),
        renamed: Mapping[str, RepositoryFacts],
    ) -> None:
        """Publish settled snapshots in one transaction, with the people seen so far.

        Whatever repeats the name of a renamed person or repository is refreshed in the same transaction, so
        the graph never says two names at once, not even after a crash.
        """
        async with self._lock:
            people = self.people.take_changes()
            names = Names(people.renamed, renamed)
            fresh = {key for one in settled for key in one.snapshot.records}
            stale = bool(names.people or names.repositories)
            refreshed = await asyncio.to_thread(self._refresh, names, fresh) if stale else []
            snapshots = _keep_stand_ins(settled, stand_ins)
            publication = Publication(
                self._integration_id,
                self._run_id,
                (*_people(people), *snapshots, *stand_ins, *refreshed),
                scopes={one.snapshot.scope: one.state for one in settled},
                retire=frozenset().union(*(one.retire for one in settled)),
            )
            await self._store_publication(publication)

    async def retire_people(self, named_by: tuple[str, str], type_name: str) -> None:
        """Delete people who are no members any more and whom nothing names."""
        async with self._lock:
            idle = await asyncio.to_thread(
                self._store.unreferenced, self._integration_id, type_name=type_name, named_by=[named_by]
            )
            if idle:
                await self._store_publication(Publication(self._integration_id, self._run_id, retire=idle))

    async def _store_publication(self, publication: Publication) -> None:
        counts, dangling = await asyncio.to_thread(self._store.publish, publication)
        if dangling:
            self._note(
                Problem(
                    "Publishing",
                    "dangling",
                    f"{dangling} records refer to something that is not in the graph; those relationships are missing.",
                    "`sync --full` tries them again.",
                )
            )
        self._progress.published(counts)

    def _refresh(self, names: Names, fresh: set[str]) -> list[Snapshot]:
        """Return partial snapshots of stored records that repeat an old name, by scope."""
        keys = names.people.keys() | names.repositories.keys()
        if not keys:
            return []
        by_scope: dict[str, dict[str, SealedRecord]] = {}
        for step in STEPS:
            if step.refresh is None:
                continue
            for entity in step.entities:
                linked = self._store.records_linked(
                    self._integration_id, type_name=entity.name, keys=keys, properties=_PEOPLE_PROPERTIES
                )
                for scope, record in linked:
                    if record.key not in fresh:
                        by_scope.setdefault(scope, {})[record.key] = seal(step.refresh(record, names))
        return [Snapshot(scope, records) for scope, records in by_scope.items()]


def load_directory(store: Store, integration_id: str) -> Directory:
    """Return the directory as the last run left it."""
    users = {
        entity.key: entity.properties
        for entity in store.entities(members.TYPE, integration_id=integration_id, tagged=False)
    }
    memberships: dict[str, set[str]] = {}
    edges = store.relationships(
        integration_id=integration_id, verb="HAS", from_type=workspaces.TYPE, to_type=members.TYPE
    )
    for edge in edges:
        memberships.setdefault(edge.from_key, set()).add(edge.to_key)
    return Directory(users, {uuid: frozenset(keys) for uuid, keys in memberships.items()})


def _people(changes: PeopleChanges) -> list[Snapshot]:
    return [Snapshot(PEOPLE_SCOPE, changes.records)] if changes.records else []


def _keep_stand_ins(settled: Sequence[Settled], stand_ins: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the snapshots, told to keep what others refer to even where their own list lacks it."""
    kept: dict[str, frozenset[str]] = {one.scope: frozenset(one.records) for one in stand_ins}
    return [
        replace(one.snapshot, keep=one.snapshot.keep | kept.get(one.snapshot.scope, frozenset()))
        for one in settled
    ]
