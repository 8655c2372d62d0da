"""The composition root: the one place that builds store, vault, registry and runs from settings."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bucketgraph.bitbucket.budget import consumer_id
from bucketgraph.bitbucket.client import Patience
from bucketgraph.bitbucket.endpoints import GROUPS
from bucketgraph.collect.ledger import StoreLedger
from bucketgraph.collect.progress import CallCounter, Progress, Silent
from bucketgraph.collect.run import Collection, Plan
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.integrations.check import Check, check
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.registry import Registry
from bucketgraph.integrations.vault import Vault, open_vault
from bucketgraph.settings import Settings, load
from bucketgraph.store.base import Run
from bucketgraph.store.store import Store

if TYPE_CHECKING:
    from bucketgraph.access.oidc import Oidc
    from bucketgraph.access.passwords import Passwords
    from bucketgraph.access.sessions import Limits
    from bucketgraph.exchange.exports import Exported


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How one run is asked for; `since` is epoch ms."""

    full: bool = False
    wait: bool = True
    since: int | None = None


@dataclass
class App:
    """Everything a process needs, built on first use."""

    settings: Settings
    store: Store = field(repr=False)

    @cached_property
    def vault(self) -> Vault:
        """Return the vault of stored credentials."""
        given = self.settings.secret_key
        return open_vault(
            self.settings.home,
            given.get_secret_value() if given else None,
            first_use=not any(row.credentials for row in self.store.integrations()),
        )

    @cached_property
    def registry(self) -> Registry:
        """Return the integrations."""
        return Registry(self.store, lambda: self.vault)

    @cached_property
    def ledger(self) -> StoreLedger:
        """Return the persisted call ledger."""
        return StoreLedger(self.store)

    @cached_property
    def passwords(self) -> Passwords:
        """Return who makes and checks the hashes of passwords."""
        from bucketgraph.access.passwords import Passwords  # noqa: PLC0415  # no run needs it

        return Passwords(memory_mib=self.settings.password_memory_mib)

    @cached_property
    def session_limits(self) -> Limits:
        """Return how long people stay signed in."""
        from bucketgraph.access.sessions import Limits  # noqa: PLC0415

        return Limits.of(self.settings)

    @cached_property
    def oidc(self) -> Oidc | None:
        """Return the identity provider, if one is configured; raises ConfigError when it is not configured whole."""
        from bucketgraph.access.oidc import Oidc  # noqa: PLC0415

        return Oidc.of(self.settings)

    def patience(self, *, wait: bool = True) -> Patience:
        """Return how clients deal with failures and limits."""
        settings = self.settings
        return Patience(
            wait_initial=settings.retry_wait_seconds,
            pause=settings.rate_limit_pause_seconds,
            timeout=settings.timeout_seconds,
            hourly_calls=settings.hourly_calls,
            concurrency=settings.workers,
            wait_for_budget=wait,
        )

    async def sync(
        self, integration: Integration, options: SyncOptions, progress: Progress | None = None
    ) -> Run:
        """Run one collection, alone among all processes on this home."""
        progress = progress or Silent()
        counter = CallCounter(progress)
        plan = Plan(
            integration.id,
            integration.config.workspaces,
            full=options.full,
            since=options.since,
            workers=self.settings.workers,
        )
        with self.registry.running(integration):
            async with self.registry.clients(
                integration, ledger=self.ledger, patience=self.patience(wait=options.wait), monitor=counter
            ) as clients:
                for client in clients:
                    counter.watch(client.budget)
                return await Collection(self.store, clients, plan, progress=progress, counter=counter).run()

    async def test(self, integration: Integration) -> list[Check]:
        """Try an integration's consumers and workspaces."""
        async with self.registry.clients(
            integration, ledger=self.ledger, patience=self.patience(wait=False), monitor=CallCounter(Silent())
        ) as clients:
            return await check(clients, integration.config.workspaces)

    def import_folder(
        self, path: Path, name: str, *, integration_type: str | None = None
    ) -> tuple[Integration, Run]:
        """Import a folder in the `.j1-integration` layout under a name, alone among all processes."""
        from bucketgraph.exchange.imports import publish, read_graph  # noqa: PLC0415  # who only collects does without

        graph = read_graph(path)
        integration = self.registry.find_import(name, integration_type)
        with self.registry.running(integration):
            return integration, publish(self.store, integration.id, graph)

    def export_folder(self, path: Path, name: str | None = None, *, as_of: int | None = None) -> Exported:
        """Export one integration, or all, into a new folder; `as_of` is epoch ms."""
        from bucketgraph.exchange.exports import export  # noqa: PLC0415  # as above

        chosen = [self.registry.find(name)] if name is not None else self.registry.all()
        return export(self.store, path, [one.id for one in chosen], as_of=as_of)

    def budget_left(self, integration: Integration) -> dict[str, int]:
        """Return how many calls of this hour are left by endpoint group, for the scarcest consumer."""
        now, limit = time.time(), self.settings.hourly_calls
        keys = [consumer_id(key) for key in integration.config.consumer_keys]
        return {
            group: max(0, limit - max(self.ledger.used(key, group, now=now) for key in keys))
            for group in GROUPS
        }


@contextlib.contextmanager
def open_app(settings: Settings | None = None) -> Iterator[App]:
    """Open the app on its store and close it afterwards."""
    settings = settings or load()
    store = Store.open(settings.url, CATALOGUE, query_timeout_seconds=settings.query_timeout_seconds)
    try:
        yield App(settings, store)
    finally:
        store.close()
