"""`bitbucket_user`, and workspace HAS user for those who are members now.

People who left, outsiders, bots and team accounts become users too, when a pull request names them
(`member: false`); `people.Directory` merges what different answers say of one person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from bucketgraph.bitbucket.client import Client, Page
from bucketgraph.bitbucket.endpoints import MEMBER, PERMISSIONS, Listing, segment, workspace_path
from bucketgraph.bitbucket.endpoints import MEMBERS as MEMBERS_ENDPOINT
from bucketgraph.bitbucket.models.common import Account
from bucketgraph.bitbucket.models.workspace import Membership
from bucketgraph.bitbucket.replies import decoder
from bucketgraph.collect.step import Mapped, Step, Unit, Window
from bucketgraph.collect.steps import workspaces
from bucketgraph.errors import Denied, Gone, NotFound
from bucketgraph.graph.entity import Record, Relationship
from bucketgraph.graph.schema import EntityType, Property, RelationshipType
from bucketgraph.graph.values import Properties, Value, present

TYPE = "bitbucket_user"

ENTITY = EntityType(
    TYPE,
    ("User",),
    "A person, bot or team account that is a member or took part in a pull request.",
    (
        Property("name", "string", "The display name."),
        Property("displayName", "string", "The same."),
        Property("username", "string", "The nickname; for team accounts their user name."),
        Property(
            "nickname",
            "string",
            "What the person calls themself; not unique. Maps to an employee.",
            indexed=True,
        ),
        Property("accountId", "string", "The Atlassian account id.", indexed=True),
        Property("accountType", "string", "`user`, `app_user` (a bot) or `team`."),
        Property("active", "boolean", "Whether the account is active; missing where Bitbucket does not say."),
        Property(
            "member",
            "boolean",
            "Whether the account is a member of a collected workspace now; missing while members are not collected.",
            indexed=True,
        ),
        Property("webLink", "string", "The page a person opens."),
    ),
)

HAS_USER = RelationshipType(
    workspaces.TYPE,
    "HAS",
    TYPE,
    "The user is a member of the workspace now.",
    (Property("permission", "string", "`owner` or `member`; missing where the consumer may not see it."),),
)

_raw = decoder(msgspec.Raw)


async def fetch(client: Client, unit: Unit, _window: Window) -> AsyncIterator[Page]:
    """Yield memberships, with permissions where the consumer may see them."""
    base = workspace_path(unit.workspace.slug)
    what = f"the members of {unit.workspace.slug!r}"
    try:
        async for page in client.pages(Listing(PERMISSIONS, f"{base}/permissions"), what=what):
            yield page
    except (Denied, NotFound, Gone):
        async for page in client.pages(Listing(MEMBERS_ENDPOINT, f"{base}/members"), what=what):
            yield page


async def probe(client: Client, unit: Unit, key: str, _known: Properties) -> bytes | None:
    """Ask whether somebody the list lacks is a member all the same."""
    user = key.rpartition("|")[2]
    path = f"{workspace_path(unit.workspace.slug)}/members/{segment(user)}"
    try:
        await client.get(path, _raw, endpoint=MEMBER, what=f"the member {user}")
    except NotFound:
        return None
    return b""


def to_record(membership: Membership, raw: bytes, unit: Unit) -> Mapped:
    """Map a membership to its relationship; the person becomes an entity through the directory."""
    account = membership.user
    key = account.key if account else None
    if account is None or key is None:
        return Mapped(None)
    edge = Relationship(
        "HAS", workspaces.TYPE, unit.workspace.uuid, TYPE, key, present(permission=membership.permission)
    )
    return Mapped(Record(edge.key, None, (edge,), raw), people=(account,))


def user_properties(account: Account, *, member: bool | None) -> dict[str, Value]:
    """Map an account to the properties of a user; `member` None: nobody asked."""
    status = account.account_status
    return present(
        name=account.name,
        displayName=account.name,
        username=account.username if account.type == "team" else account.nickname,
        nickname=account.nickname,
        accountId=account.account_id,
        accountType=account.type,
        active=None if status is None else status == "active",
        member=member,
        webLink=account.links.web if account.links else None,
    )


MEMBERS = Step(
    id="fetch-members",
    title="Members",
    scope="members",
    per="workspace",
    entities=(ENTITY,),
    relationships=(HAS_USER,),
    fetch=fetch,
    read=decoder(Membership),
    map=to_record,
    probe=probe,
)
