"""Where the keys of stored credentials come from, and changing them without a moment at which anything is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bucketgraph.errors import ConfigError, Conflict, CredentialError
from bucketgraph.integrations.vault import KEY_FILE, Vault, fresh_key, open_vault, read_keys, write_keys
from bucketgraph.store.base import IntegrationRow
from bucketgraph.store.store import Store

VARIABLE = "BUCKETGRAPH_SECRET_KEY"
_LOCK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys did: integrations that have the new key, and those that no present key reads."""

    renewed: tuple[str, ...]
    unreadable: tuple[str, ...]


class Keyring:
    """The keys of a home, read anew for each use: another process may have changed them meanwhile."""

    def __init__(self, home: Path, given: str | None) -> None:
        """Take the home, and the keys of the settings where there are some: they go before the file."""
        self._home, self._given = home, given

    @property
    def path(self) -> Path:
        """Return where the key file is, or would be."""
        return self._home / KEY_FILE

    @property
    def given(self) -> bool:
        """Say whether the keys come from the settings, not from the file."""
        return self._given is not None

    def reading(self) -> Vault:
        """Return the vault of the present keys; raises CredentialError when the key file is missing."""
        return open_vault(self._home, self._given, first_use=False)

    def sealing(self) -> Vault:
        """Return the vault for credentials that are entered: the first use makes the key file.

        Only while the keys are held, or a rotation could drop the key before the credentials are stored.
        """
        return open_vault(self._home, self._given)

    def count(self) -> int:
        """Return how many keys there are; 0 when the file is missing or cannot be used."""
        try:
            return self.reading().keys
        except (ConfigError, CredentialError):
            return 0

    def state(self) -> str:
        """Say whether the keys can be used, and why not."""
        if not self.given and not self.path.exists():
            return "the file is not there; a key is made when credentials are entered"
        try:
            count = self.reading().keys
        except (ConfigError, CredentialError) as error:
            return error.paragraph().rstrip(".")
        return "one key" if count == 1 else f"{count} keys, the first of which encrypts"

    def rotate(self, store: Store) -> Rotation:
        """Make a new key, give it to all credentials, and drop the older keys.

        At any moment the file holds every key that something stored needs, so being killed loses nothing.
        Raises ConfigError when the keys come from the settings, which we cannot write.
        """
        if self.given:
            raise ConfigError(
                f"The key comes from {VARIABLE}, which cannot be changed from here.",
                hint="Make a key with `bucketgraph secrets new-key`, put it before the present one "
                f"({VARIABLE}=NEW,OLD), run `bucketgraph secrets rotate --reencrypt`, then take the old one away.",
            )
        with self.held():
            old = read_keys(self.path) if self.path.exists() else ()
            new = fresh_key()
            write_keys(self.path, (new, *old))
            done = _renew(store, Vault((new, *old)))
            write_keys(self.path, (new,))
        return done

    def reencrypt(self, store: Store) -> Rotation:
        """Give the first of the present keys to all credentials."""
        with self.held():
            return _renew(store, self.reading())

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from changing keys, credentials and configurations; raises Conflict after a while."""
        lock = FileLock(self._home / "credentials.lock", timeout=_LOCK_SECONDS)
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire()
        except Timeout:
            raise Conflict(
                "Another process is changing keys or credentials.", hint="Run this again when it has ended."
            ) from None
        except OSError as error:
            raise ConfigError(
                f"The lock of {self.path} cannot be used ({error.strerror or error}).",
                hint="Check the owner and permissions of its folder, or set BUCKETGRAPH_HOME.",
            ) from None
        try:
            yield
        finally:
            lock.release()


def readable(keyring: Keyring) -> Callable[[IntegrationRow], bool]:
    """Return a function that says whether the present keys read an integration's credentials."""
    try:
        vault = keyring.reading()
    except (ConfigError, CredentialError):
        return lambda row: not row.credentials
    return lambda row: not row.credentials or vault.reads(row.credentials)


def _renew(store: Store, vault: Vault) -> Rotation:
    """Encrypt all credentials anew in one transaction that is on the disk when this returns."""
    renewed: list[str] = []
    unreadable: list[str] = []

    def renew(row: IntegrationRow) -> str | None:
        if not vault.reads(row.credentials):
            unreadable.append(row.name)
            return None
        renewed.append(row.name)
        return vault.encrypt(vault.decrypt(row.credentials, whose=f"the integration {row.name!r}"))

    store.renew_credentials(renew)
    return Rotation(tuple(renewed), tuple(unreadable))
