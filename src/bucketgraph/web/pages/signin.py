"""Coming in and going out: signing in with a password, and signing out."""

from __future__ import annotations

from typing import Final

from bucketgraph.access import accounts, sessions
from bucketgraph.access.paths import local_path
from bucketgraph.errors import SignInRefused, TooManyTries
from bucketgraph.store.rows import AccountRow
from bucketgraph.web import cookies
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit

SIGN_IN: Final = "/signin"


def ask(visit: Visit) -> Answer:
    """Show the form; who is signed in already goes on."""
    if visit.somebody is not None:
        return visit.redirect(local_path(visit.asked("next")))
    return _form(visit)


def sign_in(visit: Visit) -> Answer:
    """Begin a session for a name and its password."""
    app, name = visit.app, visit.form.get("name", "").strip()
    try:
        row = accounts.check_password(
            app.store,
            name,
            visit.form.get("password", ""),
            address=visit.address,
            passwords=app.passwords,
        )
        begin(visit, row)
    except (SignInRefused, TooManyTries) as error:
        return _form(visit, status=error.http_status, name=name, error=error)
    return visit.redirect(local_path(visit.form.get("next")))


def begin(visit: Visit, account: AccountRow) -> None:
    """Begin a session and give the browser its cookie; raises SignInRefused for a closed account."""
    app = visit.app
    started = sessions.start(
        app.store,
        account,
        app.session_limits,
        user_agent=visit.request.headers.get("user-agent", ""),
        old_cookie=visit.cookies.get(cookies.SESSION),
    )
    seconds = (started.expires_on - app.store.now()) // 1000
    visit.cookies.put(cookies.SESSION, started.cookie, seconds)
    visit.cookies.drop(cookies.VISIT)


def sign_out(visit: Visit) -> Answer:
    """End this session."""
    sessions.sign_out(visit.app.store, visit.cookies.get(cookies.SESSION))
    visit.cookies.drop(cookies.SESSION)
    return visit.redirect(SIGN_IN, toast="You are signed out.")


def sign_out_everywhere(visit: Visit) -> Answer:
    """End all sessions of the visitor."""
    number = sessions.sign_out_everywhere(visit.app.store, visit.visitor.account_id)
    visit.cookies.drop(cookies.SESSION)
    where = "1 session was" if number == 1 else f"{number} sessions were"
    return visit.redirect(SIGN_IN, toast=f"You are signed out everywhere: {where} ended.")


def _form(visit: Visit, *, status: int = 200, name: str = "", error: Exception | None = None) -> Answer:
    app = visit.app
    wanted = visit.form.get("next") or visit.asked("next")
    return visit.page(
        "signin.html",
        title="Sign in",
        status=status,
        name=name,
        error=error,
        next=local_path(wanted),
        provider=bool(app.settings.oidc_issuer),
        anybody=app.store.has_accounts(),
    )


PAGES = (
    Page("GET", SIGN_IN, None, ask),
    Page("POST", SIGN_IN, None, sign_in),
    Page("POST", "/signout", "viewer", sign_out),
    Page("POST", "/signout-everywhere", "viewer", sign_out_everywhere),
)
