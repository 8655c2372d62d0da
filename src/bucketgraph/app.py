"""The composition root: the one place that builds store, vault, registry and runs from settings."""

from __future__ import annotations

import asyncio
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
from bucketgraph.collect.progress import Both, CallCounter, Progress, Silent
from bucketgraph.collect.run import Collection, Plan
from bucketgraph.collect.sources import switched_off
from bucketgraph.errors import BucketgraphError, Conflict, StoreError
from bucketgraph.integrations import cancelling
from bucketgraph.integrations.check import Check, check
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.cost import Costs, costs
from bucketgraph.integrations.events import EventLog, Live
from bucketgraph.integrations.facts import Shown
from bucketgraph.integrations.freshness import Freshness, freshness
from bucketgraph.integrations.keyring import Keyring
from bucketgraph.integrations.registry import Registry, open_clients
from bucketgraph.integrations.serving import serving
from bucketgraph.integrations.trial import Trial
from bucketgraph.integrations.vault import check_key_file
from bucketgraph.integrations.worker import Order
from bucketgraph.people.catalogue import CATALOGUE
from bucketgraph.people.mapper import MappingReport, recompute
from bucketgraph.settings import CONFIG_FILE, Settings, check_file, load
from bucketgraph.store.base import Problem, Run, RunReport, Trigger
from bucketgraph.store.store import Store

_DAY_MS = 86_400_000

if TYPE_CHECKING:
    from bucketgraph.access.oidc import Oidc
    from bucketgraph.access.passwords import Passwords
    from bucketgraph.access.sessions import Limits
    from bucketgraph.exchange import archive
    from bucketgraph.exchange.backups import Replacement, Restored
    from bucketgraph.exchange.exports import Exported
    from bucketgraph.integrations.jobs import Jobs
    from bucketgraph.people.desk import People

