"""The integrations of a store: add, find, remove, and open as clients."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from bucketgraph.bitbucket.budget import Ledger, consumer_id
from bucketgraph.bitbucket.client import Client, Patience
from bucketgraph.bitbucket.monitor import Monitor
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.errors import ConfigError, Conflict, StoreUnreadable
from bucketgraph.integrations.configuration import (
    Config,
    Credentials,
    Integration,
    NewIntegration,
    check_name,
    import_config,
    valid_config,
)
from bucketgraph.integrations.vault import Vault
from bucketgraph.store.base import IntegrationRow
from bucketgraph.store.store import Store

DEFAULT_IMPORT_TYPE = "import"


class Registry:
    """Keeps integrations; their secrets are readable only through the vault."""

    def __init__(self, store: Store, vault: Callable[[], Vault]) -> None:
        self._store, self._vault = store, vault

    def add(self, new: NewIntegration) -> Integration:
        """Store a new integration; raises ConfigError for a bad field or a taken name."""
        config = valid_config(new)
        credentials = Credentials(tuple(consumer.secret for consumer in new.consumers))
        now = int(time.time() * 1000)
        row = IntegrationRow(
            id=str(uuid.uuid4()),
            name=new.name,
            description=new.description,
            config=msgspec.json.encode(config).decode(),
            credentials=self._vault().encrypt(msgspec.json.encode(credentials)),
            created_on=now,
            updated_on=now,
        )
        self._store.add_integration(row)
        return _integration(row)

    def all(self) -> list[Integration]:
        """Return all integrations by name."""
        return [_integration(row) for row in self._store.integrations()]

    def find(self, name: str) -> Integration:
        """Return an integration by name; raises ConfigError naming those that exist."""
        return _integration(self._row(name))

    def find_collected(self, name: str) -> Integration:
        """Return an integration that can be collected; raises ConfigError for an import."""
        integration = self.find(name)
        if integration.imported:
            raise ConfigError(
                f"{name!r} is an import of a folder; there is no Bitbucket behind it to ask.",
                hint=f"Bring it up to date with `bucketgraph import DIR --name {name}`.",
            )
        return integration

    def find_import(self, name: str, integration_type: str | None = None) -> Integration:
        """Return the import of a name, made on its first use.

        Raises ConfigError when the name belongs to a Bitbucket, or to an import of another type.
        """
        known = {one.name: one for one in self.all()}.get(name)
        if known is None:
            return self._add_import(name, integration_type or DEFAULT_IMPORT_TYPE)
        if not known.imported:
            raise ConfigError(
                f"{name!r} is an integration that is collected from Bitbucket.",
                hint="Choose another name with --name.",
            )
        if integration_type not in {None, known.config.integration_type}:
            raise ConfigError(
                f"The import {name!r} has the type {known.config.integration_type!r}, not {integration_type!r}.",
                hint=f"Leave --type out, or remove it first with `bucketgraph integration remove {name}`.",
            )
        return known

    def _add_import(self, name: str, integration_type: str) -> Integration:
        check_name(name, hint="Choose a name for what is imported with --name.")
        now = int(time.time() * 1000)
        row = IntegrationRow(
            id=str(uuid.uuid4()),
            name=name,
            description="",
            config=msgspec.json.encode(import_config(integration_type)).decode(),
            credentials="",
            created_on=now,
            updated_on=now,
        )
        self._store.add_integration(row)
        return _integration(row)

    def remove(self, name: str, *, purge: bool = False) -> None:
        """End everything of an integration and keep its history, or delete all of it with every trace.

        A purge takes the name or id of a removed one, too. Raises ConfigError when there is none, Conflict while a
        run of it is under way, and what `Store.remove_integration` raises.
        """
        integration = self._removable(name) if purge else self.find(name)
        with self.running(integration):
            forget = self._consumers_of_nobody_else(integration) if purge else ()
            self._store.remove_integration(integration.id, purge=purge, forget_consumers=forget)
        if purge:
            self._lock_file(integration).unlink(missing_ok=True)

    def _removable(self, name: str) -> Integration:
        """Return the integration in use of a name, or the removed one of a name or id."""
        for row in self._store.removed_integrations():
            if name in {row.id, row.name}:
                return _integration(row)
        return self.find(name)

    def _consumers_of_nobody_else(self, integration: Integration) -> set[str]:
        """Return how the call ledger names the consumers that no other integration has."""
        others = {key for one in self.all() if one.id != integration.id for key in one.config.consumer_keys}
        return {consumer_id(key) for key in integration.config.consumer_keys if key not in others}

    def consumers(self, name: str) -> tuple[Consumer, ...]:
        """Return an integration's consumers with their secrets."""
        row = self._row(name)
        plain = self._vault().decrypt(row.credentials, whose=f"the integration {name!r}")
        credentials = msgspec.json.decode(plain, type=Credentials)
        keys = _integration(row).config.consumer_keys
        return tuple(Consumer(key, secret) for key, secret in zip(keys, credentials.secrets, strict=True))

    @contextlib.asynccontextmanager
    async def clients(
        self, integration: Integration, *, ledger: Ledger, patience: Patience, monitor: Monitor
    ) -> AsyncIterator[list[Client]]:
        """Open a client for each consumer."""
        async with contextlib.AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(
                    Client(
                        integration.config.origins,
                        consumer,
                        ledger=ledger,
                        patience=patience,
                        monitor=monitor,
                    )
                )
                for consumer in self.consumers(integration.name)
            ]

    @contextlib.contextmanager
    def running(self, integration: Integration) -> Iterator[None]:
        """Hold the integration's run lock, which ends with the process however it ends."""
        lock = FileLock(self._lock_file(integration), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise Conflict(
                f"A run of {integration.name!r} is under way in another process.",
                hint="Wait for it to end, or stop it; then run this again.",
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

    def _lock_file(self, integration: Integration) -> Path:
        """Return the lock beside the database, which all processes on it share whatever their home is."""
        return Path(self._store.where).resolve().with_suffix(f".{integration.id}.lock")

    def _row(self, name: str) -> IntegrationRow:
        rows = {row.name: row for row in self._store.integrations()}
        if name not in rows:
            known = ", ".join(rows) or "none yet"
            raise ConfigError(
                f"There is no integration named {name!r} (known: {known}).",
                hint="Add it with `bucketgraph integration add`.",
            )
        return rows[name]


def _integration(row: IntegrationRow) -> Integration:
    try:
        config = msgspec.json.decode(row.config, type=Config)
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"The stored configuration of the integration {row.name!r} cannot be read ({error}).",
            hint="It was changed by hand or by a newer bucketgraph; restore a backup of the graph file.",
        ) from None
    return Integration(row.id, row.name, row.description, config, row.created_on, row.updated_on)
