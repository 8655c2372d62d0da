"""What makes a configuration valid as a whole: a new one, a changed one, one of an import."""

from __future__ import annotations

import re

import msgspec

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import check_origin
from bucketgraph.collect.sources import check_sources
from bucketgraph.errors import ConfigError
from bucketgraph.integrations import fields
from bucketgraph.integrations.configuration import Changes, Config, NewIntegration

_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def valid_config(new: NewIntegration) -> Config:
    """Check every field and return the configuration; raises ConfigError for the first that is wrong."""
    fields.check_name(new.name, hint="Choose the account name you know this Bitbucket by.")
    fields.valid_description(new.description)
    return checked(
        Config(
            workspaces=tuple(new.workspaces),
            consumer_keys=fields.valid_keys(new.consumers),
            api_url=new.api_url,
            oauth_url=new.oauth_url,
            polling=new.polling,
            paused=new.paused,
            tag_account_name=new.tag_account_name,
            tags=dict(new.tags),
            sources=dict(new.sources),
            since=new.since,
        )
    )


def changed_config(config: Config, changes: Changes) -> Config:
    """Return a configuration with changes (consumers apart); raises ConfigError for the first that is wrong."""
    names = ("polling", "paused", "workspaces", "tag_account_name", "tags", "sources", "since")
    new = {name: getattr(changes, name) for name in (*names, "api_url", "oauth_url")}
    given = {name: value for name, value in new.items() if value is not None}
    return checked(msgspec.structs.replace(config, **given))


def checked(config: Config) -> Config:
    """Return a configuration of a Bitbucket with every field clean."""
    moved = msgspec.structs.replace(
        config,
        api_url=check_origin(config.api_url, flag="--api-url"),
        oauth_url=check_origin(config.oauth_url, flag="--oauth-url"),
    )
    return msgspec.structs.replace(
        moved,
        workspaces=fields.valid_workspaces(config.workspaces),
        polling=fields.valid_polling(config.polling, moved.origins),
        tags=fields.valid_tags(config.tags, account_name=config.tag_account_name),
        sources=check_sources(config.sources.items()),
        since=fields.valid_since(config.since),
    )


def import_config(integration_type: str) -> Config:
    """Return the configuration of an import of a graph that such an integration made."""
    if not _TYPE.fullmatch(integration_type):
        raise ConfigError(
            f"{integration_type!r} is no integration type.",
            hint="Use letters, digits, `_`, `-` and dots, such as github or aws.",
        )
    return Config(
        workspaces=(),
        consumer_keys=(),
        kind="import",
        integration_type=integration_type,
        source="integration-external",
        integration_class=(),
    )


def people_config() -> Config:
    """Return the configuration of a source of people."""
    return Config(
        workspaces=(),
        consumer_keys=(),
        kind="people",
        integration_type="people",
        source="integration-external",
        integration_class=("HR",),
    )


def new_consumers(
    config: Config, changed: Config, changes: Changes, stored: dict[str, str] | None
) -> list[Consumer] | None:
    """Return all consumers after a change, or None when none of them is touched.

    `stored` are the secrets by key, None when they cannot be read. Raises ConfigError where a secret has to be
    entered: for a new key, one whose secret cannot be read, and for all when an origin changes, because stored
    credentials never go to another one than they were entered for.
    """
    moved = config.origins != changed.origins
    if changes.consumers is None and not moved:
        return None
    known = {} if moved or stored is None else stored
    entered = {one.key: one.secret for one in changes.consumers or ()}
    keys = config.consumer_keys if changes.consumers is None else tuple(one.key for one in changes.consumers)
    secrets = {key: entered.get(key) or known.get(key) for key in keys}
    lacking = [key for key, secret in secrets.items() if not secret]
    if lacking:
        raise _secret_needed(lacking, moved=moved, unreadable=stored is None)
    consumers = [Consumer(key, secrets[key] or "") for key in keys]
    fields.valid_keys(consumers)
    return consumers


def _secret_needed(keys: list[str], *, moved: bool, unreadable: bool) -> ConfigError:
    why = "is missing"
    if moved:
        why = "must be entered again, because stored secrets never go to another address"
    elif unreadable:
        why = "must be entered again, because the stored one cannot be read with the present key"
    return ConfigError(
        f"The secret of the OAuth consumer {', '.join(keys)} {why}.",
        hint="Give --oauth-key with its secret for each of them.",
    )
