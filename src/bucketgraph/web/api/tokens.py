"""Bearer tokens: make, list, revoke; and who I am."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from bucketgraph.access import tokens
from bucketgraph.access.roles import Role
from bucketgraph.errors import Conflict, Unknown
from bucketgraph.store.base import TokenRow
from bucketgraph.web.bodies import Given, Moment, Name, Shown
from bucketgraph.web.owning import owner
from bucketgraph.web.routing import Call, Route


class TokenName(Given):
    """A token's name."""

    name: Name


class TokenBody(Given):
    """A token to be made; bound to an integration (id or name) it sees and changes no other."""

    name: Name
    role: Role
    integration: Name | None = None
    expires: (
        Annotated[
            str, Meta(max_length=40, description="90d, 12h, 4w from now, or 2027-03-01; else for ever.")
        ]
        | None
    ) = None


class TokenShown(Shown):
    """A token, without itself."""

    id: str
    name: str
    role: Role
    integration_id: str | None
    created_on: Moment
    expires_on: Moment | None
    last_used_on: Moment | None


class NewToken(TokenShown):
    """A new token; `token` is shown this once."""

    token: str


class TokenList(Shown):
    """All tokens by name."""

    items: list[TokenShown]


class Revoked(Shown):
    """What was revoked."""

    revoked: str


class Me(Shown):
    """Who the request's token is."""

    name: str
    role: Role
    integration_id: str | None


def list_all(call: Call[Given, None]) -> TokenList:
    """List the tokens."""
    return TokenList(items=[TokenShown(**_facts(row)) for row in call.app.store.tokens()])


def create(call: Call[Given, TokenBody]) -> NewToken:
    """Make a token."""
    body = call.body
    token, row = tokens.create(
        call.app.store,
        body.name,
        body.role,
        integration_id=owner(call, body.integration),
        expires_on=tokens.expiry(body.expires),
    )
    return NewToken(token=token, **_facts(row))


def revoke(call: Call[TokenName, None]) -> Revoked:
    """Revoke a token."""
    return Revoked(revoked=tokens.revoke(call.app.store, call.given.name).name)


def me(call: Call[Given, None]) -> Me:
    """Tell who asks."""
    who = call.identity
    return Me(name=who.name, role=who.role, integration_id=who.integration_id)


def _facts(row: TokenRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "integration_id": row.integration_id,
        "created_on": row.created_on,
        "expires_on": row.expires_on,
        "last_used_on": row.last_used_on,
    }


ROUTES = (
    Route("GET", "/api/v1/me", "Tell who the token is, and what it may do.", "viewer", me, Me, bound="all"),
    Route(
        "GET",
        "/api/v1/tokens",
        "List the tokens, without themselves.",
        "admin",
        list_all,
        TokenList,
    ),
    Route(
        "POST",
        "/api/v1/tokens",
        "Make a token; it is shown this once.",
        "admin",
        create,
        NewToken,
        body=TokenBody,
        status=201,
        errors=(Conflict, Unknown),
    ),
    Route(
        "DELETE",
        "/api/v1/tokens/{name}",
        "Revoke a token.",
        "admin",
        revoke,
        Revoked,
        TokenName,
        errors=(Unknown,),
    ),
)
