"""Trying a configuration out before it is stored: what was entered, with its secrets, and a test of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.errors import ConfigError, CredentialError
from bucketgraph.integrations.configuration import Changes, Config, NewIntegration
from bucketgraph.integrations.registry import Registry
from bucketgraph.integrations.validity import changed_config, new_consumers, valid_config


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration as it would be, and its consumers with their secrets, which live in memory only."""

    config: Config
    consumers: tuple[Consumer, ...] = field(repr=False)


def of_new(new: NewIntegration) -> Trial:
    """Return what a new integration would be; raises ConfigError for the first field that is wrong."""
    return Trial(valid_config(new), tuple(new.consumers))


def of_change(registry: Registry, name: str, changes: Changes) -> Trial:
    """Return what an integration would be after a change; where no secret is entered, the stored one is used.

    Raises ConfigError for the first field that is wrong and for a secret that has to be entered, CredentialError
    where stored ones are used that cannot be read.
    """
    before = registry.find_collected(name).config
    after = changed_config(before, changes)
    consumers = new_consumers(before, after, changes, _stored(registry, name))
    return Trial(after, registry.consumers(name) if consumers is None else tuple(consumers))


def _stored(registry: Registry, name: str) -> dict[str, str] | None:
    try:
        return {one.key: one.secret for one in registry.consumers(name)}
    except (ConfigError, CredentialError):
        return None
