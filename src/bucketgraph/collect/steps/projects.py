"""`bitbucket_project`, and workspace OWNS project."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.endpoints import PROJECT, Listing, segment, workspace_path
from bucketgraph.bitbucket.endpoints import PROJECTS as PROJECTS_ENDPOINT
from bucketgraph.bitbucket.models.project import Project
from bucketgraph.bitbucket.replies import decoder
from bucketgraph.collect.step import Mapped, Step, Unit, Window, WorkspaceFacts
from bucketgraph.collect.steps import workspaces
from bucketgraph.errors import NotFound
from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.graph.schema import EntityType, Property, RelationshipType
from bucketgraph.graph.values import Properties, epoch_ms, present

TYPE = "bitbucket_project"
SCOPE = "projects"

ENTITY = EntityType(
    TYPE,
    ("Project",),
    "A project: a group of repositories in a workspace.",
    (
        Property("name", "string", "The project's name."),
        Property("displayName", "string", "The same."),
        Property("key", "string", "Its short key, such as `PAY`.", indexed=True),
        Property("description", "string", "What it is for; empty where nothing was written."),
        Property("public", "boolean", "Whether the project is public."),
        Property("hasPublicRepositories", "boolean", "Whether a repository in it is public."),
        Property("workspace", "string", "The workspace's slug."),
        Property("webLink", "string", "The page a person opens."),
        Property("createdOn", "time", "When it was created."),
        Property("updatedOn", "time", "When it was changed last."),
    ),
)

OWNS_PROJECT = RelationshipType(workspaces.TYPE, "OWNS", TYPE, "The project belongs to the workspace.")

_raw = decoder(msgspec.Raw)


async def fetch(client: Client, unit: Unit, _window: Window) -> AsyncIterator[Page]:
    """Yield the projects of a workspace."""
    listing = Listing(PROJECTS_ENDPOINT, f"{workspace_path(unit.workspace.slug)}/projects")
    async for page in client.pages(listing, what=f"the projects of {unit.workspace.slug!r}"):
        yield page


async def probe(client: Client, unit: Unit, _key: str, known: Properties) -> bytes | None:
    """Ask for one project the list lacks; Bitbucket finds it by its short key."""
    short = str(known.get("key") or "")
    if not short:
        return None
    path = f"{workspace_path(unit.workspace.slug)}/projects/{segment(short)}"
    try:
        reply = await client.get(path, _raw, endpoint=PROJECT, what=f"the project {short}")
    except NotFound:
        return None
    return bytes(reply.value)


def to_record(project: Project, raw: bytes | None, unit: Unit) -> Mapped:
    """Map a project."""
    return Mapped(project_record(project, raw, unit.workspace))


def project_record(project: Project, raw: bytes | None, workspace: WorkspaceFacts) -> Record:
    """Return a project's record; embedded in a repository it has fewer properties."""
    name = project.name or project.key or project.uuid
    properties = present(
        name=name,
        displayName=name,
        key=project.key,
        description=project.description or "",
        public=None if project.is_private is None else not project.is_private,
        hasPublicRepositories=project.has_publicly_visible_repos,
        workspace=workspace.slug,
        webLink=project.links.web if project.links else None,
        createdOn=epoch_ms(project.created_on),
        updatedOn=epoch_ms(project.updated_on),
    )
    owns = Relationship("OWNS", workspaces.TYPE, workspace.uuid, TYPE, project.uuid)
    return Record(project.uuid, Entity(project.uuid, TYPE, properties), (owns,), raw)


PROJECTS = Step(
    id="fetch-projects",
    title="Projects",
    scope=SCOPE,
    per="workspace",
    entities=(ENTITY,),
    relationships=(OWNS_PROJECT,),
    fetch=fetch,
    read=decoder(Project),
    map=to_record,
    probe=probe,
)
