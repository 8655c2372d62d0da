"""Secrets at rest: Fernet keys from the environment or a file that only its owner can read.

There is no default key. Several keys may be given, newest first: all decrypt, the first encrypts.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bucketgraph.errors import ConfigError, CredentialError

KEY_FILE = "secret.key"


class Vault:
    """Encrypts and decrypts the credentials of integrations."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise ConfigError(
                "The secret key is not usable: it must be 32 bytes in url-safe base64.",
                hint="Restore the file secret.key from a backup, or set BUCKETGRAPH_SECRET_KEY to the right key.",
            ) from None

    def encrypt(self, plain: bytes) -> str:
        """Return the encrypted text."""
        return self._fernet.encrypt(plain).decode()

    def decrypt(self, token: str, *, whose: str) -> bytes:
        """Return the plain bytes; `whose` names what must be entered again when the key does not fit."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise CredentialError(
                f"The stored credentials of {whose} cannot be decrypted with the present secret key.",
                hint="Restore the key (file secret.key or BUCKETGRAPH_SECRET_KEY), or remove the integration and "
                "add it again with its OAuth key and secret.",
            ) from None


def open_vault(home: Path, given: str | None) -> Vault:
    """Open the vault with the given keys, or with the key file, which is made on first use."""
    text = given if given is not None else _key_file(home / KEY_FILE)
    keys = tuple(key.strip() for key in text.replace("\n", ",").split(",") if key.strip())
    if not keys:
        raise ConfigError("The secret key is empty.", hint="Unset BUCKETGRAPH_SECRET_KEY or give it a key.")
    return Vault(keys)


def _key_file(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, stat.S_IRUSR | stat.S_IWUSR)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as file:
            key = Fernet.generate_key().decode()
            file.write(key + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret key file {path} cannot be used ({error}).",
            hint="Check its permissions, or set BUCKETGRAPH_SECRET_KEY.",
        ) from None
    return key
