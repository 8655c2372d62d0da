"""Accounts for admins: inviting, roles, closing and opening, one-time links."""

from __future__ import annotations

from bucketgraph.access import accounts, setup, throttle
from bucketgraph.access.roles import ROLES, role_of
from bucketgraph.access.setup import Link
from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.store.rows import AccountRow
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit

PATH = "/settings/users"
_ONE = PATH + "/{id}"
_INVITED_MINUTES = 3 * 24 * 60


def show(visit: Visit) -> Answer:
    """List the accounts."""
    return _page(visit)


def invite(visit: Visit) -> Answer:
    """Add an account and show the link by which its owner chooses a password."""
    app, form = visit.app, visit.form
    try:
        row = accounts.create(
            app.store,
            form.get("name", "").strip(),
            role_of(form.get("role", "viewer")),
            email=form.get("email", "").strip(),
            passwords=app.passwords,
        )
    except (ConfigError, Conflict) as error:
        return _page(visit, error=error)
    return _page(visit, link=setup.invite(app.store, row, minutes=_INVITED_MINUTES), account=row)


def reset(visit: Visit) -> Answer:
    """Show a link by which an account's owner chooses another password."""
    store, row = visit.app.store, _account(visit)
    waits = accounts.state(row) == "invited"
    if waits:
        throttle.forgive(store, row.name)
    link = setup.invite(store, row, minutes=_INVITED_MINUTES) if waits else setup.reset(store, row)
    return _page(visit, link=link, account=row)


def set_role(visit: Visit) -> Answer:
    """Give an account another role."""
    row = accounts.set_role(visit.app.store, _account(visit).id, role_of(visit.form.get("role", "")))
    return visit.redirect(PATH, toast=f"{row.name}: {row.role} from now on.")


def disable(visit: Visit) -> Answer:
    """Close an account."""
    row = accounts.disable(visit.app.store, _account(visit).id)
    return visit.redirect(PATH, toast=f"{row.name} is closed; its sessions ended.")


def enable(visit: Visit) -> Answer:
    """Open an account again."""
    row = accounts.enable(visit.app.store, _account(visit).id)
    return visit.redirect(PATH, toast=f"{row.name} is open again.")


def _account(visit: Visit) -> AccountRow:
    return accounts.by_id(visit.app.store, str(visit.path["id"]))


def _page(
    visit: Visit,
    *,
    link: Link | None = None,
    account: AccountRow | None = None,
    error: ConfigError | Conflict | None = None,
) -> Answer:
    app = visit.app
    base = app.settings.public_url or f"{visit.request.url.scheme}://{visit.request.headers.get('host', '')}"
    return visit.page(
        "users.html",
        title="Users",
        here="settings",
        status=error.http_status if error else 200,
        accounts=app.store.accounts(),
        state=accounts.state,
        roles=[(role, role) for role in ROLES],
        link=base + link.path if link else "",
        expires_on=link.expires_on if link else None,
        linked=account,
        error=error,
        form=visit.form,
    )


PAGES = (
    Page("GET", PATH, "admin", show),
    Page("POST", PATH, "admin", invite),
    Page("POST", f"{_ONE}/role", "admin", set_role),
    Page("POST", f"{_ONE}/disable", "admin", disable),
    Page("POST", f"{_ONE}/enable", "admin", enable),
    Page("POST", f"{_ONE}/reset", "admin", reset),
)
