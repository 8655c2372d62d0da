"""A visitor's own API tokens: made, shown once, revoked."""

from __future__ import annotations

from bucketgraph.access import tokens
from bucketgraph.access.roles import ROLES, allows, role_of
from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit

PATH = "/tokens"
_LIVES = (("30d", "30 days"), ("90d", "90 days"), ("365d", "a year"), ("", "until it is revoked"))


def show(visit: Visit) -> Answer:
    """List the tokens."""
    return _page(visit)


def create(visit: Visit) -> Answer:
    """Make a token and show it, this once."""
    name, lives = visit.form.get("name", "").strip(), visit.form.get("lives", "")
    try:
        made, row = tokens.create_own(
            visit.app.store,
            visit.visitor,
            name,
            role_of(visit.form.get("role", "viewer")),
            expires_on=tokens.expiry(lives or None),
        )
    except (ConfigError, Conflict) as error:
        return _page(visit, error=error)
    return _page(visit, made=made, name=row.name)


def revoke(visit: Visit) -> Answer:
    """Delete a token; whatever uses it stops working at once."""
    tokens.revoke_own(visit.app.store, visit.visitor, str(visit.path["id"]))
    return visit.redirect(PATH, toast="The token is revoked.")


def _page(
    visit: Visit, *, made: str = "", name: str = "", error: ConfigError | Conflict | None = None
) -> Answer:
    return visit.page(
        "tokens.html",
        title="Tokens",
        here="settings",
        status=error.http_status if error else 200,
        tokens=tokens.own(visit.app.store, visit.visitor),
        expired=tokens.expired,
        roles=[(role, role) for role in ROLES if allows(visit.visitor.role, role)],
        lives=_LIVES,
        made=made,
        made_name=name,
        error=error,
        form=visit.form,
    )


PAGES = (
    Page("GET", PATH, "viewer", show),
    Page("POST", PATH, "viewer", create),
    Page("POST", PATH + "/{id}/revoke", "viewer", revoke),
)
