"""Reading OAuth secrets: from files, the environment or a prompt, never from arguments, which others can read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.bitbucket.oauth import Consumer

SECRET_VARIABLE = "BUCKETGRAPH_OAUTH_SECRET"  # noqa: S105  # a variable's name
_LINES = 2


def read_consumers(
    keys: Sequence[str], secret_files: Sequence[Path], consumer_files: Sequence[Path]
) -> list[Consumer]:
    """Return a consumer for each key and for each consumer file."""
    from bucketgraph.bitbucket.oauth import Consumer  # noqa: PLC0415  # keeps --help quick

    secrets = _secrets(keys, secret_files) if keys or secret_files else []
    found = [Consumer(key, secret) for key, secret in zip(keys, secrets, strict=True)]
    return found + [Consumer(*_read_pair(file)) for file in consumer_files]


def _secrets(keys: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Return a secret for each key."""
    if files:
        if len(files) != len(keys):
            raise ConfigError(
                f"{len(keys)} OAuth keys but {len(files)} secret files are given.",
                hint="Give one --oauth-secret-file for each --oauth-key, in the same order.",
            )
        return [_read(file).strip() for file in files]
    given = os.environ.get(SECRET_VARIABLE)
    if given is not None:
        if len(keys) != 1:
            raise ConfigError(
                f"{SECRET_VARIABLE} holds one secret, but {len(keys)} OAuth keys are given.",
                hint="Use --oauth-secret-file once for each key.",
            )
        return [given.strip()]
    if not sys.stdin.isatty():
        raise ConfigError(
            "The OAuth secret is missing.",
            hint=f"Set {SECRET_VARIABLE}, or give --oauth-secret-file, or run this in a terminal to be asked.",
        )
    return [typer.prompt(f"Secret of the OAuth consumer {key}", hide_input=True).strip() for key in keys]


def _read_pair(file: Path) -> tuple[str, str]:
    lines = [line.strip() for line in _read(file).splitlines() if line.strip()]
    if len(lines) != _LINES:
        raise ConfigError(
            f"The consumer file {file} has {len(lines)} lines that are not empty.",
            hint="Write the consumer's key into its first line and the secret into its second.",
        )
    return lines[0], lines[1]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret file {file} cannot be read ({getattr(error, 'strerror', None) or 'it is no text'}).",
            hint="Check path and permissions.",
        ) from None
