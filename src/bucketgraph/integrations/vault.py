"""Secrets at rest: Fernet keys from the environment or a file that only its owner can read.

There is no default key. Several keys may be given, newest first: all decrypt, the first encrypts.
"""

from __future__ import annotations

import os
import stat
import tempfile
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
        except ValueError:
            raise ConfigError(
                "The secret key is not usable: it must be 32 bytes in url-safe base64.",
                hint="Restore the file secret.key from a backup, "
                "or set BUCKETGRAPH_SECRET_KEY to the right key.",
            ) from None

    def encrypt(self, plain: bytes) -> str:
        """Return the encrypted text."""
        return self._fernet.encrypt(plain).decode()

    def decrypt(self, token: str, *, whose: str) -> bytes:
        """Return the plain bytes; `whose` names what must be entered again when the key does not fit."""
        try:
            return self._fernet.decrypt(token)
        except (InvalidToken, ValueError):
            raise CredentialError(
                f"The stored credentials of {whose} cannot be decrypted with the present secret key.",
                hint="Restore the key (file secret.key or BUCKETGRAPH_SECRET_KEY), or remove the integration "
                "and add it again with its OAuth key and secret.",
            ) from None


def open_vault(home: Path, given: str | None, *, first_use: bool = True) -> Vault:
    """Open the vault with the given keys, or with the key file.

    The key file is made on `first_use`, when there is nothing yet that an older key could have encrypted.
    """
    path = home / KEY_FILE
    if given is None and not first_use and not path.exists():
        raise CredentialError(
            f"The secret key file {path} is missing, so stored credentials cannot be decrypted.",
            hint="Restore it from a backup or set BUCKETGRAPH_SECRET_KEY; else remove the integrations and add "
            "them again with their OAuth keys and secrets.",
        )
    text = given if given is not None else _read_or_make(path)
    keys = tuple(key.strip() for key in text.replace("\n", ",").split(",") if key.strip())
    if keys:
        return Vault(keys)
    if given is not None:
        raise ConfigError("The secret key is empty.", hint="Unset BUCKETGRAPH_SECRET_KEY or give it a key.")
    raise ConfigError(
        f"The secret key file {path} is empty.",
        hint="Restore it from a backup; if no integration was ever added, remove it.",
    )


def check_key_file(path: Path) -> None:
    """Refuse a file that holds no usable keys. Raises ConfigError."""
    open_vault(path.parent, path.read_text(encoding="utf-8", errors="replace"))


def _read_or_make(path: Path) -> str:
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                if not path.exists():
                    _make(path)
        _keep_private(path)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret key file {path} cannot be used ({error}).",
            hint="Check its permissions, or set BUCKETGRAPH_SECRET_KEY.",
        ) from None


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
                hint=f"Let its owner run `chmod 600 {path}`; if others were here, remove the integrations, reset "
                "their secrets in Bitbucket and add them again.",
            ) from None


def _make(path: Path) -> None:
    """Write a new key whole or not at all: what half a key encrypted, nothing could ever decrypt."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # for its owner only: 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(Fernet.generate_key().decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
