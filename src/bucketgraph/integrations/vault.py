"""Secrets at rest: Fernet keys from the environment or a file that only its owner can read.

There is no default key. Several keys may be given, newest first: all decrypt, the first encrypts.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from filelock import FileLock

from bucketgraph.errors import ConfigError, CredentialError

KEY_FILE = "secret.key"
_LOCK_SECONDS = 10


class Vault:
    """Encrypts and decrypts the credentials of integrations."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        """Take the keys, newest first."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self.keys = len(keys)
        except ValueError:
            raise ConfigError(
                "The secret key is not usable: it must be 32 bytes in url-safe base64.",
                hint="Restore the file secret.key from a backup, "
                "or set BUCKETGRAPH_SECRET_KEY to the right key.",
            ) from None

    def encrypt(self, plain: bytes) -> str:
        """Return the encrypted text."""
        return self._fernet.encrypt(plain).decode()

    def reads(self, token: str) -> bool:
        """Say whether one of the keys fits."""
        try:
            self._fernet.decrypt(token)
        except (InvalidToken, ValueError):
            return False
        return True

    def decrypt(self, token: str, *, whose: str) -> bytes:
        """Return the plain bytes; `whose` names what must be entered again when the key does not fit."""
        try:
            return self._fernet.decrypt(token)
        except (InvalidToken, ValueError):
            raise CredentialError(
                f"The stored credentials of {whose} cannot be decrypted with the present secret key.",
                hint="Restore the key (file secret.key or BUCKETGRAPH_SECRET_KEY), or enter its OAuth key and secret "
                "again with `bucketgraph integration credentials`.",
            ) from None


def open_vault(home: Path, given: str | None, *, first_use: bool = True) -> Vault:
    """Open the vault with the given keys, or with the key file.

    The key file is made on `first_use`: when credentials are entered. Raises CredentialError when it is missing
    and only read, ConfigError for keys that cannot be used.
    """
    path = home / KEY_FILE
    if given is None and not first_use and not path.exists():
        raise CredentialError(
            f"The secret key file {path} is missing, so stored credentials cannot be decrypted.",
            hint="Restore it from a backup or set BUCKETGRAPH_SECRET_KEY; else enter OAuth keys and secrets again "
            "with `bucketgraph integration credentials`: that makes a new key.",
        )
    if given is None:
        return Vault(_read_or_make(path))
    keys = _split(given)
    if not keys:
        raise ConfigError("The secret key is empty.", hint="Unset BUCKETGRAPH_SECRET_KEY or give it a key.")
    return Vault(keys)


def check_key_file(path: Path) -> None:
    """Refuse a file that holds no usable keys. Raises ConfigError."""
    open_vault(path.parent, path.read_text(encoding="utf-8", errors="replace"))


def fresh_key() -> str:
    """Return a new random key."""
    return Fernet.generate_key().decode()


def read_keys(path: Path) -> tuple[str, ...]:
    """Return the keys of a file, newest first; raises ConfigError when there is none in it."""
    with _explained(path):
        _keep_private(path)
        keys = _split(path.read_text(encoding="utf-8"))
    if not keys:
        raise ConfigError(
            f"The secret key file {path} is empty.",
            hint="Restore it from a backup; if it is lost, remove the file: the next entry of credentials makes a "
            "new key.",
        )
    return keys


def write_keys(path: Path, keys: tuple[str, ...]) -> None:
    """Put keys in a file in place of what it held, whole or not at all, and on the disk when this returns."""
    with _explained(path):
        for left in path.parent.glob(f".{path.name}.*"):  # of a process that was killed while it wrote
            left.unlink(missing_ok=True)
        _replace(path, keys)


def _split(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.replace("\n", ",").split(",") if key.strip())


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret key file {path} cannot be used ({error}).",
            hint="Check its permissions, or set BUCKETGRAPH_SECRET_KEY.",
        ) from None


def _read_or_make(path: Path) -> tuple[str, ...]:
    with _explained(path):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                if not path.exists():
                    _replace(path, (fresh_key(),))
    return read_keys(path)


def _keep_private(path: Path) -> None:
    """Take other people's permissions from a key file, as a restored backup or a copy may have brought them.

    Where that may not be done, because another account lends us the file, everybody's are refused.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name != "posix" or not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return
    try:
        path.chmod(mode & stat.S_IRWXU)
    except PermissionError:
        if mode & stat.S_IRWXO:
            raise ConfigError(
                f"The secret key file {path} is open to every account of this computer.",
                hint=f"Let its owner run `chmod 600 {path}`; if others were here, reset the consumers' secrets in "
                "Bitbucket and enter them again with `bucketgraph integration credentials`.",
            ) from None


def _replace(path: Path, keys: tuple[str, ...]) -> None:
    """Write keys whole or not at all: what half a key encrypted, nothing could ever decrypt."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # for its owner only: 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        _sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Have the file's new place survive a power cut, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