RUNS_JUDGED = 50
"""How many of an integration's newest runs are looked at to say how it does."""


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
    _logs: dict[str, EventLog] = field(default_factory=dict, repr=False)

    @cached_property
    def keyring(self) -> Keyring:
        """Return the keys of stored credentials."""
        given = self.settings.secret_key
        return Keyring(self.settings.home, given.get_secret_value() if given else None)

    @cached_property
    def registry(self) -> Registry:
        """Return the integrations."""
        return Registry(self.store, self.keyring)

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
        self,
        integration: Integration,
        options: SyncOptions,
        progress: Progress | None = None,
        *,
        trigger: Trigger = "cli",
        workflow_id: str | None = None,
    ) -> Run:
        """Run one collection, alone among all processes on this home, and write its event log."""
        with self.registry.running(integration), EventLog(self.store) as log:
            watched = log if progress is None else Both(progress, log)
            self._logs[integration.id] = log
            try:
                run = await self._collect(integration, options, watched, trigger, workflow_id)
            finally:
                del self._logs[integration.id]
        await asyncio.to_thread(self.recompute_people)
        return run

    async def _collect(
        self,
        integration: Integration,
        options: SyncOptions,
        progress: Progress,
        trigger: Trigger,
        workflow_id: str | None,
    ) -> Run:
        counter = CallCounter(progress)
        plan = Plan(
            integration.id,
            integration.config.workspaces,
            full=options.full,
            since=integration.config.since_ms if options.since is None else options.since,
            off=switched_off(integration.config.sources),
            workers=self.settings.workers,
            trigger=trigger,
            workflow_id=workflow_id,
        )
        async with self.registry.clients(
            integration, ledger=self.ledger, patience=self.patience(wait=options.wait), monitor=counter
        ) as clients:
            for client in clients:
                counter.watch(client.budget)
            return await Collection(self.store, clients, plan, progress=progress, counter=counter).run()

    def live(self, integration_id: str) -> Live | None:
        """Return how far the run of an integration in this process is right now; None when there is none."""
        log = self._logs.get(integration_id)
        return None if log is None else log.live

    async def perform(self, order: Order, workflow_id: str) -> Run | None:
        """Do what a durable job asks for; None when its integration is gone.

        What goes wrong is in the run, also where no run could begin. Raises Conflict while another process collects
        the same integration, StoreError and CancelledError.
        """
        integration = {one.id: one for one in self.registry.all()}.get(order.integration_id)
        if integration is None:
            return None
        options = SyncOptions(full=order.full, wait=order.wait, since=order.since)
        try:
            return await self.sync(integration, options, trigger=order.trigger, workflow_id=workflow_id)
        except (Conflict, StoreError):
            raise
        except BucketgraphError as error:
            return self.store.run_of_workflow(workflow_id) or self._failed(order, workflow_id, error)

    def _failed(self, order: Order, workflow_id: str, error: BucketgraphError) -> Run:
        """Note a run that could not begin, such as one whose credentials cannot be decrypted."""
        problem = Problem("Run", error.code, error.message, error.hint)
        with EventLog(self.store) as log:
            run = self.store.start_run(
                order.integration_id, {}, trigger=order.trigger, workflow_id=workflow_id
            )
            log.run_started(run, resumed=False)
            log.problem(problem)
            ended = self.store.end_run(run.id, "FAILED", RunReport(problems=[problem]))
            log.run_ended(ended)
        return ended

    @property
    def serving(self) -> bool:
        """Say whether a server runs on this graph, which then does what is asked for."""
        return serving(self.store.where)

    def jobs(self) -> Jobs:
        """Return the server's durable jobs, not yet started."""
        from bucketgraph.integrations.jobs import Jobs  # noqa: PLC0415  # only the server needs the engine

        settings = self.settings
        return Jobs(
            self.store,
            collect=self.perform,
            after=(("forget", self.forget_events),),
            concurrent=settings.concurrent_runs,
            keep_days=settings.event_retention_days,
        )

    def forget_events(self) -> None:
        """Forget event logs that are older than the setting says, and live progress from before yesterday."""
        now = int(time.time() * 1000)
        self.store.forget_events(now - self.settings.event_retention_days * _DAY_MS)
        self.store.forget_events(now - _DAY_MS, level="debug")

    def request_run(self, integration: Integration, options: SyncOptions, trigger: Trigger = "manual") -> str:
        """Ask the server on this graph for a run and return its job's id.

        Raises Conflict while a run of the integration is queued or in progress.
        """
        from bucketgraph.integrations.jobs import Queue  # noqa: PLC0415  # as above

        order = Order(integration.id, trigger, full=options.full, wait=options.wait, since=options.since)
        with Queue(self.store.where) as queue:
            return queue.request(order)

    def cancel(self, integration: Integration) -> cancelling.Cancelled:
        """Stop the run of an integration that is queued, in progress or interrupted; Conflict if there is none."""
        return cancelling.cancel(self.store, self.registry, integration)

    async def test(self, integration: Integration) -> list[Check]:
        """Try an integration's consumers and workspaces."""
        async with self.registry.clients(
            integration, ledger=self.ledger, patience=self.patience(wait=False), monitor=CallCounter(Silent())
        ) as clients:
            off = switched_off(integration.config.sources)
            return await check(clients, integration.config.workspaces, off)

    async def try_out(self, trial: Trial) -> list[Check]:
        """Try consumers and workspaces of a configuration that is not stored."""
        config = trial.config
        async with open_clients(
            config.origins,
            trial.consumers,
            ledger=self.ledger,
            patience=self.patience(wait=False),
            monitor=CallCounter(Silent()),
        ) as clients:
            return await check(clients, config.workspaces, switched_off(config.sources))

    def shown(self, integration: Integration, *, lost: frozenset[str] | None = None) -> Shown:
        """Return an integration as it is shown, with its newest runs.

        `lost` are the ids of those whose credentials cannot be read, where somebody asked already.
        """
        return Shown(
            integration,
            self.store.runs(integration.id, limit=RUNS_JUDGED),
            integration.id in (self.registry.lost_credentials() if lost is None else lost),
            int(time.time() * 1000),
        )

    def costs(self, integration: Integration) -> Costs:
        """Return what an integration's runs cost in calls, and what is too much for its schedule."""
        return costs(self.store, integration, self.settings.hourly_calls)

    def freshness(self, integration: Integration) -> Freshness:
        """Return when each listing of an integration was seen last, and what is not seen."""
        return freshness(self.shown(integration), self.store.freshness(integration.id))

    def import_folder(
        self, path: Path, name: str, *, integration_type: str | None = None
    ) -> tuple[Integration, Run]:
        """Import a folder in the `.j1-integration` layout under a name, alone among all processes."""
        from bucketgraph.exchange.imports import publish, read_graph  # noqa: PLC0415  # who only collects does without

        graph = read_graph(path)
        integration = self.registry.find_import(name, integration_type)
        with self.registry.running(integration):
            run = publish(self.store, integration.id, graph)
        self.recompute_people()
        return integration, run

    def export_folder(self, path: Path, name: str | None = None, *, as_of: int | None = None) -> Exported:
        """Export one integration, or all, into a new folder; `as_of` is epoch ms."""
        from bucketgraph.exchange.exports import export  # noqa: PLC0415  # as above

        chosen = [self.registry.find(name)] if name is not None else self.registry.everything()
        return export(self.store, path, [one.id for one in chosen], as_of=as_of)

    @cached_property
    def people(self) -> People:
        """Return the people, with everything that can be done with them."""
        from bucketgraph.people.desk import People  # noqa: PLC0415  # who only collects does without

        return People(self.store, self.registry)

    def recompute_people(self) -> MappingReport:
        """Make `bitbucket_user IS Person` true after users or people changed; cheap when they did not."""
        return recompute(self.store)

    def remove(self, name: str, *, purge: bool = False, only: str | None = None) -> None:
        """End everything of an integration, or with `purge` erase it, and map people anew.

        `only` is the id that it must have: Conflict when the name is another one's by now.
        """
        self.registry.remove(name, purge=purge, only=only)
        self.recompute_people()

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

        return backups.restore(
            self.store,
            path,
            home_files.files_to_replace(self.settings, with_config=with_config, with_key=with_key),
            check=_check_restored,
            allowed=allowed,
            alone=self._no_run,
            safety=home_files.files_to_keep(self.settings, with_key=False) if safety else None,
            progress=progress,
        )

    def locked_out(self) -> list[str]:
        """Return the names of integrations whose stored credentials the present key cannot read."""
        lost = self.registry.lost_credentials()
        return [one.name for one in self.registry.all() if one.id in lost]

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
