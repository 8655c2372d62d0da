"""The integrations of a store: add, find, remove, and open as clients."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from shlex import quote

import msgspec
from filelock import FileLock, Timeout

from bucketgraph.bitbucket.budget import Ledger, consumer_id
from bucketgraph.bitbucket.client import Client, Patience
from bucketgraph.bitbucket.monitor import Monitor
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import Origins
from bucketgraph.errors import ConfigError, Conflict, CredentialError, StoreUnreadable
from bucketgraph.integrations.configuration import (
    Changes,
    Config,
    Credentials,
    Integration,
    Kind,
    NewIntegration,
)
from bucketgraph.integrations.fields import check_name, valid_description
from bucketgraph.integrations.keyring import Keyring, readable
from bucketgraph.integrations.serving import run_lock_file
from bucketgraph.integrations.validity import (
    changed_config,
    import_config,
    new_consumers,
    people_config,
    valid_config,
)
from bucketgraph.store.base import IntegrationRow
from bucketgraph.store.store import Store

DEFAULT_IMPORT_TYPE = "import"


class Registry:
    """Keeps integrations; their secrets are readable only through the vault."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store, self._keyring = store, keyring

    def add(self, new: NewIntegration) -> Integration:
        """Store a new integration; raises ConfigError for a bad field or a taken name."""
        config = valid_config(new)
        _check_not_the_mappers(self._store, new.name)
        now = int(time.time() * 1000)
        with self._keyring.held():
            row = IntegrationRow(
                id=str(uuid.uuid4()),
                name=new.name,
                description=new.description,
                config=msgspec.json.encode(config).decode(),
                credentials=self._sealed(new.consumers),
                created_on=now,
                updated_on=now,
            )
            self._store.add_integration(row, config.properties(new.name))
        return _integration(row)

    def update(
        self, name: str, changes: Changes | Callable[[Config], Changes], *, only: str | None = None
    ) -> Integration:
        """Change an integration; raises ConfigError for a bad field, a taken name or a missing secret.

        Changes of one integration wait for each other, so that none is lost; those that build on the present
        configuration are given as a function of it. `updated_on` moves with each.
        `only` is the id that it must have: Conflict when the name is another one's by now.
        """
        with self._keyring.held():
            row = self._row(name, only)
            before = _integration(row)
            if not isinstance(changes, Changes):
                changes = changes(before.config)
            self._check_kind(before, changes)
            config = changed_config(before.config, changes) if before.collected else before.config
            consumers = new_consumers(before.config, config, changes, self._secrets(row))
            row = self._changed(row, changes, config=config, consumers=consumers)
            after = _integration(row)
            tags = after.config.properties(after.name) if after.collected else None
            self._store.update_integration(row, tags)
        return after

    def _check_kind(self, integration: Integration, changes: Changes) -> None:
        """Refuse what only a Bitbucket has, and another name for a source of people, whose keys hold it."""
        other = [
            one.name
            for one in dataclasses.fields(changes)
            if one.name not in {"name", "description"} and getattr(changes, one.name) is not None
        ]
        if integration.config.kind != "bitbucket" and other:
            raise ConfigError(
                f"{integration.name!r} is not collected from Bitbucket, so it has no {' and no '.join(other)}.",
                hint="Only its name and description can be changed."
                if integration.imported
                else "Only its description can be changed.",
            )
        if integration.config.kind == "people" and changes.name not in {None, integration.name}:
            raise ConfigError(
                f"{integration.name!r} is a source of people, and the keys of its people hold its name.",
                hint="Import the list with another --source, then remove this one with "
                f"`bucketgraph integration remove {quote(integration.name)}`.",
            )

    def _changed(
        self, row: IntegrationRow, changes: Changes, *, config: Config, consumers: list[Consumer] | None
    ) -> IntegrationRow:
        if changes.name is not None:
            check_name(changes.name, hint="Choose the account name you know this Bitbucket by.")
        if consumers is not None:
            config = msgspec.structs.replace(config, consumer_keys=tuple(one.key for one in consumers))
        return dataclasses.replace(
            row,
            name=row.name if changes.name is None else changes.name,
            description=row.description
            if changes.description is None
            else valid_description(changes.description),
            config=msgspec.json.encode(config).decode(),
            credentials=row.credentials if consumers is None else self._sealed(consumers),
            updated_on=max(row.updated_on + 1, int(time.time() * 1000)),
        )

    def _sealed(self, consumers: Sequence[Consumer]) -> str:
        credentials = Credentials(tuple(one.secret for one in consumers))
        return self._keyring.sealing().encrypt(msgspec.json.encode(credentials))

    def all(self) -> list[Integration]:
        """Return what is collected or imported, by name."""
        return of_kinds(self._store, "bitbucket", "import")

    def everything(self) -> list[Integration]:
        """Return all that brings something, by name: sources of people and the mapped relationships, too."""
        return of_kinds(self._store, "bitbucket", "import", "people", "mapper")

    def people_sources(self) -> list[Integration]:
        """Return the sources of people by name."""
        return of_kinds(self._store, "people")

    def add_people_source(self, name: str) -> Integration:
        """Make a source of people; raises ConfigError for a name that is taken or cannot be one."""
        check_name(name, hint="Choose a name for the source with --source.")
        if ":" in name:
            raise ConfigError(
                f"The source {name!r} has a colon in its name.", hint="Choose a name without one."
            )
        return _add(self._store, name, people_config())

    def find(self, name: str) -> Integration:
        """Return an integration by name; raises ConfigError naming those that exist."""
        return _integration(self._row(name))

    def find_collected(self, name: str) -> Integration:
        """Return an integration that can be collected; raises ConfigError for an import."""
        integration = self.find(name)
        if integration.config.kind == "people":
            raise ConfigError(
                f"{name!r} is a source of people; there is no Bitbucket behind it to ask.",
                hint=f"Bring it up to date with `bucketgraph people import FILE --source {name}`.",
            )
        if not integration.collected:
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
                hint=f"Leave --type out, or remove it first with `bucketgraph integration remove {quote(name)}`.",
            )
        return known

    def _add_import(self, name: str, integration_type: str) -> Integration:
        check_name(name, hint="Choose a name for what is imported with --name.")
        return _add(self._store, name, import_config(integration_type))

    def remove(self, name: str, *, purge: bool = False, only: str | None = None) -> None:
        """End everything of an integration and keep its history, or delete all of it with every trace.

        `only` is the id that it must have: Conflict when the name is another one's by now. Raises ConfigError when
        there is none, Conflict while a run of it is under way, and what `Store.remove_integration` raises.
        """
        self._remove(_integration(self._row(name, only)), purge=purge)

    def purge_removed(self, integration_id: str) -> None:
        """Delete what is left of a removed integration; raises ConfigError when there is none of this id."""
        self._remove(_integration(self.find_removed(integration_id)), purge=True)

    def _remove(self, integration: Integration, *, purge: bool) -> None:
        with self.running(integration):
            forget = self._consumers_of_nobody_else(integration) if purge else ()
            self._store.remove_integration(integration.id, purge=purge, forget_consumers=forget)
        if purge:
            self._lock_file(integration).unlink(missing_ok=True)

    def find_removed(self, start: str) -> IntegrationRow:
        """Return a removed integration whose history is kept, by its id or the beginning of it.

        Raises ConfigError when there is none, or more than one.
        """
        rows = self._store.removed_integrations()
        found = [row for row in rows if start and row.id.startswith(start)]
        if len(found) != 1:
            known = ", ".join(row.id for row in (found or rows)) or "none"
            many = (
                "More than one removed integration's id begins"
                if found
                else "No removed integration's id begins"
            )
            raise ConfigError(
                f"{many} with {start!r} (known: {known}).",
                hint="Take it from `bucketgraph integration removed`.",
            )
        return found[0]

    def _consumers_of_nobody_else(self, integration: Integration) -> set[str]:
        """Return how the call ledger names the consumers that no other integration has."""
        others = {key for one in self.all() if one.id != integration.id for key in one.config.consumer_keys}
        return {consumer_id(key) for key in integration.config.consumer_keys if key not in others}

    def consumers(self, name: str) -> tuple[Consumer, ...]:
        """Return an integration's consumers with their secrets.

        Raises CredentialError where they must be entered again, because no present key reads them.
        """
        try:
            return self._consumers(self._row(name))
        except CredentialError:
            # Between our looks at the row and at the keys somebody may have changed the keys.
            return self._consumers(self._row(name))

    def _access(self, integration: Integration) -> tuple[Origins, tuple[Consumer, ...]]:
        """Return where an integration's secrets may go, and its consumers, both of one moment.

        It may have been changed since it was found: what was entered for one address must not go to another.
        """
        row = self._present(integration)
        try:
            consumers = self._consumers(row)
        except CredentialError:  # somebody may have changed the keys between our two looks
            row = self._present(integration)
            consumers = self._consumers(row)
        return _integration(row).config.origins, consumers

    def _present(self, integration: Integration) -> IntegrationRow:
        for row in self._store.integrations():
            if row.id == integration.id:
                return row
        raise ConfigError(f"The integration {integration.name!r} was removed.", hint="Add it again.")

    def _consumers(self, row: IntegrationRow) -> tuple[Consumer, ...]:
        plain = self._keyring.reading().decrypt(row.credentials, whose=f"the integration {row.name!r}")
        credentials = msgspec.json.decode(plain, type=Credentials)
        keys = _integration(row).config.consumer_keys
        return tuple(Consumer(key, secret) for key, secret in zip(keys, credentials.secrets, strict=True))

    def _secrets(self, row: IntegrationRow) -> dict[str, str] | None:
        """Return stored secrets by key, or None when they cannot be read."""
        try:
            return {one.key: one.secret for one in self._consumers(row)}
        except (ConfigError, CredentialError):
            return None

    def lost_credentials(self) -> frozenset[str]:
        """Return the ids of integrations whose credentials must be entered again: no present key reads them."""
        fits = readable(self._keyring)
        return frozenset(row.id for row in self._store.integrations() if not fits(row))

    @contextlib.asynccontextmanager
    async def clients(
        self, integration: Integration, *, ledger: Ledger, patience: Patience, monitor: Monitor
    ) -> AsyncIterator[list[Client]]:
        """Open a client for each consumer that the integration has now, whatever its name is by now."""
        origins, consumers = self._access(integration)
        async with open_clients(
            origins, consumers, ledger=ledger, patience=patience, monitor=monitor
        ) as clients:
            yield clients

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
        return run_lock_file(self._store.where, integration.id)

    def _row(self, name: str, only: str | None = None) -> IntegrationRow:
        rows = {row.name: row for row in self._store.integrations() if _kind_of(row) != "mapper"}
        if name not in rows:
            known = ", ".join(rows) or "none yet"
            raise ConfigError(
                f"There is no integration named {name!r} (known: {known}).",
                hint="Add it with `bucketgraph integration add`.",
            )
        if only not in {None, rows[name].id}:
            raise Conflict(
                f"{name!r} is the name of another integration by now; nothing was changed.",
                hint="Look at `bucketgraph integration list` and run this again.",
            )
        return rows[name]


