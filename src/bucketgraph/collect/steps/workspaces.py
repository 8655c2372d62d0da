"""`bitbucket_workspace`: one call a workspace, which also proves that the consumer may see it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.endpoints import WORKSPACE, workspace_path
from bucketgraph.bitbucket.models.workspace import Workspace
from bucketgraph.bitbucket.replies import decoder
from bucketgraph.collect.step import Mapped, Step, Unit, Window
from bucketgraph.graph.entity import Entity, Record
from bucketgraph.graph.schema import EntityType, Property
from bucketgraph.graph.values import epoch_ms, present

TYPE = "bitbucket_workspace"

ENTITY = EntityType(
    TYPE,
    ("Account",),
    "A Bitbucket Cloud workspace.",
    (
        Property("name", "string", "The workspace's name."),
        Property("displayName", "string", "The same."),
        Property("slug", "string", "Its segment in addresses; changes with a rename.", indexed=True),
        Property("vendor", "string", "Always `Atlassian`."),
        Property("isPrivate", "boolean", "Whether the workspace's profile is private."),
        Property("webLink", "string", "The page a person opens."),
        Property("createdOn", "time", "When it was created."),
        Property("updatedOn", "time", "When it was changed last; Bitbucket seldom says."),
    ),
)

_raw = decoder(msgspec.Raw)


async def fetch(client: Client, unit: Unit, _window: Window) -> AsyncIterator[Page]:
    """Yield the workspace itself as a list of one."""
    reply = await client.get(
        workspace_path(unit.workspace.slug),
        _raw,
        endpoint=WORKSPACE,
        what=f"the workspace {unit.workspace.slug!r}",
    )
    yield Page((bytes(reply.value),), 1, reply.server_ms)


def to_record(workspace: Workspace, raw: bytes, _unit: Unit) -> Mapped:
    """Map a workspace."""
    name = workspace.name or workspace.slug
    properties = present(
        name=name,
        displayName=name,
        slug=workspace.slug,
        vendor="Atlassian",
        isPrivate=workspace.is_private,
        webLink=workspace.links.web if workspace.links else None,
        createdOn=epoch_ms(workspace.created_on),
        updatedOn=epoch_ms(workspace.updated_on),
    )
    return Mapped(Record(workspace.uuid, Entity(workspace.uuid, TYPE, properties), raw=raw))


WORKSPACES = Step(
    id="fetch-workspaces",
    title="Workspaces",
    scope="workspace",
    per="workspace",
    entities=(ENTITY,),
    fetch=fetch,
    read=decoder(Workspace),
    map=to_record,
)
