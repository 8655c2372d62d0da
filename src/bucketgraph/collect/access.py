"""Finding for each workspace the consumer that may see it, and saying precisely why where none may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bucketgraph.bitbucket.client import Client
from bucketgraph.bitbucket.endpoints import REQUIRED_SCOPES
from bucketgraph.bitbucket.oauth import missing_scopes, settings_page
from bucketgraph.collect.reading import Reading, read_listing
from bucketgraph.collect.step import Unit, Window, WorkspaceFacts
from bucketgraph.collect.steps import workspaces
from bucketgraph.errors import (
    BucketgraphError,
    BudgetSpent,
    ConfigError,
    CredentialError,
    NotFound,
    SourceError,
)
from bucketgraph.graph.values import parse_properties
from bucketgraph.store.base import Problem
from bucketgraph.store.store import Store


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace that can be seen, the client that sees it, and what it answered."""

    client: Client
    workspace: WorkspaceFacts
    reading: Reading


async def open_workspaces(
    store: Store,
    clients: Sequence[Client],
    integration_id: str,
    slugs: Sequence[str],
    *,
    needed: tuple[str, ...] = REQUIRED_SCOPES,
) -> tuple[list[Opened], list[Problem]]:
    """Open every workspace with the first consumer that may see it and has the needed scopes.

    Raises the error itself when not one workspace can be opened; else the others are problems of the run.
    """
    usable, refused = await _usable(clients, slugs, needed)
    opened: list[Opened] = []
    failures: list[tuple[str, BucketgraphError]] = []
    for slug in slugs:
        result = await _open(store, usable, integration_id, slug)
        if isinstance(result, Opened):
            if all(result.workspace.uuid != other.workspace.uuid for other in opened):
                opened.append(result)
        else:
            # A consumer that was refused may be the very one that sees this workspace.
            failures.append((slug, refused or result or _no_consumer()))
    if failures and not opened:
        raise failures[0][1]
    return opened, [Problem(f"Workspace: {slug}", e.code, e.message, e.hint) for slug, e in failures]


async def check_scopes(client: Client, workspace: str, needed: tuple[str, ...] = REQUIRED_SCOPES) -> None:
    """Raise CredentialError when the consumer lacks a scope word; compared as exact words."""
    token = await client.token()
    missing = missing_scopes(token.scopes, needed)
    if missing:
        words = ", ".join(f"`{scope}`" for scope in missing)
        granted = ", ".join(sorted(token.scopes.split())) or "none"
        raise CredentialError(
            f"The OAuth consumer lacks the permission {words} (it has: {granted}).",
            hint=f"Open {settings_page(workspace)}, edit the consumer and tick Read for "
            "Account, Projects and Pull requests; then run this again.",
        )


async def _usable(
    clients: Sequence[Client], slugs: Sequence[str], needed: tuple[str, ...]
) -> tuple[list[Client], BucketgraphError | None]:
    """Return the clients whose consumers are accepted, and why the first other one is not."""
    usable: list[Client] = []
    refused: BucketgraphError | None = None
    for client in clients:
        try:
            await check_scopes(client, slugs[0], needed)
            usable.append(client)
        except BudgetSpent:
            raise
        except (CredentialError, SourceError) as error:
            refused = refused or error
    return usable, refused


async def _open(
    store: Store, clients: Sequence[Client], integration_id: str, slug: str
) -> Opened | BucketgraphError | None:
    """Return the opened workspace, the most telling error, or None without any client."""
    worst: BucketgraphError | None = None
    for client in clients:
        result = await _open_with(store, client, integration_id, slug)
        if isinstance(result, Opened):
            return result
        worst = result if worst is None or isinstance(worst, ConfigError) else worst
    return worst


async def _open_with(
    store: Store, client: Client, integration_id: str, slug: str
) -> Opened | BucketgraphError:
    try:
        reading = await _read(client, slug)
        if _not_found(reading):
            # The slug may have been changed in Bitbucket; the uuid still leads to the workspace.
            uuid = store.key_by_property(integration_id, workspaces.TYPE, "slug", slug)
            if uuid is not None:
                reading = await _read(client, uuid)
    except CredentialError as error:
        return error
    for uuid, record in reading.records.items():
        present_slug = str(parse_properties(record.properties)["slug"])
        workspace = WorkspaceFacts(uuid, present_slug)
        reading.unit = Unit(workspace)
        return Opened(client, workspace, reading)
    return _why(reading, slug)


async def _read(client: Client, slug: str) -> Reading:
    unit = Unit(WorkspaceFacts("", slug))
    return await read_listing(workspaces.WORKSPACES, client, unit, Window())


def _not_found(reading: Reading) -> bool:
    return any(problem.code == NotFound.code for problem in reading.problems)


def _why(reading: Reading, slug: str) -> BucketgraphError:
    if _not_found(reading):
        return ConfigError(
            f"Bitbucket knows no workspace {slug!r}, or this OAuth consumer does not belong to it.",
            hint="The name is the part after bitbucket.org/ in the workspace's address; "
            "a consumer sees only the workspace in whose settings it was created.",
        )
    problem = next(iter(reading.problems), None)
    if problem is None:
        return SourceError(f"The workspace {slug!r} could not be read.")
    return SourceError(problem.message, hint=problem.hint)


def _no_consumer() -> BucketgraphError:
    return ConfigError(
        "The integration has no OAuth consumer.", hint="Remove it and add it again with --oauth-key."
    )
