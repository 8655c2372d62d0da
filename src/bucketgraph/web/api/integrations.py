"""Integrations: list, add, show, test, remove. Secrets come in and never go out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL
from bucketgraph.errors import ConfigError, Conflict, SourceError, Unknown
from bucketgraph.integrations.check import passed
from bucketgraph.integrations.configuration import Integration, Kind, NewIntegration
from bucketgraph.store.base import Run, RunStatus
from bucketgraph.web import owning
from bucketgraph.web.bodies import Given, Moment, Name, Shown, Text
from bucketgraph.web.routing import Call, Route

Origin = Annotated[str, Meta(max_length=300, description="An origin: scheme and host only.")]


class IntegrationName(Given):
    """An integration."""

    integration: Annotated[Name, Meta(description="Its id or its name.")]


class ConsumerBody(Given, repr_omit_defaults=True):
    """An OAuth consumer; the secret is stored encrypted and never shown again."""

    key: Name
    secret: Annotated[str, Meta(min_length=1, max_length=500, extra_json_schema={"writeOnly": True})]

    def __repr__(self) -> str:
        """Hide the secret."""
        return f"ConsumerBody(key={self.key!r})"


class IntegrationBody(Given):
    """An integration to be added."""

    name: Name
    workspaces: Annotated[tuple[Name, ...], Meta(max_length=100)]
    consumers: Annotated[tuple[ConsumerBody, ...], Meta(max_length=50)]
    description: Text = ""
    api_url: Origin = API_URL
    oauth_url: Origin = OAUTH_URL


class RunBrief(Shown):
    """What became of the last run."""

    id: int
    status: RunStatus
    started_on: Moment
    finished_on: Moment | None


class IntegrationShown(Shown):
    """An integration, without its secrets."""

    id: str
    name: str
    kind: Kind
    integration_type: str
    description: str
    created_on: Moment
    updated_on: Moment
    workspaces: tuple[str, ...]
    oauth_keys: tuple[str, ...]
    api_url: str
    oauth_url: str
    last_run: RunBrief | None


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


class Tested(Shown):
    """The report of a test; `ok` says whether every workspace can be collected."""

    ok: bool
    checks: list[CheckShown]


class Removed(Shown):
    """What was removed."""

    removed: str
    entities: int
    relationships: int


def list_all(call: Call[Given, None]) -> IntegrationList:
    """List the integrations."""
    return IntegrationList(items=[shown(call, one) for one in owning.visible(call)])


def create(call: Call[Given, IntegrationBody]) -> IntegrationShown:
    """Add an integration."""
    body, registry = call.body, call.app.registry
    if any(one.name == body.name for one in registry.all()):
        raise Conflict(f"There is already an integration named {body.name!r}.", hint="Choose another name.")
    consumers = [Consumer(one.key, one.secret) for one in body.consumers]
    new = NewIntegration(
        body.name, body.workspaces, consumers, body.description, body.api_url, body.oauth_url
    )
    return shown(call, registry.add(new))


def show(call: Call[IntegrationName, None]) -> IntegrationShown:
    """Show an integration."""
    return shown(call, owning.integration(call, call.given.integration))


def test(call: Call[IntegrationName, None]) -> Tested:
    """Test credentials and workspaces with a few small calls."""
    one = owning.integration(call, call.given.integration)
    if one.config.kind != "bitbucket":
        raise ConfigError(f"{one.name!r} has no Bitbucket behind it to ask.")
    checks = asyncio.run(call.app.test(one))
    good = passed(checks, one.config.workspaces)
    return Tested(ok=good, checks=[msgspec.convert(c, CheckShown, from_attributes=True) for c in checks])


def remove(call: Call[IntegrationName, None]) -> Removed:
    """Remove an integration with what it brought."""
    one = owning.integration(call, call.given.integration)
    entities, relationships = call.app.store.counts(one.id)
    call.app.registry.remove(one.name)
    return Removed(removed=one.name, entities=entities.total(), relationships=relationships.total())


def shown(call: Call[Any, Any], one: Integration) -> IntegrationShown:
    """Return an integration as it is sent."""
    last = next(iter(call.app.store.runs(one.id, limit=1)), None)
    return IntegrationShown(
        id=one.id,
        name=one.name,
        kind=one.config.kind,
        integration_type=one.config.integration_type,
        description=one.description,
        created_on=one.created_on,
        updated_on=one.updated_on,
        workspaces=one.config.workspaces,
        oauth_keys=one.config.consumer_keys,
        api_url=one.config.api_url,
        oauth_url=one.config.oauth_url,
        last_run=None if last is None else _brief(last),
    )


def _brief(run: Run) -> RunBrief:
    return RunBrief(id=run.id, status=run.status, started_on=run.started_on, finished_on=run.finished_on)


ROUTES = (
    Route("GET", "/api/v1/integrations", "List the integrations.", "viewer", list_all, IntegrationList),
    Route(
        "POST",
        "/api/v1/integrations",
        "Add an integration with its credentials.",
        "admin",
        create,
        IntegrationShown,
        body=IntegrationBody,
        status=201,
        errors=(Conflict,),
        bound=False,
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
    ),
    Route(
        "DELETE",
        "/api/v1/integrations/{integration}",
        "Remove an integration with what it brought.",
        "admin",
        remove,
        Removed,
        IntegrationName,
        errors=(Unknown, Conflict),
    ),
    Route(
        "POST",
        "/api/v1/integrations/{integration}/test",
        "Test key, secret, scopes and every workspace, with a few small calls to Bitbucket.",
        "editor",
        test,
        Tested,
        IntegrationName,
        errors=(Unknown, SourceError),
    ),
)
