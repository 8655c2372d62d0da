"""One's own account: where one is signed in, and one's password."""

from __future__ import annotations

from bucketgraph.access import accounts, sessions
from bucketgraph.errors import BucketgraphError, ConfigError, SignInRefused, TooManyTries
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit

PATH = "/account"


def show(visit: Visit) -> Answer:
    """Show the account."""
    return _page(visit)


def change_password(visit: Visit) -> Answer:
    """Give the account another password; its other sessions end."""
    app, new = visit.app, visit.form.get("new", "")
    try:
        _check_same(new, visit.form.get("again", ""))
        accounts.change_own_password(
            app.store,
            visit.visitor.account_id,
            old=visit.form.get("old", ""),
            new=new,
            passwords=app.passwords,
            keep_session=visit.visitor.session,
            address=visit.address,
        )
    except (ConfigError, SignInRefused, TooManyTries) as error:
        return _page(visit, error)
    return visit.redirect(PATH, toast="Your password is changed; your other sessions ended.")


def _check_same(one: str, other: str) -> None:
    if one != other:
        raise ConfigError("The two new passwords are not the same.", hint="Type the same one twice.")


def end_session(visit: Visit) -> Answer:
    """End one of the visitor's sessions."""
    ended = sessions.end_device(visit.app.store, visit.visitor, visit.form.get("session", ""))
    said = "The session ended." if ended else "That session was over already."
    return visit.redirect(PATH, toast=said)


def _page(visit: Visit, error: BucketgraphError | None = None) -> Answer:
    app = visit.app
    row = accounts.by_id(app.store, visit.visitor.account_id)
    return visit.page(
        "account.html",
        title="Account",
        status=400 if error else 200,
        account=row,
        devices=sessions.devices(app.store, visit.visitor, app.session_limits),
        error=error,
    )


PAGES = (
    Page("GET", PATH, "viewer", show),
    Page("POST", f"{PATH}/password", "viewer", change_password),
    Page("POST", f"{PATH}/sessions/end", "viewer", end_session),
)
