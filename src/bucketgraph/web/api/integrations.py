"""Integrations: list, add, show, change, pause, test, remove. Secrets come in and never go out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL
from bucketgraph.errors import ConfigError, Conflict, CredentialError, SourceError, Unknown
from bucketgraph.integrations.check import passed
from bucketgraph.integrations.configuration import (
    Changes,
    Entered,
    Integration,
    Interval,
    Kind,
    NewIntegration,
    Polling,
    TagValue,
)
from bucketgraph.store.base import RunStatus
from bucketgraph.web import owning
from bucketgraph.web.bodies import Given, Moment, Name, Shown, Text
from bucketgraph.web.routing import Call, Route

Origin = Annotated[str, Meta(max_length=300, description="An origin: scheme and host only.")]


Secret = Annotated[str, Meta(min_length=1, max_length=500, extra_json_schema={"writeOnly": True})]


class IntegrationName(Given):
    """An integration."""

    integration: Annotated[Name, Meta(description="Its id or its name.")]


class ConsumerBody(Given, repr_omit_defaults=True):
    """An OAuth consumer; the secret is stored encrypted and never shown again."""

    key: Name
    secret: Secret

    def __repr__(self) -> str:
        """Hide the secret."""
        return f"ConsumerBody(key={self.key!r})"


class PollingBody(Given):
    """When an integration is collected by itself; hours are of UTC, weekday 0 is Sunday, what is left out we choose."""

    interval: Interval = "ONE_DAY"
    hour: Annotated[int, Meta(ge=0, le=23)] | None = None
    weekday: Annotated[int, Meta(ge=0, le=6)] | None = None

    def polling(self) -> Polling:
        """Return it as the configuration has it."""
        return Polling(self.interval, self.hour, self.weekday)


Workspaces = Annotated[tuple[Name, ...], Meta(max_length=100)]
Tags = Annotated[dict[str, TagValue], Meta(max_length=50)]
Switches = Annotated[dict[str, bool], Meta(max_length=100)]


class IntegrationBody(Given):
    """An integration to be added.

    `sources` switches ingestion sources on or off by id; `since` (2026-01-31) leaves out on the first walk what was
    closed before.
    """

    name: Name
    workspaces: Workspaces
    consumers: Annotated[tuple[ConsumerBody, ...], Meta(max_length=50)]
    description: Text = ""
    api_url: Origin = API_URL
    oauth_url: Origin = OAUTH_URL
    polling: PollingBody = msgspec.field(default_factory=PollingBody)
    paused: bool = False
    tag_account_name: bool = False
    tags: Tags = msgspec.field(default_factory=dict)
    sources: Switches = msgspec.field(default_factory=dict)
    since: Name | None = None


class EnteredBody(Given):
    """A consumer in a change; without a secret the stored one stays."""

    key: Name
    secret: Secret | None = None

    def __repr__(self) -> str:
        """Hide the secret."""
        return f"EnteredBody(key={self.key!r})"


class IntegrationChanges(Given):
    """What is changed of an integration; what is left out, or null, stays as it is.

    `workspaces`, `consumers`, `tags` and `sources` are all there shall be. `since` empty takes the date away. Another
    origin takes all secrets anew.
    """

    name: Name | None = None
    description: Text | None = None
    polling: PollingBody | None = None
    paused: bool | None = None
    workspaces: Workspaces | None = None
    consumers: Annotated[tuple[EnteredBody, ...], Meta(max_length=50)] | None = None
    tag_account_name: bool | None = None
    tags: Tags | None = None
    sources: Switches | None = None
    since: Text | None = None
    api_url: Origin | None = None
    oauth_url: Origin | None = None


class Removal(IntegrationName):
    """How an integration is removed: its history is kept, unless `purge` erases it."""

    purge: bool = False


class RunBrief(Shown):
    """What became of the last run."""

    id: int
    status: RunStatus
    started_on: Moment
    finished_on: Moment | None
    problems: int


class PollingShown(Shown):
    """When it is collected by itself."""

    interval: Interval
    hour: int | None = None
    weekday: int | None = None


class IntegrationShown(Shown):
    """An integration, without its secrets; what only a collected one has is null for others.

    `credentials` says whether the stored ones can be read; `schedule` tells `polling` in words.
    """

    id: str
    name: str
    kind: Kind
    integration_type: str
    description: str
    created_on: Moment
    updated_on: Moment
    last_run: RunBrief | None
    workspaces: tuple[str, ...] | None = None
    oauth_keys: tuple[str, ...] | None = None
    credentials: str | None = None
    api_url: str | None = None
    oauth_url: str | None = None
    polling: PollingShown | None = None
    schedule: str | None = None
    paused: bool | None = None
    next_run_on: Moment | None = None
    tag_account_name: bool | None = None
    tags: dict[str, TagValue] | None = None
    sources: dict[str, bool] | None = None
    since: str | None = None
    calls_left_this_hour: dict[str, int] | None = None


class IntegrationList(Shown):
    """Integrations by name."""

    items: list[IntegrationShown]


class CheckShown(Shown):
    """One line of the report of a test."""

    consumer: str
    what: str
    ok: bool
    detail: str
    hint: str
    code: str
    workspace: str
    source: str
    count: int | None


class Tested(Shown):
    """The report of a test; `ok` says whether every workspace can be collected."""

    ok: bool
    checks: list[CheckShown]


class Removed(Shown):
    """What was removed."""

    removed: str
    id: str
    entities: int
    relationships: int
    purged: bool


def list_all(call: Call[Given, None]) -> IntegrationList:
    """List the integrations."""
    lost = call.app.registry.lost_credentials()
    return IntegrationList(items=[shown(call, one, lost) for one in owning.visible(call)])


def create(call: Call[Given, IntegrationBody]) -> IntegrationShown:
    """Add an integration."""
    body, registry = call.body, call.app.registry
    _check_free(call, body.name)
    new = NewIntegration(
        body.name,
        body.workspaces,
        [Consumer(one.key, one.secret) for one in body.consumers],
        body.description,
        body.api_url,
        body.oauth_url,
        polling=body.polling.polling(),
        paused=body.paused,
        tag_account_name=body.tag_account_name,
        tags=body.tags,
        sources=body.sources,
        since=body.since,
    )
    return shown(call, registry.add(new))


def show(call: Call[IntegrationName, None]) -> IntegrationShown:
    """Show an integration."""
    return shown(call, owning.integration(call, call.given.integration))


def change(call: Call[IntegrationName, IntegrationChanges]) -> IntegrationShown:
    """Change an integration."""
    one, body = owning.integration(call, call.given.integration), call.body
    if body.name is not None and body.name != one.name:
        _check_free(call, body.name)
    entered = body.consumers
    changes = Changes(
        name=body.name,
        description=body.description,
        polling=None if body.polling is None else body.polling.polling(),
        paused=body.paused,
        workspaces=body.workspaces,
        consumers=None if entered is None else [Entered(each.key, each.secret) for each in entered],
        tag_account_name=body.tag_account_name,
        tags=body.tags,
        sources=body.sources,
        since=body.since,
        api_url=body.api_url,
        oauth_url=body.oauth_url,
    )
    return shown(call, call.app.registry.update(one.name, changes, only=one.id))


def pause(call: Call[IntegrationName, None]) -> IntegrationShown:
    """Stop scheduled runs."""
    return _set_paused(call, paused=True)


def resume(call: Call[IntegrationName, None]) -> IntegrationShown:
    """Go on with scheduled runs."""
    return _set_paused(call, paused=False)


def test(call: Call[IntegrationName, None]) -> Tested:
    """Test credentials and workspaces with a few small calls."""
    one = owning.integration(call, call.given.integration)
    if one.config.kind != "bitbucket":
        raise ConfigError(f"{one.name!r} has no Bitbucket behind it to ask.")
    checks = asyncio.run(call.app.test(one))
    good = passed(checks, one.config.workspaces)
    return Tested(ok=good, checks=[msgspec.convert(c, CheckShown, from_attributes=True) for c in checks])


def remove(call: Call[Removal, None]) -> Removed:
    """Remove an integration."""
    one, purge = owning.integration(call, call.given.integration), call.given.purge
    entities, relationships = call.app.store.counts(one.id)
    call.app.remove(one.name, purge=purge, only=one.id)
    return Removed(
        removed=one.name,
        id=one.id,
        entities=entities.total(),
        relationships=relationships.total(),
        purged=purge,
    )


def shown(call: Call[Any, Any], one: Integration, lost: frozenset[str] | None = None) -> IntegrationShown:
    """Return an integration as it is sent."""
    left = {"callsLeftThisHour": call.app.budget_left(one)} if one.config.consumer_keys else {}
    return msgspec.convert(
        call.app.shown(one, lost=lost).facts() | left, IntegrationShown, from_attributes=True
    )


def _set_paused(call: Call[IntegrationName, None], *, paused: bool) -> IntegrationShown:
    one = owning.integration(call, call.given.integration)
    return shown(call, call.app.registry.update(one.name, Changes(paused=paused), only=one.id))


def _check_free(call: Call[Any, Any], name: str) -> None:
    if any(one.name == name for one in call.app.registry.everything()):
        raise Conflict(f"There is already an integration named {name!r}.", hint="Choose another name.")


ROUTES = (
    Route(
        "GET",
        "/api/v1/integrations",
        "List the integrations.",
        "viewer",
        list_all,
        IntegrationList,
        bound="own",
    ),
    Route(
        "POST",
        "/api/v1/integrations",
        "Add an integration with its credentials.",
        "admin",
        create,
        IntegrationShown,
        body=IntegrationBody,
        status=201,
        errors=(Conflict, CredentialError),
    ),
    Route(
        "GET",
        "/api/v1/integrations/{integration}",
        "Show an integration, without its secrets.",
        "viewer",
        show,
        IntegrationShown,
        IntegrationName,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "PATCH",
        "/api/v1/integrations/{integration}",
        "Change an integration; what is left out stays as it is.",
        "admin",
        change,
        IntegrationShown,
        IntegrationName,
        IntegrationChanges,
        errors=(Unknown, Conflict, CredentialError),
        bound="own",
    ),
    Route(
        "POST",
        "/api/v1/integrations/{integration}/pause",
        "Stop scheduled runs; the graph stays, and it can still be run.",
        "admin",
        pause,
        IntegrationShown,
        IntegrationName,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "POST",
        "/api/v1/integrations/{integration}/resume",
        "Go on with scheduled runs.",
        "admin",
        resume,
        IntegrationShown,
        IntegrationName,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "DELETE",
        "/api/v1/integrations/{integration}",
        "Remove an integration and what it brought; its history is kept, unless it is purged.",
        "admin",
        remove,
        Removed,
        Removal,
        errors=(Unknown, Conflict),
        bound="own",
    ),
    Route(
        "POST",
        "/api/v1/integrations/{integration}/test",
        "Test key, secret, scopes and every workspace, with a few small calls to Bitbucket.",
        "editor",
        test,
        Tested,
        IntegrationName,
        errors=(Unknown, CredentialError, SourceError),
        bound="own",
    ),
)
