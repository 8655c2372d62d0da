"""An integration's configuration: what is stored of it, and what a person enters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL, Origins
from bucketgraph.graph.values import epoch_ms

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

    @property
    def since_ms(self) -> int | None:
        """Return the date that the first walk begins at, as epoch ms."""
        return None if self.since is None else epoch_ms(self.since)

    def properties(self, name: str) -> dict[str, TagValue]:
        """Return what every entity of the integration of this name is tagged with, as properties."""
        account = {"tag.AccountName": name} if self.tag_account_name else {}
        return account | {f"tag.{tag}": value for tag, value in self.tags.items()}


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
    """What a person enters to add an integration; the fields are those of `Config`."""

    name: str
    workspaces: Sequence[str]
    consumers: Sequence[Consumer]
    description: str = ""
    api_url: str = API_URL
    oauth_url: str = OAUTH_URL
    polling: Polling = field(default_factory=Polling)
    paused: bool = False
    tag_account_name: bool = False
    tags: Mapping[str, TagValue] = field(default_factory=dict)
    sources: Mapping[str, bool] = field(default_factory=dict)
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A consumer as entered in a change; without a secret the stored one stays."""

    key: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a person changes in an integration: a field that is None stays as it is.

    `workspaces`, `consumers`, `tags` and `sources` are all there shall be, in place of what was; a source that is
    not named has its default again. `since` empty takes the date away.
    """

    name: str | None = None
    description: str | None = None
    polling: Polling | None = None
    paused: bool | None = None
    workspaces: Sequence[str] | None = None
    consumers: Sequence[Entered] | None = None
    tag_account_name: bool | None = None
    tags: Mapping[str, TagValue] | None = None
    sources: Mapping[str, bool] | None = None
    since: str | None = None
    api_url: str | None = None
    oauth_url: str | None = None
