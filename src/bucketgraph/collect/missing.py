"""Deciding what became of stored things that a listing does not hold. Partial never deletes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bucketgraph.bitbucket.client import Client
from bucketgraph.collect.reading import Reading
from bucketgraph.errors import Retryable, Skippable
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Properties
from bucketgraph.store.base import Problem, ScopeState
from bucketgraph.store.store import Store

EMPTY_PATIENCE_MS = 24 * 3600 * 1000
"""How long a listing must stay empty before its emptiness is believed."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A snapshot ready to publish, what to delete one by one, and the scope's state so far."""

    snapshot: Snapshot
    retire: frozenset[str]
    state: ScopeState


async def settle(
    reading: Reading, state: ScopeState, store: Store, client: Client, *, integration_id: str, now: int
) -> Settled:
    """Turn a reading into a snapshot.

    A listing that was read whole deletes what it lacks, after asking for each thing by itself where the step
    can (`probe`); a listing that is suddenly empty deletes nothing. An incremental listing deletes only
    awaited things that are missing and confirmed gone.
    """
    whole = reading.complete and reading.window.everything
    stored = store.scope_keys(integration_id, reading.scope) if whole else set()
    if whole and stored and not reading.records:
        if state.empty_since is None or now - state.empty_since < EMPTY_PATIENCE_MS:
            return _suddenly_empty(reading, state, len(stored), now)
    elif reading.records:
        state = replace(state, empty_since=None)
    missing = stored - reading.records.keys() if whole else _awaited(reading, store, integration_id)
    known = _known(reading, store, integration_id) if missing else {}
    gone, kept = await _probe(reading, client, missing, known)
    snapshot = Snapshot(
        reading.scope, reading.records, whole=whole, keep=kept, children=reading.step.children
    )
    return Settled(snapshot, frozenset() if whole else gone, state)


def _suddenly_empty(reading: Reading, state: ScopeState, stored: int, now: int) -> Settled:
    reading.complete = False
    reading.problems.append(
        Problem(
            f"{reading.step.title}: {reading.unit.label}",
            "suddenly-empty",
            f"The list is suddenly empty; {stored} were known. Nothing was deleted.",
            "If it stays empty for 24 hours, it is believed.",
        )
    )
    state = replace(state, empty_since=state.empty_since or now)
    return Settled(Snapshot(reading.scope, {}), frozenset(), state)


def _awaited(reading: Reading, store: Store, integration_id: str) -> set[str]:
    """Return stored keys that a complete incremental listing should have held."""
    if not (reading.complete and reading.step.awaited and reading.window.floor is None):
        return set()
    name, value = reading.step.awaited
    found = store.entities(integration_id=integration_id, scope=reading.scope, where={name: value})
    return {entity.key for entity in found} - reading.records.keys()


def _known(reading: Reading, store: Store, integration_id: str) -> dict[str, Properties]:
    """Return the stored properties of a scope's entities."""
    found = store.entities(integration_id=integration_id, scope=reading.scope)
    return {entity.key: entity.properties for entity in found}


async def _probe(
    reading: Reading, client: Client, missing: set[str], known: Mapping[str, Properties]
) -> tuple[frozenset[str], frozenset[str]]:
    """Ask for each missing thing; return those confirmed gone and those to keep."""
    probe = reading.step.probe
    if probe is None:
        return frozenset(missing), frozenset()
    gone: set[str] = set()
    for key in sorted(missing):
        try:
            raw = await probe(client, reading.unit, key, known.get(key, {}))
            if raw is None:
                gone.add(key)
            elif raw:
                reading.add(raw)
        except (Skippable, Retryable) as error:
            reading.report(error)
    return frozenset(gone), frozenset(missing - gone)
