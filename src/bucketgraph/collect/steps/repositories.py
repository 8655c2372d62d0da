"""`bitbucket_repo`, workspace OWNS repo and project HAS repo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.endpoints import REPOSITORIES as REPOSITORIES_ENDPOINT
from bucketgraph.bitbucket.endpoints import REPOSITORY, Listing, repository_path, segment
from bucketgraph.bitbucket.models.repository import Repository
from bucketgraph.bitbucket.replies import decoder
from bucketgraph.collect.step import Mapped, Step, Unit, Window
from bucketgraph.collect.steps import projects, workspaces
from bucketgraph.errors import NotFound
from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.graph.schema import EntityType, Property, RelationshipType
from bucketgraph.graph.values import Properties, Value, epoch_ms, present

TYPE = "bitbucket_repo"

ENTITY = EntityType(
    TYPE,
    ("CodeRepo",),
    "A repository.",
    (
        Property("name", "string", "The repository's name; may differ from its slug."),
        Property("displayName", "string", "The same."),
        Property("slug", "string", "Its segment in addresses; changes with a rename.", indexed=True),
        Property("fullName", "string", "`workspace/slug`, in lower case."),
        Property("owner", "string", "The workspace's slug."),
        Property("ownerId", "string", "The workspace's uuid."),
        Property("projectId", "string", "The project's uuid."),
        Property("projectKey", "string", "The project's key."),
        Property("description", "string", "What it is for; empty where nothing was written."),
        Property("public", "boolean", "Whether everybody may read it.", indexed=True),
        Property("mainBranch", "string", "The main branch; missing for an empty repository."),
        Property("language", "string", "The main programming language, where one is set."),
        Property("scm", "string", "`git`."),
        Property("website", "string", "A web site, where one is set."),
        Property("forkOf", "string", "`workspace/slug` of the repository it was forked from."),
        Property("forkOfId", "string", "The uuid of the repository it was forked from."),
        Property("forkPolicy", "string", "`allow_forks`, `no_public_forks` or `no_forks`."),
        Property("size", "number", "Size in bytes."),
        Property("webLink", "string", "The page a person opens."),
        Property("createdOn", "time", "When it was created."),
        Property("updatedOn", "time", "When commits last arrived; pull requests do not move it."),
    ),
)

OWNS_REPO = RelationshipType(workspaces.TYPE, "OWNS", TYPE, "The repository belongs to the workspace.")
HAS_REPO = RelationshipType(projects.TYPE, "HAS", TYPE, "The repository stands in the project.")

_repository = decoder(Repository)
_raw = decoder(msgspec.Raw)


async def fetch(client: Client, unit: Unit, _window: Window) -> AsyncIterator[Page]:
    """Yield the repositories of a workspace; by slug, because the workspace call proved it."""
    listing = Listing(REPOSITORIES_ENDPOINT, f"/2.0/repositories/{segment(unit.workspace.slug)}")
    async for page in client.pages(listing, what=f"the repositories of {unit.workspace.slug!r}"):
        yield page


async def probe(client: Client, unit: Unit, key: str, _known: Properties) -> bytes | None:
    """Ask for one repository the list lacks: None when it is gone or belongs to another workspace now."""
    path = repository_path(unit.workspace.uuid, key)
    try:
        reply = await client.get(path, _raw, endpoint=REPOSITORY, what=f"the repository {key}")
    except NotFound:
        return None
    raw = bytes(reply.value)
    home = _repository(raw).workspace
    moved = home is not None and home.uuid not in {None, unit.workspace.uuid}
    return None if moved else raw


def to_record(repository: Repository, raw: bytes, unit: Unit) -> Mapped:
    """Map a repository; its project gets a stand-in in case the project list does not hold it yet."""
    uuid, workspace = repository.uuid, unit.workspace
    edges = [Relationship("OWNS", workspaces.TYPE, workspace.uuid, TYPE, uuid)]
    stand_ins: tuple[tuple[str, Record], ...] = ()
    if repository.project:
        edges.append(Relationship("HAS", projects.TYPE, repository.project.uuid, TYPE, uuid))
        stand_ins = ((projects.SCOPE, projects.project_record(repository.project, None, workspace)),)
    entity = Entity(uuid, TYPE, _properties(repository, unit))
    return Mapped(Record(uuid, entity, tuple(edges), raw), stand_ins=stand_ins)


def _properties(repository: Repository, unit: Unit) -> dict[str, Value]:
    name = repository.name or repository.slug or repository.uuid
    full_name = (repository.full_name or f"{unit.workspace.slug}/{repository.slug or name}").lower()
    parent, project, branch = repository.parent, repository.project, repository.mainbranch
    return present(
        name=name,
        displayName=name,
        slug=repository.slug,
        fullName=full_name,
        owner=full_name.partition("/")[0],
        ownerId=unit.workspace.uuid,
        projectId=project.uuid if project else None,
        projectKey=project.key if project else None,
        description=repository.description or "",
        public=None if repository.is_private is None else not repository.is_private,
        mainBranch=branch.name if branch else None,
        language=repository.language or None,
        scm=repository.scm,
        website=repository.website or None,
        forkOf=parent.full_name if parent else None,
        forkOfId=parent.uuid if parent else None,
        forkPolicy=repository.fork_policy,
        size=repository.size,
        webLink=repository.links.web if repository.links else None,
        createdOn=epoch_ms(repository.created_on),
        updatedOn=epoch_ms(repository.updated_on),
    )


REPOSITORIES = Step(
    id="fetch-repositories",
    title="Repositories",
    scope="repositories",
    per="workspace",
    entities=(ENTITY,),
    relationships=(OWNS_REPO, HAS_REPO),
    fetch=fetch,
    read=_repository,
    map=to_record,
    probe=probe,
    children=("pullrequests",),
)
