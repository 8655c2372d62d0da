"""Taking out of the graph what switched-off sources brought. That is a person's decision, so nothing is asked."""

from __future__ import annotations

from typing import Protocol

from bucketgraph.collect.missing import Settled
from bucketgraph.collect.progress import Progress
from bucketgraph.collect.publishing import Publisher
from bucketgraph.collect.sources import SOURCES
from bucketgraph.collect.steps import members
from bucketgraph.graph.snapshot import Snapshot, scope_name
from bucketgraph.store.base import ScopeState
from bucketgraph.store.store import Store


class Choice(Protocol):
    """Which sources of which integration are off."""

    @property
    def integration_id(self) -> str:
        """Return the integration's id."""
        ...

    @property
    def off(self) -> frozenset[str]:
        """Return the ids of the sources that are off."""
        ...


async def forget_sources(store: Store, publisher: Publisher, choice: Choice, progress: Progress) -> None:
    """Publish the scopes of switched-off sources as empty, one by one, and have them begin anew when on again.

    The history stays. What was forgotten before costs a look at each scope.
    """
    states = store.scope_states(choice.integration_id)
    for step in (step for one in SOURCES if one.id in choice.off for step in one.steps):
        if step.id == members.MEMBERS.id:
            publisher.people.forget_members()
        prefix = scope_name(step.scope, "")
        mine = {name: state for name, state in states.items() if name.startswith(prefix)}
        full = [
            name
            for name, state in mine.items()
            if state != ScopeState() or store.scope_keys(choice.integration_id, name)
        ]
        if full:
            progress.step_started(step.id, f"{step.title} (switched off)", len(full))
        for name in full:
            empty = Settled(Snapshot(name, {}, whole=True), frozenset(), ScopeState())
            await publisher.publish([empty], renamed={})
            progress.step_advanced(step.id, name)
        if full:
            progress.step_ended(step.id)
