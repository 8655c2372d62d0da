"""The composition root: the one place that builds store, vault, registry and runs from settings."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
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
from bucketgraph.errors import ConfigError, CredentialError
from bucketgraph.integrations.check import Check, check
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.registry import Registry
from bucketgraph.integrations.vault import Vault, check_key_file, open_vault
from bucketgraph.people.catalogue import CATALOGUE
from bucketgraph.settings import CONFIG_FILE, Settings, check_file, load
from bucketgraph.store.base import Run
from bucketgraph.store.store import Store

if TYPE_CHECKING:
    from bucketgraph.exchange import archive
    from bucketgraph.exchange.backups import Replacement, Restored
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

    def backup(
        self,
        path: Path,
        *,
        with_key: bool = False,
        force: bool = False,
        progress: archive.Progress | None = None,
    ) -> archive.Manifest:
        """Write graph, config.toml and, where asked for, secret.key into an archive while others read and write.

        Raises ConfigError, StoreFull, StoreUnreadable; then no new file is there.
        """
        from bucketgraph.exchange import backups, home_files  # noqa: PLC0415  # as above

        files = home_files.files_to_keep(self.settings, with_key=with_key)
        return backups.make(self.store, path, files, force=force, progress=progress)

    def restore(
        self,
        path: Path,
        *,
        allowed: Callable[[Replacement], bool] = lambda _: True,
        with_config: bool = False,
        with_key: bool = False,
        safety: bool = True,
        progress: archive.Progress | None = None,
    ) -> Restored:
        """Put a backup's graph in the place of the present one, and its config.toml and secret.key where asked for.

        Everything is checked first; then `allowed` is asked. Other processes may go on: they see the restored
        graph at once, settings and key when they start again. With `safety` the present graph is backed up beside
        itself first. Raises Conflict while a run is under way, ConfigError, and StoreErrors; then the graph is as
        before.
        """
        from bucketgraph.exchange import backups, home_files  # noqa: PLC0415  # as above

        done = backups.restore(
            self.store,
            path,
            home_files.files_to_replace(self.settings, with_config=with_config, with_key=with_key),
            check=_check_restored,
            allowed=allowed,
            alone=self._no_run,
            safety=home_files.files_to_keep(self.settings, with_key=False) if safety else None,
            progress=progress,
        )
        self.__dict__.pop("vault", None)  # the key may be another one now
        return done

    def locked_out(self) -> list[str]:
        """Return the names of integrations whose stored credentials the present key cannot read."""
        names = []
        for one in self.registry.all():
            if not one.imported:
                try:
                    self.registry.consumers(one.name)
                except (ConfigError, CredentialError):
                    names.append(one.name)
        return names

    @contextlib.contextmanager
    def _no_run(self) -> Iterator[None]:
        """Hold the run locks of all integrations. Raises Conflict while one of them runs."""
        with contextlib.ExitStack() as stack:
            for one in self.registry.all():
                stack.enter_context(self.registry.running(one))
            yield

    def budget_left(self, integration: Integration) -> dict[str, int]:
        """Return how many calls of this hour are left by endpoint group, for the scarcest consumer."""
        now, limit = time.time(), self.settings.hourly_calls
        keys = [consumer_id(key) for key in integration.config.consumer_keys]
        return {
            group: max(0, limit - max(self.ledger.used(key, group, now=now) for key in keys))
            for group in GROUPS
        }


def _check_restored(name: str, file: Path) -> None:
    """Refuse a restored config.toml or secret.key with which the program would not start."""
    if name == CONFIG_FILE:
        check_file(file)
    else:
        check_key_file(file)


@contextlib.contextmanager
def open_app(settings: Settings | None = None) -> Iterator[App]:
    """Open the app on its store and close it afterwards."""
    settings = settings or load()
    store = Store.open(settings.url, CATALOGUE, query_timeout_seconds=settings.query_timeout_seconds)
    try:
        yield App(settings, store)
    finally:
        store.close()
