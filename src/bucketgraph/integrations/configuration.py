"""An integration's configuration, and what makes one valid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL, Origins, check_origin
from bucketgraph.errors import ConfigError

_WORKSPACE = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]+|\{[0-9a-fA-F-]{36}\}")
_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LONGEST_NAME = 100

Kind = Literal["bitbucket", "import", "people", "mapper"]
"""A Bitbucket that is collected, an imported folder, an imported list of people, and the owner of the mapped
relationships between people and users."""

Interval = Literal[
    "DISABLED",
    "TEN_SECONDS",
    "THIRTY_MINUTES",
    "ONE_HOUR",
    "FOUR_HOURS",
    "EIGHT_HOURS",
    "TWELVE_HOURS",
    "ONE_DAY",
    "ONE_WEEK",
]
"""JupiterOne's polling intervals; TEN_SECONDS is for trying things out against a fake on this computer only."""

TagValue = str | bool


class Polling(msgspec.Struct, frozen=True):
    """When an integration is collected by itself.

    `hour` (0 to 23, UTC) belongs to ONE_DAY and ONE_WEEK, `weekday` (0 is Sunday) to ONE_WEEK; None lets us choose.
    """

    interval: Interval = "ONE_DAY"
    hour: int | None = None
    weekday: int | None = None


class Config(msgspec.Struct, frozen=True):
    """What is stored in plain: everything but the consumers' secrets.

    `kind` tells a Bitbucket that is collected from a folder that was imported; an import has neither
    workspaces nor consumers. `polling` and `paused` say when it is collected by itself. `tag_account_name` and `tags`
    (names without the `tag.`) become properties of all its entities. `sources` switches ingestion sources on or off
    by id; one that is not named has its default. `since` (a date, 2026-01-31) leaves out on the first walk what was
    closed before. `integration_type`, `source` and `integration_class` are what its entities say as
    `_integrationType`, `_source` and `_integrationClass`; an import may hold anything and is of no class.
    """

    workspaces: tuple[str, ...]
    consumer_keys: tuple[str, ...]
    api_url: str = API_URL
    oauth_url: str = OAUTH_URL
    kind: Kind = "bitbucket"
    integration_type: str = "bitbucket"
    source: str = "integration-managed"
    integration_class: tuple[str, ...] = ("VersionControl",)
    polling: Polling = Polling()
    paused: bool = False
    tag_account_name: bool = False
    tags: dict[str, TagValue] = {}
    sources: dict[str, bool] = {}
    since: str | None = None

    @property
    def origins(self) -> Origins:
        """Return the two origins that may receive credentials."""
        return Origins(self.api_url, self.oauth_url)


class Credentials(msgspec.Struct, frozen=True):
    """What is stored encrypted: the consumers' secrets, in the order of `Config.consumer_keys`."""

    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        """Hide the secrets."""
        return f"Credentials({len(self.secrets)} secrets)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Hide the secrets from rich, which prints tracebacks with local variables, too."""
        return [("secrets", len(self.secrets))]


@dataclass(frozen=True, slots=True)
class Integration:
    """A stored integration without its secrets. Times are epoch ms."""

    id: str
    name: str
    description: str
    config: Config
    created_on: int
    updated_on: int

    @property
    def imported(self) -> bool:
        """Say whether it is an import, which nobody collects."""
        return self.config.kind == "import"

    @property
    def collected(self) -> bool:
        """Say whether there is a Bitbucket behind it."""
        return self.config.kind == "bitbucket"


@dataclass(frozen=True, slots=True)
class NewIntegration:
    """What a person enters to add an integration."""

    name: str
    workspaces: Sequence[str]
    consumers: Sequence[Consumer]
    description: str = ""
    api_url: str = API_URL
    oauth_url: str = OAUTH_URL


def valid_config(new: NewIntegration) -> Config:
    """Check every field and return the configuration; raises ConfigError for the first that is wrong."""
    check_name(new.name, hint="Choose the account name you know this Bitbucket by.")
    if not new.consumers:
        raise ConfigError("An OAuth consumer is needed.", hint="Give its key with --oauth-key.")
    return Config(
        workspaces=_valid_workspaces(new.workspaces),
        consumer_keys=_valid_keys(new.consumers),
        api_url=check_origin(new.api_url, flag="--api-url"),
        oauth_url=check_origin(new.oauth_url, flag="--oauth-url"),
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


def check_name(name: str, *, hint: str) -> None:
    """Raise ConfigError for a name that cannot be printed or is too long."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"The name must have 1 to {_LONGEST_NAME} printable characters.", hint=hint)


def _valid_workspaces(workspaces: Sequence[str]) -> tuple[str, ...]:
    if not workspaces:
        raise ConfigError("A workspace is needed.", hint="Give it with --workspace, once for each workspace.")
    for workspace in workspaces:
        if not _WORKSPACE.fullmatch(workspace):
            raise ConfigError(
                f"{workspace!r} is no workspace name.",
                hint="Use the part after bitbucket.org/ in the workspace's address, without slashes.",
            )
    return tuple(dict.fromkeys(workspaces))


def _valid_keys(consumers: Sequence[Consumer]) -> tuple[str, ...]:
    keys = tuple(consumer.key for consumer in consumers)
    for consumer in consumers:
        for text, what in ((consumer.key, "key"), (consumer.secret, "secret")):
            if not text.isprintable() or text.split() != [text]:
                raise ConfigError(
                    f"The OAuth {what} is empty or holds blanks or control characters.",
                    hint="Copy it again from the consumer in the workspace's settings.",
                )
    if len(set(keys)) != len(keys):
        raise ConfigError("The same OAuth key is given twice.", hint="Give each consumer once.")
    return keys
