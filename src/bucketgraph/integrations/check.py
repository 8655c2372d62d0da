"""Testing an integration: one small call to everything a run needs, and a precise report."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import msgspec

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.endpoints import (
    MEMBERS,
    PROJECTS,
    REPOSITORIES,
    Endpoint,
    Listing,
    pull_requests,
    segment,
    workspace_path,
)
from bucketgraph.bitbucket.oauth import granted_scopes, missing_scopes, settings_page
from bucketgraph.collect.sources import SOURCES, Sizes, needed_scopes
from bucketgraph.collect.step import Unit, Window, WorkspaceFacts
from bucketgraph.collect.steps.workspaces import fetch as fetch_workspace
from bucketgraph.errors import BucketgraphError, BudgetSpent, CredentialError, RateLimited, Retryable

_WORDS = {
    "account": "Account: Read",
    "project": "Projects: Read",
    "repository": "Repositories: Read",
    "pullrequest": "Pull requests: Read",
}
"""What a scope is called in the consumer's settings."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: what was tried with which consumer, whether it worked, and what it showed.

    `workspace` is the one it is about, `source` the source it is for (empty: all). `count` is how many there are,
    where the answer says so.
    """

    consumer: str
    what: str
    ok: bool
    detail: str
    hint: str = ""
    code: str = ""
    workspace: str = ""
    source: str = ""
    count: int | None = None


class _Identity(msgspec.Struct):
    """What a test has to know of a thing to ask for what is in it."""

    uuid: str


async def check(
    clients: Sequence[Client], workspaces: Sequence[str], off: frozenset[str] = frozenset()
) -> list[Check]:
    """Try every consumer, and every workspace with every usable consumer; sources that are off are left out."""
    return [one for client in clients for one in await _check_consumer(client, workspaces, off)]


def passed(checks: Sequence[Check], workspaces: Sequence[str]) -> bool:
    """Say whether every workspace can be collected whole with some consumer."""
    consumers = {one.consumer for one in checks}
    return all(any(_sees(checks, consumer, name) for consumer in consumers) for name in workspaces)


def _sees(checks: Iterable[Check], consumer: str, workspace: str) -> bool:
    mine = [one for one in checks if one.consumer == consumer and one.workspace in {"", workspace}]
    return any(one.workspace for one in mine) and all(one.ok for one in mine)


def unreachable(checks: Sequence[Check]) -> bool:
    """Say whether nothing failed but the way to Bitbucket: then the configuration may be right."""
    return {one.code for one in checks if not one.ok} <= {Retryable.code, RateLimited.code, BudgetSpent.code}


def sizes_seen(checks: Sequence[Check]) -> Sizes:
    """Return how much there is at least, as the test saw; pull requests are not counted by it."""
    best: dict[tuple[str, str], int] = {}
    for one in checks:
        if one.count is not None:
            place = (one.source, one.workspace)
            best[place] = max(best.get(place, 0), one.count)
    total = {
        one.id: sum(number for (source, _), number in best.items() if source == one.id) for one in SOURCES
    }
    return Sizes(
        workspaces=len({one.workspace for one in checks if one.workspace}),
        members=total["members"],
        projects=total["projects"],
        repositories=total["repositories"],
    )


async def _check_consumer(client: Client, workspaces: Sequence[str], off: frozenset[str]) -> list[Check]:
    name = client.consumer.key
    try:
        token = await client.token()
    except BucketgraphError as error:
        return [_failed(error, name, "key and secret")]
    lines = [Check(name, "key and secret", ok=True, detail="accepted")]
    lines += _check_scopes(name, token.scopes, workspaces[0], off)
    for workspace in workspaces:
        lines += [line async for line in _check_workspace(client, workspace, off)]
    return lines


def _check_scopes(consumer: str, scopes: str, workspace: str, off: frozenset[str]) -> list[Check]:
    granted, lines = granted_scopes(scopes), []
    missing = missing_scopes(scopes, needed_scopes(off))
    for scope in needed_scopes(off):
        lacks = scope in missing
        given = ", ".join(sorted(scopes.split())) or "none"
        lines.append(
            Check(
                consumer,
                f"scope {scope}",
                ok=not lacks,
                detail=f"missing (the consumer has: {given})" if lacks else _how(scope, scopes),
                hint=f"Open {settings_page(workspace)}, edit the consumer and tick {_WORDS.get(scope, scope)}."
                if lacks
                else "",
                code=CredentialError.code if lacks else "",
            )
        )
    unused = sorted(word for word in granted if word.endswith((":write", ":admin", ":delete")))
    if unused:
        lines.append(
            Check(
                consumer,
                "scopes not needed",
                ok=True,
                detail=", ".join(unused),
                hint="Reading is enough: untick them.",
            )
        )
    return lines


def _how(scope: str, scopes: str) -> str:
    return "granted" if scope in scopes.split() else "granted as part of another"


async def _check_workspace(client: Client, workspace: str, off: frozenset[str]) -> AsyncIterator[Check]:
    name, uuid = client.consumer.key, ""
    try:
        async for page in fetch_workspace(client, Unit(WorkspaceFacts("", workspace)), Window()):
            uuid = _first(page)
            yield Check(
                name, f"workspace of {workspace}", ok=True, detail="can be seen", workspace=workspace,
                source="workspaces",
            )  # fmt: skip
    except BucketgraphError as error:
        yield _failed(error, name, f"workspace of {workspace}", workspace=workspace, source="workspaces")
        return
    for source, endpoint, path in (
        ("members", MEMBERS, f"{workspace_path(workspace)}/members"),
        ("projects", PROJECTS, f"{workspace_path(workspace)}/projects"),
        ("repositories", REPOSITORIES, f"/2.0/repositories/{segment(workspace)}"),
    ):
        if source not in off:
            line, first = await _check_list(client, Listing(endpoint, path), source, workspace)
            yield line
    if "pull_requests" not in off and uuid and first:
        line, _ = await _check_list(client, pull_requests(uuid, first), "pull_requests", workspace)
        yield replace(line, count=None, detail=f"{line.detail} in one repository" if line.ok else line.detail)


async def _check_list(client: Client, listing: Listing, source: str, workspace: str) -> tuple[Check, str]:
    """Read one page of one item; its `size` says how many there are. Return the first one's uuid or id, too."""
    name, title = client.consumer.key, source.replace("_", " ")
    what = f"{title} of {workspace}"
    small = replace(listing, endpoint=_small(listing.endpoint))
    line = Check(name, what, ok=True, detail="none", workspace=workspace, source=source, count=0)
    try:
        async with aclosing(client.pages(small, what=f"the {what}")) as pages:
            async for page in pages:
                size = "some" if page.size is None else f"{page.size:,}"
                return replace(line, detail=f"{size} can be seen", count=page.size), _first(page)
    except BucketgraphError as error:
        return _failed(error, name, what, workspace=workspace, source=source), ""
    return line, ""


def _small(endpoint: Endpoint) -> Endpoint:
    field = "id" if endpoint.name == "pullrequests" else "uuid"
    return replace(endpoint, name=f"{endpoint.name}-test", pagelen=1, fields=(field,))


def _first(page: Page) -> str:
    try:
        return msgspec.json.decode(page.items[0], type=_Identity).uuid
    except (IndexError, msgspec.MsgspecError):
        return ""


def _failed(
    error: BucketgraphError, consumer: str, what: str, *, workspace: str = "", source: str = ""
) -> Check:
    return Check(
        consumer, what, ok=False, detail=error.message, hint=error.hint, code=error.code, workspace=workspace,
        source=source,
    )  # fmt: skip
