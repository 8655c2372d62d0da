"""Testing an integration: one small call to everything a run needs, and a precise report."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bucketgraph.bitbucket.client import Client
from bucketgraph.bitbucket.endpoints import (
    MEMBERS,
    PROJECTS,
    REPOSITORIES,
    Endpoint,
    Listing,
    segment,
    workspace_path,
)
from bucketgraph.collect.access import check_scopes
from bucketgraph.collect.step import Unit, Window, WorkspaceFacts
from bucketgraph.collect.steps.workspaces import fetch as fetch_workspace
from bucketgraph.errors import BucketgraphError, BudgetSpent, RateLimited, Retryable


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: what was tried with which consumer, whether it worked, and what it showed."""

    consumer: str
    what: str
    ok: bool
    detail: str
    hint: str = ""
    code: str = ""


async def check(clients: Sequence[Client], workspaces: Sequence[str]) -> list[Check]:
    """Try every consumer, and every workspace with every usable consumer."""
    return [one for client in clients for one in await _check_consumer(client, workspaces)]


def passed(checks: Sequence[Check], workspaces: Sequence[str]) -> bool:
    """Say whether every workspace can be collected whole with some consumer."""
    by_consumer: dict[tuple[str, str], bool] = {}
    for one in checks:
        for workspace in workspaces:
            if one.what.endswith(f" of {workspace}"):
                key = (workspace, one.consumer)
                by_consumer[key] = by_consumer.get(key, True) and one.ok
    return all(any(ok for (name, _), ok in by_consumer.items() if name == w) for w in workspaces)


def unreachable(checks: Sequence[Check]) -> bool:
    """Say whether nothing failed but the way to Bitbucket: then the configuration may be right."""
    return {one.code for one in checks if not one.ok} <= {Retryable.code, RateLimited.code, BudgetSpent.code}


async def _check_consumer(client: Client, workspaces: Sequence[str]) -> list[Check]:
    name = client.consumer.key
    try:
        await check_scopes(client, workspaces[0])
    except BucketgraphError as error:
        return [
            Check(
                name,
                "key, secret and scopes",
                ok=False,
                detail=error.message,
                hint=error.hint,
                code=error.code,
            )
        ]
    granted = " ".join(sorted((await client.token()).scopes.split()))
    lines = [Check(name, "key, secret and scopes", ok=True, detail=f"granted: {granted}")]
    for workspace in workspaces:
        lines += [line async for line in _check_workspace(client, workspace)]
    return lines


async def _check_workspace(client: Client, workspace: str) -> AsyncIterator[Check]:
    name = client.consumer.key
    try:
        async for _page in fetch_workspace(client, Unit(WorkspaceFacts("", workspace)), Window()):
            yield Check(name, f"workspace of {workspace}", ok=True, detail="can be seen")
    except BucketgraphError as error:
        yield Check(
            name,
            f"workspace of {workspace}",
            ok=False,
            detail=error.message,
            hint=error.hint,
            code=error.code,
        )
        return
    for endpoint, path, what in (
        (MEMBERS, f"{workspace_path(workspace)}/members", "members"),
        (PROJECTS, f"{workspace_path(workspace)}/projects", "projects"),
        (REPOSITORIES, f"/2.0/repositories/{segment(workspace)}", "repositories"),
    ):
        yield await _check_list(client, endpoint, path, f"{what} of {workspace}")


async def _check_list(client: Client, endpoint: Endpoint, path: str, what: str) -> Check:
    """Read one page of one item; its `size` says how many there are."""
    listing = Listing(replace(endpoint, name=f"{endpoint.name}-test", pagelen=1, fields=("uuid",)), path)
    try:
        async with aclosing(client.pages(listing, what=f"the {what}")) as pages:
            async for page in pages:
                size = "some" if page.size is None else str(page.size)
                return Check(client.consumer.key, what, ok=True, detail=f"{size} can be seen")
    except BucketgraphError as error:
        return Check(
            client.consumer.key, what, ok=False, detail=error.message, hint=error.hint, code=error.code
        )
    return Check(client.consumer.key, what, ok=True, detail="none")
