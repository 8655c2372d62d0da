"""Which files of a home stand in a backup beside the graph, and which a restore may put back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bucketgraph.errors import ConfigError
from bucketgraph.exchange.archive import CONFIG, KEY
from bucketgraph.settings import Settings, check_file


def files_to_keep(settings: Settings, *, with_key: bool) -> Mapping[str, Path]:
    """Return the files of a home that belong in a backup, by member name.

    A config.toml that holds the secret key counts as the key. Raises ConfigError where the key is wanted and is
    in no file.
    """
    config, key = settings.home / CONFIG, settings.home / KEY
    in_config = _config_holds_key(settings)
    if with_key and not in_config:
        _check_key_is_a_file(settings, key)
    wanted = {CONFIG: config.exists() and (with_key or not in_config), KEY: with_key and key.exists()}
    return {name: settings.home / name for name, wish in wanted.items() if wish}


def files_to_replace(settings: Settings, *, with_config: bool, with_key: bool) -> Mapping[str, Path]:
    """Return where a restore puts what, by member name. Raises ConfigError for a key file that nobody would read."""
    if with_key and settings.secret_key is not None:
        raise ConfigError(
            "The secret key comes from the settings, so a restored key file would not be used.",
            hint="Restore without the key, or unset BUCKETGRAPH_SECRET_KEY.",
        )
    wanted = {CONFIG: with_config, KEY: with_key}
    return {name: settings.home / name for name, wish in wanted.items() if wish}


def where_key_is(settings: Settings) -> str | None:
    """Return the file or variable with the key of stored credentials, None when there is no key yet."""
    if _config_holds_key(settings):
        return str(settings.home / CONFIG)
    if settings.secret_key is not None:
        return str(settings.secret_key_file or "BUCKETGRAPH_SECRET_KEY")
    key = settings.home / KEY
    return str(key) if key.exists() else None


def _config_holds_key(settings: Settings) -> bool:
    config = settings.home / CONFIG
    return config.exists() and "secret_key" in check_file(config)


def _check_key_is_a_file(settings: Settings, key: Path) -> None:
    if settings.secret_key is not None:
        raise ConfigError(
            f"The secret key comes from {where_key_is(settings)}, not from a file in the home folder.",
            hint="Keep that key with your other secrets, and back up without --with-key.",
        )
    if not key.exists():
        raise ConfigError(
            f"There is no secret key file {key}.", hint="No credentials are stored yet; leave --with-key out."
        )
