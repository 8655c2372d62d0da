"""`bucketgraph integration …`: which Bitbucket is collected, with which OAuth consumer."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.output import console, show_json, table, when
from bucketgraph.errors import EXIT_FAILED, EXIT_USAGE, ConfigError

if TYPE_CHECKING:
    from bucketgraph.integrations.configuration import Integration

SECRET_VARIABLE = "BUCKETGRAPH_OAUTH_SECRET"  # noqa: S105  # a variable's name

app = typer.Typer(no_args_is_help=True, help="Add, test, list and remove integrations with Bitbucket Cloud.")

Name = Annotated[str, typer.Argument(help="The account name you gave the integration.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The account name you know this Bitbucket by.")],
    workspace: Annotated[
        list[str], typer.Option("--workspace", "-w", help="A workspace's name; repeatable.")
    ],
    oauth_key: Annotated[list[str], typer.Option("--oauth-key", help="An OAuth consumer's key; repeatable.")],
    oauth_secret_file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file that holds the consumer's secret, one for each key. Else the secret comes from "
            f"{SECRET_VARIABLE}, or you are asked for it."
        ),
    ] = None,
    description: Annotated[str, typer.Option(help="What this integration is for.")] = "",
    api_url: Annotated[
        str, typer.Option(help="Another origin for API calls (a proxy): scheme and host only.")
    ] = "https://api.bitbucket.org",
    oauth_url: Annotated[
        str, typer.Option(help="Another origin for the token endpoint: scheme and host only.")
    ] = "https://bitbucket.org",
    as_json: Json = False,
) -> None:
    """Add an integration.

    In Bitbucket: workspace settings, OAuth consumers, Add consumer; tick "This is a private consumer", enter any
    callback URL, and tick Read for Account, Projects and Pull requests. The secret is never taken from the
    command line, where other users of this computer could read it.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.bitbucket.oauth import Consumer  # noqa: PLC0415
    from bucketgraph.integrations.configuration import NewIntegration, valid_config  # noqa: PLC0415

    secrets = _secrets(oauth_key, oauth_secret_file or [])
    consumers = [Consumer(key, secret) for key, secret in zip(oauth_key, secrets, strict=True)]
    new = NewIntegration(name, workspace, consumers, description, api_url, oauth_url)
    valid_config(new)
    with open_app() as opened:
        integration = opened.registry.add(new)
    if as_json:
        show_json(_plain(integration))
    else:
        console().print(
            f"Added {name}. Next: bucketgraph integration test {name}", markup=False, highlight=False
        )


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the integrations, imports among them, with their last run."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        rows = [(i, next(iter(opened.store.runs(i.id, limit=1)), None)) for i in opened.registry.all()]
    if as_json:
        show_json(
            [_plain(i) | {"lastRun": r and {"status": r.status, "startedOn": r.started_on}} for i, r in rows]
        )
        return
    if not rows:
        console().print("No integration yet. Add one with `bucketgraph integration add`.", markup=False)
        return
    cells = [
        (
            i.name,
            "(import)" if i.imported else ", ".join(i.config.workspaces),
            r.status if r else "never",
            when(r.started_on) if r else "",
            i.description,
        )
        for i, r in rows
    ]
    console().print(table(None, ["name", "workspaces", "last run", "started", "description"], cells))


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show an integration, without its secrets."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        integration = opened.registry.find(name)
        left = {} if integration.imported else {"callsLeftThisHour": opened.budget_left(integration)}
    facts = _plain(integration) | left
    if as_json:
        show_json(facts)
        return
    cells = [
        (label, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for label, value in facts.items()
    ]
    console().print(table(None, ["setting", "value"], cells))


@app.command()
def test(name: Name, as_json: Json = False) -> None:
    """Test key, secret, scopes and every workspace, with a few small calls."""
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.integrations.check import passed, unreachable  # noqa: PLC0415

    with open_app() as opened:
        integration = opened.registry.find_collected(name)
        checks = asyncio.run(opened.test(integration))
    good = passed(checks, integration.config.workspaces)
    if as_json:
        show_json({"ok": good, "checks": checks})
    else:
        cells = [
            ("ok" if c.ok else "FAILED", c.consumer, c.what, f"{c.detail} {c.hint}".strip()) for c in checks
        ]
        console().print(table(None, ["", "consumer", "what", "result"], cells))
    if not good:
        raise typer.Exit(EXIT_FAILED if unreachable(checks) else EXIT_USAGE)


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove an integration: everything it brought ends, its credentials go, the history stays."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        integration = opened.registry.find(name)
        entities, relationships = opened.store.counts(integration.id)
        if not yes:
            _confirm(
                f"Remove {name} with {entities.total():,} entities and {relationships.total():,} relationships? "
                "Its credentials are forgotten; the history stays."
            )
        opened.registry.remove(name)
    removed = {"removed": name, "entities": entities.total(), "relationships": relationships.total()}
    if as_json:
        show_json(removed)
    else:
        console().print(
            f"Removed {name}: {entities.total():,} entities, {relationships.total():,} relationships.",
            markup=False,
            highlight=False,
        )


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is there to confirm the removal.", hint="Add --yes to remove without asking."
        )
    if not typer.confirm(question):
        raise ConfigError("Nothing was removed.")


def _secrets(keys: list[str], files: list[Path]) -> list[str]:
    """Return a secret for each key, from files, the environment or a prompt, never from arguments."""
    if files:
        if len(files) != len(keys):
            raise ConfigError(
                f"{len(keys)} OAuth keys but {len(files)} secret files are given.",
                hint="Give one --oauth-secret-file for each --oauth-key, in the same order.",
            )
        return [_read_secret(file) for file in files]
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


def _read_secret(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret file {file} cannot be read ({error}).", hint="Check path and permissions."
        ) from None


def _plain(integration: Integration) -> dict[str, object]:
    facts = {
        "id": integration.id,
        "name": integration.name,
        "kind": integration.config.kind,
        "integrationType": integration.config.integration_type,
        "description": integration.description,
        "createdOn": integration.created_on,
    }
    if integration.imported:
        return facts
    return facts | {
        "workspaces": list(integration.config.workspaces),
        "oauthKeys": list(integration.config.consumer_keys),
        "apiUrl": integration.config.api_url,
        "oauthUrl": integration.config.oauth_url,
    }