@contextlib.asynccontextmanager
async def open_clients(
    origins: Origins, consumers: Sequence[Consumer], *, ledger: Ledger, patience: Patience, monitor: Monitor
) -> AsyncIterator[list[Client]]:
    """Open a client for each of some consumers, stored or not."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                Client(origins, consumer, ledger=ledger, patience=patience, monitor=monitor)
            )
            for consumer in consumers
        ]


def of_kinds(store: Store, *kinds: Kind) -> list[Integration]:
    """Return the integrations of some kinds, by name."""
    return [_integration(row) for row in store.integrations() if _kind_of(row) in kinds]


def _add(store: Store, name: str, config: Config) -> Integration:
    """Store an integration that has no credentials."""
    _check_not_the_mappers(store, name)
    now = int(time.time() * 1000)
    row = IntegrationRow(
        id=str(uuid.uuid4()),
        name=name,
        description="",
        config=msgspec.json.encode(config).decode(),
        credentials="",
        created_on=now,
        updated_on=now,
    )
    store.add_integration(row)
    return _integration(row)


def _check_not_the_mappers(store: Store, name: str) -> None:
    """Raise ConfigError for the name of the mapper, which is in no list and cannot be removed."""
    if name in {row.name for row in store.integrations() if _kind_of(row) == "mapper"}:
        raise ConfigError(
            f"The name {name!r} is taken by the mapping of people to users.", hint="Choose another name."
        )


class _OfKind(msgspec.Struct):
    """The part of a configuration that can be read whatever the rest is."""

    kind: str = "bitbucket"


def _kind_of(row: IntegrationRow) -> str:
    try:
        return msgspec.json.decode(row.config, type=_OfKind).kind
    except msgspec.MsgspecError:
        return "bitbucket"


def _integration(row: IntegrationRow) -> Integration:
    try:
        config = msgspec.json.decode(row.config, type=Config)
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"The stored configuration of the integration {row.name!r} cannot be read ({error}).",
            hint="It was changed by hand or by a newer bucketgraph; restore a backup of the graph file.",
        ) from None
    return Integration(row.id, row.name, row.description, config, row.created_on, row.updated_on)
