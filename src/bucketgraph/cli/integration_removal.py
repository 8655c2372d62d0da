"""`bucketgraph integration remove`, `removed`, `purge`: taking an integration away, with or without its history."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.output import console, plain, show_json, table, when
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.app import App
    from bucketgraph.integrations.configuration import Integration

Name = Annotated[str, typer.Argument(help="The account name you gave the integration.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def remove(
    name: Name,
    purge: Annotated[
        bool, typer.Option("--purge", help="Erase its history and raw answers, too. This cannot be undone.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove an integration: its configuration, schedule, credentials, entities and relationships.

    The history is kept: queries of the past and the change feed still tell what there was. --purge erases it.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        integration = opened.registry.find(name)
        removed = _numbers(opened, integration) | {"purged": purge}
        if not yes:
            _confirm(_question(name, removed, purge=purge))
        opened.remove(name, purge=purge, only=integration.id)
    if as_json:
        show_json(removed)
        return
    fate = "with all its history" if purge else "its history is kept"
    _say(
        f"Removed {name}: {removed['entities']:,} entities, {removed['relationships']:,} relationships, "
        f"{removed['runs']:,} runs; {fate}."
    )


def removed(as_json: Json = False) -> None:
    """List removed integrations whose history is kept; `integration purge ID` erases one."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        rows = opened.store.removed_integrations()
    if as_json:
        show_json(
            [{"id": r.id, "name": r.name, "createdOn": r.created_on, "removedOn": r.removed_on} for r in rows]
        )
        return
    if not rows:
        _say("No removed integration has a history.")
        return
    cells = [(r.id, r.name, when(r.created_on), when(r.removed_on)) for r in rows]
    console().print(table(None, ["id", "name", "added", "removed"], cells))


def purge(
    integration_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase the history of a removed integration, raw answers included. This cannot be undone."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        row = opened.registry.find_removed(integration_id)
        if not yes:
            _confirm(f"Erase all history of {row.name}? This cannot be undone.")
        opened.registry.purge_removed(row.id)
    if as_json:
        show_json({"purged": row.id, "name": row.name})
    else:
        _say(f"Erased all history of {row.name}.")


def _numbers(opened: App, integration: Integration) -> dict[str, object]:
    entities, relationships = opened.store.counts(integration.id)
    return {
        "removed": integration.name,
        "id": integration.id,
        "entities": entities.total(),
        "relationships": relationships.total(),
        "runs": len(opened.store.runs(integration.id)),
    }


def _question(name: str, numbers: dict[str, object], *, purge: bool) -> str:
    what = f"{numbers['entities']:,} entities and {numbers['relationships']:,} relationships"
    if purge:
        return (
            f"Remove {name} with {what}, {numbers['runs']:,} runs and all its history? This cannot be undone."
        )
    return f"Remove {name} with its credentials, schedule, {what}? Its history is kept."


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is there to confirm the removal.", hint="Add --yes to remove without asking."
        )
    if not typer.confirm(plain(question)):
        raise ConfigError("Nothing was removed.")


def _say(text: str) -> None:
    console().print(plain(text), markup=False, highlight=False)
